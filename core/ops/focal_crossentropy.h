/* focal_crossentropy.h: definitions shared by the two focal cross-entropies (Lin et al., 2017),
 * which count an example the less, the better it is predicted. Binary, pointwise, of p =
 * sigmoid(z):
 *
 *   q = t (1 - p) + (1 - t) p,  f = w q^gamma (-(t log p + (1 - t) log(1 - p)))
 *   f' by z = w q^gamma (p - t + gamma (1 - 2 t) p (1 - p) / q (-(t log p + (1 - t) log(1 - p))))
 *
 * where w is t alpha + (1 - t) (1 - alpha) with class balancing, otherwise 1. Categorical, of p =
 * softmax(z):
 *
 *   loss of a row = -sum alpha (1 - p)^gamma t log p
 *   dz = weight of the row (p sum k - k) / rows,  k = alpha t (1 - p)^gamma (1 - gamma p log p / (1
 * - p))
 *
 * t is smoothed first, as by the cross-entropies, whose x, y and dx they have (crossentropy.h).
 * Formulas and defaults are those of Keras's BinaryFocalCrossentropy and
 * CategoricalFocalCrossentropy; nothing is clipped. */
#ifndef ISO_OP_FOCAL_CROSSENTROPY_H
#define ISO_OP_FOCAL_CROSSENTROPY_H
#include "crossentropy.h"
struct iso_focal_crossentropy {
    double gamma, alpha, label_smoothing;
    bool from_logits, apply_class_balancing; /* the second one is binary's only */
};
enum { ISO_FOCAL_FLOPS = 80 }; /* per element, for the cost */
/* Rows of the field tables. */
#define ISO_FOCAL_GAMMA                                                                         \
    {                                                                                           \
        "gamma", ISO_FIELD_REAL, offsetof(struct iso_focal_crossentropy, gamma), "2.0", 0, 16,  \
            NULL, "the power by which well predicted examples count less; 0: all count equally" \
    }
#define ISO_FOCAL_ALPHA(doc)                                                                   \
    {                                                                                          \
        "alpha", ISO_FIELD_REAL, offsetof(struct iso_focal_crossentropy, alpha), "0.25", 0, 1, \
            NULL, doc                                                                          \
    }
#define ISO_FOCAL_SMOOTHING                                                            \
    {                                                                                  \
        "label_smoothing", ISO_FIELD_REAL,                                             \
            offsetof(struct iso_focal_crossentropy, label_smoothing), "0", 0, 1, NULL, \
            "the share of each target that is spread evenly over the classes"          \
    }
void iso_focal_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                    struct iso_cost *out);
#endif
