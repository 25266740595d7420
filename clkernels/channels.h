/* channels.h: sums in blocks that a work-item makes for `width` channels side by side. */
#ifndef ISO_CLKERNELS_CHANNELS_H
#define ISO_CLKERNELS_CHANNELS_H

/* A block's sums are finished: they go to the total, and the next block begins. */
static inline void end_block(int width, float *sum, float *total)
{
    for (int i = 0; i < width; i++) {
        total[i] = add_term(total[i], sum[i]);
        sum[i] = start_of_sum();
    }
}

#endif
