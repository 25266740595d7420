/* binary_crossentropy.c: p = sigmoid(z); mean of -(t log p + (1 - t) log(1 - p)). */
#include "loss.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *z = ref_real(&call->x[0]);
    iso_real *p = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t i = 0; p != NULL && i < iso_shape_count(&call->x[0].shape); i++)
        p[i] = iso_sigmoid(z[i]);
    ISO_KERNEL(pointwise_forward)(call, 1, iso_binary_add);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(pointwise_backward)(call, &call->y[0], iso_binary_slope);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(binary_crossentropy) = {
    .workspace = ISO_KERNEL(loss_workspace),
    .forward = forward,
    .backward = backward,
};
