/* bounds_loss.c: the formulas of the losses of single numbers (core/ops/loss.h), and of those that
 * absorb a sigmoid. Each function f has a kink or a jump at most where a computed number may be on
 * its other side; the error there is what f jumps by. */
#include "bounds.h"
#include "core/ops/infer.h"

#include <float.h>

/* The parameters of a loss (core/arithmetic/formulas.h). */
struct scalars {
    struct near a, b, c, d, e;
};
/* A term of the sum of f(p, t), and f's slope by p. */
struct part {
    struct near term, slope;
};
typedef struct part loss_part(struct near p, struct near t, const struct scalars *);

static struct scalars scalars_of(const struct iso_call *call)
{
    const double *s = call->scalars;
    return (struct scalars){ near_constant(s[0]), near_constant(s[1]), near_constant(s[2]),
                             near_constant(s[3]), near_constant(s[4]) };
}

/* a b, which a chain adds without a rounding. */
static struct near product(struct near a, struct near b)
{
    return (struct near){ a.v * b.v, fabs(a.v) * b.e + fabs(b.v) * a.e };
}

static struct near twice(struct near a) { return (struct near){ 2 * a.v, 2 * a.e }; }
static struct near one(void) { return near_input(1); }

static struct part squared(struct near p, struct near t, const struct scalars *s)
{
    const struct near d = near_sub(p, t);
    (void)s;
    return (struct part){ product(d, d), twice(d) };
}

/* The sign of a rounded difference is that of the exact one. */
static struct part absolute(struct near p, struct near t, const struct scalars *s)
{
    const struct near d = near_sub(p, t);
    (void)s;
    return (struct part){ { fabs(d.v), d.e }, near_input(d.v < 0 ? -1 : d.v > 0) };
}

static struct near log_above(struct near x)
{
    return near_log1p(x.v < 1e-7 ? near_constant(1e-7) : x);
}

static struct part squared_log(struct near p, struct near t, const struct scalars *s)
{
    const struct near d = near_sub(log_above(p), log_above(t));
    (void)s;
    return (struct part){ product(d, d),
                          p.v < 1e-7 ? near_input(0) : near_div(twice(d), near_add(p, one())) };
}

static struct near hinge_label(struct near t, const struct scalars *s)
{
    return t.v == 0 ? s->a : t;
}

static struct near excess(struct near p, struct near label)
{
    const struct near x = near_fma(near_negative(label), p, one());
    return x.v < 0 ? near_input(0) : x;
}

static struct part hinge(struct near p, struct near t, const struct scalars *s)
{
    const struct near label = hinge_label(t, s), x = excess(p, label);
    return (struct part){ x, x.v > 0 ? near_negative(label) : near_input(0) };
}

static struct part squared_hinge(struct near p, struct near t, const struct scalars *s)
{
    const struct near label = hinge_label(t, s), x = excess(p, label);
    return (struct part){ product(x, x), near_mul(near_negative(twice(label)), x) };
}

static struct part huber(struct near p, struct near t, const struct scalars *s)
{
    const struct near d = near_sub(p, t), far = { fabs(d.v), d.e };
    const struct near half = { s->a.v / 2, s->a.e / 2 };
    if (far.v > s->a.v)
        return (struct part){ product(s->a, near_sub(far, half)),
                              { copysign(s->a.v, d.v), fmax(s->a.e, d.e) } };
    return (struct part){ product((struct near){ d.v / 2, d.e / 2 }, d), d };
}

/* Holds l between the logarithms of clip and of 1 - clip. */
static struct near clip_log(struct near l, struct near clip)
{
    if (clip.v <= 0)
        return l;
    const struct near low = near_log(clip), high = near_log(near_sub(one(), clip));
    return l.v < low.v ? low : l.v > high.v ? high : l;
}

/* -(t log p + (1 - t) log(1 - p)), of the logit z and the smoothed label t. */
static struct near entropy(struct near z, struct near t, struct near clip)
{
    const struct near tail = near_log1p(near_exp(near_input(-fabs(z.v))));
    const struct near yes = clip_log(near_sub(near_input(fmin(z.v, 0)), tail), clip);
    const struct near no = clip_log(near_sub(near_input(fmin(-z.v, 0)), tail), clip);
    return near_negative(near_fma(t, yes, near_mul(near_sub(one(), t), no)));
}

/* The gradient of a clipped probability is 0; where it may be on the other side, either. */
static struct near unless_clipped(struct near slope, struct near p, struct near clip)
{
    const double inside = fmin(p.v - clip.v, 1 - clip.v - p.v);
    if (clip.v <= 0 || inside > p.e + clip.e + FLT_EPSILON)
        return slope;
    if (inside < -(p.e + clip.e + FLT_EPSILON))
        return near_input(0);
    return (struct near){ slope.v, slope.e + fabs(slope.v) };
}

static struct part binary(struct near z, struct near t, const struct scalars *s)
{
    const struct near label = near_fma(t, s->b, s->c), p = near_sigmoid(z);
    return (struct part){ entropy(z, label, s->a), unless_clipped(near_sub(p, label), p, s->a) };
}

static struct part binary_focal(struct near z, struct near t, const struct scalars *s)
{
    const struct near label = near_fma(t, s->b, s->c), other = near_sub(one(), label);
    const struct near yes = near_sigmoid(z), no = near_sigmoid(near_negative(z));
    const struct near miss = near_fma(label, no, near_mul(other, yes));
    const struct near balance = near_fma(label, s->d, near_mul(other, s->e));
    const struct near factor = near_mul(balance, near_pow(miss, s->a));
    const struct near e = entropy(z, label, near_input(0));
    const struct near steep = near_div(near_mul(yes, no), miss);
    const struct near turn = near_mul(s->a, near_fma(near_input(-2), label, one()));
    const struct near slope = near_fma(near_mul(turn, steep), e, near_sub(yes, label));
    return (struct part){ product(factor, e), near_mul(factor, slope) };
}

static loss_part *part_of(enum iso_op op)
{
    switch (op) {
    case ISO_OP_mean_squared_error: return squared;
    case ISO_OP_mean_absolute_error: return absolute;
    case ISO_OP_mean_squared_logarithmic_error: return squared_log;
    case ISO_OP_hinge: return hinge;
    case ISO_OP_squared_hinge: return squared_hinge;
    case ISO_OP_huber: return huber;
    case ISO_OP_binary_crossentropy: return binary;
    default: return binary_focal;
    }
}

/* The mean over rows of the weighted means over columns, y[output]; dx = weight f' / count. */
static void bounds_of_parts(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                            int output, struct iso_values *allowed)
{
    const int64_t rows = call->x[0].shape.dim[0], columns = call->x[0].shape.dim[1];
    const struct near count = near_input((double)(call->step_rows * columns));
    const struct scalars s = scalars_of(call);
    loss_part *f = part_of(op);
    struct near_sum loss = { 0 };
    for (int64_t row = 0; row < rows; row++) {
        const struct near weight = bounds_element(v, ISO_X, 2, row, 1);
        struct near_sum sum = { 0 };
        for (int64_t i = row * columns; i < (row + 1) * columns; i++) {
            const struct part part =
                f(bounds_element(v, ISO_X, 0, i, 0), bounds_element(v, ISO_X, 1, i, 0), &s);
            near_term(&sum, part.term);
            bounds_allow(allowed, ISO_DX, 0, i, near_mul(weight, near_div(part.slope, count)));
        }
        const struct near total = near_total(&sum, iso_axis_chain(columns));
        near_term(&loss, near_mul(weight, near_div(total, near_input((double)columns))));
    }
    bounds_allow(allowed, ISO_Y, output, 0,
                 near_div(near_total(&loss, iso_row_sum_chain(rows, 1)),
                          near_input((double)call->step_rows)));
}

void bounds_pointwise_loss(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                           struct iso_values *allowed)
{
    bounds_of_parts(op, call, v, 0, allowed);
}

void bounds_sigmoid_loss(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                         struct iso_values *allowed)
{
    for (int64_t i = 0; i < allowed->a[ISO_Y][0].n; i++)
        bounds_allow(allowed, ISO_Y, 0, i, near_sigmoid(bounds_element(v, ISO_X, 0, i, 0)));
    bounds_of_parts(op, call, v, 1, allowed);
}
