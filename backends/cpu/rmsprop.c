/* rmsprop.c: steps divided by the root of a running mean of the squared gradients
 * (core/ops/rmsprop.h, core/arithmetic/optimizers.h), going over memory once. */
#include "core/ops/rmsprop.h"
#include "optimizer.h"

/* One loop for each way, so that none has a branch inside; an m or a that is NULL is not
 * touched. */
ISO_CPU_INLINE void rmsprop(const struct iso_cpu_update *u, int placement, float *restrict m,
                            float *restrict a)
{
    const float rate = u->s[ISO_RMSPROP_RATE], epsilon = u->s[ISO_RMSPROP_EPSILON];
    const float rho = u->s[ISO_RMSPROP_RHO], rest = u->s[ISO_RMSPROP_1_RHO];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict v = u->slot[0];
    for (int64_t i = 0; i < u->count; i++) {
        const float square = iso_mean_square(v[i], g[i], rho, rest);
        const float average = a != NULL ? iso_mean(a[i], g[i], rho, rest) : 0.0f;
        const float root = iso_rmsprop_root(square, average, epsilon, placement);
        v[i] = square;
        if (a != NULL)
            a[i] = average;
        if (m != NULL) {
            m[i] = iso_rmsprop_m(m[i], g[i], root, rate, u->s[ISO_RMSPROP_MOMENTUM]);
            w[i] = iso_rmsprop_momentum_w(w[i], m[i]);
        } else {
            w[i] = iso_rmsprop_w(w[i], g[i], root, rate);
        }
    }
}

ISO_CPU_INLINE void choose(const struct iso_cpu_update *u, int placement)
{
    const struct iso_rmsprop *p = u->params;
    float *m = p->momentum > 0 ? u->slot[1] : NULL;
    float *a = p->centered ? u->slot[iso_rmsprop_average_slot(p)] : NULL;
    if (m == NULL && a == NULL)
        rmsprop(u, placement, NULL, NULL);
    else if (a == NULL)
        rmsprop(u, placement, m, NULL);
    else if (m == NULL)
        rmsprop(u, placement, NULL, a);
    else
        rmsprop(u, placement, m, a);
}

static void update_range(const struct iso_cpu_update *u)
{
    if (((const struct iso_rmsprop *)u->params)->epsilon_placement == ISO_EPSILON_OUTSIDE)
        choose(u, ISO_EPSILON_OUTSIDE);
    else
        choose(u, ISO_EPSILON_INSIDE);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(rmsprop) = { .update = update };
