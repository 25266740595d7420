/* activation.c: queues the elementwise functions, softmax and log_softmax. */
#include "activation.h"
#include "cpu_shape.h"
#include "grids.h"

/* By enum iso_activation_function. */
#define FORWARD(name, NAME, ...) [ISO_##NAME] = "activation_" #name,
#define BACKWARD(name, NAME, ...) [ISO_##NAME] = "activation_" #name "_backward",
static const char *const forward_kernels[] = { ISO_ELEMENTWISE(FORWARD)
                                                   ISO_ROW_FUNCTIONS(FORWARD) };
static const char *const backward_kernels[] = { ISO_ELEMENTWISE(BACKWARD)
                                                    ISO_ROW_FUNCTIONS(BACKWARD) };

iso_rc opencl_activate(struct opencl *cl, const struct iso_activation *p,
                       const struct iso_tensor *x, const struct iso_tensor *y)
{
    const size_t n = (size_t)iso_shape_count(&y->shape);
    return opencl_launch(
        cl, "activation.cl", forward_kernels[iso_activation_formula(p)], opencl_runs(cl, n),
        ARGS(arg_tensor(x), arg_tensor(y), arg_uint(n), arg_real(iso_activation_parameter(p))));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_activation *p = call->params;
    const struct iso_shape *shape = &call->x[0].shape;
    size_t n = (size_t)iso_shape_count(shape);
    if (iso_act_of_rows(p->function)) {
        size_t classes = (size_t)shape->dim[shape->ndim - 1];
        return opencl_launch(cl, "activation.cl", forward_kernels[p->function],
                             opencl_row_grid(cl, n / classes),
                             ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                                  arg_int((int64_t)classes), arg_uint(n / classes)));
    }
    return opencl_activate(cl, p, &call->x[0], &call->y[0]);
}

/* dx = the gradient of what was given, from that of the result, dy; both may be the same memory.
 * y: the result, or what was given where the gradient reads that. */
static iso_rc pass_back(struct opencl *cl, const struct iso_activation *p,
                        const struct iso_tensor *y, const struct iso_tensor *dy,
                        const struct iso_tensor *dx, bool add)
{
    const size_t n = (size_t)iso_shape_count(&y->shape);
    return opencl_launch(cl, "activation.cl", backward_kernels[iso_activation_formula(p)],
                         opencl_runs(cl, n),
                         ARGS(arg_tensor(y), arg_tensor(dy), arg_tensor(dx), arg_uint(n),
                              arg_real(iso_activation_parameter(p)), arg_int(add)));
}

iso_i32 opencl_short_activation(const struct iso_activation *p, float *alpha)
{
#define IS_SHORT(name, NAME) [ISO_##NAME] = true,
    static const bool is_short[ISO_GELU_TANH + 1] = { OPENCL_SHORT_ACTIVATIONS(IS_SHORT) };
    if (p == NULL || !is_short[iso_activation_formula(p)])
        return 0;
    *alpha = (float)iso_activation_parameter(p);
    return 1 + (iso_i32)iso_activation_formula(p);
}

iso_i32 opencl_x_activation(const struct iso_call *call, float *alpha)
{
    const struct iso_activation *p = call->x_activation;
    if (p == NULL)
        return 0;
    *alpha = (float)iso_activation_parameter(p);
    return 1 + (iso_i32)iso_activation_formula(p);
}

bool opencl_x_relu(const struct iso_call *call)
{
    const struct iso_activation *p = call->x_activation;
    return p != NULL && iso_activation_formula(p) == ISO_RELU;
}

iso_rc opencl_pass_back(struct opencl *cl, const struct iso_call *call)
{
    const struct iso_tensor *dx = &call->dx[0];
    if (call->x_activation == NULL || dx->mem == NULL)
        return ISO_OK;
    return pass_back(cl, call->x_activation, &call->x[0], dx, dx, false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_activation *p = call->params;
    const struct iso_shape *shape = &call->y[0].shape;
    size_t n = (size_t)iso_shape_count(shape);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    if (iso_act_of_rows(p->function)) {
        size_t classes = (size_t)shape->dim[shape->ndim - 1];
        return opencl_launch(
            cl, "activation.cl", backward_kernels[p->function], opencl_row_grid(cl, n / classes),
            ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]),
                 arg_int((int64_t)classes), arg_uint(n / classes), arg_int(call->add_dx[0])));
    }
    const bool by_x = iso_act_reads_x(iso_activation_formula(p));
    return pass_back(cl, p, by_x ? &call->x[0] : &call->y[0], &call->dy[0], &call->dx[0],
                     call->add_dx[0]);
}

const struct opencl_op opencl_activation = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "activation.cl" },
};
