/* initializer.h: initial weights, made on the host from counter-based random numbers, the same for
 * every backend. */
#ifndef ISO_INITIALIZER_H
#define ISO_INITIALIZER_H
#include "field.h"
/* Writes iso_shape_count(shape) values; fails with ISO_ENOMEM only. layer and weight select the
 * stream of random numbers. Fans as Keras: the last axis is the output, the one before it the
 * input, the rest the receptive field. */
iso_rc iso_initialize(const struct iso_initializer *, const struct iso_shape *shape, uint64_t seed,
                      uint32_t layer, uint32_t weight, float *out);

/* Returns number `element` of an initializer's stream of normally distributed numbers with mean 0
 * and deviation 1. */
float iso_initial_normal(uint64_t seed, uint32_t layer, uint32_t weight, uint32_t element);
/* orthogonal.c: orthonormalizes n vectors of m elements, n <= m, changing each as little as
 * possible. v: [n, m]. */
void iso_orthogonalize(double *v, int64_t n, int64_t m);

/* The initializers a model file can name; the index is enum iso_initializer_kind. fields describe
 * struct iso_initializer. */
enum { ISO_INITIALIZERS = ISO_INIT_ORTHOGONAL + 1 };
extern const struct iso_named_doc iso_initializer_docs[ISO_INITIALIZERS];
#endif
