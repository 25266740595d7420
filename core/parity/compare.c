/* compare.c: equal bits, or near enough by a derived bound. Every comparison is written so that NaN
 * fails where it is not wanted, and so that nothing compared is a failure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "core/bounds.h"

/* A real output with more zeros than this proves too little, unless the case says why. */
#define MOST_ZEROS 0.75

static bool same(double a, double b)
{
    if (a != a || b != b)
        return a != a && b != b;
    return a == b && signbit(a) == signbit(b);
}

static iso_rc exact_array(const char *name, int operand, const struct iso_array *want,
                          const struct iso_array *got, struct iso_distance *d)
{
    if (want->n != got->n)
        return iso_fail(ISO_EPARITY, "%s%d has %lld values instead of %lld", name, operand,
                        (long long)got->n, (long long)want->n);
    int64_t differ = 0, first = 0;
    for (int64_t i = 0; i < want->n; i++)
        if (!same(want->v[i], got->v[i]) && differ++ == 0)
            first = i;
    d->values += want->n;
    if (differ == 0)
        return ISO_OK;
    return iso_fail(ISO_EPARITY,
                    "%s%d: %lld of %lld values differ, first [%lld]: %.9g instead of %.9g", name,
                    operand, (long long)differ, (long long)want->n, (long long)first, got->v[first],
                    want->v[first]);
}

iso_rc iso_compare_exact(enum iso_pass pass, const struct iso_values *want,
                         const struct iso_values *got, struct iso_distance *d)
{
    *d = (struct iso_distance){ 0 };
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            if (iso_values_result(pass, want, (enum iso_group)g, i))
                ISO_TRY(exact_array(iso_group_names[g], i, &want->a[g][i], &got->a[g][i], d));
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "nothing was compared");
    return ISO_OK;
}

static iso_rc bounded_array(const char *name, int operand, const struct iso_array *want,
                            const struct iso_array *got, const struct iso_array *sums, double unit,
                            struct iso_distance *d)
{
    if (want->n != got->n || want->n != sums->n)
        return iso_fail(ISO_EPARITY, "%s%d has %lld values instead of %lld", name, operand,
                        (long long)got->n, (long long)want->n);
    for (int64_t i = 0; i < want->n; i++) {
        const double off = fabs(got->v[i] - want->v[i]), allowed = unit * sums->v[i];
        if (!(off <= allowed))
            return iso_fail(ISO_EPARITY,
                            "%s%d[%lld]: %.9g instead of %.9g, %.3g times the bound %.3g", name,
                            operand, (long long)i, got->v[i], want->v[i], off / allowed, allowed);
        if (off > d->share * allowed)
            d->share = off / allowed;
    }
    d->values += want->n;
    return ISO_OK;
}

double iso_bound_unit(double eps, double chain) { return ISO_BOUND_DIRECT * eps * sqrt(chain); }

iso_rc iso_compare_bounded(enum iso_pass pass, const struct iso_values *want,
                           const struct iso_values *got, const struct iso_values *sums, double eps,
                           double chain, struct iso_distance *d)
{
    *d = (struct iso_distance){ 0 };
    const double unit = iso_bound_unit(eps, chain);
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(pass, (enum iso_group)g); i++)
            ISO_TRY(bounded_array(iso_group_names[g], i, &want->a[g][i], &got->a[g][i],
                                  &sums->a[g][i], unit, d));
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "nothing was compared");
    return ISO_OK;
}

/* The largest value within `reach` pixels of (y, x), for one channel of one image. */
static double largest_near(const double *v, const struct iso_shape *shape, int64_t y, int64_t x)
{
    const int64_t reach = 5, h = shape->dim[1], w = shape->dim[2], c = shape->dim[3];
    double largest = 0;
    for (int64_t i = y < reach ? 0 : y - reach; i <= y + reach && i < h; i++)
        for (int64_t j = x < reach ? 0 : x - reach; j <= x + reach && j < w; j++)
            largest = v[(i * w + j) * c] > largest ? v[(i * w + j) * c] : largest;
    return largest;
}

/* A tile of the source is 6 by 6 pixels, wherever it begins: no pixel is further than 5 from
 * another. */
static iso_rc widen(const struct iso_shape *shape, struct iso_array *a)
{
    const int64_t h = shape->dim[1], w = shape->dim[2], c = shape->dim[3];
    double *wide = iso_alloc((size_t)a->n, sizeof *wide);
    if (wide == NULL)
        return ISO_ENOMEM;
    for (int64_t n = 0; n < shape->dim[0]; n++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++)
                for (int64_t i = 0; i < c; i++) {
                    const int64_t image = n * h * w * c + i;
                    wide[image + (y * w + x) * c] = largest_near(a->v + image, shape, y, x);
                }
    free(a->v);
    a->v = wide;
    return ISO_OK;
}

iso_rc iso_bound_widen(const struct iso_call *call, struct iso_values *absolute)
{
    ISO_TRY(widen(&call->x[0].shape, &absolute->a[ISO_X][0]));
    if (absolute->a[ISO_DY][0].n > 0)
        ISO_TRY(widen(&call->y[0].shape, &absolute->a[ISO_DY][0]));
    return ISO_OK;
}

void iso_bound_scale(enum iso_pass pass, double factor, struct iso_values *sums)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(pass, (enum iso_group)g); i++)
            for (int64_t k = 0; k < sums->a[g][i].n; k++)
                sums->a[g][i].v[k] *= factor;
}

static iso_rc trust_array(const char *name, int operand, const struct iso_array *a, bool nan_fits,
                          bool zeros_fit)
{
    int64_t zeros = 0;
    for (int64_t i = 0; i < a->n; i++) {
        zeros += a->v[i] == 0;
        if (a->v[i] != a->v[i] && !nan_fits)
            return iso_fail(ISO_EPARITY,
                            "%s%d[%lld] is NaN: not written, or computed from memory that was not "
                            "initialised",
                            name, operand, (long long)i);
    }
    if (a->n >= 8 && !zeros_fit && (double)zeros > MOST_ZEROS * (double)a->n)
        return iso_fail(ISO_EPARITY,
                        "mistrusted: %lld of the %lld values of %s%d are zero; give the case other "
                        "data, or `mostly_zero: true` if the op explains it",
                        (long long)zeros, (long long)a->n, name, operand);
    return ISO_OK;
}

iso_rc iso_compare_trust(const struct iso_call *call, enum iso_pass pass,
                         const struct iso_values *v, bool nan_fits, bool zeros_fit)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            if (iso_values_result(pass, v, (enum iso_group)g, i) &&
                iso_call_group_of(call, (enum iso_group)g)[i].dtype == ISO_REAL)
                ISO_TRY(trust_array(iso_group_names[g], i, &v->a[g][i], nan_fits, zeros_fit));
    return ISO_OK;
}
