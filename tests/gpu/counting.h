/* counting.h: what the two files of the counting device share: see counting.c. */
#ifndef ISO_TESTS_COUNTING_H
#define ISO_TESTS_COUNTING_H
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <stdbool.h>
#include <stddef.h>

#define API __attribute__((visibility("default")))

/* A GPU that is sold. */
struct counting_gpu {
    const char *key, *platform, *vendor, *name;
    cl_uint vendor_id, units, wave; /* units as the vendor's driver counts them */
    size_t group;                   /* most work-items in a work-group */
    cl_ulong local, memory;         /* bytes */
    const char *extensions;
};
/* The one that COUNTING_GPU names. An unknown name ends the program. */
const struct counting_gpu *counting_gpu(void);

/* Stands for the platform, the device, contexts, queues and events. */
extern int counting_handle;
#define HANDLE(type) ((type)(void *)&counting_handle)

/* Answer a clGet...Info call. */
cl_int give(const void *from, size_t n, size_t room, void *value, size_t *size);
cl_int give_text(const char *text, size_t room, void *value, size_t *size);
cl_int give_uint(cl_uint n, size_t room, void *value, size_t *size);
cl_int give_long(cl_ulong n, size_t room, void *value, size_t *size);
#endif
