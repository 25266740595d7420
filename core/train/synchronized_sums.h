/* synchronized_sums.h (private): the statistics of all shards of a step, from each shard's own
 * (core/ops/batch_normalization.h). Numbers are floats, or doubles of the double reference. */
#ifndef ISO_SYNCHRONIZED_SUMS_H
#define ISO_SYNCHRONIZED_SUMS_H
#include "core/iso.h"

struct iso_shard_sums {
    const void *numbers; /* [shards, 2, channels]: two sums of each shard over its own rows */
    int64_t channels;
    int shards, tree; /* those that have rows; and all of the balanced tree, a power of two */
    double shard_rows, last_rows, rows; /* rows, counted as in iso_bn_rows: of each shard but the
                                           last, of the last, and of the step */
};
/* From sums of x and of squares about a shard's own mean: writes the sums of the step to total [2,
 * channels], and its mean and variance to given [2, channels]. */
void iso_synchronize_statistics(const struct iso_shard_sums *, void *total, void *given);
void iso_synchronize_statistics_double(const struct iso_shard_sums *, void *total, void *given);
/* From dgamma and dbeta: writes offset and slope of iso_bn_grad to given [2, channels]. inverse:
 * [channels]. */
void iso_synchronize_gradients(const struct iso_shard_sums *, const void *inverse, void *given);
void iso_synchronize_gradients_double(const struct iso_shard_sums *, const void *inverse,
                                      void *given);
#endif
