/* subject.h: a whole model on a device, beside the reference: for model.c and model_runs.c. */
#ifndef ISO_SUBJECT_H
#define ISO_SUBJECT_H
#include "../train/exec.h"
#include "harness.h"

struct iso_subject {                   /* one model at one batch size */
    const struct iso_ladder *ladder;
    struct iso_report *report;
    const char *path;
    int64_t steps;
    struct iso_graph *graph;
    float *x;                          /* the batch: [batch, ...input] */
    int32_t *classes;                  /* [batch] */
    bool fast;
};

/* An executor with the initial weights and the batch in place. */
iso_rc iso_subject_open(const struct iso_subject *, struct iso_backend *,
                        const struct iso_exec_options *, struct iso_exec **out);
/* pass -1: all. */
void iso_subject_report(const struct iso_subject *, enum iso_rung, int pass, const char *layer,
                        const struct iso_distance *, iso_rc);
iso_rc iso_subject_read(struct iso_backend *, const struct iso_tensor *, struct iso_array *);

/* model_runs.c: trains on the reference and on the device, and compares the weights. */
void iso_subject_train(const struct iso_subject *);
/* Has both predict with the initial weights, and compares what they say. */
void iso_subject_infer(const struct iso_subject *);
#endif
