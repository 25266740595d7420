/* up_sampling2d.cl: images some times as high and as wide (core/ops/up_sampling2d.h). */
#include "common.h"
#include "elements.h"
#include "core/ops/up_sampling2d_taps.h"

/* y [n] of images of h x w pixels of c channels. */
kernel void up_sampling2d_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                  uint n, int h, int w, int c, int size_h, int size_w, int bilinear)
{
    EACH_ELEMENT(e, n)
    {
        const int at = (int)e, channel = at % c, ox = at / c % (w * size_w);
        const int r = at / c / (w * size_w), oy = r % (h * size_h), image = r / (h * size_h);
        const struct iso_up_taps row = iso_up_taps(oy, size_h, h, bilinear);
        const struct iso_up_taps column = iso_up_taps(ox, size_w, w, bilinear);
        global const float *tap =
            x + x_at + channel + (((ulong)image * h + row.first) * w + column.first) * c;
        float sum = start_of_sum();
        for (int i = 0; i < row.count; i++) {
            const float down = i == 0 ? row.w[0] : row.w[1]; /* an index would make it memory */
            for (int j = 0; j < column.count; j++) {
                const float across = j == 0 ? column.w[0] : column.w[1];
                sum = iso_fma(tap[(i * w + j) * c], iso_up_product(down, across), sum);
            }
        }
        y[y_at + e] = bilinear ? end_of_sum(sum) : tap[0];
    }
}

/* dx [n], or added to it. */
kernel void up_sampling2d_backward(global const float *dy, ulong dy_at, global float *dx,
                                   ulong dx_at, uint n, int h, int w, int c, int size_h, int size_w,
                                   int bilinear, int add)
{
    const uint e = get_global_id(0);
    if (e >= n)
        return;
    const int at = (int)e, channel = at % c, j = at / c % w, i = at / c / w % h;
    const int oh = h * size_h, ow = w * size_w, image = at / c / w / h;
    const int last_y = iso_up_end(i, size_h, bilinear, oh);
    const int last_x = iso_up_end(j, size_w, bilinear, ow);
    float total = start_of_sum(), chain = start_of_sum();
    int terms = 0;
    dy += dy_at + (ulong)image * oh * ow * c + channel;
    const int first_x = iso_up_begin(j, size_w, bilinear);
    const struct iso_up_place left = iso_up_place(first_x, size_w);
    int oy = iso_up_begin(i, size_h, bilinear);
    struct iso_up_place y = iso_up_place(oy, size_h);
    for (; oy < last_y; oy++, y = iso_up_next(y, size_h)) {
        const float row = iso_up_weight(iso_up_taps_at(y, size_h, h, bilinear), i);
        struct iso_up_place x = left;
        for (int ox = first_x; row > 0.0f && ox < last_x; ox++, x = iso_up_next(x, size_w)) {
            const float column = iso_up_weight(iso_up_taps_at(x, size_w, w, bilinear), j);
            if (!(column > 0.0f))
                continue;
            if (terms == ISO_BLOCK_TERMS) {
                total = add_term(total, end_of_sum(chain));
                chain = start_of_sum();
                terms = 0;
            }
            terms++;
            chain = iso_fma(dy[((ulong)oy * ow + ox) * c], iso_up_product(row, column), chain);
        }
    }
    total = end_of_sum(add_term(total, end_of_sum(chain)));
    dx[dx_at + e] = add ? dx[dx_at + e] + total : total;
}
