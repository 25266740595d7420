/* imprint.h: all that a step computes, call by call, so that another device that computes the same
 * step can be asked where it first computes something else. In exact mode every device has the same
 * bits, however its kernels are fused. */
#ifndef ISO_IMPRINT_H
#define ISO_IMPRINT_H
#include "exec.h"

struct iso_step_fault {                 /* the first tensor in which a device differs */
    char tensor[2 * ISO_NAME];          /* dense_1/y, d/dense_1/kernel; "": nowhere */
    char layer[ISO_NAME], op[ISO_NAME]; /* layer "": of no layer, such as the optimizer */
    const char *pass;                   /* "forward pass", "backward pass", "update", ... */
    int64_t values, differ;             /* numbers in the tensor; how many differ, 0: not known */
    int64_t at;                         /* the first of them */
    double got, want;
};

struct iso_imprint;
/* Computes the step of the current batch, without its update, and keeps an imprint of it. The
 * executor should have keep_all, so that nothing is fused. */
iso_rc iso_imprint_take(struct iso_exec *, uint64_t step, struct iso_imprint **out);
/* Computes it on another device, and leaves *out empty if that computes the same. */
iso_rc iso_imprint_part(const struct iso_imprint *, struct iso_exec *, uint64_t step,
                        struct iso_step_fault *out);
void iso_imprint_free(struct iso_imprint *); /* NULL is fine */
/* Sets the numbers of a fault in which n numbers differ from others bit for bit; returns false, and
 * sets nothing, if none does. Any NaN equals any NaN; the sign of zero counts. */
bool iso_step_fault_find(const double *got, const double *want, int64_t n,
                         struct iso_step_fault *out);
#endif
