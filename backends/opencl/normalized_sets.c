/* normalized_sets.c: queues one kernel over sets each way; the weights' gradients by sums over the
 * rows. */
#include "normalized_sets.h"
#include "sums.h"

static const char program[] = "layer_normalization.cl";

static struct iso_rows rows_of(struct iso_bn_rows r)
{
    return (struct iso_rows){ r.rows, r.per_image };
}

size_t opencl_sets_workspace(struct iso_backend *be, const struct iso_call *call,
                             enum iso_pass pass)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    (void)be;
    return pass == ISO_FORWARD
               ? 0
               : opencl_sum_rows_work(rows_of(r), (size_t)r.channels) * sizeof(cl_float);
}

iso_rc opencl_normalize_sets(struct opencl *cl, const struct iso_call *call,
                             const struct iso_normalized_sets *s)
{
    const size_t sets = (size_t)iso_sets_count(s);
    const struct iso_tensor *x = &call->x[0], *gamma = &call->w[ISO_LN_GAMMA],
                            *beta = &call->w[ISO_LN_BETA];
    return opencl_launch(cl, program, "ln_forward", opencl_row_grid(cl, sets),
                         ARGS(arg_tensor(x), arg_tensor(&call->saved[ISO_LN_MEAN]),
                              arg_tensor(&call->saved[ISO_LN_INVERSE]), arg_optional(gamma, x),
                              arg_optional(beta, x), arg_tensor(&call->y[0]), arg_uint(sets),
                              arg_int(iso_sets_size(s)), arg_int(s->size), arg_int(s->groups),
                              arg_int(gamma->mem != NULL), arg_int(beta->mem != NULL),
                              arg_real(call->scalars[ISO_LN_EPSILON])));
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call,
                             const struct iso_normalized_sets *s)
{
    const size_t sets = (size_t)iso_sets_count(s);
    const struct iso_tensor *x = &call->x[0], *gamma = &call->w[ISO_LN_GAMMA];
    return opencl_launch(
        cl, program, "ln_backward", opencl_row_grid(cl, sets),
        ARGS(arg_tensor(x), arg_tensor(&call->dy[0]), arg_tensor(&call->saved[ISO_LN_MEAN]),
             arg_tensor(&call->saved[ISO_LN_INVERSE]), arg_optional(gamma, x),
             arg_tensor(&call->dx[0]), arg_uint(sets), arg_int(iso_sets_size(s)), arg_int(s->size),
             arg_int(s->groups), arg_int(gamma->mem != NULL), arg_int(call->add_dx[0])));
}

static iso_rc gamma_gradient(struct opencl *cl, const struct iso_call *call,
                             const struct iso_normalized_sets *s, struct iso_bn_rows r)
{
    const struct iso_rows rows = rows_of(r);
    const struct opencl_at work = opencl_work(call, 0);
    const struct iso_tensor *dgamma = &call->dw[ISO_LN_GAMMA];
    const bool add = call->add_dw[ISO_LN_GAMMA], only = opencl_only_block(rows);
    const size_t cols = (size_t)r.channels;
    ISO_TRY(opencl_launch(
        cl, program, "ln_products", opencl_block_grid(cl, cols, (size_t)iso_group_count(rows)),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]),
             arg_tensor(&call->saved[ISO_LN_MEAN]), arg_tensor(&call->saved[ISO_LN_INVERSE]),
             arg_at(opencl_blocks_to(rows, work, dgamma)), arg_int(r.channels), arg_int(r.rows),
             arg_int(r.per_image), arg_int(s->pixels), arg_int(s->size), arg_int(s->groups),
             arg_int(only), arg_int(only && add))));
    return opencl_add_blocks(cl, rows, cols, work, dgamma, add);
}

iso_rc opencl_sets_gradients(struct opencl *cl, const struct iso_call *call,
                             const struct iso_normalized_sets *s)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_tensor *dbeta = &call->dw[ISO_LN_BETA];
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(cl, call, s));
    if (call->dw[ISO_LN_GAMMA].mem != NULL)
        ISO_TRY(gamma_gradient(cl, call, s, r));
    if (dbeta->mem == NULL)
        return ISO_OK;
    return opencl_sum_rows(cl, &call->dy[0], rows_of(r), (size_t)r.channels, opencl_work(call, 0),
                           dbeta, call->add_dw[ISO_LN_BETA]);
}
