/* subject.h (private): a whole model on a device, compared with the reference: for lockstep.c,
 * free_training.c, moved_training.c and ranks_training.c. */
#ifndef ISO_SUBJECT_H
#define ISO_SUBJECT_H
#include "core/train/exec.h"
#include "harness.h"

struct iso_subject { /* one model at one batch size */
    const struct iso_ladder *ladder;
    struct iso_report *report;
    const char *path;
    const char *devices; /* ids of all ranks' devices; NULL: the ladder's device alone */
    int64_t steps;
    struct iso_graph *graph;
    float *x;         /* the batch: [batch, ...input] */
    int32_t *classes; /* [batch] */
    bool fast;
};

/* Options of an executor whose values can all be read after a step. */
extern const struct iso_exec_options iso_subject_readable;
/* Makes an executor with the initial weights and the batch. */
iso_rc iso_subject_open(const struct iso_subject *, struct iso_backend *,
                        const struct iso_exec_options *, struct iso_exec **out);
/* pass -1: all. */
void iso_subject_report(const struct iso_subject *, enum iso_rung, int pass, const char *layer,
                        const struct iso_distance *, iso_rc);
/* Says that this backend begins to work on the whole model (iso_report_work). */
void iso_subject_works(const struct iso_subject *, const struct iso_backend *);
/* As iso_report_attempt. */
iso_rc iso_subject_attempt(const struct iso_subject *, enum iso_rung, int pass, const char *layer);
iso_rc iso_subject_read(struct iso_backend *, const struct iso_tensor *, struct iso_array *);
/* Reads every tensor of the call that has memory. */
iso_rc iso_subject_read_call(struct iso_backend *, const struct iso_call *, struct iso_values *);
/* Clears the shapes of gradients that are not wanted, because the harness computes all that have a
 * shape. */
void iso_subject_drop_unwanted(struct iso_call *);

/* free_training.c: trains on the reference and on the device, and compares the weights. */
void iso_subject_train(const struct iso_subject *);
/* Trains for the subject's steps; waits for the device. */
iso_rc iso_subject_steps(const struct iso_subject *, struct iso_exec *);
iso_rc iso_subject_read_weight(struct iso_exec *, int i, struct iso_array *, struct iso_tensor *);
/* Predicts with the initial weights on both, and compares the predictions. */
void iso_subject_infer(const struct iso_subject *);

/* executors.c. How far two trainings have come apart, in the weights, moving statistics included,
 * and in each of the optimizer's slots: the root of the summed squares of the differences. */
struct iso_apart {
    double of[1 + ISO_OPERANDS]; /* weights, then slot by slot */
    int64_t values;              /* numbers compared */
    char first[2 * ISO_NAME];    /* the first tensor with another bit; "": none */
};
/* Both are of the same network. */
iso_rc iso_subject_distance(struct iso_exec *, struct iso_exec *, struct iso_apart *out);
/* Fails if anything is apart. */
iso_rc iso_subject_together(const struct iso_subject *, const struct iso_apart *);
/* Returns the sum of the squares of the differences of n numbers; any NaN equals any NaN. */
double iso_subject_squares(const double *a, const double *b, int64_t n);
/* Compare bit for bit, and fail with ISO_EPARITY and the first number that differs: n numbers of
 * this name; what both executors hold under this name, if the first one does; the numbers that the
 * last step logged, which are loss, metrics and penalties; or all that a step in shards adds in a
 * tree: the log, the gradients and, as weights that are not trained, the moving statistics. */
iso_rc iso_subject_compare_numbers(const char *name, const double *want, const double *got,
                                   int64_t n);
iso_rc iso_subject_compare_tensor(struct iso_exec *reference, struct iso_exec *device,
                                  const char *name);
iso_rc iso_subject_compare_log(struct iso_exec *reference, struct iso_exec *device);
iso_rc iso_subject_compare_sums(struct iso_exec *reference, struct iso_exec *device);

/* ranks_training.c. Trains in shards that the ladder's ranks share, and on the reference alone, and
 * compares outputs, sums and weights. All ranks call it, with the same subject. Fails if a rank
 * cannot go on, and with it none; differences are reported. */
iso_rc iso_subject_share(struct iso_subject *);

/* moved_training.c. Moves each weight by one ULP, up or down. */
iso_rc iso_subject_move_weights(const struct iso_subject *, struct iso_exec *);
/* Trains with the weights moved like that at the beginning, and computes the distance of its end
 * from the reference's. */
iso_rc iso_subject_moved_by_ulp(const struct iso_subject *, struct iso_exec *reference,
                                struct iso_apart *out);
/* Does the same with each sum of products moved, up or down, by the bound on the device's error. */
iso_rc iso_subject_moved_by_bounds(const struct iso_subject *, struct iso_exec *reference,
                                   struct iso_apart *out);
#endif
