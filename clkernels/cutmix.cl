/* cutmix.cl: a rectangle of another image in each image (core/ops/cutmix.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "core/arithmetic/cutmix.h"

/* A work-item draws the rectangle of a row. */
kernel void cutmix_draw(global float *cuts, ulong cuts_at, uint rows, int per_image, float inverse,
                        uint first, uint step, uint layer, uint seed_low, uint seed_high)
{
    uint n = get_global_id(0), row = per_image ? first + n : 0u;
    if (n < rows)
        ((global iso_cut *)(cuts + cuts_at))[n] =
            iso_cut_draw(inverse, row, step, layer, seed_low, seed_high);
}

/* Work-items along the first axis take a row's elements, the second axis the rows; h: 0 for rows
 * that are no images. */
kernel void cutmix_forward(global const float *x, ulong x_at, global const float *cuts,
                           ulong cuts_at, global float *y, ulong y_at, int size, uint rows,
                           uint roll, int h, int w, int channels)
{
    int e = get_global_id(0), pixel = e / channels;
    ulong n = get_global_id(1), on = n + roll, other = on < rows ? on : on - rows;
    if (e < size) {
        iso_cut cut = ((global const iso_cut *)(cuts + cuts_at))[n];
        float a = x[x_at + n * size + e], b = x[x_at + other * size + e];
        int within = iso_cut_holds(pixel / w, h, cut.row, cut.side) &
                     iso_cut_holds(pixel % w, w, cut.column, cut.side);
        y[y_at + n * size + e] = h == 0 ? iso_mixed(a, b, cut.share) : within ? b : a;
    }
}
