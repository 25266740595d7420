/* max_pooling2d_cpu.cl: max pooling on CPU-shaped devices: the first maximum of each window, NaN
 * winning; padding takes no part. A work-item takes a line of results, a vector of channels at a
 * time. */
#include "common.h"
#include "arguments.h"
#include "vectors.h"

/* Takes the value of another tap where it is larger, or NaN, and no NaN was before. */
INLINE void take(vec value, int number, vec *best, ivec *tap)
{
    const ivec takes = ~(value <= *best) & (*best == *best);
    *best = takes ? value : *best;
    *tap = takes ? (ivec)(number) : *tap;
}

/* A window of 2 x 2 pixels that all lie on the image, from `from` on: what most layers have. */
INLINE void small_max(const struct opencl_window_cpu *g, global const float *from, int n, vec *best,
                      ivec *tap)
{
    *best = load_some(from, n);
    *tap = (ivec)(0);
    take(load_some(from + g->c, n), 1, best, tap);
    from += (long)g->w * g->c;
    take(load_some(from, n), 2, best, tap);
    take(load_some(from + g->c, n), 3, best, tap);
}

/* One window's vector of channels; y0 and x0: its first pixel, which may lie in the padding. */
INLINE void window_max(const struct opencl_window_cpu *g, global const float *image, int y0, int x0,
                       int n, vec *best, ivec *tap)
{
    const bool inner = y0 >= 0 && x0 >= 0 && y0 + 2 <= g->h && x0 + 2 <= g->w;
    if (inner && g->kh == 2 && g->kw == 2) {
        small_max(g, image + ((long)y0 * g->w + x0) * g->c, n, best, tap);
        return;
    }
    int first = 1;
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++) {
            const int y = y0 + ky, x = x0 + kx;
            if (y < 0 || y >= g->h || x < 0 || x >= g->w)
                continue;
            const vec value = load_some(image + ((long)y * g->w + x) * g->c, n);
            if (first) {
                *best = value;
                *tap = (ivec)(ky * g->kw + kx);
            } else {
                take(value, ky * g->kw + kx, best, tap);
            }
            first = 0;
        }
    }
}

KERNEL max_pooling2d_cpu_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                 global int *tap, ulong tap_at, struct opencl_window_cpu all)
{
    const struct opencl_window_cpu g = all;
    const int image = get_group_id(0) / g.oh, oy = get_group_id(0) % g.oh;
    const ulong line = (ulong)get_group_id(0) * g.ow * g.c;
    x += x_at + (ulong)image * g.h * g.w * g.c;
    y += y_at + line;
    tap += tap_at + line;
    for (int ox = 0; ox < g.ow; ox++) {
        for (int c = 0; c < g.c; c += VECTOR) {
            vec best = (vec)(0.0f);
            ivec chosen = (ivec)(0);
            window_max(&g, x + c, oy * g.sh - g.top, ox * g.sw - g.left, g.c - c, &best, &chosen);
            store_some(best, y + ox * g.c + c, g.c - c);
            if (g.want_tap)
                store_some(AS_VEC(chosen), (global float *)tap + ox * g.c + c, g.c - c);
        }
    }
}

/* The gradient of one pixel's vector of channels: of the windows (oy, ox) from *first to *last that
 * chose it, ascending. py, px: the pixel, counted with the padding. */
INLINE vec chosen_by(const struct opencl_window_cpu *g, global const float *dy,
                     global const int *tap, int2 first, int2 last, int py, int px, int n)
{
    vec sum = (vec)(start_of_sum());
    for (int oy = first.y; oy <= last.y; oy++) {
        for (int ox = first.x; ox <= last.x; ox++) {
            const long from = ((long)oy * g->ow + ox) * g->c;
            const int mine = (py - oy * g->sh) * g->kw + (px - ox * g->sw);
            const ivec chose = load_some_int(tap + from, n) == (ivec)(mine);
            sum = chose ? sum + load_some(dy + from, n) : sum;
        }
    }
    return sum;
}

KERNEL max_pooling2d_cpu_backward(global const float *dy, ulong dy_at, global const int *tap,
                                  ulong tap_at, global const float *x, ulong x_at, global float *dx,
                                  ulong dx_at, struct opencl_window_cpu all)
{
    const struct opencl_window_cpu g = all;
    const int image = get_group_id(0) / g.h, py = get_group_id(0) % g.h + g.top;
    const ulong results = (ulong)image * g.oh * g.ow * g.c;
    int2 first, last; /* the windows that hold the pixel, along x and y */
    first.y = py < g.kh ? 0 : (py - g.kh) / g.sh + 1;
    last.y = py / g.sh < g.oh ? py / g.sh : g.oh - 1;
    first.x = 0;
    dy += dy_at + results;
    tap += tap_at + results;
    x += x_at + (ulong)get_group_id(0) * g.w * g.c;
    dx += dx_at + (ulong)get_group_id(0) * g.w * g.c;
    for (int px = g.left, next = g.left / g.sw; px < g.left + g.w; px++, x += g.c, dx += g.c) {
        while (first.x * g.sw + g.kw <= px)
            first.x++;
        while ((next + 1) * g.sw <= px)
            next++;
        last.x = next < g.ow ? next : g.ow - 1;
        for (int c = 0; c < g.c; c += VECTOR) {
            const int n = g.c - c;
            vec sum = chosen_by(&g, dy + c, tap + c, first, last, py, px, n);
            sum = g.add ? load_some(dx + c, n) + sum : sum;
            store_some(g.x_relu ? relu_grad(load_some(x + c, n), sum) : sum, dx + c, n);
        }
    }
}
