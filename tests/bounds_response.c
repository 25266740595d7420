/* bounds_response.c: the formulas of core/ops/local_response_normalization.h. */
#include "bounds.h"
#include "core/ops/local_response_normalization.h"

/* A pixel of x, at its first channel. */
struct pixel {
    const struct iso_call *call;
    const struct iso_values *v;
    int64_t first, channels, half;
};

/* t^-(beta + more), with t = bias + alpha / size (chain of x^2). */
static struct near power(const struct pixel *p, int64_t c, double more)
{
    const double *scalars = p->call->scalars;
    const struct near bias = near_parameter(scalars[ISO_LRN_BIAS]);
    const struct near factor = near_parameter(scalars[ISO_LRN_SCALE]);
    struct near_sum squares = { 0 };
    for (int64_t i = c - p->half; i <= c + p->half; i++)
        if (i >= 0 && i < p->channels)
            near_product(&squares, bounds_element(p->v, ISO_X, 0, p->first + i, 0),
                         bounds_element(p->v, ISO_X, 0, p->first + i, 0));
    const struct near total = near_total(&squares, 2 * p->half + 1);
    const struct near t = near_rounded(bias.v + factor.v * total.v,
                                       bias.e + factor.v * total.e + fabs(total.v) * factor.e, 1);
    struct near exponent = near_parameter(scalars[ISO_LRN_BETA]);
    if (more > 0)
        exponent = near_add(exponent, near_input(more));
    exponent.v = -exponent.v;
    return near_pow(t, exponent);
}

/* dx = dy t^-beta - (factor x) (chain of dy x t^-(beta + 1)), the last two operations one fma. */
static struct near response_gradient(const struct pixel *p, int64_t c)
{
    struct near_sum parts = { 0 };
    for (int64_t i = c - p->half; i <= c + p->half; i++)
        if (i >= 0 && i < p->channels)
            near_term(&parts, near_mul(bounds_element(p->v, ISO_DY, 0, p->first + i, 0),
                                       near_mul(bounds_element(p->v, ISO_X, 0, p->first + i, 0),
                                                power(p, i, 1))));
    const struct near total = near_total(&parts, 2 * p->half + 1);
    const struct near own =
        near_mul(bounds_element(p->v, ISO_DY, 0, p->first + c, 0), power(p, c, 0));
    const struct near x = near_mul(near_parameter(p->call->scalars[ISO_LRN_FACTOR]),
                                   bounds_element(p->v, ISO_X, 0, p->first + c, 0));
    return near_rounded(own.v - x.v * total.v, own.e + fabs(x.v) * total.e + fabs(total.v) * x.e,
                        1);
}

void bounds_response(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                     struct iso_values *allowed)
{
    const struct iso_local_response_normalization *params = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct pixel p = { call, v, 0, s->dim[s->ndim - 1], params->size / 2 };
    (void)op;
    for (; p.first < iso_shape_count(s); p.first += p.channels)
        for (int64_t c = 0; c < p.channels; c++) {
            const struct near x = bounds_element(v, ISO_X, 0, p.first + c, 0);
            bounds_allow(allowed, ISO_Y, 0, p.first + c, near_mul(x, power(&p, c, 0)));
            bounds_allow(allowed, ISO_DX, 0, p.first + c, response_gradient(&p, c));
        }
}
