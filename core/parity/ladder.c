/* ladder.c: the rungs for one op case on one device. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

enum { JUNK_NAN = 0xFF, JUNK_ZERO = 0x00, STREAM_OLD = 1u << 30 };

/* One case in the making: its call, and the results so far. */
struct climb {
    const struct iso_ladder *ladder;
    const struct iso_case *c;
    struct iso_call call; /* the first step's */
    enum iso_fill fill;
    struct iso_values want, got; /* results of the reference and of the device */
};

static bool reordered(const struct climb *k)
{
    return k->ladder->device->mode == ISO_MODE_FAST && iso_ops[k->c->op].def->product;
}

enum { REPEAT = 128 };
static struct iso_check check_of(const struct climb *k, enum iso_rung rung, int pass,
                                 char repeat[REPEAT])
{
    snprintf(repeat, REPEAT, "--ops %s --case %d", iso_ops[k->c->op].name, k->c->number);
    return (struct iso_check){
        .rung = rung,
        .device = k->ladder->device->device.id,
        .subject = iso_ops[k->c->op].name,
        .op_case = k->c,
        .repeat = repeat,
        .number = k->c->number,
        .pass = pass,
        .mode = k->ladder->device->mode,
    };
}

enum { WORST = 128 };
/* Writes "y0[1,2,0,3]: 0.5 instead of 0.25". */
static const char *worst_element(const struct climb *k, const struct iso_distance *d,
                                 char buf[WORST])
{
    const struct iso_shape *s = &iso_call_group_of(&k->call, d->group)[d->operand].shape;
    int64_t at = d->at, below = 1;
    buf[0] = '\0';
    if (!d->named)
        return buf;
    int used = snprintf(buf, WORST, "%s%d", iso_group_names[d->group], d->operand);
    for (int i = 0; i < s->ndim; i++)
        below *= s->dim[i];
    for (int i = 0; i < s->ndim && below > 0; i++) {
        below /= s->dim[i];
        used += snprintf(buf + used, (size_t)(WORST - used), "%c%" PRId64, i == 0 ? '[' : ',',
                         at / below);
        at %= below;
    }
    snprintf(buf + used, (size_t)(WORST - used), "]: %.9g instead of %.9g", d->got, d->want);
    return buf;
}

/* Reports a result; pass -1: all. */
static void report(const struct climb *k, enum iso_rung rung, int pass,
                   const struct iso_distance *d, iso_rc rc)
{
    char repeat[REPEAT], worst[WORST];
    struct iso_check check = check_of(k, rung, pass, repeat);
    check.distance = *d;
    check.worst = worst_element(k, d, worst);
    iso_report_check(k->ladder->report, &check, rc);
}

/* As iso_report_attempt. */
static iso_rc attempt(const struct climb *k, enum iso_rung rung, int pass)
{
    char repeat[REPEAT];
    const struct iso_check check = check_of(k, rung, pass, repeat);
    return iso_report_attempt(k->ladder->report, &check);
}

/* The results of the device, and of the reference when they are to be equal. */
static iso_rc compute(struct climb *k, enum iso_fill fill, bool reference)
{
    const struct iso_ladder *l = k->ladder;
    const struct iso_how how = { .junk = JUNK_NAN },
                         told = { .junk = JUNK_NAN, .report = l->report };
    iso_values_free(&k->want);
    iso_values_free(&k->got);
    k->fill = fill;
    if (reference)
        ISO_TRY(iso_execute_case(l->reference, k->c, fill, l->seed, &how, &k->want));
    return iso_execute_case(l->device, k->c, fill, l->seed, &told, &k->got);
}

static iso_rc put_record(const struct climb *k, enum iso_pass pass)
{
    static const char *const names[] = { "forward", "backward", "update" };
    char key[ISO_NAME], hex[65];
    snprintf(key, sizeof key, "%s/%d/%s", iso_ops[k->c->op].name, k->c->number, names[pass]);
    iso_record_hash(pass, &k->got, hex);
    char *elements = iso_elements(pass, &k->got);
    if (elements == NULL)
        return ISO_ENOMEM;
    const iso_rc rc =
        iso_record_put(k->ladder->record, k->ladder->device->device.id, key, hex, elements);
    free(elements);
    return rc;
}

/* One pass by exact comparison, then against the record of another machine. */
static void exact_pass(const struct climb *k, enum iso_rung rung, enum iso_pass pass)
{
    const bool nan_fits = k->c->drawn || k->fill == ISO_FILL_SPECIAL || k->fill == ISO_FILL_NAN;
    const bool zeros_fit = k->c->drawn || k->c->mostly_zero ||
                           rung == ISO_RUNG_INTEGER; /* sums of integers often are */
    struct iso_distance d;
    iso_rc rc = iso_compare_exact(pass, &k->want, &k->got, &d);
    if (rc == ISO_OK)
        rc = iso_compare_trust(&k->call, pass, &k->got, nan_fits, zeros_fit);
    report(k, rung, pass, &d, rc);
    if (rung == ISO_RUNG_EXACT && k->ladder->record != NULL)
        report(k, ISO_RUNG_RECORD, pass, &d, put_record(k, pass));
}

/* v: results of the device, or of the reference, which may not be the device's. */
static void bounded_pass(const struct climb *k, enum iso_pass pass, const struct iso_values *v)
{
    struct iso_distance d = { 0 };
    iso_rc rc = iso_compare_trust(&k->call, pass, v, false, k->c->mostly_zero || k->c->drawn);
    if (rc == ISO_OK)
        rc = iso_rung_bounded(k->ladder->judge, k->c->op, &k->call, pass, v,
                              v == &k->got ? ISO_ANY_ORDER : ISO_OWN_ORDER, &d);
    report(k, ISO_RUNG_BOUNDED, pass, &d, rc);
}

/* ---- contract ------------------------------------------------------------------------------ */

/* Puts before the message what was being tried. */
static iso_rc explain(iso_rc rc, const char *what)
{
    return rc == ISO_OK ? rc : iso_fail_prefix(rc, "%s: ", what);
}

static iso_rc execute_again(const struct climb *k, const struct iso_how *how, struct iso_values *v)
{
    return iso_execute_case(k->ladder->device, k->c, k->fill, k->ladder->seed, how, v);
}

static iso_rc same_twice(const struct climb *k, enum iso_pass pass, struct iso_distance *d)
{
    const struct iso_how how = { .junk = JUNK_ZERO, .report = k->ladder->report, .joined = true };
    struct iso_values again = { 0 };
    ISO_TRY(execute_again(k, &how, &again));
    iso_rc rc = iso_compare_exact(pass, &k->got, &again, d);
    iso_values_free(&again);
    return explain(rc, "the same pass over zeroed instead of NaN memory gives other bits");
}

/* Replaces each gradient in v by an old value that the pass must add to. */
static iso_rc set_old(struct iso_values *v, uint64_t seed)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(ISO_BACKWARD, (enum iso_group)g); i++)
            iso_fill_uniform(seed, STREAM_OLD + (uint32_t)(g * ISO_OPERANDS + i), v->a[g][i].v,
                             v->a[g][i].n);
    return ISO_OK;
}

/* old := the rounding of old + gradient, or the gradient where it is stored; allowed := twice what
 * is allowed, because two results in other orders are each so far from the truth, and the rounding
 * of both additions. */
static void add_gradient(struct iso_values *old, const struct iso_values *gradient, unsigned stores,
                         struct iso_values *allowed)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(ISO_BACKWARD, (enum iso_group)g); i++)
            for (int64_t e = 0; e < old->a[g][i].n; e++) {
                double *o = &old->a[g][i].v[e];
                const double term = gradient->a[g][i].v[e];
                if (allowed->a[g][i].n > 0)
                    allowed->a[g][i].v[e] =
                        2 * allowed->a[g][i].v[e] + FLT_EPSILON * (fabs(*o) + fabs(term));
                *o = (stores >> i & 1) != 0 ? term : (double)((float)*o + (float)term);
            }
}

static iso_rc compare_added(const struct climb *k, unsigned stores, struct iso_values *want,
                            const struct iso_values *got, struct iso_distance *d)
{
    struct iso_values allowed = { 0 };
    if (reordered(k))
        ISO_TRY(iso_rung_allowed(k->ladder->judge, k->c->op, &k->call, ISO_BACKWARD, &k->got,
                                 ISO_ANY_ORDER, &allowed));
    add_gradient(want, &k->got, stores, &allowed);
    const iso_rc rc = reordered(k) ? iso_compare_bounded(ISO_BACKWARD, want, got, &allowed, d)
                                   : iso_compare_exact(ISO_BACKWARD, want, got, d);
    iso_values_free(&allowed);
    return explain(rc, "adding to a gradient is not old + gradient");
}

static iso_rc added(const struct climb *k, unsigned stores, struct iso_distance *d)
{
    const struct iso_how how = {
        .junk = JUNK_NAN, .report = k->ladder->report, .add = true, .stores = stores, .joined = true
    };
    struct iso_values want = { 0 }, got = { 0 };
    iso_rc rc = iso_values_copy(&want, &k->got);
    if (rc == ISO_OK)
        rc = set_old(&want, k->ladder->seed);
    if (rc == ISO_OK)
        rc = iso_values_copy(&got, &want);
    if (rc == ISO_OK)
        rc = iso_execute_pass(k->ladder->device, k->c->op, &k->call, ISO_BACKWARD, &how, &got);
    if (rc == ISO_OK)
        rc = compare_added(k, stores, &want, &got, d);
    iso_values_free(&want);
    iso_values_free(&got);
    return rc;
}

/* All gradients are added to old ones; in an op's first case, also the odd ones alone, where there
 * are several. */
static iso_rc added_each(const struct climb *k, struct iso_distance *d)
{
    const unsigned even = 0x55555555u; /* indices that are stored */
    const bool several = k->got.a[ISO_DX][1].n > 0 || k->got.a[ISO_DW][1].n > 0;
    ISO_TRY(added(k, 0, d));
    return several && k->c->number == 1 ? added(k, even, d) : ISO_OK;
}

/* An input of the model and a frozen weight want no gradient: the others' must not change. */
static iso_rc without(const struct climb *k, unsigned inputs, unsigned weights,
                      struct iso_distance *d)
{
    const struct iso_how how = {
        .junk = JUNK_NAN, .report = k->ladder->report, .no_dx = inputs, .no_dw = weights
    };
    struct iso_values got = { 0 };
    ISO_TRY(iso_values_copy(&got, &k->got));
    iso_rc rc = iso_execute_pass(k->ladder->device, k->c->op, &k->call, ISO_BACKWARD, &how, &got);
    if (rc == ISO_OK)
        rc = iso_compare_exact(ISO_BACKWARD, &k->got, &got, d);
    iso_values_free(&got);
    return explain(rc, weights != 0 ? "when dw is not wanted" : "when dx is not wanted");
}

/* No dx or no dw where there are both, and each dx left out where there are several. */
static iso_rc without_each(const struct climb *k, struct iso_distance *d)
{
    if (k->got.a[ISO_DW][0].n > 0)
        ISO_TRY(without(k, ~0u, 0, d));
    if (k->got.a[ISO_DW][0].n > 0 && k->got.a[ISO_DX][0].n > 0)
        ISO_TRY(without(k, 0, ~0u, d));
    for (int i = 0; i < ISO_OPERANDS && k->got.a[ISO_DX][1].n > 0; i++)
        if (k->got.a[ISO_DX][i].n > 0)
            ISO_TRY(without(k, 1u << i, 0, d));
    return ISO_OK;
}

static void contract(const struct climb *k)
{
    const bool finite = iso_fill_finite(k->fill);
    for (int pass = ISO_FORWARD; pass <= ISO_UPDATE; pass++) {
        if (!iso_op_has_pass(k->c->op, (enum iso_pass)pass))
            continue;
        struct iso_distance d = { 0 };
        iso_rc rc = attempt(k, ISO_RUNG_CONTRACT, pass);
        if (rc == ISO_OK)
            rc = same_twice(k, (enum iso_pass)pass, &d);
        if (rc == ISO_OK && pass == ISO_BACKWARD && finite)
            rc = added_each(k, &d);
        if (rc == ISO_OK && pass == ISO_BACKWARD && finite)
            rc = without_each(k, &d);
        report(k, ISO_RUNG_CONTRACT, pass, &d, rc);
    }
}

/* ---- the ladder ---------------------------------------------------------------------------- */

/* Every pass of the case on one kind of data, compared as the rung says. */
static bool rung(struct climb *k, enum iso_rung rung, enum iso_fill fill)
{
    const struct iso_distance none = { 0 };
    iso_rc rc = attempt(k, rung, -1);
    if (rc == ISO_OK)
        rc = compute(k, fill, rung != ISO_RUNG_BOUNDED);
    if (rc != ISO_OK) { /* a case is stopped by a broken contract, or lack of support */
        report(k, rc == ISO_EPARITY ? ISO_RUNG_CONTRACT : rung, -1, &none, rc);
        return false;
    }
    for (int pass = ISO_FORWARD; pass <= ISO_UPDATE; pass++) {
        if (!iso_op_has_pass(k->c->op, (enum iso_pass)pass))
            continue;
        if (rung == ISO_RUNG_BOUNDED)
            bounded_pass(k, (enum iso_pass)pass, &k->got);
        else
            exact_pass(k, rung, (enum iso_pass)pass);
    }
    return true;
}

/* A view has no kernel: the elements must only stay as many as they were. */
static void view(const struct climb *k)
{
    struct iso_distance d = { .values = iso_shape_count(&k->call.x[0].shape) };
    iso_rc rc = ISO_OK;
    if (iso_shape_count(&k->call.y[0].shape) != d.values)
        rc = iso_fail(ISO_EPARITY, "a view of %lld elements has %lld", (long long)d.values,
                      (long long)iso_shape_count(&k->call.y[0].shape));
    report(k, ISO_RUNG_CONTRACT, ISO_FORWARD, &d, rc);
}

/* A score has no kernel either: of any counts it must be a share. */
static void score(const struct climb *k)
{
    const struct iso_tensor *x = &k->call.x[0], *y = &k->call.y[0];
    struct iso_distance d = { .values = iso_shape_count(&y->shape) };
    const int64_t n = iso_shape_count(&x->shape);
    double *counts = iso_alloc((size_t)n, sizeof *counts);
    double *shares = iso_alloc((size_t)d.values, sizeof *shares);
    iso_rc rc = counts != NULL && shares != NULL ? ISO_OK : ISO_ENOMEM;
    for (int64_t i = 0; rc == ISO_OK && i < n; i++)
        counts[i] = (double)(iso_fill_word(k->ladder->seed, STREAM_OLD, (uint64_t)i) % 9);
    if (rc == ISO_OK)
        iso_ops[k->c->op].def->score(k->call.params, &x->shape, counts, shares);
    for (int64_t i = 0; rc == ISO_OK && i < d.values; i++)
        if (!(shares[i] >= 0 && shares[i] <= 1))
            rc = iso_fail(ISO_EPARITY, "number %lld is %g, which is not a share", (long long)i,
                          shares[i]);
    free(counts);
    free(shares);
    report(k, ISO_RUNG_CONTRACT, ISO_FORWARD, &d, rc);
}

static void climb(struct climb *k)
{
    const bool finite = iso_fill_finite(k->c->data);
    bool ran = true;
    if (reordered(k)) {
        /* Winograd's transforms multiply by fractions: integers do not stay integers. */
        const bool whole = iso_algorithm_of(k->c->op, &k->call) == ISO_DIRECT;
        rung(k, whole ? ISO_RUNG_INTEGER : ISO_RUNG_BOUNDED, ISO_FILL_INTEGER);
        if (!finite)
            return; /* infinities that meet in another order are another NaN */
        ran = rung(k, ISO_RUNG_BOUNDED, k->c->data);
    } else {
        ran = rung(k, ISO_RUNG_EXACT, k->c->data);
        if (ran && k->ladder->bounds && finite && iso_ops[k->c->op].def->product)
            for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++)
                bounded_pass(k, (enum iso_pass)pass, &k->want);
    }
    if (ran)
        contract(k);
}

iso_rc iso_ladder_case(const struct iso_ladder *ladder, const struct iso_case *c)
{
    struct climb *k = iso_alloc(1, sizeof *k);
    if (k == NULL)
        return ISO_ENOMEM;
    k->ladder = ladder;
    k->c = c;
    const struct iso_distance none = { 0 };
    iso_rc rc = iso_case_call(c, iso_case_seed(ladder->seed), 0, &k->call);
    if (rc != ISO_OK)
        report(k, ISO_RUNG_EXACT, -1, &none, rc);
    else if (iso_ops[c->op].kind == ISO_VIEW)
        view(k);
    else if (iso_ops[c->op].kind == ISO_SCORE)
        score(k);
    else
        climb(k);
    iso_values_free(&k->want);
    iso_values_free(&k->got);
    free(k);
    return ISO_OK;
}
