/* regularizer.c: y = l1 sum |w| + l2 sum w^2; dw = l1 sign(w) + 2 l2 w
 * (core/arithmetic/formulas.h). */
#include "core/ops/regularizer.h"
#include "sums.h"

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    return pass == ISO_FORWARD ? ISO_CPU(sum_elements_workspace)(count) : 0;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const float l1 = (float)call->scalars[ISO_PENALTY_L1];
    const float l2 = (float)call->scalars[ISO_PENALTY_L2];
    const float *w = iso_cpu_f32(&call->w[0]);
    const int64_t count = iso_shape_count(&call->w[0].shape);
    struct iso_team *team = iso_cpu_team(backend);
    void *work = iso_cpu_u8(&call->workspace);
    float absolute = 0.0f, squares = 0.0f;
    if (l1 > 0.0f)
        absolute = ISO_CPU(sum_elements)(team, ISO_SUM_ABSOLUTE, w, count, work);
    if (l2 > 0.0f)
        squares = ISO_CPU(sum_elements)(team, ISO_SUM_SQUARES, w, count, work);
    *iso_cpu_f32(&call->y[0]) = iso_penalty(absolute, squares, l1, l2);
    return ISO_OK;
}

struct work {
    const float *w;
    float *dw, l1, two_l2;
    int64_t count;
    bool add;
};

static void slopes(const float *restrict w, float l1, float two_l2, bool add, int64_t n,
                   float *restrict dw)
{
    for (int64_t i = 0; add && i < n; i++)
        dw[i] = dw[i] + iso_penalty_grad(w[i], l1, two_l2);
    for (int64_t i = 0; !add && i < n; i++)
        dw[i] = iso_penalty_grad(w[i], l1, two_l2);
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *k = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, k->count);
    (void)thread;
    slopes(k->w + range.begin, k->l1, k->two_l2, k->add, range.end - range.begin,
           k->dw + range.begin);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .w = iso_cpu_f32(&call->w[0]),
        .dw = iso_cpu_f32(&call->dw[0]),
        .l1 = (float)call->scalars[ISO_PENALTY_L1],
        .two_l2 = (float)call->scalars[ISO_PENALTY_TWO_L2],
        .count = iso_shape_count(&call->w[0].shape),
        .add = call->add_dw[0],
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), gradients, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(regularizer) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
