/* average_pooling2d.c: the mean of each window.
 *
 *   y[n, oy, ox, c]  = sum of x over the window's pixels, in row-major order, over their number;
 *                      those beyond the border do not count
 *   dx[n, iy, ix, c] = sum of dy / number over the windows that hold this pixel, (oy, ox)
 *                      ascending: a chain of fma(dy, 1 / number, sum) */
#include "pooling2d.h"

/* The taps of a window that lie on the image. */
struct taps {
    struct iso_span rows, columns;
    int64_t y0, x0;
    iso_real number;
};

static struct taps taps_of(const struct iso_window *g, int64_t oy, int64_t ox)
{
    struct taps t = { .y0 = oy * g->sh - g->top, .x0 = ox * g->sw - g->left };
    t.rows = iso_window_taps(t.y0, g->kh, g->h);
    t.columns = iso_window_taps(t.x0, g->kw, g->w);
    t.number = (iso_real)((t.rows.end - t.rows.begin) * (t.columns.end - t.columns.begin));
    return t;
}

/* One window: y [channels]. */
static void pool(const struct iso_window *g, const iso_real *image, int64_t oy, int64_t ox,
                 iso_real *y)
{
    const struct taps t = taps_of(g, oy, ox);
    ref_zero(y, g->c);
    for (int64_t ky = t.rows.begin; ky < t.rows.end; ky++)
        for (int64_t kx = t.columns.begin; kx < t.columns.end; kx++)
            for (int64_t c = 0; c < g->c; c++)
                y[c] = y[c] + image[((t.y0 + ky) * g->w + t.x0 + kx) * g->c + c];
    for (int64_t c = 0; c < g->c; c++)
        y[c] = iso_pool_mean(y[c], t.number);
}

/* Adds one window, dy [channels], to the sums of its pixels. */
static void spread(const struct iso_window *g, const iso_real *dy, int64_t oy, int64_t ox,
                   iso_real *sum)
{
    const struct taps t = taps_of(g, oy, ox);
    const iso_real share = iso_div(ISO_R(1.0), t.number);
    for (int64_t ky = t.rows.begin; ky < t.rows.end; ky++)
        for (int64_t kx = t.columns.begin; kx < t.columns.end; kx++)
            for (int64_t c = 0; c < g->c; c++) {
                iso_real *pixel = &sum[((t.y0 + ky) * g->w + t.x0 + kx) * g->c + c];
                *pixel = iso_fma(dy[c], share, *pixel);
            }
}

iso_rc ISO_KERNEL(average_pool)(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t oy = 0; oy < g.oh; oy++)
            for (int64_t ox = 0; ox < g.ow; ox++, y += g.c)
                pool(&g, x + n * g.h * g.w * g.c, oy, ox, y);
    return ISO_OK;
}

iso_rc ISO_KERNEL(average_pool_gradient)(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]), *sum = ref_work(call, 0);
    const int64_t image = g.h * g.w * g.c;
    (void)backend;
    for (int64_t n = 0; dx != NULL && n < g.n; n++) {
        ref_zero(sum, image);
        for (int64_t oy = 0; oy < g.oh; oy++)
            for (int64_t ox = 0; ox < g.ow; ox++, dy += g.c)
                spread(&g, dy, oy, ox, sum);
        ref_finish(sum, image);
        ref_store(dx + n * image, sum, image, call->add_dx[0]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(average_pooling2d) = {
    .workspace = ISO_KERNEL(pool_workspace),
    .forward = ISO_KERNEL(average_pool),
    .backward = ISO_KERNEL(average_pool_gradient),
};
