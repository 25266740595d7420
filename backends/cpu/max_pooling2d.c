/* max_pooling2d.c: the largest value in each window.
 *
 *   y[n, oy, ox, c]  = x at the first maximum of the window in row-major order; NaN wins,
 *                      and pixels beyond the border take no part
 *   dx[n, iy, ix, c] = sum of dy over the windows that chose this pixel, (oy, ox) ascending
 *
 * Threads share the rows of y, and backward the rows of dx: each pixel gathers its own sum, so that
 * nobody writes to another's. A sum that starts at +0 is never -0; so a window that chose another
 * pixel may add +0. */
#include "pooling2d.h"
#include "simd.h"
#include "tile.h"

struct work {
    struct iso_window g;
    const float *x, *dy;
    float *y, *dx;
    int32_t *chosen;   /* tap ky kw + kx of each element of y; NULL: not wanted */
    int64_t unit_rows; /* rows of y, or of dx, in a unit */
    bool add;
    struct iso_ending ending; /* applied to dx */
};

/* ---- Forward ---- */

/* Adds one tap of a window to the maxima so far in y and chosen, which may be NULL. */
static void pool_tap(const float *restrict pixel, int32_t tap, int64_t channels, float *restrict y,
                     int32_t *restrict chosen)
{
    for (int64_t i = 0; i < channels; i++) {
        const bool beats = iso_beats(pixel[i], y[i]);
        y[i] = beats ? pixel[i] : y[i];
        if (chosen != NULL)
            chosen[i] = beats ? tap : chosen[i];
    }
}

static void first_tap(const float *restrict pixel, int32_t tap, int64_t channels, float *restrict y,
                      int32_t *restrict chosen)
{
    memcpy(y, pixel, (size_t)channels * sizeof *y);
    for (int64_t i = 0; chosen != NULL && i < channels; i++)
        chosen[i] = tap;
}

/* Four taps, all inside the image: whole vectors of channels stay in registers. */
static void pool4(const float *const pixel[4], int64_t channels, float *y, int32_t *chosen)
{
    int64_t c = 0;
    for (; c + ISO_VEC <= channels; c += ISO_VEC) {
        iso_vec best = iso_vload(pixel[0] + c), tap = iso_vset(0.0f);
        for (int32_t i = 1; i < 4; i++) {
            const iso_vec x = iso_vload(pixel[i] + c), other = best;
            best = iso_vbeats(x, other, x, best);
            tap = iso_vbeats(x, other, iso_vset(iso_from_bits((iso_u32)i)), tap);
        }
        iso_vstore(y + c, best);
        if (chosen != NULL)
            iso_vstore((float *)(void *)(chosen + c), tap); /* its bits: an integer */
    }
    for (int32_t i = 0; c < channels && i < 4; i++)
        (i == 0 ? first_tap : pool_tap)(pixel[i] + c, i, channels - c, y + c,
                                        chosen != NULL ? chosen + c : NULL);
}

/* Any window, tap by tap, leaving out those beyond the border. */
static void pool(const struct iso_window *g, const float *image, int64_t oy, int64_t ox, float *y,
                 int32_t *chosen)
{
    bool first = true;
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {
        const int64_t iy = oy * g->sh + tap / g->kw - g->top,
                      ix = ox * g->sw + tap % g->kw - g->left;
        if (iy < 0 || iy >= g->h || ix < 0 || ix >= g->w)
            continue;
        (first ? first_tap : pool_tap)(image + (iy * g->w + ix) * g->c, (int32_t)tap, g->c, y,
                                       chosen);
        first = false;
    }
}

/* Results [ow, c] of row oy of one image. */
static void pool_row(const struct iso_window *g, const float *image, int64_t oy, float *y,
                     int32_t *chosen)
{
    const int64_t iy = oy * g->sh - g->top, down = g->w * g->c;
    const bool four = g->kh == 2 && g->kw == 2 && iy >= 0 && iy + 1 < g->h;
    for (int64_t ox = 0; ox < g->ow; ox++) {
        const int64_t ix = ox * g->sw - g->left, at = ox * g->c;
        int32_t *tap = chosen != NULL ? chosen + at : NULL;
        if (four && ix >= 0 && ix + 1 < g->w) {
            const float *a = image + (iy * g->w + ix) * g->c, *b = a + down;
            pool4((const float *const[4]){ a, a + g->c, b, b + g->c }, g->c, y + at, tap);
        } else {
            pool(g, image, oy, ox, y + at, tap);
        }
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->oh);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const int64_t at = row * g->ow * g->c;
        pool_row(g, w->x + row / g->oh * g->h * g->w * g->c, row % g->oh, w->y + at,
                 w->chosen != NULL ? w->chosen + at : NULL);
    }
}

iso_rc ISO_CPU(max_pool)(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .g = iso_pooling2d_window(call->params, &call->x[0].shape),
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .chosen = call->saved[0].mem != NULL ? iso_cpu_i32(&call->saved[0]) : NULL,
    };
    const struct iso_window *g = &work.g;
    work.unit_rows = iso_cpu_unit_rows(g->ow * g->c * g->kh * g->kw);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(g->n * g->oh, work.unit_rows), values, &work);
    return ISO_OK;
}

/* ---- Backward ---- */

/* dx of one pixel that one window holds, as its tap `tap`. */
static void gather_one(const float *restrict dy, const int32_t *restrict chosen, int32_t tap,
                       int64_t channels, float *restrict dx, bool add)
{
    for (int64_t c = 0; c < channels; c++)
        dx[c] = iso_cpu_put(dx[c], 0.0f + (chosen[c] == tap ? dy[c] : 0.0f), add);
}

static void add_window(const float *restrict dy, const int32_t *restrict chosen, int32_t tap,
                       int64_t channels, float *restrict sum)
{
    for (int64_t c = 0; c < channels; c++)
        sum[c] = sum[c] + (chosen[c] == tap ? dy[c] : 0.0f);
}

/* dx [c] of pixel (iy, ix), which the windows rows x columns of image n hold. */
static void gather_pixel(const struct work *w, int64_t n, int64_t iy, int64_t ix,
                         struct iso_span rows, struct iso_span columns, float *dx)
{
    const struct iso_window *g = &w->g;
    float sum[ISO_CPU_POOL_CHANNELS];
    for (int64_t c = 0, some; c < g->c; c += some) {
        some = iso_min64(ISO_CPU_POOL_CHANNELS, g->c - c);
        memset(sum, 0, (size_t)some * sizeof *sum);
        for (int64_t oy = rows.begin; oy < rows.end; oy++)
            for (int64_t ox = columns.begin; ox < columns.end; ox++) {
                const int64_t at = ((n * g->oh + oy) * g->ow + ox) * g->c + c;
                const int64_t tap = (iy + g->top - oy * g->sh) * g->kw + ix + g->left - ox * g->sw;
                add_window(w->dy + at, w->chosen + at, (int32_t)tap, some, sum);
            }
        for (int64_t i = 0; i < some; i++)
            dx[c + i] = iso_cpu_put(dx[c + i], sum[i], w->add);
    }
}

/* dx [w, c] of row iy of image n. */
static void gather_row(const struct work *w, int64_t n, int64_t iy, float *dx)
{
    const struct iso_window *g = &w->g;
    const struct iso_span rows = iso_window_holders(iy, g->top, g->kh, g->sh, g->oh);
    for (int64_t ix = 0; ix < g->w; ix++, dx += g->c) {
        const struct iso_span columns = iso_window_holders(ix, g->left, g->kw, g->sw, g->ow);
        if (rows.end - rows.begin == 1 && columns.end - columns.begin == 1) {
            const int64_t at = ((n * g->oh + rows.begin) * g->ow + columns.begin) * g->c;
            const int64_t ky = iy + g->top - rows.begin * g->sh,
                          kx = ix + g->left - columns.begin * g->sw;
            gather_one(w->dy + at, w->chosen + at, (int32_t)(ky * g->kw + kx), g->c, dx, w->add);
        } else {
            gather_pixel(w, n, iy, ix, rows, columns, dx);
        }
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->h);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++)
        gather_row(w, row / g->h, row % g->h, w->dx + row * g->w * g->c);
    ISO_CPU(end)(&w->ending, w->dx + range.begin * g->w * g->c,
                 (range.end - range.begin) * g->w * g->c);
}

iso_rc ISO_CPU(max_pool_gradient)(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .g = iso_pooling2d_window(call->params, &call->x[0].shape),
        .dy = iso_cpu_f32(&call->dy[0]),
        .dx = iso_cpu_f32(&call->dx[0]),
        .chosen = iso_cpu_i32(&call->saved[0]),
        .add = call->add_dx[0],
        .ending = ISO_CPU(gradient_ending)(call),
    };
    const struct iso_window *g = &work.g;
    if (work.dx == NULL)
        return ISO_OK;
    work.unit_rows = iso_cpu_unit_rows(g->w * g->c);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(g->n * g->h, work.unit_rows), gradients,
                 &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(max_pooling2d) = {
    .forward = ISO_CPU(max_pool),
    .backward = ISO_CPU(max_pool_gradient),
    .fuses_x_activation = true,
};
