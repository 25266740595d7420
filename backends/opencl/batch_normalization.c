/* batch_normalization.c: queues the sums of blocks of rows, what follows from them for each
 * channel, and the elements: two launches forward and two backward where there are few blocks.
 * CPU-shaped devices: batch_normalization_cpu.c. */
#include "batch_normalization.h"
#include "cpu_shape.h"
#include "sums.h"
#include "activation.h"

static const char program[] = "batch_normalization.cl";

/* Groups of rows, at most, whose sums every work-group over the elements adds anew; the fewest rows
 * that it then takes; and work-groups for each of the device's units. */
enum { GROUPS_ANEW = 128, SHARE_ROWS = 64, SHARES = 4 };

static enum opencl_pass pass_of(const struct iso_call *call)
{
    return call->activation == NULL ? OPENCL_PASS_ALL
           : call->adds             ? OPENCL_PASS_BY_RESULT
                                    : OPENCL_PASS_BY_INPUT;
}

/* A share has as many rows as go into the sums of two blocks, or more, so that adding these anew
 * does not take longer than the elements. */
static void divide_rows(struct opencl_bn_layout *l)
{
    const size_t columns = opencl_ceil(l->channels, OPENCL_GROUP_COLUMNS);
    const size_t units = opencl_larger((size_t)l->cl->base.device.units, 1),
                 rows = (size_t)l->g.rows;
    size_t each = opencl_ceil(rows * columns, SHARES * units);
    if (l->groups > GROUPS_ANEW)
        return;
    each = opencl_larger(each, 2 * ISO_GROUP_BLOCKS * l->groups);
    each = opencl_larger(each, SHARE_ROWS);
    l->g.each = (iso_i32)each;
    l->shares = opencl_ceil(rows, each);
}

static struct opencl_bn_layout layout_of(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_batch_normalization *p = call->params;
    struct iso_shape step = call->x[0].shape;
    struct opencl_bn_layout l = { .cl = opencl_of(be),
                                  .rows = { r.rows, r.per_image },
                                  .channels = (size_t)r.channels };
    step.dim[0] = call->step_rows;
    l.groups = (size_t)iso_group_count(l.rows);
    l.step_rows = (double)iso_bn_rows(&step).rows;
    l.moving_rows = iso_bn_moving_rows(p, &step);
    l.g = (struct opencl_bn){ .cols = (iso_i32)r.channels,
                              .rows = (iso_i32)r.rows,
                              .image = (iso_i32)r.per_image,
                              .groups = (iso_i32)l.groups,
                              .scale = p->scale,
                              .center = p->center,
                              .training = call->training,
                              .sums = call->dw[ISO_BN_MOVING_MEAN].mem != NULL,
                              .adds = call->adds,
                              .relu = iso_is_relu(call->activation),
                              .pass = pass_of(call) };
    divide_rows(&l);
    return l;
}

/* The sums of the blocks; and backward the two numbers of a channel that follow from them. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct opencl_bn_layout l = layout_of(be, call);
    if (opencl_cpu_shape(l.cl))
        return opencl_bn_cpu_workspace(&l, pass);
    const size_t places = opencl_places(l.rows);
    const size_t floats = pass == ISO_FORWARD ? places * (2 * l.channels + 1)
                                              : (places + 1) * 2 * l.channels;
    return floats * sizeof(cl_float);
}

/* ---- Forward ---- */

/* Mean and inverse of the saved; x, gamma, beta, addend and y, as kernels take them. */
#define STATISTICS_ARGS(call) \
    arg_tensor(&(call)->saved[ISO_BN_MEAN]), arg_tensor(&(call)->saved[ISO_BN_INVERSE])
#define WEIGHT_ARGS(call)                                  \
    arg_optional(&(call)->w[ISO_BN_GAMMA], &(call)->x[0]), \
        arg_optional(&(call)->w[ISO_BN_BETA], &(call)->x[0])
#define ELEMENT_ARGS(call)                                                                    \
    arg_tensor(&(call)->x[0]), WEIGHT_ARGS(call), arg_optional(&(call)->x[1], &(call)->x[0]), \
        arg_tensor(&(call)->y[0])

static struct opencl_arg changed_arg(const struct iso_call *call, int weight)
{
    return arg_optional(&call->dw[weight], &call->w[weight]);
}
struct opencl_arg opencl_bn_mean_arg(const struct iso_call *call)
{
    return changed_arg(call, ISO_BN_MOVING_MEAN);
}
struct opencl_arg opencl_bn_variance_arg(const struct iso_call *call)
{
    return changed_arg(call, ISO_BN_MOVING_VARIANCE);
}

static iso_rc batch_statistics(const struct opencl_bn_layout *l, const struct iso_call *call)
{
    const double *s = call->scalars;
    ISO_TRY(opencl_launch(
        l->cl, program, "bn_statistics", opencl_block_grid(l->cl, l->channels, l->groups),
        ARGS(arg_tensor(&call->x[0]), arg_work(call, 0), arg_struct(&l->g, sizeof l->g))));
    return opencl_launch(l->cl, program, "bn_batch",
                         opencl_column_grid(l->cl, l->channels, opencl_larger(l->shares, 1)),
                         ARGS(arg_work(call, 0), STATISTICS_ARGS(call), opencl_bn_mean_arg(call),
                              opencl_bn_variance_arg(call), ELEMENT_ARGS(call),
                              arg_real(l->step_rows), arg_real(l->moving_rows),
                              arg_real(s[ISO_BN_MOMENTUM]), arg_real(s[ISO_BN_1_MOMENTUM]),
                              arg_real(s[ISO_BN_EPSILON]), arg_struct(&l->g, sizeof l->g)));
}

static iso_rc moving_statistics(const struct opencl_bn_layout *l, const struct iso_call *call)
{
    return opencl_launch(l->cl, program, "bn_moving", opencl_elements(l->cl, l->channels),
                         ARGS(arg_tensor(&call->w[ISO_BN_MOVING_MEAN]),
                              arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]), STATISTICS_ARGS(call),
                              arg_int((int64_t)l->channels),
                              arg_real(call->scalars[ISO_BN_EPSILON])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl_bn_layout l = layout_of(be, call);
    if (!call->training)
        ISO_TRY(moving_statistics(&l, call));
    if (opencl_cpu_shape(l.cl))
        return opencl_bn_cpu_forward(&l, call);
    if (call->training)
        ISO_TRY(batch_statistics(&l, call));
    if (!call->training || l.shares == 0) {
        ISO_TRY(opencl_launch(
            l.cl, program, "bn_forward", opencl_matrix_grid(l.cl, l.channels, (size_t)l.g.rows),
            ARGS(STATISTICS_ARGS(call), ELEMENT_ARGS(call), arg_struct(&l.g, sizeof l.g))));
    }
    if (call->activation == NULL || l.g.relu)
        return ISO_OK;
    return opencl_activate(l.cl, call->activation, &call->y[0], &call->y[0]);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const struct opencl_bn_layout l = layout_of(be, call);
    const double *s = call->scalars;
    return opencl_launch(
        l.cl, program, "bn_move", opencl_elements(l.cl, l.channels),
        ARGS(arg_tensor(&call->dw[ISO_BN_MOVING_MEAN]),
             arg_tensor(&call->dw[ISO_BN_MOVING_VARIANCE]),
             arg_tensor(&call->w[ISO_BN_MOVING_MEAN]), arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]),
             arg_int((int64_t)l.channels), arg_real(l.step_rows), arg_real(l.moving_rows),
             arg_real(s[ISO_BN_MOMENTUM]), arg_real(s[ISO_BN_1_MOMENTUM])));
}

/* ---- Backward ---- */

/* dx, with offset and slope at `past` in the workspace. */
#define GRADIENT_ARGS(call, dy)                                       \
    STATISTICS_ARGS(call), arg_tensor(&(call)->x[0]), arg_tensor(dy), \
        arg_optional(&(call)->y[0], dy), WEIGHT_ARGS(call), arg_optional(&(call)->dx[0], dy)

void opencl_bn_want_passed(struct opencl_bn_layout *l, const struct iso_call *call)
{
    l->g.want_passed = call->adds && call->dx[1].mem != NULL;
    l->g.add_passed = call->add_dx[1];
}

void opencl_bn_has_passed(struct opencl_bn_layout *l, const struct iso_call *call,
                          const struct iso_tensor **dy)
{
    if (!l->g.want_passed || l->g.add_passed)
        return;
    *dy = &call->dx[1];
    l->g.pass = OPENCL_PASS_ALL;
}

/* The sums of the gradients that pass, which are the addend's. */
static iso_rc sum_gradients(struct opencl_bn_layout *l, const struct iso_call *call,
                            const struct iso_tensor **dy)
{
    const struct iso_tensor *x = &call->x[0], *passed = &call->dx[1];
    opencl_bn_want_passed(l, call);
    ISO_TRY(opencl_launch(l->cl, program, "bn_products",
                          opencl_block_grid(l->cl, l->channels, l->groups),
                          ARGS(arg_tensor(x), arg_tensor(*dy), arg_optional(&call->y[0], *dy),
                               STATISTICS_ARGS(call), WEIGHT_ARGS(call), arg_optional(passed, *dy),
                               arg_work(call, 0), arg_struct(&l->g, sizeof l->g))));
    opencl_bn_has_passed(l, call, dy);
    return ISO_OK;
}

static iso_rc channels(struct opencl_bn_layout *l, const struct iso_call *call,
                       const struct iso_tensor *dy, struct opencl_arg offset,
                       struct opencl_arg slope)
{
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    l->g.want_dgamma = dgamma->mem != NULL;
    l->g.want_dbeta = dbeta->mem != NULL;
    l->g.add_dgamma = call->add_dw[ISO_BN_GAMMA];
    l->g.add_dbeta = call->add_dw[ISO_BN_BETA];
    return opencl_launch(l->cl, program, "bn_channels",
                         opencl_column_grid(l->cl, l->channels, opencl_larger(l->shares, 1)),
                         ARGS(arg_work(call, 0), arg_optional(dgamma, dy), arg_optional(dbeta, dy),
                              offset, slope, GRADIENT_ARGS(call, dy), arg_real(l->step_rows),
                              arg_struct(&l->g, sizeof l->g)));
}

static iso_rc input_gradient(const struct opencl_bn_layout *l, const struct iso_call *call,
                             const struct iso_tensor *dy, struct opencl_arg offset,
                             struct opencl_arg slope)
{
    return opencl_launch(
        l->cl, program, "bn_backward", opencl_matrix_grid(l->cl, l->channels, (size_t)l->g.rows),
        ARGS(offset, slope, GRADIENT_ARGS(call, dy), arg_struct(&l->g, sizeof l->g)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl_bn_layout l = layout_of(be, call);
    l.g.add_dx = call->add_dx[0];
    l.g.x_activation = opencl_x_activation(call, &l.g.x_alpha);
    if (opencl_cpu_shape(l.cl)) {
        ISO_TRY(opencl_bn_cpu_backward(&l, call));
        return opencl_x_relu(call) ? ISO_OK : opencl_pass_back(l.cl, call);
    }
    const struct iso_tensor *dy = &call->dy[0];
    if (call->saved[ISO_BN_OFFSET].mem != NULL)
        return input_gradient(&l, call, dy, arg_tensor(&call->saved[ISO_BN_OFFSET]),
                              arg_tensor(&call->saved[ISO_BN_SLOPE]));
    const size_t sums = opencl_places(l.rows) * 2 * l.channels;
    const struct opencl_arg offset = arg_work(call, sums);
    const struct opencl_arg slope = arg_work(call, sums + l.channels);
    if (call->dx[0].mem == NULL)
        l.g.each = 0, l.shares = 0;
    ISO_TRY(sum_gradients(&l, call, &dy));
    ISO_TRY(channels(&l, call, dy, offset, slope));
    if (call->dx[0].mem == NULL || l.shares > 0)
        return ISO_OK;
    return input_gradient(&l, call, dy, offset, slope);
}

/* The relu of its result is computed anew, or read where something was added. */
static bool fuses_gradient(const struct iso_activation *p) { return p == NULL || iso_is_relu(p); }

const struct opencl_op opencl_batch_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .fuses_activation = true,
                .fuses_add = true,
                .fuses_gradient = fuses_gradient,
                .fuses_x_activation = true,
                .forward = forward,
                .backward = backward,
                .update = update },
    .programs = { program, "batch_normalization_cpu.cl", "activation.cl" },
};
