/* bench.h: measures the speed of a device: training, inference, single ops. Prints nothing.
 *
 * Other programs may slow the machine down, so every sample is taken between two short probes of
 * fused multiply-adds; if a probe is low, the sample is repeated. Results are medians. */
#ifndef ISO_BENCH_H
#define ISO_BENCH_H
#include "core/train/exec.h"

/* ---- Samples ------------------------------------------------------------------------------- */

struct iso_gate {
    struct iso_backend *probe; /* measures the processor's peak */
    struct iso_backend *own;   /* the same, if the gate opened it */
    double flops;              /* highest rate of any probe, flop/s */
    int64_t repeated;          /* number of samples that were repeated */
};
/* Returns true if a gate probes the backend itself. False for a backend without a peak, and for the
 * processor through OpenCL, which the cpu backend probes better. */
bool iso_bench_own_peak(const struct iso_backend *);
/* Opens a gate for work on this backend, which must outlive it. If the backend is not probed
 * itself, the processor is, with this number of threads (0: all). */
iso_rc iso_gate_open(struct iso_gate *, struct iso_backend *, int threads);
void iso_gate_close(struct iso_gate *);

struct iso_timing {
    double seconds; /* per repetition, median of the samples */
    int samples;
    bool noisy; /* some samples were kept although a probe was low */
};
/* Does the work `times` times and waits for the device. */
typedef iso_rc iso_bench_work(void *data, int64_t times);
/* Optional; called if the work just done is kept as a sample. */
typedef void iso_bench_taken(void *data, int64_t times);
/* Takes samples for about `seconds`, after a warm-up; at least one. */
iso_rc iso_gate_measure(struct iso_gate *, double seconds, iso_bench_work *, iso_bench_taken *,
                        void *data, struct iso_timing *out);
enum { ISO_BENCH_SAMPLES = 7 };                 /* most samples of iso_gate_measure */
double iso_bench_median(double *values, int n); /* sorts the values; NaN for n 0 */

/* ---- Models -------------------------------------------------------------------------------- */

/* Puts a batch of random images and labels on the device. */
iso_rc iso_bench_feed(struct iso_exec *);
/* Times training steps or forward passes, all on the current batch. */
iso_rc iso_bench_steps(struct iso_exec *, struct iso_gate *, bool training, double seconds,
                       struct iso_timing *out);
/* Returns the flops of the sums of products in one step, 2 an fma. */
double iso_bench_flops(const struct iso_exec *, bool training);
extern const char *const iso_bench_passes[]; /* forward, backward, update */
/* Returns true if an op's flops are sums of products with its kernel, so that they can be compared
 * with the FMA peak. */
bool iso_bench_products(enum iso_op);

/* One op of a model in one pass. */
struct iso_bench_node {
    enum iso_op op;
    enum iso_pass pass;
    int layer;                    /* index in the model; -1: none */
    double seconds, flops, bytes; /* per call */
};
/* Times every call of a training step, waiting for each; sorts by time, longest first. Free *out
 * with free. */
iso_rc iso_bench_nodes(struct iso_exec *, struct iso_gate *, double seconds,
                       struct iso_bench_node **out, int *count);

/* ---- Profiles ------------------------------------------------------------------------------ */

/* Some training steps, command by command, timed by the device's own clock; on a device without
 * one, each call is one command, timed by the host. */
struct iso_bench_profile {
    struct iso_bench_node *calls;     /* the calls of a step; seconds are not set */
    struct iso_profile_event *events; /* commands of all steps, in the order of queueing */
    int ncalls, nevents, steps;
    double seconds; /* time of all steps by the host's clock */
};
/* Runs steps for about `seconds`, at least one, after a warm-up. */
iso_rc iso_bench_profile(struct iso_exec *, double seconds, struct iso_bench_profile *out);
void iso_bench_profile_free(struct iso_bench_profile *);

/* One kernel in one pass of one op: all its launches in a step. */
struct iso_bench_kernel {
    const char *name;
    enum iso_op op;
    enum iso_pass pass;
    double launches, seconds, flops, bytes; /* per step. flops 0: no sums of products; bytes 0: not
                                               known, because other kernels share the call */
};
/* Sums a profile by kernel, longest first; free *out with free. */
iso_rc iso_bench_kernels(const struct iso_bench_profile *, struct iso_bench_kernel **out,
                         int *count);

/* ---- Single ops ---------------------------------------------------------------------------- */

enum iso_bench_product {
    ISO_BENCH_FORWARD,
    ISO_BENCH_INPUT_GRADIENT,
    ISO_BENCH_WEIGHT_GRADIENT,
    ISO_PRODUCTS
};
struct iso_bench_size { /* dense uses rows, in, out; conv2d, with padding same, all */
    enum iso_op op;
    int64_t rows, height, width, in, out, kernel;
};
extern const struct iso_bench_size iso_bench_sizes[];
extern const int iso_bench_nsizes;
/* Writes "1024 x 1024 x 1024" or "32 x 32x32x3 -> 32, 3x3" and returns buf. */
const char *iso_bench_size_text(const struct iso_bench_size *, char *buf, size_t n);
/* Times the three products of one op; each has the same flops. */
iso_rc iso_bench_op(struct iso_backend *, struct iso_gate *, const struct iso_bench_size *,
                    double seconds, struct iso_timing out[ISO_PRODUCTS], double *flops);

/* ---- Memory -------------------------------------------------------------------------------- */

/* Reset, and return in bytes, this process's peak of resident memory since the last reset or, if
 * the system cannot reset it, since the process began. */
void iso_bench_memory_reset(void);
uint64_t iso_bench_memory_peak(void);
#endif
