/* winograd_cpu.h: what both files of Winograd's convolution on CPU-shaped devices share: the
 * transforms of vectors, and the squares of pixels that they read. */
#ifndef ISO_CLKERNELS_WINOGRAD_CPU_H
#define ISO_CLKERNELS_WINOGRAD_CPU_H
#include "arguments.h"
#include "tile_cpu.h"
#include "core/arithmetic/winograd.h"

#define ISO_T vec
#define ISO_W(name) vector_##name
#define ISO_W_FN INLINE
#define ISO_W_ADD(a, b) ((a) + (b))
#define ISO_W_SUB(a, b) ((a) - (b))
#define ISO_W_MUL(c, a) ((vec)(c) * (a))
#define ISO_W_FMA(c, a, b) fma((vec)(c), a, b)
#define ISO_W_UNROLL _Pragma("unroll")
#include "core/arithmetic/winograd_transforms.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

/* Images, and how tiles lie on them. */
struct pixels {
    global const float *at;
    int h, w, channels;
};
struct place {
    int image, y, x;
};
INLINE struct place place_of(int t, int image_tiles, int tiles_x, int step, int top, int left)
{
    int inner = t % image_tiles;
    struct place at = { t / image_tiles, inner / tiles_x * step - top,
                        inner % tiles_x * step - left };
    return at;
}

/* A square of pixels, `n` channels from c on; +0 outside of the image. */
INLINE void load_square(const struct pixels *p, struct place at, int c, int n, const int side,
                        vec *d)
{
    const bool inside = at.y >= 0 && at.x >= 0 && at.y + side <= p->h && at.x + side <= p->w;
    const long start = (((long)at.image * p->h + at.y) * p->w + at.x) * p->channels + c;
    global const float *from = p->at + start;
    if (inside && n >= VECTOR) {
        UNROLLED(i, side)
            UNROLLED(j, side)
                d[i * side + j] = LOAD(from + (i * p->w + j) * p->channels);
        return;
    }
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            int y = at.y + i, x = at.x + j;
            bool there = y >= 0 && y < p->h && x >= 0 && x < p->w;
            d[i * side + j] = there ? load_some(from + (i * p->w + j) * p->channels, n)
                                    : (vec)(0.0f);
        }
    }
}

/* The source's transform of a tile's channels [begin, end), to v[36 planes][channel - begin]. */
INLINE void source_tile(const struct pixels *p, struct place at, int begin, int end,
                        global float *v, int plane)
{
    for (int c = begin; c < end; c += VECTOR) {
        vec d[POINTS], t[POINTS];
        load_square(p, at, c, end - c, SIDE, d);
        vector_source_square(d, t);
        UNROLLED(i, POINTS)
            STORE(t[i], v + (long)i * plane + c - begin);
    }
}

#endif
