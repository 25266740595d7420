/* batch_normalization_cpu.c: queues clkernels/batch_normalization_cpu.cl. */
#include "batch_normalization_cpu.h"
#include "core/ops/batch_normalization.h"
#include "cpu_shape.h"

static const char program[] = "batch_normalization_cpu.cl";

enum { ITEM_FLOATS = 8192 }; /* of x that a work-item takes */

struct layout {
    struct iso_rows rows;
    int64_t groups, channels, each; /* each: rows of a work-item */
    double step_rows, moving_rows;  /* of the whole step */
};

static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    struct iso_shape step = call->x[0].shape;
    struct layout l = { .rows = { r.rows, r.per_image }, .channels = r.channels };
    step.dim[0] = call->step_rows;
    l.groups = iso_group_count(l.rows);
    l.each = opencl_ceil64(ITEM_FLOATS, r.channels);
    l.step_rows = (double)iso_bn_rows(&step).rows;
    l.moving_rows = iso_bn_moving_rows(call->params, &step);
    return l;
}

/* Forward: two numbers of each block, and a sum of each group. Backward: two sums of each group,
 * and the two numbers that follow from them. */
size_t opencl_bn_cpu_workspace(const struct iso_call *call, enum iso_pass pass)
{
    const struct layout l = layout_of(call);
    const int64_t forward = l.groups * (2 * ISO_GROUP_BLOCKS + 1), backward = 2 * l.groups + 2;
    return (size_t)((pass == ISO_FORWARD ? forward : backward) * l.channels) * sizeof(float);
}

/* A work-item for each vector of channels, of each group. */
static struct opencl_grid channels_grid(const struct opencl *cl, const struct layout *l,
                                        int64_t groups)
{
    return opencl_cpu_grid(opencl_ceil64(l->channels, cl->tile.vector), groups);
}
static struct opencl_grid rows_grid(const struct layout *l)
{
    return opencl_cpu_grid(opencl_ceil64(l->rows.rows, l->each), 1);
}

static iso_rc batch_statistics(struct opencl *cl, const struct layout *l,
                               const struct iso_call *call)
{
    const struct opencl_arg blocks = arg_work(call, 0);
    const struct opencl_arg groups =
        arg_work(call, (size_t)(l->groups * 2 * ISO_GROUP_BLOCKS * l->channels));
    const double *s = call->scalars;
    ISO_TRY(opencl_launch(cl, program, "bn_cpu_statistics", channels_grid(cl, l, l->groups),
                          ARGS(arg_tensor(&call->x[0]), blocks, groups, arg_int(l->channels),
                               arg_int(l->rows.rows), arg_int(l->rows.image))));
    return opencl_launch(
        cl, program, "bn_cpu_batch", channels_grid(cl, l, 1),
        ARGS(blocks, groups, arg_tensor(&call->saved[ISO_BN_MEAN]),
             arg_tensor(&call->saved[ISO_BN_INVERSE]), arg_tensor(&call->w[ISO_BN_MOVING_MEAN]),
             arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]), arg_int(l->channels),
             arg_int(l->rows.rows), arg_int(l->rows.image), arg_real(l->step_rows),
             arg_real(l->moving_rows), arg_real(s[ISO_BN_MOMENTUM]),
             arg_real(s[ISO_BN_1_MOMENTUM]), arg_real(s[ISO_BN_EPSILON])));
}

/* Outside of training, mean and inverse are there already. */
iso_rc opencl_bn_cpu_forward(struct opencl *cl, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0];
    if (call->training)
        ISO_TRY(batch_statistics(cl, &l, call));
    return opencl_launch(
        cl, program, "bn_cpu_forward", rows_grid(&l),
        ARGS(arg_tensor(x), arg_tensor(&call->saved[ISO_BN_MEAN]),
             arg_tensor(&call->saved[ISO_BN_INVERSE]), arg_optional(&call->w[ISO_BN_GAMMA], x),
             arg_optional(&call->w[ISO_BN_BETA], x), arg_tensor(&call->y[0]), arg_int(l.rows.rows),
             arg_int(l.channels), arg_int(l.each), arg_int(p->scale), arg_int(p->center)));
}

iso_rc opencl_bn_cpu_backward(struct opencl *cl, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0], *dy = &call->dy[0];
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    const struct opencl_arg mean = arg_tensor(&call->saved[ISO_BN_MEAN]),
                            inverse = arg_tensor(&call->saved[ISO_BN_INVERSE]),
                            groups = arg_work(call, 0),
                            offset = arg_work(call, (size_t)(2 * l.groups * l.channels)),
                            slope = arg_work(call, (size_t)((2 * l.groups + 1) * l.channels));
    ISO_TRY(opencl_launch(cl, program, "bn_cpu_products", channels_grid(cl, &l, l.groups),
                          ARGS(arg_tensor(x), arg_tensor(dy), mean, groups, arg_int(l.channels),
                               arg_int(l.rows.rows), arg_int(l.rows.image))));
    ISO_TRY(opencl_launch(
        cl, program, "bn_cpu_channels", channels_grid(cl, &l, 1),
        ARGS(groups, inverse, arg_optional(dgamma, dy), arg_optional(dbeta, dy), offset, slope,
             arg_int(l.channels), arg_int(l.groups), arg_real(l.step_rows),
             arg_int(call->training), arg_int(dgamma->mem != NULL), arg_int(dbeta->mem != NULL),
             arg_int(call->add_dw[ISO_BN_GAMMA]), arg_int(call->add_dw[ISO_BN_BETA]))));
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(cl, program, "bn_cpu_backward", rows_grid(&l),
                         ARGS(arg_tensor(x), arg_tensor(dy), mean, inverse,
                              arg_optional(&call->w[ISO_BN_GAMMA], x), offset, slope,
                              arg_tensor(&call->dx[0]), arg_int(l.rows.rows), arg_int(l.channels),
                              arg_int(l.each), arg_int(p->scale), arg_int(call->add_dx[0])));
}
