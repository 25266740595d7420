/* c_closure.h: the part of the reference's source that a network needs: every item that a kernel's
 * forward function uses, whatever file it comes from, each behind those that it uses itself. What
 * only its own file sees gets the file's name in front: conv2d_forward. */
#ifndef ISO_C_CLOSURE_H
#define ISO_C_CLOSURE_H
#include "c_items.h"

#include <stdio.h>

struct iso_c_closure {
    const struct iso_c_items *items; /* borrowed */
    FILE *out;                       /* borrowed */
    bool *taken;                     /* by item */
};
/* Begins a closure that is written to `out`. Free with iso_c_closure_free. */
iso_rc iso_c_closure_new(const struct iso_c_items *, FILE *out, struct iso_c_closure *);
void iso_c_closure_free(struct iso_c_closure *);
/* Writes what the op's forward pass needs, unless it has been written, and the name of its forward
 * function to `function`. Fails with ISO_EUNSUP if it needs something that is no C source here. */
iso_rc iso_c_closure_forward(struct iso_c_closure *, enum iso_op, char function[ISO_NAME]);
/* Writes a struct that all files see, such as iso_conv2d, with what it needs. */
iso_rc iso_c_closure_struct(struct iso_c_closure *, const char *name);
/* Returns the name of the struct of an op's parameters, "iso_conv2d", in `name`; "" if it has none.
 */
void iso_c_params_name(const struct iso_c_items *, enum iso_op, char name[ISO_NAME]);
#endif
