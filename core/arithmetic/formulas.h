/* formulas.h: the elementwise formulas, each written once; valid C11 and OpenCL C 1.2.
 *
 * No sum takes a bare product, so there is nothing a compiler could contract. Results below the
 * smallest normal number are +0 (iso_flush). */
#ifndef ISO_FORMULAS_H
#define ISO_FORMULAS_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#endif

/* The elementwise functions that a model file can name, and those that parameters select. One entry
 * declares one function:
 *
 *   X(name, NAME, READS, y, dx)
 *     y      the value, from x and the function's one parameter, alpha
 *     READS  the gradient's source: RESULT if it reads the result, INPUT if it reads x because the
 *            function is not monotonic, so that the result does not determine the slope
 *     dx     the gradient, from that source, which it calls y, and the result's gradient dy */
/* clang-format off */
#define ISO_ACTIVATIONS(X)                                                                         \
    X(linear, LINEAR, RESULT, x, dy)                                                               \
    X(relu, RELU, RESULT, x < ISO_R(0.0) ? ISO_R(0.0) : x, y > ISO_R(0.0) ? dy : ISO_R(0.0))       \
    /* y = alpha (exp(x) - 1), so its slope is y + alpha */                                        \
    X(elu, ELU, RESULT, x > ISO_R(0.0) ? x : iso_flush(alpha * iso_expm1(x)),                      \
      y > ISO_R(0.0) ? dy : iso_flush(dy * (y + alpha)))                                           \
    X(sigmoid, SIGMOID, RESULT, iso_sigmoid(x), iso_flush(dy * (y * (ISO_R(1.0) - y))))            \
    X(tanh, TANH, RESULT, iso_tanh(x), iso_flush(dy * iso_fma(-y, y, ISO_R(1.0))))                 \
    X(leaky_relu, LEAKY_RELU, RESULT, x > ISO_R(0.0) ? x : iso_flush(alpha * x),                   \
      y > ISO_R(0.0) ? dy : iso_flush(alpha * dy))                                                 \
    /* sigmoid(x) = 1 - e^-y */                                                                    \
    X(softplus, SOFTPLUS, RESULT, iso_softplus(x), iso_flush(dy * -iso_expm1(-y)))                 \
    X(swish, SWISH, INPUT, iso_flush(x * iso_sigmoid(x)), iso_flush(dy * iso_swish_slope(y)))      \
    X(gelu, GELU, INPUT, iso_flush(x * iso_normal(x)), iso_flush(dy * iso_gelu_slope(y)))          \
    X(hard_sigmoid, HARD_SIGMOID, RESULT, iso_hold_unit(iso_flush(iso_fma(alpha, x, ISO_R(0.5)))), \
      ((y > ISO_R(0.0)) & (y < ISO_R(1.0))) ? iso_flush(alpha * dy) : ISO_R(0.0))                  \
    /* alpha is the largest result, 6 */                                                           \
    X(relu6, RELU6, RESULT, iso_hold(x, ISO_R(0.0), alpha),                                        \
      ((y > ISO_R(0.0)) & (y < alpha)) ? dy : ISO_R(0.0))                                          \
    X(hard_tanh, HARD_TANH, RESULT, iso_hold(x, ISO_R(-1.0), ISO_R(1.0)),                          \
      ((y > ISO_R(-1.0)) & (y < ISO_R(1.0))) ? dy : ISO_R(0.0))                                    \
    X(selu, SELU, RESULT,                                                                          \
      iso_flush(x > ISO_R(0.0) ? ISO_SELU_SCALE * x : ISO_SELU_LOW * iso_expm1(x)),                \
      iso_flush(dy * (y > ISO_R(0.0) ? ISO_SELU_SCALE : y + ISO_SELU_LOW)))                        \
    X(hard_silu, HARD_SILU, INPUT, iso_flush(x * iso_hard_silu_gate(x)),                           \
      iso_flush(dy * iso_hard_silu_slope(y)))                                                      \
    X(mish, MISH, INPUT, iso_flush(x * iso_tanh(iso_softplus(x))),                                 \
      iso_flush(dy * iso_mish_slope(y)))                                                           \
    /* 1 / (1 + |x|) = 1 - |y| */                                                                  \
    X(softsign, SOFTSIGN, RESULT, iso_div(x, ISO_R(1.0) + iso_magnitude(x)),                       \
      iso_flush(dy * iso_softsign_slope(y)))
/* The functions of whole rows along the last axis; they have formulas of their own. */
#define ISO_ROW_FUNCTIONS(X) X(softmax, SOFTMAX, ROWS) X(log_softmax, LOG_SOFTMAX, ROWS)
#define ISO_ELEMENTWISE(X)                                                                         \
    ISO_ACTIVATIONS(X)                                                                             \
    X(gelu_tanh, GELU_TANH, INPUT, iso_flush(x * iso_fma(ISO_R(0.5), iso_gelu_t(x), ISO_R(0.5))),  \
      iso_flush(dy * iso_gelu_tanh_slope(y)))
/* clang-format on */
#define ISO_ACTIVATION_ENUM(name, NAME, ...) ISO_##NAME,
enum iso_activation_function {
    ISO_ACTIVATIONS(ISO_ACTIVATION_ENUM) ISO_ROW_FUNCTIONS(ISO_ACTIVATION_ENUM)
        ISO_GELU_TANH /* gelu with approximate: true */
};

/* Returns true for a function of whole rows along the last axis. */
ISO_FN int iso_act_of_rows(int function)
{
    return function == ISO_SOFTMAX || function == ISO_LOG_SOFTMAX;
}

/* Returns true if x replaces the best value so far: the first of equal maxima stays, and NaN wins.
 */
ISO_FN int iso_beats(iso_real x, iso_real best)
{
    return x > best || (iso_isnan(x) && !iso_isnan(best));
}

/* Returns the number of classes that a row of n numbers predicts: n, with the largest number as the
 * prediction; or 2 for a single number, which predicts the second class if it is above a half, as
 * in Keras's binary_accuracy. */
ISO_FN int iso_row_classes(int n) { return n == 1 ? 2 : n; }

ISO_FN int iso_single_class(iso_real x) { return x > ISO_R(0.5); }

/* Returns true if x, the prediction for a class, ranks above t, that for the target's class. Equal
 * values do not; NaN ranks above everything, and everything ranks above a NaN t. */
ISO_FN int iso_ahead(iso_real x, iso_real t) { return !(x <= t); }

/* log(1 + e^x), without overflow: the larger of x and 0, plus log(1 + e^-|x|). */
ISO_FN iso_real iso_softplus_tail(iso_real x)
{
    return iso_log1p(iso_exp(x < ISO_R(0.0) ? x : -x));
}

ISO_FN iso_real iso_softplus(iso_real x)
{
    return iso_flush((x < ISO_R(0.0) ? ISO_R(0.0) : x) + iso_softplus_tail(x));
}

/* The normal distribution function; its argument's factor is 1 / sqrt 2. */
ISO_FN iso_real iso_normal(iso_real x)
{
    return iso_fma(ISO_R(0.5), iso_erf(x * ISO_R(0.70710678118654752440)), ISO_R(0.5));
}

/* The approximation of iso_normal for gelu: (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 = (1 +
 * t) / 2. */
ISO_FN iso_real iso_gelu_t(iso_real x)
{
    iso_real cubic = iso_fma(x * x, ISO_R(0.044715), ISO_R(1.0));
    return iso_tanh(x * ISO_R(0.79788456080286535588) * cubic);
}

/* Clamps x to [low, high]; NaN stays NaN. */
ISO_FN iso_real iso_hold(iso_real x, iso_real low, iso_real high)
{
    iso_real line = x < low ? low : x;
    return line > high ? high : line;
}

ISO_FN iso_real iso_hold_unit(iso_real x) { return iso_hold(x, ISO_R(0.0), ISO_R(1.0)); }

ISO_FN iso_real iso_magnitude(iso_real x) { return x < ISO_R(0.0) ? -x : x; }

/* The slopes of swish and of both kinds of gelu. */
ISO_FN iso_real iso_swish_slope(iso_real x)
{
    iso_real s = iso_sigmoid(x);
    return iso_fma(x * s, ISO_R(1.0) - s, s);
}

/* selu's scale and, below 0, its scale alpha (Klambauer et al., 2017). */
#define ISO_SELU_SCALE ISO_R(1.0507009873554804934193349852946)
#define ISO_SELU_LOW ISO_R(1.7580993408473768599402175208123)

/* hard_silu is x relu6(x + 3) / 6: x times a gate in [0, 1]. */
ISO_FN iso_real iso_hard_silu_gate(iso_real x)
{
    return iso_hold_unit(iso_fma(x, ISO_R(0.16666666666666666667), ISO_R(0.5)));
}

ISO_FN iso_real iso_hard_silu_slope(iso_real x)
{
    iso_real gate = iso_hard_silu_gate(x);
    iso_real line = iso_fma(x, ISO_R(0.33333333333333333333), ISO_R(0.5));
    return ((gate > ISO_R(0.0)) & (gate < ISO_R(1.0))) ? line : gate;
}

ISO_FN iso_real iso_mish_slope(iso_real x)
{
    iso_real t = iso_tanh(iso_softplus(x));
    return iso_fma(x * iso_sigmoid(x), iso_fma(-t, t, ISO_R(1.0)), t);
}

ISO_FN iso_real iso_softsign_slope(iso_real y)
{
    iso_real rest = ISO_R(1.0) - iso_magnitude(y);
    return rest * rest;
}

ISO_FN iso_real iso_gelu_slope(iso_real x) /* the density's factor is 1 / sqrt(2 pi) */
{
    iso_real density = iso_exp(ISO_R(-0.5) * x * x);
    return iso_fma(x * ISO_R(0.39894228040143267794), density, iso_normal(x));
}

ISO_FN iso_real iso_gelu_tanh_slope(iso_real x)
{
    iso_real t = iso_gelu_t(x), rest = iso_fma(-t, t, ISO_R(1.0));
    iso_real inner = iso_fma(x * x, ISO_R(0.134145), ISO_R(1.0));
    iso_real bend = x * ISO_R(0.39894228040143267794) * inner;
    return iso_fma(bend, rest, iso_fma(ISO_R(0.5), t, ISO_R(0.5)));
}

/* Return y = f(x) of an elementwise function, as iso_act_relu; alpha is its one parameter. */
#define ISO_ACT_ALONE(name, NAME, reads, value, gradient)      \
    ISO_FN iso_real iso_act_##name(iso_real alpha, iso_real x) \
    {                                                          \
        (void)alpha;                                           \
        return value;                                          \
    }
ISO_ELEMENTWISE(ISO_ACT_ALONE)
ISO_FN iso_real iso_act(int function, iso_real alpha, iso_real x)
{
#define ISO_ACT_VALUE(name, NAME, ...) \
    if (function == ISO_##NAME)        \
        return iso_act_##name(alpha, x);
    ISO_ELEMENTWISE(ISO_ACT_VALUE)
    return x;
}

/* Returns true if the function's gradient reads x, not y. */
ISO_FN int iso_act_reads_x(int function)
{
    enum { ISO_READS_RESULT, ISO_READS_INPUT };
#define ISO_ACT_READS(name, NAME, reads, value, gradient) \
    if (function == ISO_##NAME)                           \
        return ISO_READS_##reads;
    ISO_ELEMENTWISE(ISO_ACT_READS)
    return ISO_READS_RESULT;
}

/* Returns dx from the result's gradient dy and y, the result, or x if iso_act_reads_x. */
ISO_FN iso_real iso_act_grad(int function, iso_real alpha, iso_real y, iso_real dy)
{
#define ISO_ACT_GRADIENT(name, NAME, reads, value, gradient) \
    if (function == ISO_##NAME)                              \
        return gradient;
    ISO_ELEMENTWISE(ISO_ACT_GRADIENT)
    return dy;
}

/* iso_act_grad of a function whose gradient reads y. */
ISO_FN iso_real iso_act_grad_of_result(int function, iso_real alpha, iso_real y, iso_real dy)
{
#define ISO_OF_RESULT(NAME, gradient) \
    if (function == ISO_##NAME)       \
        return gradient;
#define ISO_OF_INPUT(NAME, gradient)
#define ISO_ACT_OF_RESULT(name, NAME, reads, value, gradient) ISO_OF_##reads(NAME, gradient)
    ISO_ELEMENTWISE(ISO_ACT_OF_RESULT)
    return dy;
}

/* Softmax: m = max z, s = lane sum of iso_softmax_exp, p = iso_softmax(z, m, s). */
ISO_FN iso_real iso_softmax_exp(iso_real z, iso_real m) { return iso_exp(z - m); }

ISO_FN iso_real iso_softmax(iso_real z, iso_real m, iso_real s)
{
    return iso_div(iso_softmax_exp(z, m), s);
}

/* dot: lane sum of fma(dy, y, lane) over the row. */
ISO_FN iso_real iso_softmax_grad(iso_real y, iso_real dy, iso_real dot)
{
    return iso_flush(y * (dy - dot));
}

/* l = log p, without the rounding of p; log_s = iso_log(s). */
ISO_FN iso_real iso_log_softmax(iso_real z, iso_real m, iso_real log_s) { return (z - m) - log_s; }

/* sum is the lane sum of dy over the row. */
ISO_FN iso_real iso_log_softmax_grad(iso_real y, iso_real dy, iso_real sum)
{
    return iso_flush(iso_fma(-iso_exp(y), sum, dy));
}

struct iso_loss_scalars {
    iso_real a, b, c, d, e;
}; /* parameters of a loss; their meaning depends on the loss */

/* Clips l = log p to the logarithms of [clip, 1 - clip], as Keras 2.2 clips probabilities; outside
 * that range the gradient is 0. clip 0: no clipping. */
ISO_FN iso_real iso_clip_log(iso_real l, iso_real clip)
{
    iso_real low = iso_log(clip), high = iso_log(ISO_R(1.0) - clip);
    iso_real clipped = l < low ? low : l > high ? high : l;
    return clip > ISO_R(0.0) ? clipped : l;
}

ISO_FN int iso_clipped(iso_real p, iso_real clip)
{
    int outside = (p < clip) | (p > ISO_R(1.0) - clip);
    return outside & (clip > ISO_R(0.0));
}

/* Label smoothing: keep is 1 - smoothing, and extra is each class's share of the smoothing. */
ISO_FN iso_real iso_smooth(iso_real t, iso_real keep, iso_real extra)
{
    return iso_fma(t, keep, extra);
}

/* The smoothed target of a class, for the softmax cross-entropy and, with clipping, for its
 * gradient. s.a: clip; s.b and s.c: keep and extra. */
ISO_FN iso_real iso_class_target(iso_real t, struct iso_loss_scalars s)
{
    return iso_smooth(t, s.b, s.c);
}

ISO_FN iso_real iso_clip_target(iso_real t, iso_real p, struct iso_loss_scalars s)
{
    return iso_clipped(p, s.a) ? ISO_R(0.0) : iso_class_target(t, s);
}

/* The weighted loss of a row; and a gradient of the batch mean, where slope is the derivative of
 * `count` times the loss. The weight is 1 for rows without one. */
ISO_FN iso_real iso_weighted_loss(iso_real loss, iso_real weight)
{
    return iso_flush(weight * loss);
}

ISO_FN iso_real iso_loss_grad(iso_real slope, iso_real count, iso_real weight)
{
    return iso_flush(weight * iso_div(slope, count));
}

/* d logits of the batch-mean cross-entropy: p of the class, its target t, total = lane sum of t. */
ISO_FN iso_real iso_crossentropy_grad(iso_real p, iso_real t, iso_real total, iso_real rows,
                                      iso_real weight)
{
    return iso_loss_grad(iso_fma(p, total, -t), rows, weight);
}

/* The pointwise losses (core/ops/loss.h): iso_*_add adds f(p, t) to a lane's chain, and iso_*_slope
 * is the derivative of f with respect to p. */

ISO_FN iso_real iso_squared_add(iso_real p, iso_real t, struct iso_loss_scalars s, iso_real lane)
{
    (void)s;
    return iso_fma(p - t, p - t, lane);
}

ISO_FN iso_real iso_squared_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    (void)s;
    return ISO_R(2.0) * (p - t);
}

ISO_FN iso_real iso_absolute_add(iso_real p, iso_real t, struct iso_loss_scalars s, iso_real lane)
{
    iso_real d = p - t;
    (void)s;
    return lane + (d < ISO_R(0.0) ? -d : d);
}

ISO_FN iso_real iso_absolute_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    iso_real d = p - t;
    (void)s;
    return d < ISO_R(0.0) ? ISO_R(-1.0) : d > ISO_R(0.0) ? ISO_R(1.0) : d; /* 0, or NaN */
}

/* Keras's log(max(x, epsilon) + 1), with an epsilon of 1e-7. */
ISO_FN iso_real iso_log_above(iso_real x) { return iso_log1p(x < ISO_R(1e-7) ? ISO_R(1e-7) : x); }

ISO_FN iso_real iso_squared_log_add(iso_real p, iso_real t, struct iso_loss_scalars s,
                                    iso_real lane)
{
    iso_real d = iso_log_above(p) - iso_log_above(t);
    (void)s;
    return iso_fma(d, d, lane);
}

ISO_FN iso_real iso_squared_log_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    iso_real d = iso_log_above(p) - iso_log_above(t);
    (void)s;
    return p < ISO_R(1e-7) ? ISO_R(0.0) : iso_div(ISO_R(2.0) * d, p + ISO_R(1.0));
}

/* Hinge losses: the excess is the distance of p on the wrong side of the margin, at least 0. A
 * label t of 0 counts as s.a. */
ISO_FN iso_real iso_hinge_label(iso_real t, struct iso_loss_scalars s)
{
    return t == ISO_R(0.0) ? s.a : t;
}

ISO_FN iso_real iso_hinge_excess(iso_real p, iso_real label)
{
    iso_real excess = iso_fma(-label, p, ISO_R(1.0));
    return excess < ISO_R(0.0) ? ISO_R(0.0) : excess;
}

/* Huber's loss: half the square up to a distance s.a, and beyond it the tangent there. */
ISO_FN iso_real iso_huber_add(iso_real p, iso_real t, struct iso_loss_scalars s, iso_real lane)
{
    iso_real d = p - t, far = iso_magnitude(d);
    iso_real square = iso_fma(ISO_R(0.5) * d, d, lane);
    iso_real line = iso_fma(s.a, far - ISO_R(0.5) * s.a, lane);
    return far > s.a ? line : square;
}

ISO_FN iso_real iso_huber_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    return iso_hold(p - t, -s.a, s.a);
}

ISO_FN iso_real iso_hinge_add(iso_real p, iso_real t, struct iso_loss_scalars s, iso_real lane)
{
    return lane + iso_hinge_excess(p, iso_hinge_label(t, s));
}

ISO_FN iso_real iso_hinge_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    iso_real label = iso_hinge_label(t, s);
    return iso_hinge_excess(p, label) > ISO_R(0.0) ? -label : ISO_R(0.0);
}

ISO_FN iso_real iso_squared_hinge_add(iso_real p, iso_real t, struct iso_loss_scalars s,
                                      iso_real lane)
{
    iso_real excess = iso_hinge_excess(p, iso_hinge_label(t, s));
    return iso_fma(excess, excess, lane);
}

ISO_FN iso_real iso_squared_hinge_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    iso_real label = iso_hinge_label(t, s);
    return ISO_R(-2.0) * label * iso_hinge_excess(p, label);
}

/* The losses that are the mean of a function of a prediction and its target: X(name, the function's
 * value added to a lane, its slope). Every backend makes their kernels from this list. */
/* clang-format off */
#define ISO_POINTWISE_LOSSES(X)                                                         \
    X(mean_squared_error, iso_squared_add, iso_squared_slope)                           \
    X(mean_absolute_error, iso_absolute_add, iso_absolute_slope)                        \
    X(mean_squared_logarithmic_error, iso_squared_log_add, iso_squared_log_slope)       \
    X(hinge, iso_hinge_add, iso_hinge_slope)                                            \
    X(squared_hinge, iso_squared_hinge_add, iso_squared_hinge_slope)                    \
    X(huber, iso_huber_add, iso_huber_slope)
/* clang-format on */

/* Binary cross-entropy: log p and log(1 - p) from the logit z, each clipped; s.a: clip; s.b and
 * s.c: keep and extra. */
ISO_FN iso_real iso_binary_add(iso_real z, iso_real t, struct iso_loss_scalars s, iso_real lane)
{
    iso_real tail = iso_softplus_tail(z), label = iso_smooth(t, s.b, s.c);
    iso_real yes = iso_clip_log((z < ISO_R(0.0) ? z : ISO_R(0.0)) - tail, s.a);
    iso_real no = iso_clip_log((z < ISO_R(0.0) ? ISO_R(0.0) : -z) - tail, s.a);
    return lane - iso_fma(label, yes, iso_flush((ISO_R(1.0) - label) * no));
}

/* The derivative with respect to z, from the probability p. */
ISO_FN iso_real iso_binary_slope(iso_real p, iso_real t, struct iso_loss_scalars s)
{
    return iso_clipped(p, s.a) ? ISO_R(0.0) : p - iso_smooth(t, s.b, s.c);
}

/* Binary focal cross-entropy (core/ops/focal_crossentropy.h) of the logit z: s.a: gamma; s.b and
 * s.c: keep and extra; s.d and s.e: the factors of labels 1 and 0. */
struct iso_focal_terms {
    iso_real label, yes, no, miss, factor, entropy;
};
ISO_FN struct iso_focal_terms iso_binary_focal_terms(iso_real z, iso_real t,
                                                     struct iso_loss_scalars s)
{
    struct iso_loss_scalars unclipped = { ISO_R(0.0), s.b, s.c, ISO_R(0.0), ISO_R(0.0) };
    struct iso_focal_terms f;
    iso_real other;
    f.label = iso_smooth(t, s.b, s.c);
    other = ISO_R(1.0) - f.label;
    f.yes = iso_sigmoid(z);
    f.no = iso_sigmoid(-z);
    f.miss = iso_fma(f.label, f.no, iso_flush(other * f.yes));
    f.factor = iso_fma(f.label, s.d, iso_flush(other * s.e));
    f.factor = iso_flush(f.factor * iso_pow(f.miss, s.a));
    f.entropy = iso_binary_add(z, t, unclipped, ISO_R(0.0));
    return f;
}

ISO_FN iso_real iso_binary_focal_add(iso_real z, iso_real t, struct iso_loss_scalars s,
                                     iso_real lane)
{
    struct iso_focal_terms f = iso_binary_focal_terms(z, t, s);
    return iso_fma(f.factor, f.entropy, lane);
}

/* The derivative with respect to z, from z. Where the miss is 0, so are both its terms. */
ISO_FN iso_real iso_binary_focal_slope(iso_real z, iso_real t, struct iso_loss_scalars s)
{
    struct iso_focal_terms f = iso_binary_focal_terms(z, t, s);
    iso_real steep = iso_div(iso_flush(f.yes * f.no), f.miss);
    iso_real turn = s.a * iso_fma(ISO_R(-2.0), f.label, ISO_R(1.0));
    iso_real slope = iso_fma(iso_flush(turn * steep), f.entropy, f.yes - f.label);
    return f.miss == ISO_R(0.0) ? ISO_R(0.0) : iso_flush(f.factor * slope);
}

/* The losses that absorb a sigmoid: X(name, the function's value added to a lane, its slope by the
 * logit, what the slope reads: LOGIT or PROBABILITY). Every backend makes their kernels from this
 * list. */
/* clang-format off */
#define ISO_SIGMOID_LOSSES(X)                                                           \
    X(binary_crossentropy, iso_binary_add, iso_binary_slope, PROBABILITY)               \
    X(binary_focal_crossentropy, iso_binary_focal_add, iso_binary_focal_slope, LOGIT)
/* clang-format on */

/* The losses that absorb a softmax and have a target for each class: the loss of a row is minus the
 * sum over classes that iso_*_class_add adds to, from l = log p; the gradient of the logits is that
 * of a cross-entropy against iso_*_kept, from p. s.c: the smoothing's share of one class. */
ISO_FN iso_real iso_crossentropy_class_add(iso_real l, iso_real t, struct iso_loss_scalars s,
                                           iso_real lane)
{
    return iso_fma(iso_class_target(t, s), iso_clip_log(l, s.a), lane);
}

/* Categorical focal cross-entropy (core/ops/focal_crossentropy.h); s.a: gamma, s.d: alpha. */
ISO_FN iso_real iso_focal_class_add(iso_real l, iso_real t, struct iso_loss_scalars s,
                                    iso_real lane)
{
    iso_real factor = iso_flush(s.d * iso_pow(-iso_expm1(l), s.a));
    return iso_fma(iso_flush(iso_class_target(t, s) * factor), l, lane);
}

ISO_FN iso_real iso_focal_kept(iso_real t, iso_real p, struct iso_loss_scalars s)
{
    iso_real miss = ISO_R(1.0) - p, factor = iso_flush(s.d * iso_pow(miss, s.a));
    iso_real steep = iso_div(p == ISO_R(0.0) ? p : iso_flush(p * iso_log(p)), miss);
    iso_real turn = miss == ISO_R(0.0) ? ISO_R(1.0) : iso_fma(-s.a, steep, ISO_R(1.0));
    return iso_flush(iso_flush(iso_class_target(t, s) * factor) * turn);
}

/* The Kullback-Leibler divergence; a target of 0 adds nothing. */
ISO_FN iso_real iso_divergence_class_add(iso_real l, iso_real t, struct iso_loss_scalars s,
                                         iso_real lane)
{
    (void)s;
    return t == ISO_R(0.0) ? lane : iso_fma(t, l - iso_log(t), lane);
}

ISO_FN iso_real iso_divergence_kept(iso_real t, iso_real p, struct iso_loss_scalars s)
{
    (void)p, (void)s;
    return t;
}

/* These losses: X(name, iso_*_class_add, iso_*_kept). Every backend makes their kernels from this
 * list. */
/* clang-format off */
#define ISO_CLASS_LOSSES(X)                                                             \
    X(categorical_crossentropy, iso_crossentropy_class_add, iso_clip_target)            \
    X(categorical_focal_crossentropy, iso_focal_class_add, iso_focal_kept)              \
    X(kl_divergence, iso_divergence_class_add, iso_divergence_kept)
/* clang-format on */

/* Used for both values and gradients; outside training, scale is 1 and keep is 1. */
ISO_FN iso_real iso_dropout(int keep, iso_real x, iso_real scale)
{
    return keep ? iso_flush(x * scale) : ISO_R(0.0);
}

/* Returns the network's input for a byte x of an image: x times the factor of its channel, plus its
 * offset. With an offset of 0 the result is the rounded product. */
ISO_FN iso_real iso_pixel(iso_real x, iso_real factor, iso_real offset)
{
    return iso_flush(iso_fma(x, factor, offset));
}

/* The mean of a window of `count` pixels, from their sum. */
ISO_FN iso_real iso_pool_mean(iso_real sum, iso_real count)
{
    return iso_flush(iso_div(sum, count));
}

/* Adds one more input to a sum of tensors. */
ISO_FN iso_real iso_add(iso_real sum, iso_real x) { return iso_flush(sum + x); }

/* layer_scale and prelu (core/ops/channel_scale.h): a value, its gradient, and what dy is
 * multiplied with in the sum of the factor's gradient. */
enum iso_channel_factor { ISO_FACTOR_ALWAYS, ISO_FACTOR_BELOW_0 };
ISO_FN iso_real iso_channel_value(int kind, iso_real x, iso_real factor)
{
    return ((kind == ISO_FACTOR_BELOW_0) & (x > ISO_R(0.0))) ? x : iso_flush(factor * x);
}

ISO_FN iso_real iso_channel_grad(int kind, iso_real x, iso_real factor, iso_real dy)
{
    return ((kind == ISO_FACTOR_BELOW_0) & (x > ISO_R(0.0))) ? dy : iso_flush(factor * dy);
}

ISO_FN iso_real iso_channel_term(int kind, iso_real x)
{
    return ((kind == ISO_FACTOR_BELOW_0) & (x > ISO_R(0.0))) ? ISO_R(0.0) : x;
}

/* Local response normalization: square is the sum of squares; exponent is -beta, and -(beta + 1)
 * for the part of the gradient that comes by way of the squares. */
ISO_FN iso_real iso_lrn_power(iso_real square, iso_real scale, iso_real bias, iso_real exponent)
{
    return iso_pow(iso_fma(scale, square, bias), exponent);
}

ISO_FN iso_real iso_lrn(iso_real x, iso_real power) { return iso_flush(x * power); }

ISO_FN iso_real iso_lrn_part(iso_real x, iso_real power, iso_real dy)
{
    return iso_flush(dy * iso_flush(x * power));
}

ISO_FN iso_real iso_lrn_grad(iso_real x, iso_real own, iso_real factor, iso_real parts)
{
    return iso_flush(iso_fma(-iso_flush(factor * x), parts, own));
}

/* Attention: a finished sum of products times a scale, or 1; and with the bias of two places, which
 * the shift of windows has set apart or not. */
#define ISO_ATTENTION_APART ISO_R(-100.0)
ISO_FN iso_real iso_attention_scaled(iso_real sum, iso_real scale)
{
    return iso_flush(sum * scale);
}
ISO_FN iso_real iso_attention_placed(iso_real score, iso_real bias, int apart)
{
    return iso_flush(iso_flush(score + bias) + (apart ? ISO_ATTENTION_APART : ISO_R(0.0)));
}

/* A row of length 1: the inverse of the length of a row with this sum of squares, an element, and
 * the gradient of one. dot: the sum of dy y; 0 where epsilon is the larger. */
ISO_FN iso_real iso_unit_inverse(iso_real squares, iso_real epsilon)
{
    return iso_div(ISO_R(1.0), iso_sqrt(squares > epsilon ? squares : epsilon));
}
ISO_FN iso_real iso_unit_scaled(iso_real x, iso_real inverse) { return iso_flush(x * inverse); }
ISO_FN iso_real iso_unit_grad(iso_real y, iso_real dy, iso_real dot, iso_real inverse)
{
    return iso_flush(iso_fma(-y, dot, dy) * inverse);
}

/* An element of a product of tensors. */
ISO_FN iso_real iso_multiply(iso_real a, iso_real b) { return iso_flush(a * b); }

/* Batch normalization of one channel (core/ops/batch_normalization.h). centre is x - mean. The
 * backward row sums are chains of dy, and of fma(dy, x - mean, chain).
 *
 * The statistics read x once. Each block of n rows gives three numbers: its sum s, a chain of x;
 * its own mean m = iso_bn_block_mean(s, n); and q, a chain of iso_bn_square(x - m, chain). Over all
 * rows, mean = (row sum, with s for each block) / rows, and then, with iso_bn_block_square for each
 * block, variance = (row sum) / rows. */
ISO_FN iso_real iso_bn_square(iso_real centre, iso_real chain)
{
    return iso_fma(centre, centre, chain);
}

ISO_FN iso_real iso_bn_block_mean(iso_real s, iso_real n) { return iso_div(s, n); }

/* Returns the sum of squares of a block about the mean of all rows, from the block's n rows, its
 * own mean m, and q, its sum of squares about m. */
ISO_FN iso_real iso_bn_block_square(iso_real m, iso_real q, iso_real n, iso_real mean)
{
    iso_real centre = m - mean;
    return iso_fma(n * centre, centre, q);
}

ISO_FN iso_real iso_bn_inverse(iso_real variance, iso_real epsilon)
{
    return iso_rsqrt(variance + epsilon);
}

/* The new moving statistic; rest is 1 - momentum, rounded once from double. */
ISO_FN iso_real iso_bn_moving(iso_real moving, iso_real batch, iso_real momentum, iso_real rest)
{
    return iso_flush(iso_fma(momentum, moving, iso_flush(rest * batch)));
}

/* The same from a sum over this number of rows. */
ISO_FN iso_real iso_bn_moving_sum(iso_real moving, iso_real sum, iso_real rows, iso_real momentum,
                                  iso_real rest)
{
    return iso_bn_moving(moving, iso_div(sum, rows), momentum, rest);
}

/* gamma is 1 and beta is 0 if a layer has none. */
ISO_FN iso_real iso_bn_factor(iso_real gamma, iso_real inverse)
{
    return iso_flush(gamma * inverse);
}

ISO_FN iso_real iso_bn(iso_real x, iso_real mean, iso_real factor, iso_real beta)
{
    return iso_flush(iso_fma(x - mean, factor, beta));
}

/* product: row sum of dy (x - mean). */
ISO_FN iso_real iso_bn_dgamma(iso_real product, iso_real inverse)
{
    return iso_flush(product * inverse);
}

/* The terms that iso_bn_grad subtracts from dy: offset, and slope times x - mean; both are 0
 * outside training. */
ISO_FN iso_real iso_bn_offset(iso_real dbeta, iso_real rows) { return iso_div(dbeta, rows); }

ISO_FN iso_real iso_bn_total_slope(iso_real dgamma, iso_real inverse, iso_real rows)
{
    return iso_div(iso_flush(dgamma * inverse), rows);
}

ISO_FN iso_real iso_bn_slope(iso_real product, iso_real inverse, iso_real rows)
{
    return iso_bn_total_slope(iso_bn_dgamma(product, inverse), inverse, rows);
}

ISO_FN iso_real iso_bn_grad(iso_real x, iso_real mean, iso_real dy, iso_real offset, iso_real slope,
                            iso_real factor)
{
    return iso_flush(factor * iso_fma(-(x - mean), slope, dy - offset));
}

/* Layer normalization (core/ops/layer_normalization.h): the formulas above along a row. iso_bn_grad
 * then takes the inverse as its factor, and as its dy the gradient before gamma and beta: */
ISO_FN iso_real iso_ln_dy(iso_real dy, iso_real gamma) { return iso_flush(dy * gamma); }

/* The normalized element, before gamma and beta. The row sums of dgamma are chains of fma(dy, this,
 * chain). */
ISO_FN iso_real iso_ln_unit(iso_real x, iso_real mean, iso_real inverse)
{
    return iso_flush((x - mean) * inverse);
}

/* Sums over a whole tensor: adds element x to a lane's chain. */
enum iso_sum_of { ISO_SUM_ABSOLUTE, ISO_SUM_SQUARES };
ISO_FN iso_real iso_sum_term(int of, iso_real x, iso_real chain)
{
    return of == ISO_SUM_SQUARES ? iso_fma(x, x, chain) : chain + (x < ISO_R(0.0) ? -x : x);
}

/* The penalty that a weight adds to the loss, from the sums of |w| and of w w, and the derivative
 * that it adds to the weight's gradient; two_l2 is 2 l2. A factor of 0 drops its term, even if the
 * weights hold infinities or NaN. */
ISO_FN iso_real iso_penalty(iso_real absolute, iso_real squares, iso_real l1, iso_real l2)
{
    iso_real sum = l1 > ISO_R(0.0) ? iso_flush(l1 * absolute) : ISO_R(0.0);
    return l2 > ISO_R(0.0) ? iso_flush(iso_fma(l2, squares, sum)) : sum;
}

ISO_FN iso_real iso_penalty_grad(iso_real w, iso_real l1, iso_real two_l2)
{
    iso_real slope = w > ISO_R(0.0) ? l1 : w < ISO_R(0.0) ? -l1 : iso_isnan(w) ? w : ISO_R(0.0);
    return iso_flush(two_l2 > ISO_R(0.0) ? iso_fma(two_l2, w, slope) : slope);
}

/* Clamps an element of a gradient to [-limit, limit]; NaN stays NaN. */
ISO_FN iso_real iso_clip_value(iso_real g, iso_real limit)
{
    return g < -limit ? -limit : g > limit ? limit : g;
}

/* Scales an element of gradients so that their norm is at most limit. */
ISO_FN iso_real iso_clip_norm(iso_real g, iso_real norm, iso_real limit)
{
    return norm <= limit ? g : iso_div(iso_flush(g * limit), norm);
}

#endif
