/* normalized_sets.h: layer_normalization and group_normalization, which differ in the sets of
 * numbers that have a mean and a variance. x is [outer, pixels, groups, size], and a set is the
 * n = pixels size numbers of one `outer` and one group, in this order: a set of
 * layer_normalization is a row (one pixel, one group), one of group_normalization some channels of
 * an example. With the gamma and beta of each number's channel, in training and outside it:
 *
 *   mean = lane sum of x / n,  square = lane sum of (x - mean)^2
 *   inverse = 1 / sqrt(square / n + epsilon)
 *   y = (x - mean) (gamma inverse) + beta
 *   g = dy gamma,  a = lane sum of g,  b = lane sum of g (x - mean)
 *   dx = inverse ((g - a / n) - (x - mean) (b inverse^2 / n))
 *   dbeta = row sum of dy,  dgamma = row sum of dy ((x - mean) inverse)
 * Lane sums run along a set, row sums over the pixels or examples, as defined in
 * core/arithmetic/order.h; both are chains of additions or of fma. core/arithmetic/formulas.h has
 * each formula. */
#ifndef ISO_OP_NORMALIZED_SETS_H
#define ISO_OP_NORMALIZED_SETS_H
#include "batch_normalization.h" /* iso_bn_rows */
enum {
    ISO_LN_GAMMA,
    ISO_LN_BETA
}; /* w, each [channels]; gamma only with scale, beta with center */
enum { ISO_LN_MEAN, ISO_LN_INVERSE }; /* saved, one for each set */
enum { ISO_LN_EPSILON };              /* scalars */

struct iso_normalized_sets {
    int64_t outer, pixels, groups, size;
};
/* Returns the layout of layer_normalization on x. */
struct iso_normalized_sets iso_layer_normalization_sets(const struct iso_shape *x);

/* Returns the number of sets, of channels, and of the numbers of a set. */
static inline int64_t iso_sets_count(const struct iso_normalized_sets *s)
{
    return s->outer * s->groups;
}
static inline int64_t iso_sets_channels(const struct iso_normalized_sets *s)
{
    return s->groups * s->size;
}
static inline int64_t iso_sets_size(const struct iso_normalized_sets *s)
{
    return s->pixels * s->size;
}
/* Returns the index in x of the first number of a set. */
static inline int64_t iso_sets_first(const struct iso_normalized_sets *s, int64_t set)
{
    return set / s->groups * s->pixels * iso_sets_channels(s) + set % s->groups * s->size;
}
/* Returns the set of channel c in row r, of a pixel or an example. */
static inline int64_t iso_sets_of(const struct iso_normalized_sets *s, int64_t r, int64_t c)
{
    return r / s->pixels * s->groups + c / s->size;
}

/* Computes the cost of a pass on x, which has these sets. */
void iso_normalized_sets_cost(const struct iso_normalized_sets *, const struct iso_shape *x,
                              enum iso_pass, struct iso_cost *out);
#endif
