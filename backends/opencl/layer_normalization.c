/* layer_normalization.c: queues one kernel for each sum along the rows, then one over elements; the
 * weights' gradients by sums over the rows. */
#include "sums.h"
#include "core/ops/layer_normalization.h"

static const char program[] = "layer_normalization.cl";

static struct iso_rows rows_of(struct iso_bn_rows r)
{
    return (struct iso_rows){ r.rows, r.per_image };
}

/* Two numbers a row, and then the sums of the groups of rows. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const size_t sums = opencl_sum_rows_work(rows_of(r), (size_t)r.channels);
    (void)be;
    return pass == ISO_FORWARD ? 0 : opencl_larger(2 * (size_t)r.rows, sums) * sizeof(float);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_layer_normalization *p = call->params;
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_tensor *x = &call->x[0], *mean = &call->saved[ISO_LN_MEAN];
    const struct iso_tensor *inverse = &call->saved[ISO_LN_INVERSE];
    const size_t count = (size_t)(r.rows * r.channels);
    ISO_TRY(opencl_launch(cl, program, "ln_mean", opencl_rows((size_t)r.rows),
                          ARGS(arg_tensor(x), arg_tensor(mean), arg_int(r.channels))));
    ISO_TRY(opencl_launch(cl, program, "ln_inverse", opencl_rows((size_t)r.rows),
                          ARGS(arg_tensor(x), arg_tensor(mean), arg_tensor(inverse),
                               arg_int(r.channels), arg_real(call->scalars[ISO_LN_EPSILON]))));
    return opencl_launch(cl, program, "ln_forward", opencl_elements(cl, count),
                         ARGS(arg_tensor(x), arg_tensor(mean), arg_tensor(inverse),
                              arg_optional(&call->w[ISO_LN_GAMMA], x),
                              arg_optional(&call->w[ISO_LN_BETA], x), arg_tensor(&call->y[0]),
                              arg_uint(count), arg_uint((uint64_t)r.channels), arg_int(p->scale),
                              arg_int(p->center)));
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call, struct iso_bn_rows r)
{
    const struct iso_layer_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0], *dy = &call->dy[0];
    const struct iso_tensor *mean = &call->saved[ISO_LN_MEAN];
    const struct iso_tensor *inverse = &call->saved[ISO_LN_INVERSE];
    const struct opencl_arg gamma = arg_optional(&call->w[ISO_LN_GAMMA], x);
    const struct opencl_at offset = opencl_work(call, 0);
    const struct opencl_at slope = opencl_work(call, (size_t)r.rows);
    const size_t count = (size_t)(r.rows * r.channels);
    ISO_TRY(opencl_launch(
        cl, program, "ln_offset", opencl_rows((size_t)r.rows),
        ARGS(arg_tensor(dy), gamma, arg_at(offset), arg_int(r.channels), arg_int(p->scale))));
    ISO_TRY(opencl_launch(cl, program, "ln_slope", opencl_rows((size_t)r.rows),
                          ARGS(arg_tensor(x), arg_tensor(dy), arg_tensor(mean), arg_tensor(inverse),
                               gamma, arg_at(slope), arg_int(r.channels), arg_int(p->scale))));
    return opencl_launch(cl, program, "ln_backward", opencl_elements(cl, count),
                         ARGS(arg_tensor(x), arg_tensor(dy), arg_tensor(mean), arg_tensor(inverse),
                              gamma, arg_at(offset), arg_at(slope), arg_tensor(&call->dx[0]),
                              arg_uint(count), arg_uint((uint64_t)r.channels), arg_int(p->scale),
                              arg_int(call->add_dx[0])));
}

static iso_rc gamma_gradient(struct opencl *cl, const struct iso_call *call, struct iso_bn_rows r)
{
    const struct iso_rows rows = rows_of(r);
    const struct opencl_at work = opencl_work(call, 0);
    const struct iso_tensor *dgamma = &call->dw[ISO_LN_GAMMA];
    const bool add = call->add_dw[ISO_LN_GAMMA];
    const size_t cols = (size_t)r.channels;
    ISO_TRY(opencl_launch(
        cl, program, "ln_products", opencl_group_grid(cl, cols, (size_t)iso_group_count(rows)),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]),
             arg_tensor(&call->saved[ISO_LN_MEAN]), arg_tensor(&call->saved[ISO_LN_INVERSE]),
             arg_at(opencl_groups_to(rows, work, dgamma)), arg_int(r.channels), arg_int(r.rows),
             arg_int(r.per_image), arg_int(opencl_groups_add(rows, add)))));
    return opencl_add_groups(cl, rows, cols, work, dgamma, add);
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
