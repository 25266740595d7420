/* average_pooling2d.c: the mean of each window.
 *
 *   y[n, oy, ox, c]  = sum of x over the window's pixels, in row-major order, over their number;
 *                      those beyond the border do not count
 *   dx[n, iy, ix, c] = sum of dy / number over the windows that hold this pixel, (oy, ox)
 *                      ascending: chains of fma(dy, 1 / number, sum)
 *
 * Both sums run in blocks of ISO_BLOCK_TERMS.
 *
 * Threads share the rows of y, and backward the rows of dx, as in max_pooling2d.c. */
#include "pooling2d.h"

struct work {
    struct iso_window g;
    const float *in;   /* x, or dy */
    float *out;        /* y, or dx */
    int64_t unit_rows; /* rows of y, or of dx, in a unit */
    bool add;
};

/* The pixels of window (oy, ox) that lie on the image. */
struct pixels {
    struct iso_span rows, columns;
};

static struct pixels pixels_of(const struct iso_window *g, int64_t oy, int64_t ox)
{
    const int64_t y0 = oy * g->sh - g->top, x0 = ox * g->sw - g->left;
    struct pixels p = { iso_window_taps(y0, g->kh, g->h), iso_window_taps(x0, g->kw, g->w) };
    p.rows.begin += y0;
    p.rows.end += y0;
    p.columns.begin += x0;
    p.columns.end += x0;
    return p;
}

static float number_of(const struct pixels *p)
{
    return (float)((p->rows.end - p->rows.begin) * (p->columns.end - p->columns.begin));
}

/* ---- Forward ---- */

/* Four pixels: everything stays in registers. */
static void mean4(const float *restrict a, const float *restrict b, const float *restrict c,
                  const float *restrict d, int64_t channels, float *restrict y)
{
    for (int64_t i = 0; i < channels; i++)
        y[i] = iso_pool_mean(0.0f + a[i] + b[i] + c[i] + d[i], 4.0f);
}

static void add_pixel(const float *restrict pixel, int64_t channels, float *restrict sum)
{
    for (int64_t i = 0; i < channels; i++)
        sum[i] = sum[i] + pixel[i];
}

/* One more term of a sum whose terms so far number `terms`: total gains the block that is full. */
static int64_t next_term(int64_t terms, int64_t channels, float *block, float *total)
{
    if (terms % ISO_BLOCK_TERMS == 0 && terms > 0) {
        add_pixel(block, channels, total);
        memset(block, 0, (size_t)channels * sizeof *block);
    }
    return terms + 1;
}

/* The mean of the pixels p of an image, `some` channels from x on. */
static void mean_of(const struct iso_window *g, const struct pixels *p, const float *x,
                    int64_t some, float *y)
{
    float block[ISO_CPU_POOL_CHANNELS] = { 0.0f };
    int64_t terms = 0;
    memset(y, 0, (size_t)some * sizeof *y);
    for (int64_t iy = p->rows.begin; iy < p->rows.end; iy++)
        for (int64_t ix = p->columns.begin; ix < p->columns.end; ix++) {
            terms = next_term(terms, some, block, y);
            add_pixel(x + (iy * g->w + ix) * g->c, some, block);
        }
    for (int64_t c = 0; c < some; c++)
        y[c] = iso_pool_mean(y[c] + block[c], number_of(p));
}

static void pool(const struct iso_window *g, const float *image, int64_t oy, int64_t ox, float *y)
{
    const struct pixels p = pixels_of(g, oy, ox);
    const float number = number_of(&p);
    if (number == 4.0f && p.rows.end - p.rows.begin == 2) {
        const float *a = image + (p.rows.begin * g->w + p.columns.begin) * g->c;
        const float *below = a + g->w * g->c;
        mean4(a, a + g->c, below, below + g->c, g->c, y);
        return;
    }
    for (int64_t c = 0; c < g->c; c += ISO_CPU_POOL_CHANNELS)
        mean_of(g, &p, image + c, iso_min64(ISO_CPU_POOL_CHANNELS, g->c - c), y + c);
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->oh);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++)
        for (int64_t ox = 0; ox < g->ow; ox++)
            pool(g, w->in + row / g->oh * g->h * g->w * g->c, row % g->oh, ox,
                 w->out + (row * g->ow + ox) * g->c);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .g = iso_pooling2d_window(call->params, &call->x[0].shape),
        .in = iso_cpu_f32(&call->x[0]),
        .out = iso_cpu_f32(&call->y[0]),
    };
    const struct iso_window *g = &work.g;
    work.unit_rows = iso_cpu_unit_rows(g->ow * g->c * g->kh * g->kw);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(g->n * g->oh, work.unit_rows), values, &work);
    return ISO_OK;
}

/* ---- Backward ---- */

/* dx of one pixel that one window holds. */
static void gather_one(const float *restrict dy, float share, int64_t channels, float *restrict dx,
                       bool add)
{
    for (int64_t c = 0; c < channels; c++)
        dx[c] = iso_cpu_put(dx[c], iso_fma(dy[c], share, 0.0f) + 0.0f, add);
}

static void add_window(const float *restrict dy, float share, int64_t channels, float *restrict sum)
{
    for (int64_t c = 0; c < channels; c++)
        sum[c] = iso_fma(dy[c], share, sum[c]);
}

static float share_of(const struct iso_window *g, int64_t oy, int64_t ox)
{
    const struct pixels p = pixels_of(g, oy, ox);
    return iso_div(1.0f, number_of(&p));
}

/* dx [c] of a pixel of image n, which the windows rows x columns hold. */
static void gather_pixel(const struct work *w, int64_t n, struct iso_span rows,
                         struct iso_span columns, float *dx)
{
    const struct iso_window *g = &w->g;
    float block[ISO_CPU_POOL_CHANNELS], total[ISO_CPU_POOL_CHANNELS];
    for (int64_t c = 0, some; c < g->c; c += some) {
        int64_t terms = 0;
        some = iso_min64(ISO_CPU_POOL_CHANNELS, g->c - c);
        memset(block, 0, (size_t)some * sizeof *block);
        memset(total, 0, (size_t)some * sizeof *total);
        for (int64_t oy = rows.begin; oy < rows.end; oy++)
            for (int64_t ox = columns.begin; ox < columns.end; ox++) {
                terms = next_term(terms, some, block, total);
                add_window(w->in + ((n * g->oh + oy) * g->ow + ox) * g->c + c, share_of(g, oy, ox),
                           some, block);
            }
        for (int64_t i = 0; i < some; i++)
            dx[c + i] = iso_cpu_put(dx[c + i], total[i] + block[i], w->add);
    }
}

/* dx [w, c] of row iy of image n. */
static void gather_row(const struct work *w, int64_t n, int64_t iy, float *dx)
{
    const struct iso_window *g = &w->g;
    const struct iso_span rows = iso_window_holders(iy, g->top, g->kh, g->sh, g->oh);
    for (int64_t ix = 0; ix < g->w; ix++, dx += g->c) {
        const struct iso_span columns = iso_window_holders(ix, g->left, g->kw, g->sw, g->ow);
        if (rows.end - rows.begin == 1 && columns.end - columns.begin == 1)
            gather_one(w->in + ((n * g->oh + rows.begin) * g->ow + columns.begin) * g->c,
                       share_of(g, rows.begin, columns.begin), g->c, dx, w->add);
        else
            gather_pixel(w, n, rows, columns, dx);
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->h);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++)
        gather_row(w, row / g->h, row % g->h, w->out + row * g->w * g->c);
}

iso_rc ISO_CPU(average_pool_gradient)(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .g = iso_pooling2d_window(call->params, &call->x[0].shape),
        .in = iso_cpu_f32(&call->dy[0]),
        .out = iso_cpu_f32(&call->dx[0]),
        .add = call->add_dx[0],
    };
    const struct iso_window *g = &work.g;
    if (work.out == NULL)
        return ISO_OK;
    work.unit_rows = iso_cpu_unit_rows(g->w * g->c);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(g->n * g->h, work.unit_rows), gradients,
                 &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(average_pooling2d) = {
    .forward = forward,
    .backward = ISO_CPU(average_pool_gradient),
};
