/* binary_crossentropy.c: p = sigmoid(z); mean of -(t log p + (1 - t) log(1 - p)). */
#include "loss.h"

struct probabilities {
    const float *z;
    float *p;
    int64_t count;
};

static void probabilities(void *data, int64_t unit, int thread)
{
    const struct probabilities *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        w->p[i] = iso_sigmoid(w->z[i]);
}

ISO_CPU_POINTWISE_JOBS(binary, iso_binary_add, iso_binary_slope)

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct probabilities work = { iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]),
                                  iso_shape_count(&call->x[0].shape) };
    if (work.p != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), probabilities,
                     &work);
    ISO_CPU(pointwise_forward)(backend, call, 1, binary_losses);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    ISO_CPU(pointwise_backward)(backend, call, &call->y[0], binary_gradients);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(binary_crossentropy) = {
    .workspace = ISO_CPU(loss_workspace),
    .forward = forward,
    .backward = backward,
};
