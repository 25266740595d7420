/* optimizers.h: the optimizers' formulas for one element of a weight, each standing once; valid C11
 * and OpenCL C 1.2. The rules of formulas.h hold here, too. */
#ifndef ISO_OPTIMIZERS_H
#define ISO_OPTIMIZERS_H

#ifndef __OPENCL_C_VERSION__
#include "formulas.h"
#endif

/* Without momentum: the new weight. */
ISO_FN iso_real iso_sgd_w(iso_real w, iso_real g, iso_real rate)
{
    return iso_flush(iso_fma(-rate, g, w));
}

/* With momentum: the new momentum v, and from it the new weight. */
ISO_FN iso_real iso_sgd_v(iso_real v, iso_real g, iso_real rate, iso_real momentum)
{
    return iso_flush(iso_fma(momentum, v, -iso_flush(rate * g)));
}

ISO_FN iso_real iso_sgd_momentum_w(iso_real w, iso_real v, iso_real g, iso_real rate,
                                   iso_real momentum, int nesterov)
{
    return iso_flush(w + (nesterov ? iso_sgd_v(v, g, rate, momentum) : v));
}

/* The new moving average of the gradients, and of their squares. rest is 1 - keep, rounded once
 * from double. */
ISO_FN iso_real iso_mean(iso_real m, iso_real g, iso_real keep, iso_real rest)
{
    return iso_flush(iso_fma(keep, m, iso_flush(rest * g)));
}

ISO_FN iso_real iso_mean_square(iso_real v, iso_real g, iso_real keep, iso_real rest)
{
    return iso_flush(iso_fma(keep, v, iso_flush(rest * iso_flush(g * g))));
}

/* Returns the larger of two numbers, or NaN if either is NaN. */
ISO_FN iso_real iso_larger(iso_real a, iso_real b) { return iso_beats(b, a) ? b : a; }

/* Adam, from the new means m and v. AdamW first decays the weight by the share `decay` of itself.
 */
ISO_FN iso_real iso_adam_decay(iso_real w, iso_real decay)
{
    return decay > ISO_R(0.0) ? iso_flush(iso_fma(-decay, w, w)) : w;
}

ISO_FN iso_real iso_adam_w(iso_real w, iso_real m, iso_real v, iso_real rate, iso_real epsilon)
{
    return iso_flush(iso_fma(-rate, iso_div(m, iso_sqrt(v) + epsilon), w));
}

/* The mean that Nadam passes to Adam's formula as m. */
ISO_FN iso_real iso_nadam_m(iso_real m, iso_real g, iso_real of_m, iso_real of_g)
{
    return iso_flush(iso_fma(of_m, m, iso_flush(of_g * g)));
}

/* Adamax: the new norm u, and from it and the new mean m the new weight. */
ISO_FN iso_real iso_adamax_u(iso_real u, iso_real g, iso_real beta_2)
{
    return iso_larger(iso_flush(beta_2 * u), iso_flush(g < ISO_R(0.0) ? -g : g));
}

ISO_FN iso_real iso_adamax_w(iso_real w, iso_real m, iso_real u, iso_real rate, iso_real epsilon)
{
    return iso_flush(iso_fma(-rate, iso_div(m, u + epsilon), w));
}

/* The place of epsilon, for optimizers that offer a choice: inside or outside the square root. */
enum iso_epsilon_placement { ISO_EPSILON_INSIDE, ISO_EPSILON_OUTSIDE };

ISO_FN iso_real iso_root(iso_real square, iso_real epsilon, int placement)
{
    return placement == ISO_EPSILON_OUTSIDE ? iso_sqrt(square) + epsilon
                                            : iso_sqrt(square + epsilon);
}

/* Adagrad: the new sum a of the squared gradients, and from it the new weight. */
ISO_FN iso_real iso_adagrad_a(iso_real a, iso_real g) { return iso_flush(iso_fma(g, g, a)); }

ISO_FN iso_real iso_adagrad_w(iso_real w, iso_real g, iso_real a, iso_real rate, iso_real epsilon,
                              int placement)
{
    return iso_flush(iso_fma(-rate, iso_div(g, iso_root(a, epsilon, placement)), w));
}

/* Adadelta: the step, from the new mean square a of the gradients and the mean square d of the
 * steps before it. */
ISO_FN iso_real iso_adadelta_step(iso_real g, iso_real a, iso_real d, iso_real epsilon)
{
    return iso_div(iso_flush(iso_sqrt(d + epsilon) * g), iso_sqrt(a + epsilon));
}

ISO_FN iso_real iso_adadelta_w(iso_real w, iso_real step, iso_real rate)
{
    return iso_flush(iso_fma(-rate, step, w));
}

/* RMSprop: the divisor of the step. v: the new mean square; a: the new mean of the gradients, 0 if
 * not centered. */
ISO_FN iso_real iso_rmsprop_root(iso_real v, iso_real a, iso_real epsilon, int placement)
{
    return iso_root(iso_flush(iso_fma(-a, a, v)), epsilon, placement);
}

/* Without momentum: the new weight. */
ISO_FN iso_real iso_rmsprop_w(iso_real w, iso_real g, iso_real root, iso_real rate)
{
    return iso_flush(iso_fma(-rate, iso_div(g, root), w));
}

/* With momentum: the new momentum m, and from it the new weight. */
ISO_FN iso_real iso_rmsprop_m(iso_real m, iso_real g, iso_real root, iso_real rate,
                              iso_real momentum)
{
    return iso_flush(iso_fma(momentum, m, iso_flush(rate * iso_div(g, root))));
}

ISO_FN iso_real iso_rmsprop_momentum_w(iso_real w, iso_real m) { return iso_flush(w - m); }

#endif
