/* source.h: the kernel texts that tools/embed.c puts into the program. */
#ifndef ISO_OPENCL_SOURCE_H
#define ISO_OPENCL_SOURCE_H
#include <stddef.h>
struct opencl_source {
    const char *name;
    const char *text;
    size_t length;
};                                                  /* name: "clkernels/chains_gpu.h" */
extern const struct opencl_source opencl_sources[]; /* ends with name NULL */
#endif
