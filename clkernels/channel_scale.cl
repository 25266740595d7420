/* channel_scale.cl: layer_scale and prelu (core/ops/channel_scale.h); kind: enum
 * iso_channel_factor. */
#include "common.h"
#include "elements.h"
#include "rows.h"

kernel void channel_scale_forward(global const float *x, ulong x_at, global const float *factor,
                                  ulong factor_at, global float *y, ulong y_at, uint n,
                                  uint channels, int kind)
{
    EACH_ELEMENT(i, n)
    {
        y[y_at + i] = iso_channel_value(kind, x[x_at + i], factor[factor_at + (uint)i % channels]);
    }
}

kernel void channel_scale_backward(global const float *x, ulong x_at, global const float *factor,
                                   ulong factor_at, global const float *dy, ulong dy_at,
                                   global float *dx, ulong dx_at, uint n, uint channels, int kind,
                                   int add)
{
    EACH_ELEMENT(i, n)
    {
        float d = iso_channel_grad(kind, x[x_at + i], factor[factor_at + (uint)i % channels],
                                   dy[dy_at + i]);
        dx[dx_at + i] = add ? dx[dx_at + i] + d : d;
    }
}

/* y[p, c] = sum of dy by x, or by x below 0, in column c over the rows of place p; or, of the only
 * block, into y[c] or added to it. */
kernel void channel_scale_products(global const float *x, ulong x_at, global const float *dy,
                                   ulong dy_at, global float *y, ulong y_at, int cols, int rows,
                                   int image, int kind, int only, int add)
{
    const struct iso_rows r = { rows, image };
    const int c = get_global_id(0), place = own_place();
    ROW_PRODUCTS(sum, x + x_at, dy + dy_at, iso_channel_term(kind, own))
    y += y_at + (ulong)place * cols + c;
    if (c < cols && adds(0) && !(only && place > 0))
        *y = add ? *y + sum : sum;
}
