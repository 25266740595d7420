/* sigmoid_loss.c: queues the losses that absorb a sigmoid (ISO_SIGMOID_LOSSES in
 * core/arithmetic/formulas.h): p = sigmoid(z), and the mean of a function of z and its own target.
 */
#include "loss.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call, const char *program,
                      const char *probabilities, const char *losses)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    if (call->y[0].mem != NULL)
        ISO_TRY(opencl_launch(cl, program, probabilities, opencl_elements(cl, n),
                              ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n))));
    return opencl_pointwise_forward(be, call, 1, program, losses);
}

#define READS_LOGIT(call) (&(call)->x[0])
#define READS_PROBABILITY(call) (&(call)->y[0])
#define SIGMOID_LOSS(name, add, slope, reads)                                            \
    static iso_rc name##_forward(struct iso_backend *be, const struct iso_call *call)    \
    {                                                                                    \
        return forward(be, call, #name ".cl", #name "_probabilities", #name "_forward"); \
    }                                                                                    \
    static iso_rc name##_backward(struct iso_backend *be, const struct iso_call *call)   \
    {                                                                                    \
        return opencl_pointwise_backward(be, call, READS_##reads(call), #name ".cl",     \
                                         #name "_backward");                             \
    }                                                                                    \
    const struct opencl_op opencl_##name = {                                             \
        .kernel = { .supports = opencl_supports,                                         \
                    .workspace = opencl_loss_workspace,                                  \
                    .forward = name##_forward,                                           \
                    .backward = name##_backward },                                       \
        .programs = { #name ".cl", "sums.cl" },                                          \
    };
ISO_SIGMOID_LOSSES(SIGMOID_LOSS)
