/* bounds_class_loss.c: the formulas of the losses that absorb a softmax (core/ops/crossentropy.h,
 * core/ops/focal_crossentropy.h). */
#include "bounds.h"
#include "core/ops/infer.h"

#include <float.h>
#include <stdlib.h>

/* A row of logits: its probabilities and their logarithms, and what is computed from each class. */
struct row {
    enum iso_op op;
    const struct iso_call *call;
    const struct iso_values *v;
    int64_t index, classes;
    struct near *p, *l, *kept; /* [classes] */
};

static struct near parameter(const struct row *r, int i)
{
    return near_constant(r->call->scalars[i]);
}

/* p = exp(z - m) / s and l = (z - m) - log s: the largest logit m is exact. */
static void set_probabilities(const struct row *r)
{
    struct near_sum sum = { 0 };
    double max = -INFINITY;
    for (int64_t c = 0; c < r->classes; c++)
        max = fmax(max, bounds_element(r->v, ISO_X, 0, r->index * r->classes + c, 0).v);
    for (int64_t c = 0; c < r->classes; c++) {
        r->l[c] =
            near_sub(bounds_element(r->v, ISO_X, 0, r->index * r->classes + c, 0), near_input(max));
        r->p[c] = near_exp(r->l[c]);
        near_term(&sum, r->p[c]);
    }
    const struct near total = near_total(&sum, iso_axis_chain(r->classes));
    for (int64_t c = 0; c < r->classes; c++) {
        r->p[c] = near_div(r->p[c], total);
        r->l[c] = near_sub(r->l[c], near_log(total));
    }
}

/* The target of a class, smoothed. */
static struct near target_of(const struct row *r, int64_t c)
{
    const struct near t = bounds_element(r->v, ISO_X, 1, r->index * r->classes + c, 0);
    return near_fma(t, parameter(r, 1), near_div(parameter(r, 2), near_input((double)r->classes)));
}

/* a b, which a chain adds without a rounding. */
static struct near product(struct near a, struct near b)
{
    return (struct near){ a.v * b.v, fabs(a.v) * b.e + fabs(b.v) * a.e };
}

/* Returns what a class adds to minus the loss, and sets what its gradient keeps. */
static struct near crossentropy(const struct row *r, int64_t c)
{
    const struct near clip = parameter(r, 0), t = target_of(r, c);
    struct near l = r->l[c];
    r->kept[c] = t;
    if (clip.v > 0) {
        const struct near low = near_log(clip), high = near_log(near_sub(near_input(1), clip));
        const double inside = fmin(r->p[c].v - clip.v, 1 - clip.v - r->p[c].v);
        const double unsure = r->p[c].e + clip.e + FLT_EPSILON;
        l = l.v < low.v ? low : l.v > high.v ? high : l;
        if (inside < -unsure)
            r->kept[c] = near_input(0);
        else if (inside < unsure) /* it may be on the other side, where it is 0 */
            r->kept[c].e += fabs(t.v);
    }
    return product(t, l);
}

static struct near focal(const struct row *r, int64_t c)
{
    const struct near gamma = parameter(r, 0), alpha = parameter(r, 3), t = target_of(r, c);
    const struct near p = r->p[c], miss = near_sub(near_input(1), p);
    const struct near outer = near_mul(alpha, near_pow(near_negative(near_expm1(r->l[c])), gamma));
    const struct near factor = near_mul(alpha, near_pow(miss, gamma));
    const struct near steep = near_div(near_mul(p, near_log(p)), miss);
    const struct near turn = near_fma(near_negative(gamma), steep, near_input(1));
    r->kept[c] = near_mul(near_mul(t, factor), turn);
    return product(near_mul(t, outer), r->l[c]);
}

static struct near divergence(const struct row *r, int64_t c)
{
    const struct near t = bounds_element(r->v, ISO_X, 1, r->index * r->classes + c, 0);
    r->kept[c] = t;
    return t.v == 0 ? t : product(t, near_sub(r->l[c], near_log(t)));
}

/* A target that is one class. */
static struct near sparse(const struct row *r, int64_t c)
{
    const bool is = (double)c == bounds_element(r->v, ISO_X, 1, r->index, 0).v;
    r->kept[c] = near_input(is);
    return is ? r->l[c] : near_input(0);
}

static struct near class_of(const struct row *r, int64_t c)
{
    switch (r->op) {
    case ISO_OP_categorical_crossentropy: return crossentropy(r, c);
    case ISO_OP_categorical_focal_crossentropy: return focal(r, c);
    case ISO_OP_kl_divergence: return divergence(r, c);
    default: return sparse(r, c);
    }
}

/* dz = weight (p K - k) / rows of the step, with K the sum of k, which is 1 for a class. */
static void set_gradients(const struct row *r, struct near total, struct near weight,
                          struct iso_values *allowed)
{
    const struct near rows = near_input((double)r->call->step_rows);
    for (int64_t c = 0; c < r->classes; c++) {
        const struct near slope = near_fma(r->p[c], total, near_negative(r->kept[c]));
        bounds_allow(allowed, ISO_DX, 0, r->index * r->classes + c,
                     near_mul(weight, near_div(slope, rows)));
        bounds_allow(allowed, ISO_Y, 0, r->index * r->classes + c, r->p[c]);
    }
}

/* Sets the bounds of a row's results. Returns its weighted loss. */
static struct near bounds_of_row(const struct row *r, struct iso_values *allowed)
{
    const bool sums = r->op != ISO_OP_sparse_categorical_crossentropy;
    const struct near weight = bounds_element(r->v, ISO_X, 2, r->index, 1);
    struct near_sum loss = { 0 }, kept = { 0 };
    set_probabilities(r);
    for (int64_t c = 0; c < r->classes; c++) {
        near_term(&loss, class_of(r, c));
        near_term(&kept, r->kept[c]);
    }
    const int64_t chain = iso_axis_chain(r->classes);
    set_gradients(r, sums ? near_total(&kept, chain) : near_input(1), weight, allowed);
    const struct near total = sums ? near_total(&loss, chain) : (struct near){ loss.v, loss.e };
    return near_mul(weight, near_negative(total));
}

void bounds_class_loss(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                       struct iso_values *allowed)
{
    const int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    struct near *three = calloc((size_t)(3 * classes), sizeof *three);
    struct row r = { op, call, v, 0, classes, three, three + classes, three + 2 * classes };
    struct near_sum loss = { 0 };
    for (; three != NULL && r.index < rows; r.index++)
        near_term(&loss, bounds_of_row(&r, allowed));
    bounds_allow(allowed, ISO_Y, 1, 0,
                 near_div(near_total(&loss, iso_row_sum_chain(rows, 1)),
                          near_input((double)call->step_rows)));
    free(three);
}
