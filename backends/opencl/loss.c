/* loss.c: queues the mean of the rows' losses, and the pointwise losses. */
#include "loss.h"

size_t opencl_loss_workspace(struct iso_backend *be, const struct iso_call *call,
                             enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}

iso_rc opencl_loss_mean(struct iso_backend *be, const struct iso_call *call, int output)
{
    return opencl_sum_scalar(opencl_of(be), call, &call->y[output], call->step_rows);
}

iso_rc opencl_pointwise_forward(struct iso_backend *be, const struct iso_call *call, int output,
                                const char *program, const char *name)
{
    const struct iso_tensor *p = &call->x[0];
    const double *s = call->scalars;
    if (!opencl_loss_wanted(call, output))
        return ISO_OK;
    ISO_TRY(opencl_launch(opencl_of(be), program, name, opencl_rows((size_t)p->shape.dim[0]),
                          ARGS(arg_tensor(p), arg_tensor(&call->x[1]), arg_optional(&call->x[2], p),
                               opencl_losses(call), arg_int(p->shape.dim[1]),
                               arg_int(call->x[2].mem != NULL), arg_real(s[0]), arg_real(s[1]),
                               arg_real(s[2]))));
    return opencl_loss_mean(be, call, output);
}

iso_rc opencl_pointwise_backward(struct iso_backend *be, const struct iso_call *call,
                                 const struct iso_tensor *p, const char *program, const char *name)
{
    const size_t n = (size_t)iso_shape_count(&p->shape);
    const double *s = call->scalars;
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(
        opencl_of(be), program, name, opencl_elements(opencl_of(be), n),
        ARGS(arg_tensor(p), arg_tensor(&call->x[1]), arg_optional(&call->x[2], p),
             arg_tensor(&call->dx[0]), arg_int(p->shape.dim[1]), arg_int(call->x[2].mem != NULL),
             arg_real(s[0]), arg_real(s[1]), arg_real(s[2]), arg_uint(n),
             arg_real((double)(call->step_rows * p->shape.dim[1])), arg_int(call->add_dx[0])));
}
