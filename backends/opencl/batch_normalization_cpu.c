/* batch_normalization_cpu.c: queues clkernels/batch_normalization_cpu.cl. */
#include "activation.h"
#include "batch_normalization_cpu.h"
#include "clkernels/arguments.h"
#include "core/ops/batch_normalization.h"
#include "cpu_shape.h"

static const char program[] = "batch_normalization_cpu.cl";

enum { ITEM_FLOATS = 8192 }; /* of x that a work-item takes */

struct layout {
    struct opencl_bn_cpu g;
    struct iso_rows rows;
    int64_t groups, channels;
    double step_rows, moving_rows; /* of the whole step */
};

static bool is_relu(const struct iso_activation *p)
{
    return p != NULL && iso_activation_formula(p) == ISO_RELU;
}

static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_batch_normalization *p = call->params;
    struct iso_shape step = call->x[0].shape;
    struct layout l = { .rows = { r.rows, r.per_image }, .channels = r.channels };
    step.dim[0] = call->step_rows;
    l.groups = iso_group_count(l.rows);
    l.g = (struct opencl_bn_cpu){ .channels = (iso_i32)r.channels,
                                  .rows = (iso_i32)r.rows,
                                  .image = (iso_i32)r.per_image,
                                  .each = (iso_i32)opencl_ceil64(ITEM_FLOATS, r.channels),
                                  .training = call->training,
                                  .scale = p->scale,
                                  .center = p->center,
                                  .adds = call->adds,
                                  .relu = is_relu(call->activation) };
    l.step_rows = (double)iso_bn_rows(&step).rows;
    l.moving_rows = iso_bn_moving_rows(p, &step);
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
    return opencl_cpu_grid(opencl_ceil64(l->rows.rows, l->g.each), 1);
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
    return opencl_launch(cl, program, "bn_cpu_batch", channels_grid(cl, l, 1),
                         ARGS(blocks, groups, arg_tensor(&call->saved[ISO_BN_MEAN]),
                              arg_tensor(&call->saved[ISO_BN_INVERSE]),
                              arg_tensor(&call->w[ISO_BN_MOVING_MEAN]),
                              arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]), arg_int(l->channels),
                              arg_int(l->rows.rows), arg_int(l->rows.image), arg_real(l->step_rows),
                              arg_real(l->moving_rows), arg_real(s[ISO_BN_MOMENTUM]),
                              arg_real(s[ISO_BN_1_MOMENTUM]), arg_real(s[ISO_BN_EPSILON])));
}

/* Mean, inverse, gamma and beta. */
#define LINE_ARGS(call)                                                                  \
    arg_tensor(&(call)->saved[ISO_BN_MEAN]), arg_tensor(&(call)->saved[ISO_BN_INVERSE]), \
        arg_optional(&(call)->w[ISO_BN_GAMMA], &(call)->x[0]),                           \
        arg_optional(&(call)->w[ISO_BN_BETA], &(call)->x[0])

/* Outside of training, mean and inverse are there already. */
iso_rc opencl_bn_cpu_forward(struct opencl *cl, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const struct iso_tensor *x = &call->x[0], *y = &call->y[0];
    if (call->training)
        ISO_TRY(batch_statistics(cl, &l, call));
    ISO_TRY(opencl_launch(cl, program, "bn_cpu_forward", rows_grid(&l),
                          ARGS(arg_tensor(x), LINE_ARGS(call), arg_optional(&call->x[1], x),
                               arg_tensor(y), arg_struct(&l.g, sizeof l.g))));
    return call->activation == NULL || l.g.relu ? ISO_OK
                                                : opencl_activate(cl, call->activation, y, y);
}

/* The sums of the gradients that pass, which are the addend's: *dy to what follows, once they lie
 * there. */
static iso_rc sum_gradients(struct opencl *cl, struct layout *l, const struct iso_call *call,
                            const struct iso_tensor **dy)
{
    const struct iso_tensor *passed = &call->dx[1];
    l->g.want_passed = call->adds && passed->mem != NULL;
    l->g.add_passed = call->add_dx[1];
    if (call->activation != NULL)
        l->g.pass = call->adds ? OPENCL_PASS_BY_RESULT : OPENCL_PASS_BY_INPUT;
    ISO_TRY(
        opencl_launch(cl, program, "bn_cpu_products", channels_grid(cl, l, l->groups),
                      ARGS(arg_tensor(&call->x[0]), arg_tensor(*dy), arg_optional(&call->y[0], *dy),
                           LINE_ARGS(call), arg_optional(passed, *dy), arg_work(call, 0),
                           arg_struct(&l->g, sizeof l->g))));
    if (l->g.want_passed && !l->g.add_passed) {
        *dy = passed;
        l->g.pass = OPENCL_PASS_ALL;
    }
    return ISO_OK;
}

static iso_rc channels(struct opencl *cl, const struct layout *l, const struct iso_call *call,
                       struct opencl_arg offset, struct opencl_arg slope)
{
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    const struct iso_tensor *dy = &call->dy[0];
    return opencl_launch(cl, program, "bn_cpu_channels", channels_grid(cl, l, 1),
                         ARGS(arg_work(call, 0), arg_tensor(&call->saved[ISO_BN_INVERSE]),
                              arg_optional(dgamma, dy), arg_optional(dbeta, dy), offset, slope,
                              arg_int(l->channels), arg_int(l->groups), arg_real(l->step_rows),
                              arg_int(call->training), arg_int(dgamma->mem != NULL),
                              arg_int(dbeta->mem != NULL), arg_int(call->add_dw[ISO_BN_GAMMA]),
                              arg_int(call->add_dw[ISO_BN_BETA])));
}

iso_rc opencl_bn_cpu_backward(struct opencl *cl, const struct iso_call *call)
{
    struct layout l = layout_of(call);
    const struct iso_tensor *dy = &call->dy[0];
    const struct opencl_arg offset = arg_work(call, (size_t)(2 * l.groups * l.channels)),
                            slope = arg_work(call, (size_t)((2 * l.groups + 1) * l.channels));
    ISO_TRY(sum_gradients(cl, &l, call, &dy));
    ISO_TRY(channels(cl, &l, call, offset, slope));
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    l.g.add = call->add_dx[0];
    return opencl_launch(cl, program, "bn_cpu_backward", rows_grid(&l),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(dy),
                              arg_optional(&call->y[0], dy), LINE_ARGS(call), offset, slope,
                              arg_tensor(&call->dx[0]), arg_struct(&l.g, sizeof l.g)));
}
