/* loss.c: queues the mean of the rows' losses, those that absorb a softmax, and the pointwise
 * losses. */
#include <string.h>
#include "core/arithmetic/formulas.h"
#include "loss.h"

enum { MAX_ARGS = 16 };

size_t opencl_loss_workspace(struct iso_backend *be, const struct iso_call *call,
                             enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}

iso_rc opencl_loss_mean(struct iso_backend *be, const struct iso_call *call, int output)
{
    const struct opencl_scalar sum = { (size_t)call->x[0].shape.dim[0], ISO_BLOCK_ROWS,
                                       (double)call->step_rows };
    return opencl_sum_scalar(opencl_of(be), &sum, opencl_work(call, 0), &call->y[output]);
}

/* ---- Losses that absorb a softmax ---- */

/* The arguments of both kernels; losses go to `to`. */
static int class_args(const struct iso_call *call, const struct opencl_class_loss *k,
                      struct opencl_arg to, bool want_loss, struct opencl_arg *out)
{
    const struct iso_tensor *z = &call->x[0], *p = &call->y[0], *weight = &call->x[2];
    const struct opencl_arg first[] = { arg_tensor(z),
                                        arg_optional(&call->x[1], z),
                                        arg_optional(p, z),
                                        arg_optional(weight, z),
                                        to,
                                        arg_int(z->shape.dim[1]),
                                        arg_uint((uint64_t)z->shape.dim[0]),
                                        arg_int(weight->mem != NULL),
                                        arg_int(p->mem != NULL),
                                        arg_int(want_loss) };
    int n = sizeof first / sizeof first[0];
    memcpy(out, first, sizeof first);
    if (k->scalars != NULL)
        out[n++] = arg_struct(k->scalars, sizeof *k->scalars);
    return n;
}

static bool is_narrow(struct opencl *cl, const struct iso_call *call,
                      const struct opencl_class_loss *k)
{
    struct opencl_kernel *narrow;
    if (call->x[0].shape.dim[1] > ISO_LANES)
        return false;
    if (opencl_kernel(cl, k->program, k->narrow, &narrow) == ISO_OK)
        return narrow->max_group >= ISO_BLOCK_ROWS;
    iso_error_clear();
    return false;
}

/* One block's sum is the mean. */
static iso_rc narrow_rows(struct opencl *cl, const struct iso_call *call,
                          const struct opencl_class_loss *k, bool want_loss)
{
    const size_t blocks = opencl_ceil((size_t)call->x[0].shape.dim[0], ISO_BLOCK_ROWS);
    const bool only = want_loss && blocks == 1;
    const struct opencl_grid grid = { { blocks, 1, 1 }, { ISO_BLOCK_ROWS, 1, 1 }, true };
    struct opencl_arg args[MAX_ARGS];
    int n =
        class_args(call, k, only ? arg_tensor(&call->y[1]) : opencl_losses(call), want_loss, args);
    args[n++] = arg_real(only ? (double)call->step_rows : 0.0);
    ISO_TRY(opencl_launch(cl, k->program, k->narrow, grid, args, n));
    const struct opencl_scalar sum = { blocks, 1, (double)call->step_rows };
    return only || !want_loss ? ISO_OK
                              : opencl_sum_scalar(cl, &sum, opencl_work(call, 0), &call->y[1]);
}

/* Without a target there is no loss: prediction only. */
iso_rc opencl_class_loss(struct iso_backend *be, const struct iso_call *call,
                         const struct opencl_class_loss *k)
{
    struct opencl *cl = opencl_of(be);
    const bool want_loss = opencl_loss_wanted(call, 1);
    struct opencl_arg args[MAX_ARGS];
    if (is_narrow(cl, call, k))
        return narrow_rows(cl, call, k, want_loss);
    const int n = class_args(call, k, opencl_losses(call), want_loss, args);
    ISO_TRY(opencl_launch(cl, k->program, k->wide,
                          opencl_row_grid(cl, (size_t)call->x[0].shape.dim[0]), args, n));
    return want_loss ? opencl_loss_mean(be, call, 1) : ISO_OK;
}

/* ---- Pointwise losses ---- */

iso_rc opencl_pointwise_forward(struct iso_backend *be, const struct iso_call *call, int output,
                                const char *program, const char *name)
{
    const struct iso_tensor *p = &call->x[0];
    const struct iso_loss_scalars s = opencl_loss_scalars(call);
    if (!opencl_loss_wanted(call, output))
        return ISO_OK;
    ISO_TRY(opencl_launch(
        opencl_of(be), program, name, opencl_row_grid(opencl_of(be), (size_t)p->shape.dim[0]),
        ARGS(arg_tensor(p), arg_tensor(&call->x[1]), arg_optional(&call->x[2], p),
             opencl_losses(call), arg_int(p->shape.dim[1]), arg_uint((uint64_t)p->shape.dim[0]),
             arg_int(call->x[2].mem != NULL), arg_struct(&s, sizeof s))));
    return opencl_loss_mean(be, call, output);
}

iso_rc opencl_pointwise_backward(struct iso_backend *be, const struct iso_call *call,
                                 const struct iso_tensor *p, const char *program, const char *name)
{
    const size_t rows = (size_t)p->shape.dim[0], n = (size_t)p->shape.dim[1];
    const struct iso_loss_scalars s = opencl_loss_scalars(call);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(
        opencl_of(be), program, name, opencl_matrix_grid(opencl_of(be), n, rows),
        ARGS(arg_tensor(p), arg_tensor(&call->x[1]), arg_optional(&call->x[2], p),
             arg_tensor(&call->dx[0]), arg_int(p->shape.dim[1]), arg_int(call->x[2].mem != NULL),
             arg_struct(&s, sizeof s), arg_int((int64_t)rows),
             arg_real((double)(call->step_rows * p->shape.dim[1])), arg_int(call->add_dx[0])));
}

/* Queues the losses that absorb nothing. */
#define POINTWISE_LOSS(name, add, slope)                                                         \
    static iso_rc name##_forward(struct iso_backend *be, const struct iso_call *call)            \
    {                                                                                            \
        return opencl_pointwise_forward(be, call, 0, #name ".cl", #name "_forward");             \
    }                                                                                            \
    static iso_rc name##_backward(struct iso_backend *be, const struct iso_call *call)           \
    {                                                                                            \
        return opencl_pointwise_backward(be, call, &call->x[0], #name ".cl", #name "_backward"); \
    }                                                                                            \
    const struct opencl_op opencl_##name = {                                                     \
        .kernel = { .supports = opencl_supports,                                                 \
                    .workspace = opencl_loss_workspace,                                          \
                    .forward = name##_forward,                                                   \
                    .backward = name##_backward },                                               \
        .programs = { #name ".cl", "sums.cl" },                                                  \
    };
ISO_POINTWISE_LOSSES(POINTWISE_LOSS)
