/* layer_normalization.c: queues one kernel over rows each way; the weights' gradients by sums over
 * the rows. */
#include "sums.h"
#include "core/ops/layer_normalization.h"

static const char program[] = "layer_normalization.cl";

static struct iso_rows rows_of(struct iso_bn_rows r)
{
    return (struct iso_rows){ r.rows, r.per_image };
}

/* The sums of the blocks of rows. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    (void)be;
    return pass == ISO_FORWARD
               ? 0
               : opencl_sum_rows_work(rows_of(r), (size_t)r.channels) * sizeof(cl_float);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_layer_normalization *p = call->params;
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_tensor *x = &call->x[0];
    return opencl_launch(cl, program, "ln_forward", opencl_row_grid(cl, (size_t)r.rows),
                         ARGS(arg_tensor(x), arg_tensor(&call->saved[ISO_LN_MEAN]),
                              arg_tensor(&call->saved[ISO_LN_INVERSE]),
                              arg_optional(&call->w[ISO_LN_GAMMA], x),
                              arg_optional(&call->w[ISO_LN_BETA], x), arg_tensor(&call->y[0]),
                              arg_uint((uint64_t)r.rows), arg_int(r.channels), arg_int(p->scale),
                              arg_int(p->center), arg_real(call->scalars[ISO_LN_EPSILON])));
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call, struct iso_bn_rows r)
{
    const struct iso_layer_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0];
    return opencl_launch(
        cl, program, "ln_backward", opencl_row_grid(cl, (size_t)r.rows),
        ARGS(arg_tensor(x), arg_tensor(&call->dy[0]), arg_tensor(&call->saved[ISO_LN_MEAN]),
             arg_tensor(&call->saved[ISO_LN_INVERSE]), arg_optional(&call->w[ISO_LN_GAMMA], x),
             arg_tensor(&call->dx[0]), arg_uint((uint64_t)r.rows), arg_int(r.channels),
             arg_int(p->scale), arg_int(call->add_dx[0])));
}

static iso_rc gamma_gradient(struct opencl *cl, const struct iso_call *call, struct iso_bn_rows r)
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
             arg_int(r.per_image), arg_int(only), arg_int(only && add))));
    return opencl_add_blocks(cl, rows, cols, work, dgamma, add);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_tensor *dbeta = &call->dw[ISO_LN_BETA];
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(cl, call, r));
    if (call->dw[ISO_LN_GAMMA].mem != NULL)
        ISO_TRY(gamma_gradient(cl, call, r));
    if (dbeta->mem == NULL)
        return ISO_OK;
    return opencl_sum_rows(cl, &call->dy[0], rows_of(r), (size_t)r.channels, opencl_work(call, 0),
                           dbeta, call->add_dw[ISO_LN_BETA]);
}

const struct opencl_op opencl_layer_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl", "sums_cpu.cl" },
};
