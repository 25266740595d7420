/* c_call.h: one call of a kernel as C. */
#ifndef ISO_C_CALL_H
#define ISO_C_CALL_H
#include "c_closure.h"
#include "c_steps.h"
#include "c_weights.h"

/* Holds what the calls of a network share; all borrowed. */
struct iso_c_place {
    const struct iso_graph *graph;
    const struct iso_plan *plan;
    const struct iso_c_weights *weights;
    const struct iso_c_items *items;
    const char *prefix;          /* begins the weights' names */
    int64_t workspace, unpacked; /* places in the lent memory, in floats */
    size_t workspace_bytes;
};
/* Writes an op's params as a static object `params`; nothing if it has none. */
void iso_c_params_write(const struct iso_c_items *, enum iso_op, const void *params, FILE *out);
/* Writes "memory + 64", where a value is; that of the graph's output is "output". */
void iso_c_value_write(const struct iso_c_place *, int value, FILE *out);
/* Writes a step, the call of `function`, as a block. */
void iso_c_step_write(const struct iso_c_place *, const struct iso_c_step *, const char *function,
                      FILE *out);
/* Writes ".NAME = { ... },": the shape and the type of a tensor that is at `where`. */
void iso_c_tensor_write(const struct iso_tensor *, const char *where, FILE *out);
/* Writes a call's scalars, if any is not 0. */
void iso_c_scalars_write(const double *scalars, FILE *out);
#endif
