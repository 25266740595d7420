/* activation.c: queues the elementwise functions and softmax. */
#include "opencl.h"
#include "core/ops/activation.h"

static const char *const programs[] = {"activation.cl", NULL};
/* By enum iso_activation_function. */
static const char *const forward_kernels[] = {"activation_linear", "activation_relu",
                                              "activation_elu",    "activation_sigmoid",
                                              "activation_tanh",   "activation_softmax"};
static const char *const backward_kernels[] = {
    "activation_linear_backward",  "activation_relu_backward", "activation_elu_backward",
    "activation_sigmoid_backward", "activation_tanh_backward", "activation_softmax_backward"};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_activation *p = call->params;
    const struct iso_shape *shape = &call->x[0].shape;
    size_t n = (size_t)iso_shape_count(shape);
    if (p->function == ISO_SOFTMAX) {
        size_t classes = (size_t)shape->dim[shape->ndim - 1];
        return opencl_launch(
            cl, "activation.cl", forward_kernels[p->function], opencl_rows(n / classes),
            ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_int((int64_t)classes)));
    }
    return opencl_launch(
        cl, "activation.cl", forward_kernels[p->function], opencl_elements(cl, n),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n), arg_real(p->alpha)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_activation *p = call->params;
    const struct iso_shape *shape = &call->y[0].shape;
    size_t n = (size_t)iso_shape_count(shape);
    if (!call->dx[0].mem) {
        return ISO_OK;
    }
    if (p->function == ISO_SOFTMAX) {
        size_t classes = (size_t)shape->dim[shape->ndim - 1];
        return opencl_launch(
            cl, "activation.cl", backward_kernels[p->function], opencl_rows(n / classes),
            ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]),
                 arg_int((int64_t)classes), arg_int(call->add_dx[0])));
    }
    return opencl_launch(cl, "activation.cl", backward_kernels[p->function], opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->dy[0]),
                              arg_tensor(&call->dx[0]), arg_uint(n), arg_real(p->alpha),
                              arg_int(call->add_dx[0])));
}

const struct iso_kernel opencl_activation = {
    .supports = supports, .forward = forward, .backward = backward};
