/* opencl.h: what the files of this backend share: the device's struct, programs and launching.
 *
 * Kernels live in clkernels/. An argument that is a tensor is a buffer and an offset in elements
 * (never a sub-buffer: their alignment differs among devices). One in-order queue carries all work.
 */
#ifndef ISO_OPENCL_H
#define ISO_OPENCL_H
#include "core/environment.h"
#include "core/iso.h"
#include "library.h"

enum {
    OPENCL_MAX_DEVICES = 32,
    OPENCL_MAX_KERNELS = 512,
    OPENCL_MAX_PROGRAMS = 128,
    OPENCL_MAX_GROUP = 256,
    OPENCL_OP_PROGRAMS = 4,
    OPENCL_CACHE_KEY = 65
};

/* The ways to divide sums of products: local-memory tiles for GPUs; one work-item with a register
 * tile of vectors for CPUs. The results are the same bits. */
enum opencl_shape { OPENCL_SHAPE_GPU, OPENCL_SHAPE_CPU };

/* A work-group's tile of outputs: rows x cols. GPU: group x group work-items share it. CPU: one
 * work-item has it, cols = 2 vectors of `vector` floats. */
struct opencl_tile {
    int rows, cols, group, vector;
};

/* A device as the platforms list it. */
struct opencl_found {
    cl_platform_id platform;
    cl_device_id device;
    int platform_index, device_index; /* platforms without devices are not counted */
    bool gpu, pocl, mesa, nvidia, oclgrind;
    struct iso_device info;
};

struct opencl_kernel {
    const char *program, *name;
    cl_kernel kernel;
    size_t max_group;
};
struct opencl_program {
    const char *name;
    cl_program program;
    char unkept[OPENCL_CACHE_KEY]; /* its binary's key until it is in the cache, then "" */
};

struct opencl_clblast; /* clblast.c: CLBlast and what is known about it */
struct opencl {
    struct iso_backend base;
    struct opencl_found found;
    cl_context context;
    cl_command_queue queue;
    size_t max_group; /* work-items in a group: at most OPENCL_MAX_GROUP */
    enum opencl_shape shape;
    struct opencl_tile tile;
    size_t item_channels; /* channels of one work-item of a pooling or a depthwise convolution */
    size_t most_work;     /* floats that conv2d's columns or Winograd's points may take */
    char options[640];    /* build options, the same for each program */
    struct opencl_program programs[OPENCL_MAX_PROGRAMS];
    struct opencl_kernel kernels[OPENCL_MAX_KERNELS];
    int nprograms, nkernels;
    struct opencl_clblast *clblast; /* fast mode only */
};
struct iso_mem {
    cl_mem mem;
    size_t bytes;
};

/* One op on this backend: opencl_<op> of backends/opencl/<op>.c. */
struct opencl_op {
    struct iso_kernel kernel;
    /* Programs that its passes launch kernels of; with CLBlast those in the second list, too. The
     * places after the last are NULL. */
    const char *programs[OPENCL_OP_PROGRAMS], *clblast_programs[OPENCL_OP_PROGRAMS];
    /* Optional. False with a reason in why: the call is beyond a limit of this op's own. */
    bool (*limits)(const struct iso_call *, char *why, size_t n);
};

extern const struct iso_backend_ops iso_backend_opencl;
static inline struct opencl *opencl_of(struct iso_backend *be) { return (struct opencl *)be; }

/* ---- error.c ---- */
const char *opencl_error_name(cl_int value);
/* ISO_OK, or fails with ISO_EDEVICE: "what(which): CL_OUT_OF_RESOURCES (-5)" and a hint. which may
 * be NULL. */
iso_rc opencl_check(cl_int value, const char *what, const char *which);

/* ---- find.c ---- */
/* Finds every device of every platform, at most max; returns their number. Platforms without
 * devices are survived and not counted. */
int opencl_find_all(struct opencl_found *out, int max);
/* Picks the device that `text` names: "", "P", "P.D" or part of a platform's or device's name. */
iso_rc opencl_find(const char *text, struct opencl_found *out);

/* ---- probe.c ---- */
/* Runs a few additions and fmas whose exact results are known. */
iso_rc opencl_probe(struct opencl *, enum iso_exactness *out);

/* ---- program.c, cache.c ---- */
/* The kernel of a program, built when it is asked for the first time, and then kept in the user's
 * cache. Both names are literals. */
iso_rc opencl_kernel(struct opencl *, const char *program, const char *name,
                     struct opencl_kernel **out);
/* False with the build's message when one of the programs (the places after the last are NULL)
 * cannot be built. Writes nothing to the cache. */
bool opencl_ready(struct opencl *, const char *const programs[OPENCL_OP_PROGRAMS], char *why,
                  size_t n);
/* The name of a program's binary in the user's cache: a hash of all that it depends on; "" where
 * the driver keeps binaries itself. */
void opencl_cache_key(struct opencl *, const char *source, size_t length,
                      char key[OPENCL_CACHE_KEY]);
/* The program from its binary; NULL when the cache has none. */
cl_program opencl_cache_load(struct opencl *, const char *key);
/* Failing to keep it is no failure. */
void opencl_cache_store(const char *key, cl_program);
/* Writes "<cache folder>/isocl/<name>" into path; false when there is no such folder. */
bool opencl_cache_path(const char *name, char *path, size_t n);
/* Creates the folder of these paths; false when that is not possible. */
bool opencl_cache_create(void);

/* ---- kernels.c ---- */
extern const struct iso_kernel *const opencl_kernels[ISO_OP_COUNT];
/* iso_kernel.supports of each op whose struct opencl_op says what it needs. */
bool opencl_supports(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                     size_t n);

/* ---- launch.c ---- */
struct opencl_arg {
    cl_mem mem;
    const void *bytes; /* a struct, by value */
    size_t size;
    union {
        cl_int i;
        cl_uint u;
        cl_ulong l;
        cl_float f;
    } v;
};
static inline struct opencl_arg arg_int(int64_t v)
{
    return (struct opencl_arg){ .size = sizeof(cl_int), .v.i = (cl_int)v };
}
static inline struct opencl_arg arg_uint(uint64_t v)
{
    return (struct opencl_arg){ .size = sizeof(cl_uint), .v.u = (cl_uint)v };
}
static inline struct opencl_arg arg_long(uint64_t v)
{
    return (struct opencl_arg){ .size = sizeof(cl_ulong), .v.l = v };
}
static inline struct opencl_arg arg_real(double v)
{
    return (struct opencl_arg){ .size = sizeof(cl_float), .v.f = (cl_float)v };
}
static inline struct opencl_arg arg_struct(const void *bytes, size_t size)
{
    return (struct opencl_arg){ .bytes = bytes, .size = size };
}
/* Two arguments of the kernel: the buffer and a ulong offset in elements. */
static inline struct opencl_arg arg_mem(const struct iso_mem *mem, size_t offset)
{
    return (struct opencl_arg){ .mem = mem->mem, .v.l = offset };
}
static inline struct opencl_arg arg_tensor(const struct iso_tensor *t)
{
    return arg_mem(t->mem, t->offset);
}
/* Where an operand starts: a buffer and an offset in floats. */
struct opencl_at {
    const struct iso_mem *mem;
    size_t at;
};
static inline struct opencl_at opencl_at(const struct iso_tensor *t)
{
    return (struct opencl_at){ t->mem, t->offset };
}
/* The workspace, `floats` from its start. */
static inline struct opencl_at opencl_work(const struct iso_call *call, size_t floats)
{
    return (struct opencl_at){ call->workspace.mem,
                               call->workspace.offset / sizeof(float) + floats };
}
/* `floats` further on. */
static inline struct opencl_at opencl_past(struct opencl_at at, size_t floats)
{
    return (struct opencl_at){ at.mem, at.at + floats };
}
static inline struct opencl_arg arg_at(struct opencl_at at) { return arg_mem(at.mem, at.at); }
static inline struct opencl_arg arg_work(const struct iso_call *call, size_t floats)
{
    return arg_at(opencl_work(call, floats));
}
/* The tensor, or `other` where it is not there (the kernel is told so by another argument). */
static inline struct opencl_arg arg_optional(const struct iso_tensor *t,
                                             const struct iso_tensor *other)
{
    return arg_tensor(t->mem != NULL ? t : other);
}
/* Five arguments: what random numbers are drawn with, besides the row and the element: the number
 * of the call's first row, and the rest of the counter and the key (core/random.h). */
#define ARG_RANDOM(call)                                                          \
    arg_uint((call)->first_row), arg_uint((call)->step), arg_uint((call)->layer), \
        arg_uint((call)->seed &UINT32_MAX), arg_uint((call)->seed >> 32)
#define ARGS(...)                               \
    (const struct opencl_arg[]){ __VA_ARGS__ }, \
        (int)(sizeof((const struct opencl_arg[]){ __VA_ARGS__ }) / sizeof(struct opencl_arg))

struct opencl_grid {
    size_t groups[3], group[3]; /* work-groups and work-items in each */
    bool fixed;                 /* the size of a group is part of the kernel */
};
/* One work-item for each of n elements; the kernel skips those past n. */
struct opencl_grid opencl_elements(const struct opencl *, size_t n);
/* Work-items along the first axis take the `size` elements of a row or an image, the second axis
 * the `rows`. */
struct opencl_grid opencl_each_row(const struct opencl *, size_t size, size_t rows);
/* Queues a kernel. An empty grid is no work and no fault. */
iso_rc opencl_launch(struct opencl *, const char *program, const char *name, struct opencl_grid,
                     const struct opencl_arg *args, int nargs);
/* Elements of a shape fit the kernels' 32-bit indices; otherwise false with the reason. */
bool opencl_fits(const struct iso_call *, char *why, size_t n);

static inline size_t opencl_ceil(size_t n, size_t by) { return (n + by - 1) / by; }
static inline size_t opencl_larger(size_t a, size_t b) { return a > b ? a : b; }
#endif
