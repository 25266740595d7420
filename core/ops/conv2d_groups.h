/* conv2d_groups.h: how the kernels of all backends see a convolution with groups: filter o sees the
 * channels of group o / out only, `in` of them. */
#ifndef ISO_OP_CONV2D_GROUPS_H
#define ISO_OP_CONV2D_GROUPS_H
#include "conv2d.h"

struct iso_conv_groups {
    struct iso_window window;
    int64_t filters, groups, in, out, taps; /* in, out: channels and filters of a group */
    struct iso_rows rows;                   /* the output's pixels */
};
static inline struct iso_conv_groups iso_conv_groups(const struct iso_call *call)
{
    const struct iso_conv2d *p = (const struct iso_conv2d *)call->params;
    struct iso_conv_groups g = { .window = iso_conv2d_window(p, &call->x[0].shape),
                                 .filters = p->filters,
                                 .groups = p->groups };
    g.in = g.window.c / p->groups;
    g.out = p->filters / p->groups;
    g.taps = g.window.kh * g.window.kw;
    g.rows.image = g.window.oh * g.window.ow;
    g.rows.rows = g.window.n * g.rows.image;
    return g;
}
static inline bool iso_conv2d_has_groups(const struct iso_call *call)
{
    return ((const struct iso_conv2d *)call->params)->groups > 1;
}

/* Returns the input pixel that tap (ky, kx) of output pixel (n, oy, ox) reads; -1: beyond the
 * border. */
static inline int64_t iso_conv_groups_input(const struct iso_window *v, int64_t n, int64_t oy,
                                            int64_t ox, int64_t ky, int64_t kx)
{
    const int64_t iy = oy * v->sh + ky * v->dh - v->top, ix = ox * v->sw + kx * v->dw - v->left;
    return iy < 0 || iy >= v->h || ix < 0 || ix >= v->w ? -1 : (n * v->h + iy) * v->w + ix;
}

/* Sets *at to the output pixel whose tap (ky, kx) reads input pixel (n, iy, ix); -1: beyond the
 * border. Returns false where the strides leave the tap out. */
static inline bool iso_conv_groups_output(const struct iso_window *v, int64_t n, int64_t iy,
                                          int64_t ix, int64_t ky, int64_t kx, int64_t *at)
{
    const int64_t y = iy + v->top - ky * v->dh, x = ix + v->left - kx * v->dw;
    const int64_t oy = y / v->sh, ox = x / v->sw;
    const bool outside = y < 0 || x < 0 || oy >= v->oh || ox >= v->ow;
    *at = outside ? -1 : (n * v->oh + oy) * v->ow + ox;
    return y % v->sh == 0 && x % v->sw == 0;
}
#endif
