/* dropout.h: functions shared by dropout of elements and of channels. */
#ifndef ISO_CPU_DROPOUT_H
#define ISO_CPU_DROPOUT_H
#include "core/ops/dropout.h"
#include "words.h"

struct iso_drop {
    float scale;
    uint32_t threshold;
    struct iso_cpu_random random;
};

/* Outside training, returns scale 1 and threshold 0, which drops nothing. */
static inline struct iso_drop iso_cpu_drop_of(const struct iso_call *call)
{
    return (struct iso_drop){
        .scale = call->training ? (float)call->scalars[ISO_DROPOUT_SCALE] : 1.0f,
        .threshold = call->training ? (uint32_t)call->scalars[ISO_DROPOUT_THRESHOLD] : 0,
        .random = iso_cpu_random_of(call, ISO_RANDOM_DROPOUT),
    };
}
#endif
