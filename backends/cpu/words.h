/* words.h: random words: many Philox blocks at a time. */
#ifndef ISO_CPU_WORDS_H
#define ISO_CPU_WORDS_H
#include "core/arithmetic/random.h"
#include "elements.h"

enum { ISO_CPU_WORD_BLOCKS = 16, ISO_CPU_WORDS = 4 * ISO_CPU_WORD_BLOCKS };

/* The key and, except for the number of the Philox block, the counter of random numbers; and the
 * index in the step of the call's first row, from which blocks are counted. */
struct iso_cpu_random {
    uint32_t step, layer, purpose, key[2];
    int64_t first_row;
};
static inline struct iso_cpu_random iso_cpu_random_of(const struct iso_call *call,
                                                      enum iso_random purpose)
{
    return (struct iso_cpu_random){ call->step,
                                    call->layer,
                                    purpose,
                                    { (uint32_t)call->seed, (uint32_t)(call->seed >> 32) },
                                    call->first_row };
}

/* Returns the first block of row `row` of the call, if each row has `each` blocks. */
static inline uint32_t iso_cpu_row_block(const struct iso_cpu_random *s, int64_t row, int64_t each)
{
    return (uint32_t)((s->first_row + row) * each);
}

/* Returns the four words of one block. */
static inline iso_u32x4 iso_cpu_four(const struct iso_cpu_random *s, uint32_t block)
{
    return iso_philox(block, s->step, s->layer, s->purpose, s->key[0], s->key[1]);
}

/* Returns the words of a row of the call, if each row has one block. */
static inline iso_u32x4 iso_cpu_row_words(const struct iso_cpu_random *s, int64_t row)
{
    return iso_cpu_four(s, iso_cpu_row_block(s, row, 1));
}

/* Writes the words of 16 blocks from `block` on. */
static inline void iso_cpu_words(const struct iso_cpu_random *s, uint32_t block,
                                 uint32_t word[restrict ISO_CPU_WORDS])
{
    for (int b = 0; b < ISO_CPU_WORD_BLOCKS; b++) {
        const iso_u32x4 r =
            iso_philox(block + (uint32_t)b, s->step, s->layer, s->purpose, s->key[0], s->key[1]);
        for (int i = 0; i < 4; i++)
            word[4 * b + i] = r.v[i];
    }
}

/* Copies x to y: an augmentation outside training. */
static inline void iso_cpu_copy(const struct iso_call *call)
{
    memcpy(iso_cpu_f32(&call->y[0]), iso_cpu_f32(&call->x[0]),
           (size_t)iso_shape_count(&call->x[0].shape) * sizeof(float));
}
#endif
