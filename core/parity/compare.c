/* compare.c: equal bits, or near enough by a derived bound. Every comparison is written so that NaN
 * fails where it is not wanted, and so that nothing compared is a failure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* A real output with more zeros than this proves too little, unless the case says why. */
#define MOST_ZEROS 0.75

static bool same(double a, double b)
{
    if (a != a || b != b)
        return a != a && b != b;
    return a == b && signbit(a) == signbit(b);
}

static void name_element(struct iso_distance *d, enum iso_group group, int operand, int64_t at,
                         double got, double want)
{
    d->named = true;
    d->group = group;
    d->operand = operand;
    d->at = at;
    d->got = got;
    d->want = want;
}

static iso_rc exact_array(enum iso_group group, int operand, const struct iso_array *want,
                          const struct iso_array *got, struct iso_distance *d)
{
    const char *name = iso_group_names[group];
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
    name_element(d, group, operand, first, got->v[first], want->v[first]);
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
                ISO_TRY(exact_array((enum iso_group)g, i, &want->a[g][i], &got->a[g][i], d));
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "nothing was compared");
    return ISO_OK;
}

static iso_rc bounded_array(enum iso_group group, int operand, const struct iso_array *want,
                            const struct iso_array *got, const struct iso_array *allowed,
                            struct iso_distance *d)
{
    const char *name = iso_group_names[group];
    if (want->n != got->n || want->n != allowed->n)
        return iso_fail(ISO_EPARITY, "%s%d has %lld values instead of %lld", name, operand,
                        (long long)got->n, (long long)want->n);
    for (int64_t i = 0; i < want->n; i++) {
        const double off = fabs(got->v[i] - want->v[i]), most = allowed->v[i];
        if (!(off <= most) || off > d->share * most)
            name_element(d, group, operand, i, got->v[i], want->v[i]);
        if (!(off <= most))
            return iso_fail(ISO_EPARITY,
                            "%s%d[%lld]: %.9g instead of %.9g, %.3g times the bound %.3g", name,
                            operand, (long long)i, got->v[i], want->v[i], off / most, most);
        if (off > d->share * most)
            d->share = off / most;
    }
    d->values += want->n;
    return ISO_OK;
}

iso_rc iso_compare_bounded(enum iso_pass pass, const struct iso_values *want,
                           const struct iso_values *got, const struct iso_values *allowed,
                           struct iso_distance *d)
{
    *d = (struct iso_distance){ 0 };
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(pass, (enum iso_group)g); i++)
            ISO_TRY(bounded_array((enum iso_group)g, i, &want->a[g][i], &got->a[g][i],
                                  &allowed->a[g][i], d));
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "nothing was compared");
    return ISO_OK;
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
