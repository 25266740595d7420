/* window.h: the pixels that the taps of a window reach, in both directions. */
#ifndef ISO_REFERENCE_WINDOW_H
#define ISO_REFERENCE_WINDOW_H
#include "core/ops/window.h"
#include "reference.h"

/* Returns the input pixel [c] that tap (ky, kx) of output pixel (n, oy, ox) reads; NULL beyond the
 * border. */
static inline const iso_real *ref_input_pixel(const struct iso_window *g, const iso_real *x,
                                              int64_t n, int64_t oy, int64_t ox, int64_t ky,
                                              int64_t kx)
{
    int64_t iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
    bool inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
    return inside ? x + ((n * g->h + iy) * g->w + ix) * g->c : NULL;
}

/* Finds, along one axis, the output position whose tap, `tap` pixels into its window, reads input
 * position i; *where may lie outside the output. Returns false if the stride leaves no such
 * position. before: padding before the first pixel. */
static inline bool ref_position(int64_t i, int64_t before, int64_t tap, int64_t stride,
                                int64_t *where)
{
    int64_t distance = i + before - tap;
    *where = distance / stride;
    return distance % stride == 0;
}

/* Finds the output pixel [channels] whose tap (ky, kx) reads input pixel (n, iy, ix); *pixel is
 * NULL if it lies outside the output. Returns false if the strides leave no such pixel. */
static inline bool ref_output_pixel(const struct iso_window *g, const iso_real *dy,
                                    int64_t channels, int64_t n, int64_t iy, int64_t ix, int64_t ky,
                                    int64_t kx, const iso_real **pixel)
{
    int64_t oy, ox;
    if (!ref_position(iy, g->top, ky * g->dh, g->sh, &oy) ||
        !ref_position(ix, g->left, kx * g->dw, g->sw, &ox))
        return false;
    bool inside = oy >= 0 && oy < g->oh && ox >= 0 && ox < g->ow;
    *pixel = inside ? dy + ((n * g->oh + oy) * g->ow + ox) * channels : NULL;
    return true;
}

#endif
