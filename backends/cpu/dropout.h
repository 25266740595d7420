/* dropout.h: the random words of dropout, many blocks of Philox side by side. */
#ifndef ISO_CPU_DROPOUT_H
#define ISO_CPU_DROPOUT_H
#include "../../core/ops/dropout.h"
#include "../../core/random.h"
#include "elements.h"

enum { ISO_CPU_DROP_BLOCKS = 16, ISO_CPU_DROP_WORDS = 4 * ISO_CPU_DROP_BLOCKS };

struct iso_drop { float scale; uint32_t threshold, step, layer, key[2]; };

/* Outside of training: scale 1 and threshold 0, which drops nothing. */
static inline struct iso_drop iso_cpu_drop_of(const struct iso_call *call)
{
    return (struct iso_drop){
        .scale = call->training ? (float)call->scalars[ISO_DROPOUT_SCALE] : 1.0f,
        .threshold = call->training ? (uint32_t)call->scalars[ISO_DROPOUT_THRESHOLD] : 0,
        .step = call->step,
        .layer = call->layer, .key = { (uint32_t)call->seed, (uint32_t)(call->seed >> 32) },
    };
}

/* The random words of the elements from 4 block on. */
static inline void iso_cpu_draw(const struct iso_drop *d, uint32_t block,
                                uint32_t word[restrict ISO_CPU_DROP_WORDS])
{
    for (int b = 0; b < ISO_CPU_DROP_BLOCKS; b++) {
        const iso_u32x4 r = iso_philox(block + (uint32_t)b, d->step, d->layer, ISO_RANDOM_DROPOUT,
                                       d->key[0], d->key[1]);
        for (int i = 0; i < 4; i++)
            word[4 * b + i] = r.v[i];
    }
}
#endif
