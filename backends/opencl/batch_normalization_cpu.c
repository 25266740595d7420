/* batch_normalization_cpu.c: queues clkernels/batch_normalization_cpu.cl. */
#include "activation.h"
#include "batch_normalization.h"
#include "cpu_shape.h"

static const char program[] = "batch_normalization_cpu.cl";

enum { ITEM_FLOATS = 8192 }; /* size of x per work-item */

/* Forward: two numbers of each block, and a sum of each group. Backward: two sums of each group,
 * and the two numbers that follow from them. */
size_t opencl_bn_cpu_workspace(const struct opencl_bn_layout *l, enum iso_pass pass)
{
    const size_t forward = l->groups * (2 * ISO_GROUP_BLOCKS + 1), backward = 2 * l->groups + 2;
    return (pass == ISO_FORWARD ? forward : backward) * l->channels * sizeof(float);
}

/* A work-item for each vector of channels. */
static struct opencl_grid channels_grid(const struct opencl_bn_layout *l)
{
    return opencl_cpu_grid(opencl_ceil64((int64_t)l->channels, l->cl->tile.vector), 1);
}

/* A work-item for each OPENCL_WIDE_VECTORS vectors of channels, of each group of rows. */
static struct opencl_grid sums_grid(const struct opencl_bn_layout *l)
{
    const int64_t channels = (int64_t)l->cl->tile.vector * OPENCL_WIDE_VECTORS;
    return opencl_cpu_grid(opencl_ceil64((int64_t)l->channels, channels), (int64_t)l->groups);
}

static void divide_rows(struct opencl_bn_layout *l)
{
    l->g.each = (iso_i32)opencl_ceil(ITEM_FLOATS, l->channels);
}
static struct opencl_grid rows_grid(const struct opencl_bn_layout *l)
{
    return opencl_cpu_grid(opencl_ceil64(l->rows.rows, l->g.each), 1);
}

static iso_rc batch_statistics(const struct opencl_bn_layout *l, const struct iso_call *call)
{
    const struct opencl_arg blocks = arg_work(call, 0);
    const struct opencl_arg groups = arg_work(call, l->groups * 2 * ISO_GROUP_BLOCKS * l->channels);
    const double *s = call->scalars;
    ISO_TRY(
        opencl_launch(l->cl, program, "bn_cpu_statistics", sums_grid(l),
                      ARGS(arg_tensor(&call->x[0]), blocks, groups, arg_int((int64_t)l->channels),
                           arg_int(l->rows.rows), arg_int(l->rows.image))));
    return opencl_launch(l->cl, program, "bn_cpu_batch", channels_grid(l),
                         ARGS(blocks, groups, arg_tensor(&call->saved[ISO_BN_MEAN]),
                              arg_tensor(&call->saved[ISO_BN_INVERSE]), opencl_bn_mean_arg(call),
                              opencl_bn_variance_arg(call), arg_int((int64_t)l->channels),
                              arg_int(l->rows.rows), arg_int(l->rows.image), arg_real(l->step_rows),
                              arg_real(l->moving_rows), arg_real(s[ISO_BN_MOMENTUM]),
                              arg_real(s[ISO_BN_1_MOMENTUM]), arg_real(s[ISO_BN_EPSILON]),
                              arg_int(l->g.sums)));
}

/* Mean, inverse, gamma and beta. */
#define LINE_ARGS(call)                                                                  \
    arg_tensor(&(call)->saved[ISO_BN_MEAN]), arg_tensor(&(call)->saved[ISO_BN_INVERSE]), \
        arg_optional(&(call)->w[ISO_BN_GAMMA], &(call)->x[0]),                           \
        arg_optional(&(call)->w[ISO_BN_BETA], &(call)->x[0])

iso_rc opencl_bn_cpu_forward(struct opencl_bn_layout *l, const struct iso_call *call)
{
    const struct iso_tensor *x = &call->x[0], *y = &call->y[0];
    divide_rows(l);
    if (call->training)
        ISO_TRY(batch_statistics(l, call));
    ISO_TRY(opencl_launch(l->cl, program, "bn_cpu_forward", rows_grid(l),
                          ARGS(arg_tensor(x), LINE_ARGS(call), arg_optional(&call->x[1], x),
                               arg_tensor(y), arg_struct(&l->g, sizeof l->g))));
    return call->activation == NULL || l->g.relu ? ISO_OK
                                                 : opencl_activate(l->cl, call->activation, y, y);
}

static iso_rc sum_gradients(struct opencl_bn_layout *l, const struct iso_call *call,
                            const struct iso_tensor **dy)
{
    opencl_bn_want_passed(l, call);
    ISO_TRY(
        opencl_launch(l->cl, program, "bn_cpu_products", sums_grid(l),
                      ARGS(arg_tensor(&call->x[0]), arg_tensor(*dy), arg_optional(&call->y[0], *dy),
                           LINE_ARGS(call), arg_optional(&call->dx[1], *dy), arg_work(call, 0),
                           arg_struct(&l->g, sizeof l->g))));
    opencl_bn_has_passed(l, call, dy);
    return ISO_OK;
}

static iso_rc channels(const struct opencl_bn_layout *l, const struct iso_call *call,
                       struct opencl_arg offset, struct opencl_arg slope)
{
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    const struct iso_tensor *dy = &call->dy[0];
    return opencl_launch(
        l->cl, program, "bn_cpu_channels", channels_grid(l),
        ARGS(arg_work(call, 0), arg_tensor(&call->saved[ISO_BN_INVERSE]), arg_optional(dgamma, dy),
             arg_optional(dbeta, dy), offset, slope, arg_int((int64_t)l->channels),
             arg_int((int64_t)l->groups), arg_real(l->step_rows), arg_int(call->training),
             arg_int(dgamma->mem != NULL), arg_int(dbeta->mem != NULL),
             arg_int(call->add_dw[ISO_BN_GAMMA]), arg_int(call->add_dw[ISO_BN_BETA])));
}

static iso_rc input_gradient(const struct opencl_bn_layout *l, const struct iso_call *call,
                             const struct iso_tensor *dy, struct opencl_arg offset,
                             struct opencl_arg slope)
{
    return opencl_launch(l->cl, program, "bn_cpu_backward", rows_grid(l),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(dy),
                              arg_optional(&call->y[0], dy), LINE_ARGS(call), offset, slope,
                              arg_tensor(&call->dx[0]), arg_struct(&l->g, sizeof l->g)));
}

iso_rc opencl_bn_cpu_backward(struct opencl_bn_layout *l, const struct iso_call *call)
{
    const struct iso_tensor *dy = &call->dy[0];
    const struct opencl_arg offset = arg_work(call, 2 * l->groups * l->channels),
                            slope = arg_work(call, (2 * l->groups + 1) * l->channels);
    divide_rows(l);
    if (call->saved[ISO_BN_OFFSET].mem != NULL)
        return input_gradient(l, call, dy, arg_tensor(&call->saved[ISO_BN_OFFSET]),
                              arg_tensor(&call->saved[ISO_BN_SLOPE]));
    ISO_TRY(sum_gradients(l, call, &dy));
    ISO_TRY(channels(l, call, offset, slope));
    return call->dx[0].mem != NULL ? input_gradient(l, call, dy, offset, slope) : ISO_OK;
}
