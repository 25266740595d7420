/* conv2d_groups.cl: convolution whose channels fall into groups (core/ops/conv2d_groups.h). A
 * work-item computes one result. */
#include "common.h"
#include "pixels.h"

struct chain {
    float sum, total;
    int left; /* terms until the block ends */
};

static inline struct chain new_chain(void)
{
    struct chain s = { start_of_sum(), start_of_sum(), ISO_BLOCK_TERMS };
    return s;
}

static inline void end_block(struct chain *s)
{
    s->total = add_term(s->total, end_of_sum(s->sum));
    s->sum = start_of_sum();
    s->left = ISO_BLOCK_TERMS;
}

static inline void add_product(struct chain *s, float a, float b)
{
    if (s->left == 0)
        end_block(s);
    s->sum = iso_fma(a, b, s->sum);
    s->left--;
}

kernel void conv2d_groups_forward(global const float *x, ulong x_at, global const float *w,
                                  ulong w_at, global const float *bias, ulong bias_at,
                                  global float *y, ulong y_at, struct opencl_grouped g)
{
    const int o = get_global_id(0), pixel = get_global_id(1), image = get_global_id(2);
    const int oy = pixel / g.v.ow, ox = pixel - oy * g.v.ow;
    if (o >= g.filters || pixel >= g.v.oh * g.v.ow)
        return;
    struct chain s = new_chain();
    x += x_at + (ulong)image * g.v.h * g.v.w * g.v.c + o / g.out * g.in;
    w += w_at + o;
    for (int ky = 0; ky < g.v.kh; ky++)
        for (int kx = 0; kx < g.v.kw; kx++) {
            const int iy = oy * g.v.sh + ky * g.v.dh - g.v.top;
            const int ix = ox * g.v.sw + kx * g.v.dw - g.v.left;
            const int inside = iy >= 0 && iy < g.v.h && ix >= 0 && ix < g.v.w;
            global const float *from = x + (inside ? (iy * g.v.w + ix) * g.v.c : 0);
            for (int i = 0; i < g.in; i++, w += g.filters)
                add_product(&s, inside ? from[i] : 0.0f, *w);
        }
    end_block(&s);
    const float sum = end_of_sum(s.total);
    y[y_at + ((ulong)image * g.v.oh * g.v.ow + pixel) * g.filters + o] =
        g.has_bias ? sum + bias[bias_at + o] : sum;
}

kernel void conv2d_groups_input(global const float *dy, ulong dy_at, global const float *w,
                                ulong w_at, global float *dx, ulong dx_at, struct opencl_grouped g)
{
    const int c = get_global_id(0), pixel = get_global_id(1), image = get_global_id(2);
    const int iy = pixel / g.v.w, ix = pixel - iy * g.v.w, first = c / g.in * g.out;
    const struct strided down = strided(g.v.dh, g.v.sh), across = strided(g.v.dw, g.v.sw);
    const struct strided first_x = strided(ix + g.v.left, g.v.sw);
    struct strided y = strided(iy + g.v.top, g.v.sh); /* the output's row, for tap row ky */
    if (c >= g.v.c || pixel >= g.v.h * g.v.w)
        return;
    struct chain s = new_chain();
    dy += dy_at + (ulong)image * g.v.oh * g.v.ow * g.filters + first;
    w += w_at + (ulong)(c % g.in) * g.filters + first;
    for (int ky = 0; ky < g.v.kh; ky++, y = before(y, down, g.v.sh)) {
        struct strided x = first_x;
        for (int kx = 0; kx < g.v.kw; kx++, x = before(x, across, g.v.sw)) {
            const int inside = y.at >= 0 && y.at < g.v.oh && x.at >= 0 && x.at < g.v.ow;
            global const float *from = dy + (inside ? (y.at * g.v.ow + x.at) * g.filters : 0);
            for (int o = 0; o < g.out && y.rest == 0 && x.rest == 0; o++)
                add_product(&s, inside ? from[o] : 0.0f, w[o]);
            w += g.in * g.filters;
        }
    }
    end_block(&s);
    const float sum = end_of_sum(s.total);
    const ulong at = dx_at + ((ulong)image * g.v.h * g.v.w + pixel) * g.v.c + c;
    dx[at] = g.add ? dx[at] + sum : sum;
}

/* out[group of rows, tap, i, o] = the sum of x dy over the rows of the group. */
kernel void conv2d_groups_kernel(global const float *x, ulong x_at, global const float *dy,
                                 ulong dy_at, global float *out, ulong out_at,
                                 struct opencl_grouped g)
{
    const int o = get_global_id(0), term = get_global_id(1), group = get_global_id(2);
    const int terms = g.v.kh * g.v.kw * g.in, tap = term / g.in, ky = tap / g.v.kw;
    const int kx = tap - ky * g.v.kw, channel = o / g.out * g.in + term % g.in;
    const struct iso_rows r = { g.rows, g.v.oh * g.v.ow };
    if (o >= g.filters || term >= terms)
        return;
    float total = start_of_sum();
    int row = iso_group_begin(r, group);
    const int stop = iso_group_end(r, row);
    int image = row / r.image, pixel = row - image * r.image;
    int oy = pixel / g.v.ow, ox = pixel - oy * g.v.ow;
    x += x_at + channel;
    dy += dy_at + o;
    while (row < stop) {
        const int end = iso_block_end(r, row);
        float chain = start_of_sum();
        for (; row < end; row++) {
            const int iy = oy * g.v.sh + ky * g.v.dh - g.v.top;
            const int ix = ox * g.v.sw + kx * g.v.dw - g.v.left;
            const int inside = iy >= 0 && iy < g.v.h && ix >= 0 && ix < g.v.w;
            const ulong at = ((ulong)image * g.v.h + iy) * g.v.w + ix;
            chain = iso_fma(inside ? x[at * g.v.c] : 0.0f, dy[(ulong)row * g.filters], chain);
            next_pixel(g.v.ow, g.v.oh, &ox, &oy, &image);
        }
        total = add_term(total, end_of_sum(chain));
    }
    out[out_at + ((ulong)group * terms + term) * g.filters + o] = end_of_sum(total);
}
