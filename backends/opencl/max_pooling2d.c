/* max_pooling2d.c: queues max pooling. */
#include "opencl.h"
#include "core/ops/max_pooling2d.h"

static const char *const programs[] = {"max_pooling2d.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct iso_window v = iso_max_pooling2d_window(call->params, &call->x[0].shape);
    size_t n = (size_t)iso_shape_count(&call->y[0].shape);
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_forward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                              arg_optional(&call->saved[0], &call->y[0]),
                              arg_uint(n), arg_int(v.h), arg_int(v.w), arg_int(v.c), arg_int(v.oh),
                              arg_int(v.ow), arg_int(v.kh), arg_int(v.kw), arg_int(v.sh), arg_int(v.sw),
                              arg_int(v.top), arg_int(v.left), arg_int(call->saved[0].mem != NULL)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct iso_window v = iso_max_pooling2d_window(call->params, &call->x[0].shape);
    if (!call->dx[0].mem) {
        return ISO_OK;
    }
    size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_backward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->saved[0]), arg_tensor(&call->dx[0]),
                              arg_uint(n), arg_int(v.h), arg_int(v.w), arg_int(v.c), arg_int(v.oh),
                              arg_int(v.ow), arg_int(v.kh), arg_int(v.kw), arg_int(v.sh), arg_int(v.sw),
                              arg_int(v.top), arg_int(v.left), arg_int(call->add_dx[0])));
}

const struct iso_kernel opencl_max_pooling2d = {.supports = supports, .forward = forward, .backward = backward};
