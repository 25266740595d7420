/* subject.h (private): a whole model on a device, beside the reference: for lockstep.c,
 * free_training.c and moved_training.c. */
#ifndef ISO_SUBJECT_H
#define ISO_SUBJECT_H
#include "core/train/exec.h"
#include "harness.h"

struct iso_subject { /* one model at one batch size */
    const struct iso_ladder *ladder;
    struct iso_report *report;
    const char *path;
    int64_t steps;
    struct iso_graph *graph;
    float *x;         /* the batch: [batch, ...input] */
    int32_t *classes; /* [batch] */
    bool fast;
};

/* Options with which each of an executor's values can be read after a step. */
extern const struct iso_exec_options iso_subject_readable;
/* An executor with the initial weights and the batch in place. */
iso_rc iso_subject_open(const struct iso_subject *, struct iso_backend *,
                        const struct iso_exec_options *, struct iso_exec **out);
/* pass -1: all. */
void iso_subject_report(const struct iso_subject *, enum iso_rung, int pass, const char *layer,
                        const struct iso_distance *, iso_rc);
iso_rc iso_subject_read(struct iso_backend *, const struct iso_tensor *, struct iso_array *);
/* Every tensor of the call that has memory. */
iso_rc iso_subject_read_call(struct iso_backend *, const struct iso_call *, struct iso_values *);
/* A shape that is there although no gradient is wanted would be written by the harness. */
void iso_subject_drop_unwanted(struct iso_call *);

/* free_training.c: trains on the reference and on the device, and compares the weights. */
void iso_subject_train(const struct iso_subject *);
/* Trains for the subject's steps; waits for the device. */
iso_rc iso_subject_steps(const struct iso_subject *, struct iso_exec *);
iso_rc iso_subject_read_weight(struct iso_exec *, int i, struct iso_array *, struct iso_tensor *);
/* The root of the summed squares of what the weights of two trainings differ by; adds their number
 * to *values. *first: the first weight that differs, unless it is set. */
iso_rc iso_subject_distance(struct iso_exec *, struct iso_exec *, double *out, int64_t *values,
                            const char **first);
/* Has both predict with the initial weights, and compares what they say. */
void iso_subject_infer(const struct iso_subject *);

/* moved_training.c. Moves each weight by one ULP, up or down. */
iso_rc iso_subject_move_weights(const struct iso_subject *, struct iso_exec *);
/* How far a training ends from the reference's when the weights are moved so at its beginning; */
iso_rc iso_subject_moved_by_ulp(const struct iso_subject *, struct iso_exec *reference,
                                double *out);
/* and when each sum of products is moved, up or down, by as much as the device's may be off. */
iso_rc iso_subject_moved_by_bounds(const struct iso_subject *, struct iso_exec *reference,
                                   double *out);
#endif
