/* class_loss.c: queues the losses that absorb a softmax and have a target for each class
 * (ISO_CLASS_LOSSES in core/arithmetic/formulas.h). */
#include "loss.h"

/* The op's scalars; the smoothing's share of one class. */
static struct iso_loss_scalars scalars(const struct iso_call *call)
{
    struct iso_loss_scalars s = opencl_loss_scalars(call);
    s.c = iso_div(s.c, (float)call->x[0].shape.dim[1]);
    return s;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call, const char *program,
                      const char *wide, const char *narrow)
{
    const struct iso_loss_scalars s = scalars(call);
    const struct opencl_class_loss k = { program, wide, narrow, &s };
    return opencl_class_loss(be, call, &k);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call, const char *program,
                       const char *wide, const char *narrow)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_loss_scalars s = scalars(call);
    const struct iso_shape *shape = &call->y[0].shape;
    const size_t rows = (size_t)shape->dim[0];
    const bool is_narrow = shape->dim[1] <= ISO_LANES;
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(cl, program, is_narrow ? narrow : wide,
                         is_narrow ? opencl_elements(cl, rows) : opencl_row_grid(cl, rows),
                         ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->x[1]),
                              arg_optional(&call->x[2], &call->y[0]), arg_tensor(&call->dx[0]),
                              arg_int(shape->dim[1]), arg_uint(rows),
                              arg_real((double)call->step_rows), arg_int(call->x[2].mem != NULL),
                              arg_int(call->add_dx[0]), arg_struct(&s, sizeof s)));
}

#define CLASS_LOSS(name, add, kept)                                                          \
    static iso_rc name##_forward(struct iso_backend *be, const struct iso_call *call)        \
    {                                                                                        \
        return forward(be, call, #name ".cl", #name "_forward", #name "_narrow");            \
    }                                                                                        \
    static iso_rc name##_backward(struct iso_backend *be, const struct iso_call *call)       \
    {                                                                                        \
        return backward(be, call, #name ".cl", #name "_backward", #name "_narrow_backward"); \
    }                                                                                        \
    const struct opencl_op opencl_##name = {                                                 \
        .kernel = { .supports = opencl_supports,                                             \
                    .workspace = opencl_loss_workspace,                                      \
                    .forward = name##_forward,                                               \
                    .backward = name##_backward },                                           \
        .programs = { #name ".cl", "sums.cl" },                                              \
    };
ISO_CLASS_LOSSES(CLASS_LOSS)
