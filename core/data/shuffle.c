/* shuffle.c: random orders, of an epoch's rows and others. */
#include "shuffle.h"

#include <assert.h>

/* A number in [0, bound), bound from 1, every one equally likely: Lemire's multiply with rejection
 * ("Fast Random Integer Generation in an Interval", 2019). entry: the one being drawn for. */
static uint32_t draw_below(enum iso_random purpose, uint64_t seed, uint32_t epoch, uint32_t entry,
                           uint32_t bound)
{
    uint32_t unfair = -bound % bound; /* low halves below this would favour small results */
    for (uint32_t attempt = 0;; attempt++) {
        iso_u32x4 r =
            iso_philox(entry, attempt, epoch, purpose, (uint32_t)seed, (uint32_t)(seed >> 32));
        uint64_t product = (uint64_t)r.v[0] * bound;
        if ((uint32_t)product >= unfair)
            return (uint32_t)(product >> 32);
    }
}

void iso_shuffle_for(enum iso_random purpose, uint64_t seed, uint32_t epoch, int32_t *order,
                     int64_t n)
{
    assert(n >= 0 && n <= INT32_MAX);
    for (int32_t i = 0; i < n; i++)
        order[i] = i;
    for (int32_t i = (int32_t)n - 1; i > 0; i--) {
        uint32_t j = draw_below(purpose, seed, epoch, (uint32_t)i, (uint32_t)i + 1);
        int32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

void iso_shuffle(uint64_t seed, uint32_t epoch, int32_t *order, int64_t n)
{
    iso_shuffle_for(ISO_RANDOM_SHUFFLE, seed, epoch, order, n);
}
