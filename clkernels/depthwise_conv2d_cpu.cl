/* depthwise_conv2d_cpu.cl: each channel convolved by itself, on CPU-shaped devices, one result of
 * each channel. A work-item takes a line of results, or a group of rows of the kernel's gradient, a
 * vector of channels at a time. */
#include "common.h"
#include "arguments.h"
#include "vectors.h"

/* The taps of a pixel, ascending: where their terms lie in the source, -1 in its border, and in the
 * kernel. */
struct taps {
    int count, outside;
    int source[OPENCL_DEPTHWISE_TAPS], kern[OPENCL_DEPTHWISE_TAPS];
};

INLINE void add_tap(struct taps *t, bool inside, int source, int kern)
{
    t->source[t->count] = inside ? source : -1;
    t->kern[t->count++] = kern;
    t->outside += !inside;
}

/* The sum over the taps of a vector of channels: a block is not longer than OPENCL_DEPTHWISE_TAPS.
 */
INLINE vec sum_taps(const struct taps *t, global const float *source, global const float *kern,
                    int n)
{
    vec sum = (vec)(start_of_sum());
    if (t->outside == 0 && n >= VECTOR) {
        for (int i = 0; i < t->count; i++)
            sum = fma(LOAD(source + t->source[i]), LOAD(kern + t->kern[i]), sum);
    } else {
        for (int i = 0; i < t->count; i++) {
            vec value = (vec)(0.0f);
            if (t->source[i] >= 0)
                value = load_some(source + t->source[i], n);
            sum = fma(value, load_some(kern + t->kern[i], n), sum);
        }
    }
    return sum + (vec)(start_of_sum()); /* a sum never ends in -0 */
}

/* ---- Lines of 3 x 3 taps ---- */

/* Tap (ky, kx) of result j of a line lies at source pixel (y + ky down, x + j stride + kx across).
 */
struct line {
    int h, w, c, y, down, x, stride, across, count;
};

INLINE struct line forward_line(const struct opencl_window_cpu *g, int oy)
{
    struct line l = { g->h, g->w, g->c, oy * g->sh - g->top, g->dh, -g->left, g->sw, g->dw, g->ow };
    return l;
}

/* Without strides; the source is dy. */
INLINE struct line backward_line(const struct opencl_window_cpu *g, int iy)
{
    struct line l = { g->oh, g->ow, g->c, iy + g->top, -g->dh, g->left, 1, -g->dw, g->w };
    return l;
}

INLINE bool within(int at, int step, int size)
{
    const int last = at + 2 * step;
    return at >= 0 && last >= 0 && at < size && last < size;
}

/* The sum of the taps of a vector of n channels at source column x; kern: the taps. */
INLINE vec nine_taps(const struct line *l, global const float *source, int x, const vec *kern,
                     int n)
{
    vec sum = (vec)(start_of_sum());
    if (n >= VECTOR && within(l->y, l->down, l->h) && within(x, l->across, l->w)) {
        source += ((long)l->y * l->w + x) * l->c;
        UNROLLED(t, 9)
            sum = fma(LOAD(source + (long)(t / 3 * l->down * l->w + t % 3 * l->across) * l->c),
                      kern[t], sum);
    } else {
        UNROLLED(t, 9) {
            const int iy = l->y + t / 3 * l->down, ix = x + t % 3 * l->across;
            vec value = (vec)(0.0f);
            if (iy >= 0 && iy < l->h && ix >= 0 && ix < l->w)
                value = load_some(source + ((long)iy * l->w + ix) * l->c, n);
            sum = fma(value, kern[t], sum);
        }
    }
    return sum + (vec)(start_of_sum()); /* a sum never ends in -0 */
}

/* A line of results, with bias unless it is NULL. */
INLINE void run_line(const struct line *l, global const float *source, global const float *taps,
                     global const float *bias, bool add, global float *y)
{
    for (int c = 0; c < l->c; c += VECTOR) {
        const int n = l->c - c;
        vec kern[9], b = (vec)(0.0f);
        UNROLLED(t, 9)
            kern[t] = load_some(taps + t * l->c + c, n);
        if (bias != NULL)
            b = load_some(bias + c, n);
        for (int j = 0; j < l->count; j++) {
            global float *to = y + j * l->c + c;
            const vec sum = nine_taps(l, source + c, l->x + j * l->stride, kern, n);
            const vec result = bias != NULL ? sum + b : sum;
            store_some(add ? load_some(to, n) + result : result, to, n);
        }
    }
}

/* ---- Passes ---- */

KERNEL depthwise_cpu_forward(global const float *x, ulong x_at, global const float *kern,
                             ulong kern_at, global const float *bias, ulong bias_at,
                             global float *y, ulong y_at, struct opencl_window_cpu all)
{
    const struct opencl_window_cpu g = all;
    const int image = get_group_id(0) / g.oh, oy = get_group_id(0) % g.oh;
    x += x_at + (ulong)image * g.h * g.w * g.c;
    kern += kern_at;
    bias += bias_at;
    y += y_at + (ulong)get_group_id(0) * g.ow * g.c;
    if (g.kh == 3 && g.kw == 3) {
        const struct line l = forward_line(&g, oy);
        run_line(&l, x, kern, g.has_bias ? bias : NULL, false, y);
        return;
    }
    for (int ox = 0; ox < g.ow; ox++, y += g.c) {
        struct taps t;
        t.count = t.outside = 0;
        for (int ky = 0; ky < g.kh; ky++) {
            for (int kx = 0; kx < g.kw; kx++) {
                const int iy = oy * g.sh + ky * g.dh - g.top, ix = ox * g.sw + kx * g.dw - g.left;
                add_tap(&t, iy >= 0 && iy < g.h && ix >= 0 && ix < g.w, (iy * g.w + ix) * g.c,
                        (ky * g.kw + kx) * g.c);
            }
        }
        for (int c = 0; c < g.c; c += VECTOR) {
            const int n = g.c - c;
            const vec sum = sum_taps(&t, x + c, kern + c, n);
            store_some(g.has_bias ? sum + load_some(bias + c, n) : sum, y + c, n);
        }
    }
}

/* Along an axis: the result whose tap k reaches position p, counted with the padding; false where
 * strides leave that out. */
INLINE bool result_of(int p, int k, int dilation, int stride, int *out)
{
    const int at = p - k * dilation;
    *out = stride == 1 ? at : at / stride;
    return stride == 1 || at % stride == 0;
}

KERNEL depthwise_cpu_backward(global const float *dy, ulong dy_at, global const float *kern,
                              ulong kern_at, global float *dx, ulong dx_at,
                              struct opencl_window_cpu all)
{
    const struct opencl_window_cpu g = all;
    const int image = get_group_id(0) / g.h, py = get_group_id(0) % g.h + g.top;
    dy += dy_at + (ulong)image * g.oh * g.ow * g.c;
    kern += kern_at;
    dx += dx_at + (ulong)get_group_id(0) * g.w * g.c;
    if (g.kh == 3 && g.kw == 3 && g.sh == 1 && g.sw == 1) {
        const struct line l = backward_line(&g, py - g.top);
        run_line(&l, dy, kern, NULL, g.add, dx);
        return;
    }
    for (int ix = 0; ix < g.w; ix++, dx += g.c) {
        struct taps t;
        t.count = t.outside = 0;
        for (int ky = 0; ky < g.kh; ky++) {
            int oy, ox;
            if (!result_of(py, ky, g.dh, g.sh, &oy))
                continue;
            for (int kx = 0; kx < g.kw; kx++) {
                if (result_of(ix + g.left, kx, g.dw, g.sw, &ox))
                    add_tap(&t, oy >= 0 && oy < g.oh && ox >= 0 && ox < g.ow,
                            (oy * g.ow + ox) * g.c, (ky * g.kw + kx) * g.c);
            }
        }
        for (int c = 0; c < g.c; c += VECTOR) {
            const int n = g.c - c;
            const vec sum = sum_taps(&t, dy + c, kern + c, n);
            store_some(g.add ? load_some(dx + c, n) + sum : sum, dx + c, n);
        }
    }
}

/* One row of the gradient of 3 x 3 taps: the output pixel (oy, ox). */
INLINE void add_row(const struct opencl_window_cpu *g, global const float *image, int oy, int ox,
                    vec d, int n, vec *sum)
{
    const int y0 = oy * g->sh - g->top, x0 = ox * g->sw - g->left;
    const bool inside = y0 >= 0 && x0 >= 0 && y0 + 2 * g->dh < g->h && x0 + 2 * g->dw < g->w;
    if (inside && n >= VECTOR) {
        UNROLLED(t, 9) {
            const int at = ((y0 + t / 3 * g->dh) * g->w + x0 + t % 3 * g->dw) * g->c;
            sum[t] = fma(LOAD(image + at), d, sum[t]);
        }
        return;
    }
    UNROLLED(t, 9) {
        const int y = y0 + t / 3 * g->dh, x = x0 + t % 3 * g->dw;
        vec value = (vec)(0.0f);
        if (y >= 0 && y < g->h && x >= 0 && x < g->w)
            value = load_some(image + (y * g->w + x) * g->c, n);
        sum[t] = fma(value, d, sum[t]);
    }
}

/* out[group][3 x 3 taps][channel] = the sums of x dy over the rows of the group. */
KERNEL depthwise_cpu_gradient(global const float *x, ulong x_at, global const float *dy,
                              ulong dy_at, global float *out, ulong out_at,
                              struct opencl_window_cpu all)
{
    const struct opencl_window_cpu g = all;
    const struct iso_rows r = { g.rows, g.image };
    const int c = get_group_id(0) * VECTOR, n = g.c - c, group = get_group_id(1);
    const int at = iso_group_begin(r, group), stop = iso_group_end(r, at);
    int ox = at % g.ow, oy = at / g.ow % g.oh;
    vec sum[9], total[9];
    x += x_at + c + (ulong)(at / g.image) * g.h * g.w * g.c;
    dy += dy_at + c;
    UNROLLED(t, 9)
        total[t] = (vec)(start_of_sum());
    for (int row = at, end; row < stop; row = end) {
        UNROLLED(t, 9)
            sum[t] = (vec)(start_of_sum());
        end = iso_block_end(r, row);
        for (int i = row; i < end; i++) {
            add_row(&g, x, oy, ox, load_some(dy + (ulong)i * g.c, n), n, sum);
            if (++ox == g.ow) {
                ox = 0;
                oy = oy + 1 < g.oh ? oy + 1 : 0;
                x += oy == 0 ? (ulong)g.h * g.w * g.c : 0;
            }
        }
        UNROLLED(t, 9)
            total[t] = total[t] + sum[t];
    }
    UNROLLED(t, 9)
        store_some(total[t], out + out_at + ((ulong)group * 9 + t) * g.c + c, n);
}
