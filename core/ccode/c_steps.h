/* c_steps.h: the forward pass of a graph as a list of calls of the reference's kernels, for one
 * image. What does nothing outside training becomes a copy; a separable convolution becomes its two
 * convolutions; a loss that gives the probabilities becomes its activation. */
#ifndef ISO_C_STEPS_H
#define ISO_C_STEPS_H
#include "core/train/plan.h"

/* A tensor of a step: a value of the graph. */
struct iso_c_step {
    enum iso_op op;
    bool copies;        /* y[0] = x[0] */
    const void *params; /* borrowed, or in `owned` */
    void *owned;
    const char *layer;
    int nx, ny, nw, nsaved;
    /* indices of values; w -1: absent */
    int x[ISO_OPERANDS], y[ISO_OPERANDS], w[ISO_OPERANDS], saved[ISO_OPERANDS];
};
struct iso_c_steps {
    struct iso_c_step *list;
    int n;
};
/* Makes the steps from the graph's input to its output. The graph is for a batch of 1. Free with
 * iso_c_steps_free, also after a failure. */
iso_rc iso_c_steps_make(const struct iso_graph *, struct iso_c_steps *out);
void iso_c_steps_free(struct iso_c_steps *);
/* Describes the step's call, with shapes and scalars but without memory. */
void iso_c_step_call(const struct iso_graph *, const struct iso_c_step *, struct iso_call *out);
#endif
