/* average_pooling2d.c: the mean of each window.
 *
 *   y[n, oy, ox, c]  = sum of x over the window's pixels, in row-major order, over their number;
 *                      those beyond the border do not count
 *   dx[n, iy, ix, c] = sum of dy (1 / number) over the windows that hold this pixel, (oy, ox)
 *                      ascending
 *
 * Both are sums of products, of x and one, of dy and its window's share. */
#include "pooling2d.h"

/* The pixels of a window that lie on the image. */
struct pixels {
    struct iso_span rows, columns;
    iso_real number;
};

static struct iso_span moved(struct iso_span s, int64_t by)
{
    return (struct iso_span){ s.begin + by, s.end + by };
}

static struct pixels pixels_of(const struct iso_window *g, int64_t oy, int64_t ox)
{
    const int64_t y = oy * g->sh - g->top, x = ox * g->sw - g->left;
    struct pixels p = { moved(iso_window_taps(y, g->kh, g->h), y),
                        moved(iso_window_taps(x, g->kw, g->w), x), ISO_R(0.0) };
    p.number = (iso_real)((p.rows.end - p.rows.begin) * (p.columns.end - p.columns.begin));
    return p;
}

/* One channel of one window; image: its first pixel's channel. */
static iso_real mean(const struct iso_window *g, const iso_real *image, int64_t oy, int64_t ox)
{
    const struct pixels p = pixels_of(g, oy, ox);
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t iy = p.rows.begin; iy < p.rows.end; iy++)
        for (int64_t ix = p.columns.begin; ix < p.columns.end; ix++)
            ref_product(&sum, image[(iy * g->w + ix) * g->c], ISO_R(1.0));
    return iso_pool_mean(ref_products_total(&sum), p.number);
}

/* The gradient of one channel of one pixel; dy: of the image. */
static iso_real gradient(const struct iso_window *g, const iso_real *dy, int64_t iy, int64_t ix)
{
    const struct iso_span rows = iso_window_holders(iy, g->top, g->kh, g->sh, g->oh);
    const struct iso_span columns = iso_window_holders(ix, g->left, g->kw, g->sw, g->ow);
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t oy = rows.begin; oy < rows.end; oy++)
        for (int64_t ox = columns.begin; ox < columns.end; ox++)
            ref_product(&sum, dy[(oy * g->ow + ox) * g->c],
                        iso_div(ISO_R(1.0), pixels_of(g, oy, ox).number));
    return ref_products_total(&sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < g.n; n++, x += g.h * g.w * g.c)
        for (int64_t oy = 0; oy < g.oh; oy++)
            for (int64_t ox = 0; ox < g.ow; ox++)
                for (int64_t c = 0; c < g.c; c++)
                    *y++ = mean(&g, x + c, oy, ox);
    return ISO_OK;
}

iso_rc ISO_KERNEL(average_pool_gradient)(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_window g = iso_pooling2d_window(call->params, &call->x[0].shape);
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    for (int64_t n = 0; dx != NULL && n < g.n; n++, dy += g.oh * g.ow * g.c)
        for (int64_t iy = 0; iy < g.h; iy++)
            for (int64_t ix = 0; ix < g.w; ix++)
                for (int64_t c = 0; c < g.c; c++)
                    ref_put(dx++, gradient(&g, dy + c, iy, ix), call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(average_pooling2d) = {
    .forward = forward,
    .backward = ISO_KERNEL(average_pool_gradient),
};
