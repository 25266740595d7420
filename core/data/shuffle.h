/* shuffle.h: random orders. */
#ifndef ISO_SHUFFLE_H
#define ISO_SHUFFLE_H
#include "core/iso.h"
#include "core/arithmetic/random.h"

/* Writes a permutation of 0..n-1: Fisher-Yates, unbiased, with Philox numbers of (seed, epoch) for
 * this purpose. */
void iso_shuffle_for(enum iso_random purpose, uint64_t seed, uint32_t epoch, int32_t *order,
                     int64_t n);
/* Writes the order of an epoch's rows. */
void iso_shuffle(uint64_t seed, uint32_t epoch, int32_t *order, int64_t n);
#endif
