/* local_response_normalization.c: the formulas of core/ops/local_response_normalization.h. */
#include "core/ops/local_response_normalization.h"
#include "core/arithmetic/formulas.h"
#include "reference.h"

/* One pixel of a call. */
struct pixel {
    const struct iso_call *call;
    const iso_real *x, *dy;
    int64_t channels;
    iso_real beta;
};

/* Returns the channels [*begin, *end) around c. */
static void around(const struct pixel *p, int64_t c, int64_t *begin, int64_t *end)
{
    const struct iso_local_response_normalization *params = p->call->params;
    const int64_t half = params->size / 2;
    *begin = c > half ? c - half : 0;
    *end = c + half < p->channels ? c + half + 1 : p->channels;
}

static iso_real power(const struct pixel *p, int64_t c, iso_real exponent)
{
    const double *s = p->call->scalars;
    int64_t begin, end;
    iso_real square = ISO_R(0.0);
    around(p, c, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        square = iso_fma(p->x[i], p->x[i], square);
    return iso_lrn_power(square, (iso_real)s[ISO_LRN_SCALE], (iso_real)s[ISO_LRN_BIAS], exponent);
}

static iso_real gradient(const struct pixel *p, int64_t c)
{
    int64_t begin, end;
    iso_real parts = ISO_R(0.0);
    around(p, c, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        parts = parts + iso_lrn_part(p->x[i], power(p, i, -(p->beta + ISO_R(1.0))), p->dy[i]);
    return iso_lrn_grad(p->x[c], iso_lrn(p->dy[c], power(p, c, -p->beta)),
                        (iso_real)p->call->scalars[ISO_LRN_FACTOR], parts);
}

static struct pixel first_pixel(const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    return (struct pixel){ call, ref_real(&call->x[0]), ref_real(&call->dy[0]), s->dim[s->ndim - 1],
                           (iso_real)call->scalars[ISO_LRN_BETA] };
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct pixel p = first_pixel(call);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = iso_shape_count(&call->x[0].shape); n > 0; n -= p.channels, p.x += p.channels)
        for (int64_t c = 0; c < p.channels; c++, y++)
            *y = iso_lrn(p.x[c], power(&p, c, -p.beta));
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct pixel p = first_pixel(call);
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    if (dx == NULL)
        return ISO_OK;
    for (int64_t n = iso_shape_count(&call->x[0].shape); n > 0; n -= p.channels) {
        for (int64_t c = 0; c < p.channels; c++, dx++)
            ref_put(dx, gradient(&p, c), call->add_dx[0]);
        p.x += p.channels;
        p.dy += p.channels;
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(local_response_normalization) = { .forward = forward,
                                                                     .backward = backward };
