/* sgd.c: w -= rate g; with momentum v = momentum v - rate g and w += v, with Nesterov's look ahead
 * w += momentum v - rate g (core/formulas.h). */
#include "../../core/ops/sgd.h"
#include "elements.h"

struct work {
    float *w, *v, rate, momentum;
    const float *g;
    int64_t count;
    bool nesterov;
};

static void plain(const float *restrict g, float rate, int64_t n, float *restrict w)
{
    for (int64_t i = 0; i < n; i++)
        w[i] = iso_sgd_w(w[i], g[i], rate);
}

ISO_CPU_INLINE void with_momentum(const float *restrict g, float rate, float momentum,
                                  int nesterov, int64_t n, float *restrict w, float *restrict v)
{
    for (int64_t i = 0; i < n; i++) {
        v[i] = iso_sgd_v(v[i], g[i], rate, momentum);
        w[i] = iso_sgd_momentum_w(w[i], v[i], g[i], rate, momentum, nesterov);
    }
}

static void step(void *data, int64_t unit, int thread)
{
    const struct work *k = data;
    const struct iso_part part = iso_cpu_part(unit, ISO_CPU_UNIT, k->count);
    const int64_t at = part.begin, n = part.end - part.begin;
    (void)thread;
    if (k->v == NULL)
        plain(k->g + at, k->rate, n, k->w + at);
    else if (k->nesterov)
        with_momentum(k->g + at, k->rate, k->momentum, 1, n, k->w + at, k->v + at);
    else
        with_momentum(k->g + at, k->rate, k->momentum, 0, n, k->w + at, k->v + at);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .w = iso_cpu_f32(&call->w[0]), .v = iso_cpu_f32(&call->state[0]),
        .g = iso_cpu_f32(&call->dw[0]), .rate = (float)call->scalars[ISO_SGD_RATE],
        .momentum = (float)call->scalars[ISO_SGD_MOMENTUM],
        .nesterov = call->scalars[ISO_SGD_NESTEROV] != 0,
        .count = iso_shape_count(&call->w[0].shape),
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), step, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(sgd) = { .update = update };
