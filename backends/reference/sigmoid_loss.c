/* sigmoid_loss.c: the losses that absorb a sigmoid (ISO_SIGMOID_LOSSES in
 * core/arithmetic/formulas.h): p = sigmoid(z), and the mean of a function of z and its own target.
 */
#include "loss.h"

static void forward(const struct iso_call *call, ISO_KERNEL(loss_add) *add)
{
    const iso_real *z = ref_real(&call->x[0]);
    iso_real *p = ref_real(&call->y[0]);
    for (int64_t i = 0; p != NULL && i < iso_shape_count(&call->x[0].shape); i++)
        p[i] = iso_sigmoid(z[i]);
    ISO_KERNEL(pointwise_forward)(call, 1, add);
}

#define READS_LOGIT(call) (&(call)->x[0])
#define READS_PROBABILITY(call) (&(call)->y[0])
#define SIGMOID_LOSS(name, add, slope, reads)                                               \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)  \
    {                                                                                       \
        (void)backend;                                                                      \
        forward(call, add);                                                                 \
        return ISO_OK;                                                                      \
    }                                                                                       \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                       \
        (void)backend;                                                                      \
        ISO_KERNEL(pointwise_backward)(call, READS_##reads(call), slope);                   \
        return ISO_OK;                                                                      \
    }                                                                                       \
    const struct iso_kernel ISO_KERNEL(name) = { .workspace = ISO_KERNEL(loss_workspace),   \
                                                 .forward = name##_forward,                 \
                                                 .backward = name##_backward };
ISO_SIGMOID_LOSSES(SIGMOID_LOSS)
