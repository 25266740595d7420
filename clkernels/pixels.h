/* pixels.h: steps over the pixels of images, and over those that windows with a stride see, without
 * a division for each. */
#ifndef ISO_CLKERNELS_PIXELS_H
#define ISO_CLKERNELS_PIXELS_H

/* Moves to the next of the pixels of images of oh x ow, row by row. */
static inline void next_pixel(int ow, int oh, int *ox, int *oy, int *image)
{
    const int line = ++*ox == ow;
    *ox = line ? 0 : *ox;
    *oy += line;
    const int last = *oy == oh;
    *oy = last ? 0 : *oy;
    *image += last;
}

/* A position along an axis, which is at stride + rest, with rest from 0 to stride - 1. */
struct strided {
    int at, rest;
};

/* Returns a position of at least 0. */
static inline struct strided strided(int position, int stride)
{
    const int at = position / stride;
    return (struct strided){ at, position - at * stride };
}

/* Returns the position `by` before p, which may be below 0. */
static inline struct strided before(struct strided p, struct strided by, int stride)
{
    const int rest = p.rest - by.rest;
    return (struct strided){ p.at - by.at - (rest < 0), rest < 0 ? rest + stride : rest };
}

#endif
