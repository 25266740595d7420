/* batch_normalization.c: queues the sums over rows, then one kernel over channels and one over
 * elements. */
#include "batch_normalization_cpu.h"
#include "sums.h"
#include "core/ops/batch_normalization.h"

static const char program[] = "batch_normalization.cl";

struct layout {
    struct opencl *cl;
    struct iso_rows rows;
    size_t groups, channels, count; /* count: elements of x */
    double step_rows, moving_rows;  /* of the whole step */
};

static struct layout layout_of(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    struct iso_shape step = call->x[0].shape;
    struct layout l = { .cl = opencl_of(be),
                        .rows = { r.rows, r.per_image },
                        .channels = (size_t)r.channels,
                        .count = (size_t)(r.rows * r.channels) };
    step.dim[0] = call->step_rows;
    l.groups = (size_t)iso_group_count(l.rows);
    l.step_rows = (double)iso_bn_rows(&step).rows;
    l.moving_rows = iso_bn_moving_rows(call->params, &step);
    return l;
}

/* Forward: two sums of each block, and one of each group. Backward: two sums of each group, and the
 * two numbers that follow from them. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct layout l = layout_of(be, call);
    if (l.cl->shape == OPENCL_SHAPE_CPU)
        return opencl_bn_cpu_workspace(call, pass);
    const size_t forward = l.groups * (2 * ISO_GROUP_BLOCKS + 1), backward = 2 * l.groups + 2;
    return (pass == ISO_FORWARD ? forward : backward) * l.channels * sizeof(cl_float);
}

static iso_rc batch_statistics(const struct layout *l, const struct iso_call *call)
{
    const struct iso_tensor *x = &call->x[0], *saved = call->saved, *w = call->w;
    const struct opencl_at blocks = opencl_work(call, 0);
    const struct opencl_at groups =
        opencl_past(blocks, l->groups * 2 * ISO_GROUP_BLOCKS * l->channels);
    const double *s = call->scalars;
    ISO_TRY(opencl_launch(
        l->cl, program, "bn_statistics", opencl_group_grid(l->cl, l->channels, l->groups),
        ARGS(arg_tensor(x), arg_at(blocks), arg_at(groups), arg_int((int64_t)l->channels),
             arg_int(l->rows.rows), arg_int(l->rows.image))));
    return opencl_launch(l->cl, program, "bn_batch", opencl_group_grid(l->cl, l->channels, 1),
                         ARGS(arg_at(blocks), arg_at(groups), arg_tensor(&saved[ISO_BN_MEAN]),
                              arg_tensor(&saved[ISO_BN_INVERSE]),
                              arg_tensor(&w[ISO_BN_MOVING_MEAN]),
                              arg_tensor(&w[ISO_BN_MOVING_VARIANCE]), arg_int((int64_t)l->channels),
                              arg_int(l->rows.rows), arg_int(l->rows.image), arg_real(l->step_rows),
                              arg_real(l->moving_rows), arg_real(s[ISO_BN_MOMENTUM]),
                              arg_real(s[ISO_BN_1_MOMENTUM]), arg_real(s[ISO_BN_EPSILON])));
}

static iso_rc moving_statistics(const struct layout *l, const struct iso_call *call)
{
    return opencl_launch(
        l->cl, program, "bn_moving", opencl_elements(l->cl, l->channels),
        ARGS(arg_tensor(&call->w[ISO_BN_MOVING_MEAN]), arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]),
             arg_tensor(&call->saved[ISO_BN_MEAN]), arg_tensor(&call->saved[ISO_BN_INVERSE]),
             arg_int((int64_t)l->channels), arg_real(call->scalars[ISO_BN_EPSILON])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct layout l = layout_of(be, call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0], *y = &call->y[0];
    if (!call->training)
        ISO_TRY(moving_statistics(&l, call));
    if (l.cl->shape == OPENCL_SHAPE_CPU)
        return opencl_bn_cpu_forward(l.cl, call);
    if (call->training)
        ISO_TRY(batch_statistics(&l, call));
    return opencl_launch(
        l.cl, program, "bn_forward", opencl_elements(l.cl, l.count),
        ARGS(arg_tensor(x), arg_tensor(&call->saved[ISO_BN_MEAN]),
             arg_tensor(&call->saved[ISO_BN_INVERSE]), arg_optional(&call->w[ISO_BN_GAMMA], x),
             arg_optional(&call->w[ISO_BN_BETA], x), arg_tensor(y), arg_uint(l.count),
             arg_uint(l.channels), arg_int(p->scale), arg_int(p->center)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct layout l = layout_of(be, call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0], *dy = &call->dy[0];
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    const struct iso_tensor *mean = &call->saved[ISO_BN_MEAN];
    const struct iso_tensor *inverse = &call->saved[ISO_BN_INVERSE];
    if (l.cl->shape == OPENCL_SHAPE_CPU)
        return opencl_bn_cpu_backward(l.cl, call);
    const struct opencl_arg groups = arg_work(call, 0);
    const struct opencl_arg offset = arg_work(call, 2 * l.groups * l.channels);
    const struct opencl_arg slope = arg_work(call, (2 * l.groups + 1) * l.channels);
    ISO_TRY(opencl_launch(
        l.cl, program, "bn_products", opencl_group_grid(l.cl, l.channels, l.groups),
        ARGS(arg_tensor(x), arg_tensor(dy), arg_tensor(mean), groups, arg_int((int64_t)l.channels),
             arg_int(l.rows.rows), arg_int(l.rows.image))));
    ISO_TRY(opencl_launch(
        l.cl, program, "bn_channels", opencl_group_grid(l.cl, l.channels, 1),
        ARGS(groups, arg_tensor(inverse), arg_optional(dgamma, dy), arg_optional(dbeta, dy), offset,
             slope, arg_int((int64_t)l.channels), arg_int((int64_t)l.groups), arg_real(l.step_rows),
             arg_int(call->training), arg_int(dgamma->mem != NULL), arg_int(dbeta->mem != NULL),
             arg_int(call->add_dw[ISO_BN_GAMMA]), arg_int(call->add_dw[ISO_BN_BETA]))));
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(l.cl, program, "bn_backward", opencl_elements(l.cl, l.count),
                         ARGS(arg_tensor(x), arg_tensor(dy), arg_tensor(mean), arg_tensor(inverse),
                              arg_optional(&call->w[ISO_BN_GAMMA], x), offset, slope,
                              arg_tensor(&call->dx[0]), arg_uint(l.count), arg_uint(l.channels),
                              arg_int(p->scale), arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_batch_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "batch_normalization_cpu.cl" },
};
