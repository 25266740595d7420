/* allowed.c: the bound on the distance of each result of a pass from the judge's
 * (core/arithmetic/bounds.h).
 */
#include "harness.h"
#include "core/arithmetic/bounds.h"
#include "core/ops/conv2d.h"
#include "core/ops/infer.h"
#include "core/arithmetic/winograd.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static const struct iso_how how = { .junk = 0xFF };

enum iso_algorithm iso_algorithm_of(enum iso_op op, const struct iso_call *call)
{
    const struct iso_op_def *def = iso_ops[op].def;
    return def->algorithm != NULL ? def->algorithm(call->params, &call->x[0].shape) : ISO_DIRECT;
}

/* ---- S ------------------------------------------------------------------------------------- */

static iso_rc map(double (*f)(double), const struct iso_values *v, struct iso_values *out)
{
    ISO_TRY(iso_values_copy(out, v));
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            for (int64_t e = 0; e < out->a[g][i].n; e++)
                out->a[g][i].v[e] = f(out->a[g][i].v[e]);
    return ISO_OK;
}

static iso_rc absolute(const struct iso_values *v, struct iso_values *out)
{
    return map(fabs, v, out);
}

static double one(double x)
{
    (void)x;
    return 1;
}

iso_rc iso_rung_sums(struct iso_backend *judge, enum iso_op op, const struct iso_call *call,
                     enum iso_pass pass, const struct iso_values *v, struct iso_values *sums)
{
    iso_rc rc = absolute(v, sums);
    if (rc == ISO_OK)
        rc = iso_execute_pass(judge, op, call, pass, &how, sums);
    if (rc != ISO_OK)
        iso_values_free(sums);
    return rc;
}

/* ---- Winograd's S: as large as the largest in reach ------------------------------------------ */

/* Along an axis of `length` elements, `inner` apart. */
static iso_rc widen_along(struct iso_array *a, int64_t length, int64_t inner, int64_t reach)
{
    double *wide = iso_alloc((size_t)a->n, sizeof *wide);
    if (wide == NULL)
        return ISO_ENOMEM;
    for (int64_t e = 0; e < a->n; e++) {
        const int64_t at = e / inner % length, from = at < reach ? -at : -reach;
        const int64_t to = at + reach < length ? reach : length - 1 - at;
        for (int64_t i = from; i <= to; i++)
            wide[e] = a->v[e + i * inner] > wide[e] ? a->v[e + i * inner] : wide[e];
    }
    free(a->v);
    a->v = wide;
    return ISO_OK;
}

/* Applies the maximum along the height and the width of images, or of a kernel. */
static iso_rc widen(struct iso_array *a, int64_t height, int64_t width, int64_t elements,
                    int64_t reach)
{
    if (a->n == 0)
        return ISO_OK;
    ISO_TRY(widen_along(a, width, elements / (height * width), reach));
    return widen_along(a, height, elements / height, reach);
}

static iso_rc widen_images(struct iso_array *a, const struct iso_shape *s, int64_t reach)
{
    return widen(a, s->dim[1], s->dim[2], s->dim[1] * s->dim[2] * s->dim[3], reach);
}

/* No pixel of a tile is further than 5 from another, wherever the tile begins. */
static iso_rc winograd_sums(struct iso_backend *judge, enum iso_op op, const struct iso_call *call,
                            enum iso_pass pass, const struct iso_values *v, struct iso_values *sums)
{
    const struct iso_shape *x = &call->x[0].shape, *y = &call->y[0].shape, *w = &call->w[0].shape;
    const int64_t reach = ISO_WINOGRAD_SIDE - 1, results = ISO_WINOGRAD_TILE(w->dim[0]) - 1;
    const int64_t taps = iso_shape_count(w);
    struct iso_values wide = { 0 };
    iso_rc rc = absolute(v, &wide);
    if (rc == ISO_OK)
        rc = widen_images(&wide.a[ISO_X][0], x, reach);
    if (rc == ISO_OK)
        rc = widen_images(&wide.a[ISO_DY][0], y, reach);
    if (rc == ISO_OK)
        rc = widen(&wide.a[ISO_W][0], w->dim[0], w->dim[1], taps, reach);
    if (rc == ISO_OK)
        rc = iso_rung_sums(judge, op, call, pass, &wide, sums);
    iso_values_free(&wide);
    if (rc == ISO_OK)
        rc = widen_images(&sums->a[ISO_Y][0], y, results);
    if (rc == ISO_OK)
        rc = widen_images(&sums->a[ISO_DX][0], x, results);
    return rc;
}

/* ---- c eps sqrt(k) --------------------------------------------------------------------------- */

typedef void transform(const iso_real *, iso_real *);

/* The matrix of a transform that has `from` numbers to `to`. */
static void matrix_of(transform *f, int from, int to, double m[6][6])
{
    for (int j = 0; j < from; j++) {
        iso_real unit[6] = { 0 }, column[6];
        unit[j] = 1;
        f(unit, column);
        for (int i = 0; i < to; i++)
            m[i][j] = (double)column[i];
    }
}

static double square_of_row(const double row[6], int n)
{
    double sum = 0;
    for (int j = 0; j < n; j++)
        sum += row[j] * row[j];
    return sum;
}

double iso_bound_winograd(int ntaps)
{
    static transform *const taps[] = { iso_winograd_taps2, iso_winograd_taps3, iso_winograd_taps4,
                                       iso_winograd_taps5 };
    static transform *const results[] = { iso_winograd_result2, iso_winograd_result3,
                                          iso_winograd_result4, iso_winograd_result5 };
    const int nresults = ISO_WINOGRAD_TILE(ntaps);
    double a[6][6], b[6][6], g[6][6], greatest = 0;
    matrix_of(iso_winograd_source, 6, 6, b);
    matrix_of(taps[ntaps - 2], ntaps, 6, g);
    matrix_of(results[nresults - 2], 6, nresults, a);
    for (int i = 0; i < nresults; i++) {
        double sum = 0;
        for (int p = 0; p < 6; p++)
            sum += a[i][p] * a[i][p] * square_of_row(b[p], 6) * square_of_row(g[p], ntaps);
        greatest = sum > greatest ? sum : greatest;
    }
    return greatest / ntaps;
}

static double factor(double c, int64_t chain) { return c * FLT_EPSILON * sqrt((double)chain); }

/* Returns the factor for Winograd's algorithm, where the sums at each point have `chain` terms. */
static double winograd_factor(int ntaps, int64_t chain)
{
    return factor(iso_bound_winograd(ntaps), chain + ISO_WINOGRAD_ROUNDINGS);
}

/* Returns the factor for a convolution by Winograd's algorithm; the gradient of the bias, dw[1], is
 * a plain sum. */
static double conv2d_factor(const struct iso_call *call, enum iso_group group, int operand,
                            bool any_order)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window w = iso_conv2d_window(p, &call->x[0].shape);
    const int64_t tile = ISO_WINOGRAD_TILE(w.kh);
    const int64_t tiles = ((w.oh + tile - 1) / tile) * ((w.ow + tile - 1) / tile);
    const int64_t terms = group == ISO_DX ? p->filters : w.c;
    const int64_t rows = group == ISO_DW && operand > 0 ? w.oh * w.ow
                                                        : tiles; /* each image has so many */
    const int64_t chain = any_order ? w.n * rows : iso_row_sum_chain(w.n, rows);
    if (group == ISO_DW && operand > 0)
        return factor(ISO_BOUND_DIRECT, chain);
    if (group == ISO_DW)
        return winograd_factor((int)tile, chain);
    const int64_t blocks = (terms + ISO_BLOCK_CHANNELS - 1) / ISO_BLOCK_CHANNELS;
    return winograd_factor((int)w.kh,
                           blocks > 1 && !any_order ? ISO_BLOCK_CHANNELS + blocks : terms);
}

/* Multiplies the sums of each result by its factor. terms: the number of terms of each direct sum,
 * of which another order may make one chain; NULL: the order is that of core/arithmetic/order.h. */
static void multiply(enum iso_op op, const struct iso_call *call, enum iso_pass pass,
                     const struct iso_values *terms, struct iso_values *allowed)
{
    const bool winograd = iso_algorithm_of(op, call) == ISO_WINOGRAD;
    struct iso_cost cost;
    iso_call_cost(op, call, pass, &cost);
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(pass, (enum iso_group)g); i++) {
            struct iso_array *a = &allowed->a[g][i];
            for (int64_t e = 0; e < a->n; e++) {
                const double n = terms != NULL ? terms->a[g][i].v[e] : 0;
                const int64_t k = n > (double)cost.chain ? (int64_t)n : cost.chain;
                a->v[e] *= winograd ? conv2d_factor(call, (enum iso_group)g, i, terms != NULL)
                                    : factor(ISO_BOUND_DIRECT, k + ISO_BOUND_BIAS);
            }
        }
}

/* Computes the number of terms of each direct sum: the sum itself where every factor is 1. */
static iso_rc count_terms(struct iso_backend *judge, enum iso_op op, const struct iso_call *call,
                          enum iso_pass pass, const struct iso_values *v, struct iso_values *terms)
{
    struct iso_values ones;
    ISO_TRY(map(one, v, &ones));
    const iso_rc rc = iso_rung_sums(judge, op, call, pass, &ones, terms);
    iso_values_free(&ones);
    return rc;
}

iso_rc iso_rung_allowed(struct iso_backend *judge, enum iso_op op, const struct iso_call *call,
                        enum iso_pass pass, const struct iso_values *v, enum iso_sum_order order,
                        struct iso_values *allowed)
{
    const bool winograd = iso_algorithm_of(op, call) == ISO_WINOGRAD;
    struct iso_values terms = { 0 };
    ISO_TRY((winograd ? winograd_sums : iso_rung_sums)(judge, op, call, pass, v, allowed));
    const iso_rc rc = order == ISO_ANY_ORDER ? count_terms(judge, op, call, pass, v, &terms)
                                             : ISO_OK;
    if (rc == ISO_OK)
        multiply(op, call, pass, order == ISO_ANY_ORDER ? &terms : NULL, allowed);
    else
        iso_values_free(allowed);
    iso_values_free(&terms);
    return rc;
}

/* ---- The rung -------------------------------------------------------------------------------- */

iso_rc iso_rung_bounded(struct iso_backend *judge, enum iso_op op, const struct iso_call *call,
                        enum iso_pass pass, const struct iso_values *v, enum iso_sum_order order,
                        struct iso_distance *d)
{
    struct iso_values want = { 0 }, allowed = { 0 };
    iso_rc rc = iso_values_copy(&want, v);
    if (rc == ISO_OK)
        rc = iso_execute_pass(judge, op, call, pass, &how, &want);
    if (rc == ISO_OK)
        rc = iso_rung_allowed(judge, op, call, pass, v, order, &allowed);
    if (rc == ISO_OK)
        rc = iso_compare_bounded(pass, &want, v, &allowed, d);
    iso_values_free(&want);
    iso_values_free(&allowed);
    return rc;
}
