/* gradient.c: central differences against the gradients that the double reference computes.
 *
 *   dL/dx[j] = (L(x + h e_j) - L(x - h e_j)) / 2h
 *   L = sum over i of y[i] dy[i]; of a loss, the mean loss; of a penalty, the penalty
 * The differences are taken of each y[i] before they are summed, so that what x[j] does not touch
 * adds no rounding error. The data are made so that no kink lies within h (fill.c). */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* h is a power of two, so that x + h and x - h are exact; truncation is about h^2, rounding
 * 2^-53 / h. A tensor is sampled: enough elements for any systematic fault, few enough to stay
 * within the work. */
#define STEP 0x1p-17
enum { SAMPLES_MOST = 48, SAMPLES_LEAST = 4, STREAM_SAMPLE = 1u << 29 };
static const double work = 2e7; /* flops and elements moved for one tensor */

static const struct iso_how how = { .junk = 0xFF };

/* dL/dx[j]; the sum of what was added up; what rounding of the y[i] may contribute. */
struct difference {
    double slope, size, rounding;
};

static struct difference difference(enum iso_kind kind, const struct iso_values *plus,
                                    const struct iso_values *minus, const struct iso_array *dy)
{
    const bool scalar = kind == ISO_LOSS || kind == ISO_PENALTY;
    /* A loss that absorbs an activation has its probabilities first. */
    const int operand = kind == ISO_LOSS && plus->a[ISO_Y][1].n > 0 ? 1 : 0;
    struct difference d = { 0, 0, 0 };
    for (int64_t i = 0; i < plus->a[ISO_Y][operand].n; i++) {
        const double a = plus->a[ISO_Y][operand].v[i], b = minus->a[ISO_Y][operand].v[i];
        const double factor = scalar ? 1 : dy->v[i];
        const double term = (a - b) / (2 * STEP) * factor;
        d.slope += term;
        d.size += fabs(term);
        if (a != b)
            d.rounding += 16 * DBL_EPSILON * fabs(a * factor) / (2 * STEP);
    }
    return d;
}

/* The weights that forward updates are copied, all the others borrowed. */
static iso_rc own_changed(enum iso_op op, struct iso_values *v)
{
    struct iso_array borrowed[ISO_OPERANDS];
    memcpy(borrowed, v->a[ISO_W], sizeof borrowed);
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (iso_ops[op].def->forward_changes >> i & 1)
            v->a[ISO_W][i] = (struct iso_array){ 0 };
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (!(iso_ops[op].def->forward_changes >> i & 1))
            continue;
        ISO_TRY(iso_array_set(&v->a[ISO_W][i], borrowed[i].n));
        memcpy(v->a[ISO_W][i].v, borrowed[i].v, (size_t)borrowed[i].n * sizeof *borrowed[i].v);
    }
    return ISO_OK;
}

static iso_rc at(struct iso_backend *judge, const struct iso_case *c, const struct iso_call *call,
                 struct iso_values *in, double *x, double offset, struct iso_values *out)
{
    const double old = *x;
    struct iso_values inputs = { 0 }; /* borrows the inputs of the forward pass */
    for (int i = 0; i < ISO_OPERANDS; i++) {
        inputs.a[ISO_X][i] = in->a[ISO_X][i];
        inputs.a[ISO_W][i] = in->a[ISO_W][i];
    }
    *x = old + offset;
    iso_rc rc = own_changed(c->op, &inputs);
    if (rc == ISO_OK)
        rc = iso_execute_pass(judge, c->op, call, ISO_FORWARD, &how, &inputs);
    *x = old;
    for (int i = 0; i < ISO_OPERANDS; i++) {
        out->a[ISO_Y][i] = inputs.a[ISO_Y][i];
        free(inputs.a[ISO_SAVED][i].v);
        if (iso_ops[c->op].def->forward_changes >> i & 1)
            free(inputs.a[ISO_W][i].v);
    }
    return rc;
}

static iso_rc check_element(struct iso_backend *judge, const struct iso_case *c,
                            const struct iso_call *call, struct iso_values *v, enum iso_group group,
                            int operand, int64_t j, struct iso_distance *d)
{
    const enum iso_group gradient = group == ISO_X ? ISO_DX : ISO_DW;
    struct iso_values plus = { 0 }, minus = { 0 };
    double *x = &v->a[group][operand].v[j];
    iso_rc rc = at(judge, c, call, v, x, STEP, &plus);
    if (rc == ISO_OK)
        rc = at(judge, c, call, v, x, -STEP, &minus);
    if (rc == ISO_OK) {
        const struct difference n =
            difference(iso_ops[c->op].kind, &plus, &minus, &v->a[ISO_DY][0]);
        const double got = v->a[gradient][operand].v[j], off = fabs(got - n.slope);
        const double allowed = 1e-7 * (fabs(got) + n.size) + n.rounding + 1e-9;
        if (!(off <= allowed))
            rc = iso_fail(ISO_EPARITY, "%s%d[%lld] is %.9g, central differences say %.9g",
                          iso_group_names[gradient], operand, (long long)j, got, n.slope);
        if (off > d->share * allowed)
            d->share = off / allowed;
        d->values++;
    }
    iso_values_free(&plus);
    iso_values_free(&minus);
    return rc;
}

static iso_rc check_tensor(struct iso_backend *judge, const struct iso_case *c,
                           const struct iso_call *call, uint64_t seed, struct iso_values *v,
                           enum iso_group group, int operand, struct iso_distance *d)
{
    const int64_t n = v->a[group][operand].n;
    struct iso_cost cost;
    iso_ops[c->op].def->cost(c->params, c->x, ISO_FORWARD, &cost);
    int64_t samples = SAMPLES_MOST;
    const double sample = 2 * (cost.flops + 5 * cost.bytes);
    if (sample * (double)samples > work)
        samples = (int64_t)(work / sample);
    if (samples < SAMPLES_LEAST)
        samples = SAMPLES_LEAST;
    const uint32_t stream = STREAM_SAMPLE + (uint32_t)(group * ISO_OPERANDS + operand);
    for (int64_t i = 0; i < n && i < samples; i++) {
        const int64_t j = n <= samples ? i : iso_fill_word(seed, stream, (uint64_t)i) % n;
        ISO_TRY(check_element(judge, c, call, v, group, operand, j, d));
    }
    return ISO_OK;
}

iso_rc iso_rung_gradient(struct iso_backend *judge, const struct iso_case *c, uint64_t seed,
                         struct iso_distance *d)
{
    struct iso_call call;
    struct iso_values v = { 0 };
    *d = (struct iso_distance){ 0 };
    ISO_TRY(iso_case_call(c, iso_case_seed(seed), 0, &call));
    ISO_TRY(iso_execute_case(judge, c, c->data, seed, &how, &v));
    iso_rc rc = ISO_OK;
    for (int i = 0; i < ISO_OPERANDS && rc == ISO_OK; i++) {
        if (v.a[ISO_DX][i].n > 0)
            rc = check_tensor(judge, c, &call, seed, &v, ISO_X, i, d);
        if (rc == ISO_OK && v.a[ISO_DW][i].n > 0)
            rc = check_tensor(judge, c, &call, seed, &v, ISO_W, i, d);
    }
    if (rc == ISO_OK && d->values == 0)
        rc = iso_fail(ISO_EPARITY, "no gradient was checked");
    iso_values_free(&v);
    return rc;
}
