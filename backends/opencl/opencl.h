/* opencl.h: declarations shared by the files of this backend: the device's struct, programs and
 * launching.
 *
 * Kernels live in clkernels/. An argument that is a tensor is a buffer and an offset in elements
 * (never a sub-buffer: their alignment differs among devices). All work goes through one in-order
 * queue.
 */
#ifndef ISO_OPENCL_H
#define ISO_OPENCL_H
#include "clkernels/arguments.h"
#include "core/system/environment.h"
#include "core/iso.h"
#include "library.h"

enum {
    OPENCL_MAX_DEVICES = 32,
    OPENCL_MAX_KERNELS = 512,
    OPENCL_MAX_FILES = 128,
    OPENCL_MAX_PROGRAMS = 2 * OPENCL_MAX_FILES, /* no file is built more than twice */
    OPENCL_OP_PROGRAMS = 8,
    OPENCL_ARGUMENT_BYTES = 512,
    OPENCL_WINDOWS = 4,
    OPENCL_SLOTS = 8,
    OPENCL_CACHE_KEY = 65
};

/* The ways to divide sums of products: tiles in local memory for GPUs; one work-item with a
 * register tile of vectors for CPUs. The results have the same bits. */
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
    int platform_index, device_index;              /* platforms without devices are not counted */
    bool unified;                                  /* host and device share memory */
    bool gpu, pocl, mesa, nvidia, intel, oclgrind; /* intel: its own driver for its GPUs */
    struct iso_device info;
};

struct opencl_kernel {
    const char *program, *name;
    cl_kernel kernel;
    size_t max_group;
    cl_ulong local_bytes, private_bytes; /* memory that it uses, as the driver says; 0: unknown */
    /* The values of its arguments, one after the other, and the number of buffers that had been
     * freed when they were set (launch.c). */
    unsigned char set[OPENCL_ARGUMENT_BYTES];
    size_t known; /* bytes of `set` that hold arguments */
    uint64_t freed;
};
/* A file of clkernels/, and the program that has it, perhaps with others. */
struct opencl_file {
    const char *name;
    cl_program program; /* NULL: not yet; borrowed from opencl.programs */
    bool needed;        /* by ops of this plan; all needed files are built together */
    bool joined, alone; /* a build with the others, or by itself, has been tried */
};

/* Limits how far the queue runs ahead of the device: to OPENCL_WINDOWS windows of `window` launches
 * (queue.c). */
struct opencl_pace {
    cl_event ends[OPENCL_WINDOWS]; /* event of the last launch of each window in progress */
    int sizes[OPENCL_WINDOWS];     /* launches of each window */
    int first, count;              /* index of the oldest window, and the number of windows */
    int window, launches;          /* launches per window, and since the last window ended */
    double ended; /* time at which the last completed window was seen to end; 0: none yet */
    bool waited;  /* the host waited for that window */
};

/* Holds a piece of data from the host until the device has it (upload.c). */
struct opencl_slot {
    cl_mem pinned, device; /* NULL: none yet; device is NULL where host and device share memory */
    void *host;            /* pinned, mapped */
    cl_event busy;         /* the last command that reads the slot; NULL: none */
};
struct opencl_upload {
    cl_command_queue queue; /* carries pieces while `opencl.queue` computes; NULL: not needed */
    struct opencl_slot slots[OPENCL_SLOTS];
    int next;
};

/* The commands recorded for a profile (profile.c). */
struct opencl_profile {
    struct iso_profile *to; /* NULL: none is wanted */
    cl_event *events;       /* one for each of to->events */
    int room;
    cl_command_queue plain; /* the queue used without a profile, whose commands are not timed */
    double flops;           /* flops of the next launch */
};

struct opencl_clblast; /* clblast.c: CLBlast and what is known about it */
struct opencl_choices; /* tiles.c: which kernels products get */
struct opencl_tuner;   /* tuner.c: what has been measured */
struct opencl {
    struct iso_backend base;
    struct opencl_found found;
    cl_context context;
    cl_command_queue queue;
    struct opencl_pace pace;
    struct opencl_upload upload;
    struct opencl_profile profile;
    cl_int peak_rounds;    /* rounds of the last measurement of the peak; 0: none yet */
    uint64_t freed;        /* buffers freed so far */
    size_t max_group;      /* work-items in a group: at most OPENCL_MAX_GROUP */
    cl_ulong local_memory; /* bytes that a group may have */
    int cores;             /* opencl_cores */
    enum opencl_shape shape;
    struct opencl_tile tile;
    size_t item_channels; /* channels of one work-item of a pooling or a depthwise convolution */
    size_t most_work;     /* floats that conv2d's columns or Winograd's points may take */
    char options[640];    /* build options, the same for each program */
    struct opencl_file files[OPENCL_MAX_FILES];
    cl_program programs[OPENCL_MAX_PROGRAMS];
    struct opencl_kernel kernels[OPENCL_MAX_KERNELS];
    int nfiles, nprograms, nkernels;
    struct opencl_clblast *clblast; /* fast mode only */
    struct opencl_choices *choices; /* NULL until there is one */
    struct opencl_tuner *tuner;     /* NULL until there is something to choose from */
    bool noting; /* products are recorded (opencl_note_products), and nothing is launched */
};
struct iso_mem {
    cl_mem mem;
    size_t bytes;
};

/* One op on this backend: opencl_<op> of backends/opencl/<op>.c. */
struct opencl_op {
    struct iso_kernel kernel;
    /* The programs whose kernels its passes launch; with CLBlast, those in the second list, too.
     * Entries after the last are NULL. */
    const char *programs[OPENCL_OP_PROGRAMS], *clblast_programs[OPENCL_OP_PROGRAMS];
    /* Optional. Returns false, with a reason in why, if the call exceeds a limit of this op. */
    bool (*limits)(const struct iso_call *, char *why, size_t n);
};

extern const struct iso_backend_ops iso_backend_opencl;
static inline struct opencl *opencl_of(struct iso_backend *be) { return (struct opencl *)be; }

/* ---- error.c ---- */
const char *opencl_error_name(cl_int value);
/* Returns ISO_OK if value is CL_SUCCESS; otherwise fails with ISO_EDEVICE, "what(which):
 * CL_OUT_OF_RESOURCES (-5)" and a hint. which may be NULL. */
iso_rc opencl_check(cl_int value, const char *what, const char *which);

/* ---- find.c ---- */
/* Finds every device of every platform, at most max, and returns their number. Skips platforms
 * without devices. */
int opencl_find_all(struct opencl_found *out, int max);
/* Picks the device that `text` names: "", "P", "P.D" or part of a platform's or device's name. */
iso_rc opencl_find(const char *text, struct opencl_found *out);

/* ---- device.c ---- */
/* Returns the number of the device's cores: parts with a local memory of their own, each of which
 * needs a work-group to be busy. (CL_DEVICE_MAX_COMPUTE_UNITS counts NVIDIA's multiprocessors
 * and AMD's work-group processors, but Intel's execution units, of which 8 or 16 share a core.) */
int opencl_cores(const struct opencl *);

/* ---- queue.c ---- */
/* Called before a launch. Returns a place for the launch's event, or NULL if none is needed. */
cl_event *opencl_pace_before(struct opencl *);
/* Called after a launch. Flushes the queue from time to time, and waits while the device has more
 * than about a tenth of a second of work. */
iso_rc opencl_pace_after(struct opencl *);
/* Drops the windows in progress. */
void opencl_pace_stop(struct opencl *);

/* ---- upload.c ---- */
/* Copies the bytes of src, and queues a write to dst after all earlier commands and before all
 * later ones. Returns before the write is done. */
iso_rc opencl_upload(struct opencl *, cl_mem dst, size_t offset, const void *src, size_t bytes);
void opencl_upload_stop(struct opencl *);

/* ---- profile.c ---- */
/* Sets, for profiles, the flops of the sums of products in the next launch, 2 an fma. */
void opencl_counts(struct opencl *, double flops);
/* Records the next command and returns a place for its event; NULL if no profile is wanted. name: a
 * literal. */
cl_event *opencl_note(struct opencl *, const char *name);
/* iso_backend_ops.profile */
iso_rc opencl_profile(struct iso_backend *, struct iso_profile *);

/* ---- peak.c ---- */
/* iso_backend_ops.peak: the rates of kernels that do nothing else. */
iso_rc opencl_peak(struct iso_backend *, enum iso_peak, double seconds, double *out);

/* ---- probe.c ---- */
/* Runs a few sums whose results are known, and reports how exact they are. Fails with ISO_EDEVICE
 * if they are wrong: farther off than the rounding errors of any order and any fusing. */
iso_rc opencl_probe(struct opencl *, enum iso_exactness *out);
/* Returns true if the device runs a group of that many work-items, at most OPENCL_MAX_GROUP. */
bool opencl_runs_group(struct opencl *, size_t items);

/* ---- program.c, cache.c ---- */
/* Gives a kernel of a file of clkernels/. The file is built at its first use: as one program with
 * all files that opencl_ready has recorded and that are not built yet, or as a program of its own.
 * Both names are literals. */
iso_rc opencl_kernel(struct opencl *, const char *program, const char *name,
                     struct opencl_kernel **out);
/* Records that these files will be needed; entries after the last are NULL. Returns false, with the
 * reason, if there are too many. */
bool opencl_ready(struct opencl *, const char *const programs[OPENCL_OP_PROGRAMS], char *why,
                  size_t n);
/* Builds all recorded files, as one program if the compiler accepts that, and forgets the records.
 */
iso_rc opencl_build_recorded(struct opencl *);
struct iso_sha256;
/* Begins a hash with the device, its driver, the build options and isocl's version. */
void opencl_hash_device(struct iso_sha256 *, const struct opencl *);
void opencl_hash_text(struct iso_sha256 *, const char *text); /* NULL: as "" */
/* Writes the name of a program's binary in the user's cache: a hash of everything it depends on; ""
 * if the driver caches binaries itself. */
void opencl_cache_key(struct opencl *, const char *source, size_t length,
                      char key[OPENCL_CACHE_KEY]);
/* Returns the program from its binary; NULL if the cache has none. */
cl_program opencl_cache_load(struct opencl *, const char *key);
/* Writes the binary to the cache, if possible. */
void opencl_cache_store(const char *key, cl_program);

/* ---- settle.c ---- */
/* iso_backend_ops.settle: chooses kernels (tuner.h), and builds all recorded files. */
iso_rc opencl_settle(struct iso_backend *);

/* ---- kernels.c ---- */
extern const struct iso_kernel *const opencl_kernels[ISO_OP_COUNT];
/* iso_kernel.supports for each op with a struct opencl_op. */
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
/* Makes two arguments of the kernel: the buffer and a ulong offset in elements. */
static inline struct opencl_arg arg_mem(const struct iso_mem *mem, size_t offset)
{
    return (struct opencl_arg){ .mem = mem->mem, .v.l = offset };
}
static inline struct opencl_arg arg_tensor(const struct iso_tensor *t)
{
    return arg_mem(t->mem, t->offset);
}
/* The start of an operand: a buffer and an offset in floats. */
struct opencl_at {
    const struct iso_mem *mem;
    size_t at;
};
static inline struct opencl_at opencl_at(const struct iso_tensor *t)
{
    return (struct opencl_at){ t->mem, t->offset };
}
/* Returns the place in the workspace `floats` from its start. */
static inline struct opencl_at opencl_work(const struct iso_call *call, size_t floats)
{
    return (struct opencl_at){ call->workspace.mem,
                               call->workspace.offset / sizeof(float) + floats };
}
/* Returns the place `floats` further on. */
static inline struct opencl_at opencl_past(struct opencl_at at, size_t floats)
{
    return (struct opencl_at){ at.mem, at.at + floats };
}
static inline struct opencl_arg arg_at(struct opencl_at at) { return arg_mem(at.mem, at.at); }
static inline struct opencl_arg arg_work(const struct iso_call *call, size_t floats)
{
    return arg_at(opencl_work(call, floats));
}
/* Returns the tensor or, if it is absent, `other` (another argument tells the kernel). */
static inline struct opencl_arg arg_optional(const struct iso_tensor *t,
                                             const struct iso_tensor *other)
{
    return arg_tensor(t->mem != NULL ? t : other);
}
/* Five arguments for random numbers, besides the row and the element: the index of the call's first
 * row, and the rest of the counter and the key (core/arithmetic/random.h). */
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
/* Returns a grid with one work-item for each of n elements; the kernel skips those beyond n. */
struct opencl_grid opencl_elements(const struct opencl *, size_t n);
/* Returns a grid whose first axis covers the `size` elements of a row or an image, and whose second
 * axis covers the `rows`. */
struct opencl_grid opencl_each_row(const struct opencl *, size_t size, size_t rows);
/* Queues a kernel. An empty grid queues nothing and is not an error. */
iso_rc opencl_launch(struct opencl *, const char *program, const char *name, struct opencl_grid,
                     const struct opencl_arg *args, int nargs);
/* Returns true if all elements of the call's tensors fit the kernels' 32-bit indices; otherwise
 * false, with the reason. */
bool opencl_fits(const struct iso_call *, char *why, size_t n);

static inline size_t opencl_ceil(size_t n, size_t by) { return (n + by - 1) / by; }
static inline size_t opencl_larger(size_t a, size_t b) { return a > b ? a : b; }
#endif
