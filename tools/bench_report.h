/* bench_report.h: prints the results of `isocl bench`: an aligned table, or one JSON object per
 * line. */
#ifndef ISO_BENCH_REPORT_H
#define ISO_BENCH_REPORT_H
#include "core/bench/bench.h"

struct iso_bench_machine { /* measured with as many threads as the benches have */
    const char *name;
    int threads;
    double flops, copy, triad; /* flop/s, bytes/s */
    double handoff;            /* round trips/s between two threads; 0: one thread */
};
struct iso_bench_model { /* one model on one device */
    const char *path, *name, *device;
    enum iso_mode mode;
    int64_t batch;
    struct iso_timing training, inference;  /* time per batch */
    double training_flops, inference_flops; /* per batch, sums of products only */
    double peak, bandwidth;                 /* flop/s and bytes/s of this device; 0: not known */
    uint64_t plan, memory; /* bytes of memory for training: planned, and of the process */
    int64_t repeated;
};
struct iso_bench_report {
    bool json, head;
}; /* head: the table's heading has been printed */

void iso_bench_print_machine(const struct iso_bench_report *, const struct iso_bench_machine *);
void iso_bench_print_model(struct iso_bench_report *, const struct iso_bench_model *);
void iso_bench_print_nodes(struct iso_bench_report *, const struct iso_bench_model *,
                           const struct iso_model *, const struct iso_bench_node *, int count);
void iso_bench_print_kernels(struct iso_bench_report *, const struct iso_bench_model *,
                             const struct iso_bench_profile *, const struct iso_bench_kernel *,
                             int count);
void iso_bench_print_size(struct iso_bench_report *, const char *device,
                          const struct iso_bench_size *, const struct iso_timing[ISO_PRODUCTS],
                          double flops, double peak);
/* Prints a device's failure; the other devices continue. */
void iso_bench_print_failure(struct iso_bench_report *, const char *what, const char *device,
                             const char *why);
/* Prints the fastest of the model's devices, with its images/s in training, and the next (or NULL).
 */
void iso_bench_print_choice(struct iso_bench_report *, const char *model, const char *device,
                            double rate, const char *second, double second_rate);
void iso_bench_print_end(struct iso_bench_report *, const struct iso_bench_machine *,
                         int64_t repeated, bool noisy, double seconds);
#endif
