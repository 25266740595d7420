/* sigmoid_loss.c: the losses that absorb a sigmoid (ISO_SIGMOID_LOSSES in
 * core/arithmetic/formulas.h): p = sigmoid(z), and the mean of a function of z and its own target.
 */
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

static void forward(struct iso_backend *backend, const struct iso_call *call, iso_team_task *losses)
{
    struct probabilities work = { iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]),
                                  iso_shape_count(&call->x[0].shape) };
    if (work.p != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), probabilities,
                     &work);
    ISO_CPU(pointwise_forward)(backend, call, 1, losses);
}

#define READS_LOGIT(call) (&(call)->x[0])
#define READS_PROBABILITY(call) (&(call)->y[0])
#define SIGMOID_LOSS(name, add, slope, reads)                                               \
    ISO_CPU_POINTWISE_JOBS(name, add, slope)                                                \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)  \
    {                                                                                       \
        forward(backend, call, name##_losses);                                              \
        return ISO_OK;                                                                      \
    }                                                                                       \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                       \
        ISO_CPU(pointwise_backward)(backend, call, READS_##reads(call), name##_gradients);  \
        return ISO_OK;                                                                      \
    }                                                                                       \
    const struct iso_kernel ISO_CPU(name) = { .workspace = ISO_CPU(loss_workspace),         \
                                              .forward = name##_forward,                    \
                                              .backward = name##_backward };
ISO_SIGMOID_LOSSES(SIGMOID_LOSS)
