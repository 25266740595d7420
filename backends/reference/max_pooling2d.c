/* max_pooling2d.c: the largest value in each window.
 *
 *   y[n, oy, ox, c]  = x at the first maximum of the window in row-major order; NaN wins, and
 *                      pixels beyond the border take no part
 *   dx[n, iy, ix, c] = sum of dy over the windows that chose this pixel, (oy, ox) ascending */
#include "pooling2d.h"

size_t ISO_KERNEL(pool_workspace)(struct iso_backend *backend, const struct iso_call *call,
                                  enum iso_pass pass)
{
    struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    (void)backend;
    return pass == ISO_BACKWARD ? (size_t)(g.h * g.w * g.c) * sizeof(iso_real) : 0;
}

/* One window: y [channels] and, where wanted, the tap that each channel chose. */
static void pool(const struct iso_window *g, const iso_real *image, int64_t oy, int64_t ox,
                 iso_real *y, int32_t *chosen)
{
    bool first = true;
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {
        int64_t iy = oy * g->sh + tap / g->kw - g->top, ix = ox * g->sw + tap % g->kw - g->left;
        if (iy < 0 || iy >= g->h || ix < 0 || ix >= g->w)
            continue;
        const iso_real *pixel = image + (iy * g->w + ix) * g->c;
        for (int64_t c = 0; c < g->c; c++) {
            if (!first && !iso_beats(pixel[c], y[c]))
                continue;
            y[c] = pixel[c];
            if (chosen != NULL)
                chosen[c] = (int32_t)tap;
        }
        first = false;
    }
}

iso_rc ISO_KERNEL(max_pool)(struct iso_backend *backend, const struct iso_call *call)
{
    struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    int32_t *chosen = ref_i32(&call->saved[0]);
    (void)backend;
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t oy = 0; oy < g.oh; oy++)
            for (int64_t ox = 0; ox < g.ow; ox++) {
                int64_t at = ((n * g.oh + oy) * g.ow + ox) * g.c;
                pool(&g, x + n * g.h * g.w * g.c, oy, ox, y + at,
                     chosen != NULL ? chosen + at : NULL);
            }
    return ISO_OK;
}

iso_rc ISO_KERNEL(max_pool_gradient)(struct iso_backend *backend, const struct iso_call *call)
{
    struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *dy = ref_real(&call->dy[0]);
    const int32_t *chosen = ref_i32(&call->saved[0]);
    iso_real *dx = ref_real(&call->dx[0]), *sum = ref_work(call, 0);
    int64_t image = g.h * g.w * g.c;
    (void)backend;
    if (dx == NULL)
        return ISO_OK;
    for (int64_t n = 0; n < g.n; n++) {
        ref_zero(sum, image);
        for (int64_t oy = 0; oy < g.oh; oy++)
            for (int64_t ox = 0; ox < g.ow; ox++)
                for (int64_t c = 0; c < g.c; c++, dy++, chosen++) {
                    int64_t iy = oy * g.sh + *chosen / g.kw - g.top;
                    int64_t ix = ox * g.sw + *chosen % g.kw - g.left;
                    iso_real *pixel = &sum[(iy * g.w + ix) * g.c + c];
                    *pixel = *pixel + *dy;
                }
        ref_store(dx + n * image, sum, image, call->add_dx[0]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(max_pooling2d) = {
    .workspace = ISO_KERNEL(pool_workspace),
    .forward = ISO_KERNEL(max_pool),
    .backward = ISO_KERNEL(max_pool_gradient),
};
