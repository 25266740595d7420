/* bench.h: how fast a device is: training, inference, single ops. Prints nothing.
 *
 * A machine may have noisy neighbours, so every sample stands between two short probes of fused
 * multiply-adds; when a probe is low, the sample is taken again. Results are medians. */
#ifndef ISO_BENCH_H
#define ISO_BENCH_H
#include "core/train/exec.h"

/* ---- Samples ------------------------------------------------------------------------------- */

struct iso_gate {
    struct iso_backend *probe; /* measures the processor's peak */
    struct iso_backend *own;   /* the same, when the gate opened it */
    double flops;              /* the highest rate that a probe has seen, flop/s */
    int64_t repeated;          /* samples that were taken again */
};
/* True if a gate probes the backend itself: not one without a peak, nor one that is OpenCL's way to
 * the processor, which is better probed without it. */
bool iso_bench_own_peak(const struct iso_backend *);
/* A gate for work on this backend, which must outlive it. Where that is not probed itself, the
 * processor is, with so many threads (0: all). */
iso_rc iso_gate_open(struct iso_gate *, struct iso_backend *, int threads);
void iso_gate_close(struct iso_gate *);

struct iso_timing {
    double seconds; /* of one time, median of the samples */
    int samples;
    bool noisy; /* some samples were taken although a probe was low */
};
/* Does the work so many times and waits for the device. */
typedef iso_rc iso_bench_work(void *data, int64_t times);
/* Optional: the work just done was taken as a sample. */
typedef void iso_bench_taken(void *data, int64_t times);
/* Takes samples for about so many seconds, after a warm-up; at least one sample. */
iso_rc iso_gate_measure(struct iso_gate *, double seconds, iso_bench_work *, iso_bench_taken *,
                        void *data, struct iso_timing *out);
enum { ISO_BENCH_SAMPLES = 7 };                 /* the most that iso_gate_measure takes */
double iso_bench_median(double *values, int n); /* sorts them; NaN for none */

/* ---- Models -------------------------------------------------------------------------------- */

/* Puts a batch of random images and labels on the device. */
iso_rc iso_bench_feed(struct iso_exec *);
/* Training steps or forward passes on the batch in place, always the same one. */
iso_rc iso_bench_steps(struct iso_exec *, struct iso_gate *, bool training, double seconds,
                       struct iso_timing *out);
/* Flops of the sums of products in one step: what the kernels of layers do, 2 an fma. */
double iso_bench_flops(const struct iso_exec *, bool training);
extern const char *const iso_bench_passes[]; /* forward, backward, update */
/* True if an op's flops are sums of products with its kernel: what an FMA peak is the judge of. */
bool iso_bench_products(enum iso_op);

/* One op of a model in one pass. */
struct iso_bench_node {
    enum iso_op op;
    enum iso_pass pass;
    int layer;                    /* index in the model; -1: none */
    double seconds, flops, bytes; /* of one call */
};
/* Times every call of a training step, each waited for; the longest first. Free *out with free. */
iso_rc iso_bench_nodes(struct iso_exec *, struct iso_gate *, double seconds,
                       struct iso_bench_node **out, int *count);

/* ---- Profiles ------------------------------------------------------------------------------ */

/* Some training steps, command by command: as the device's own clock has them; where a device has
 * none, a call is one command, timed by the host. */
struct iso_bench_profile {
    struct iso_bench_node *calls;     /* of a step; seconds are not set */
    struct iso_profile_event *events; /* of all steps, in the order that they were queued */
    int ncalls, nevents, steps;
    double seconds; /* of all steps, by the host's clock */
};
/* Runs as many steps as take about so many seconds, at least one, after a warm-up. */
iso_rc iso_bench_profile(struct iso_exec *, double seconds, struct iso_bench_profile *out);
void iso_bench_profile_free(struct iso_bench_profile *);

/* One kernel in one pass of one op: all its launches in a step. */
struct iso_bench_kernel {
    const char *name;
    enum iso_op op;
    enum iso_pass pass;
    double launches, seconds, flops,
        bytes; /* of a step. flops 0: it makes no sums of products;
                  bytes 0: not known, as other kernels share its call */
};
/* Adds a profile up by kernels, those that take longest first; free *out with free. */
iso_rc iso_bench_kernels(const struct iso_bench_profile *, struct iso_bench_kernel **out,
                         int *count);

/* ---- Single ops ---------------------------------------------------------------------------- */

enum iso_bench_product {
    ISO_BENCH_FORWARD,
    ISO_BENCH_INPUT_GRADIENT,
    ISO_BENCH_WEIGHT_GRADIENT,
    ISO_PRODUCTS
};
struct iso_bench_size { /* dense: rows, in, out; conv2d, same padding: all of them */
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

/* Resident memory of this process at its peak since the last reset, in bytes; where the system
 * cannot reset it, since the process began. */
void iso_bench_memory_reset(void);
uint64_t iso_bench_memory_peak(void);
#endif
