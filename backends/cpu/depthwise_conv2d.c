/* depthwise_conv2d.c: each channel convolved by itself (core/ops/depthwise_conv2d.h). The
 * elements of a vector are channels; a few pixels side by side share the kernel's vectors, so that
 * chains enough are under way. Threads share rows of y and of dx; the kernel's gradient is in
 * depthwise_weights.c.
 *
 * With a depth_multiplier m above 1, x is first spread to the channels of y, and for dx the m
 * results of every channel are laid apart, [m][pixel][c]: the loops know only equal channels. */
#include "core/ops/depthwise_conv2d.h"
#include "depthwise.h"
#include "sums.h"
#include "tile.h"

enum { PIXELS = 4, VECTORS = 2, TOGETHER = 3, COLUMNS = 2 * (PIXELS - 1) + TOGETHER };

struct taps {                 /* terms of a line's chains whose pixels are adjacent in a row */
    const float *row;         /* [width, channels] */
    int64_t column;           /* lowest column that the line's first pixel reads; may be outside */
    const float *kernel;      /* first tap's: [channels] */
    const float *at[COLUMNS]; /* sources of the current pixels, if a column is outside */
};
struct line { /* results that lie in one row and have the same taps */
    struct taps *taps;
    int rows, together;               /* number of struct taps, and terms of each */
    bool descending;                  /* the first of them reads the highest column */
    int64_t next;                     /* floats from the kernel of one of them to the next */
    int64_t width, channels, advance; /* pixel p reads column + p advance */
    int64_t count, step;              /* pixels; floats from one to the next in out */
    float *out;
    const float *bias, *zeros; /* [channels] */
    bool add;
};
struct work {
    struct iso_window g;
    int64_t m, channels, taps; /* channels: of y */
    const float *x, *dy, *kernel, *bias;
    float *out; /* y, or dx */
    const struct iso_activation *activation;
    struct taps *list;  /* [threads][taps m] */
    const float *zeros; /* in place of a row beyond the border */
    int64_t unit_rows;
    const float *from;
    float *to; /* source and target of spread and lay_apart */
    bool add;
};

/* ---- Lines --------------------------------------------------------------------------------- */

static inline const float *column_of(const struct line *l, const struct taps *t, int64_t at)
{
    return at >= 0 && at < l->width ? t->row + at * l->channels : l->zeros;
}

/* The sums of a tile below, one vector for each pixel and vector of channels. */
typedef iso_vec sums[PIXELS][VECTORS];

ISO_CPU_INLINE void clear(int pixels, int vectors, sums sum)
{
    for (int i = 0; i < pixels; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = iso_vset(0.0f);
}

/* How a line's taps read, constant where it is inlined. */
struct way {
    int together, advance;   /* advance: 1 where they are single */
    bool descending, inside; /* inside: none lies beyond the border */
    int pixels, vectors;
};

/* Adds the terms of one row of taps: each column is read once. */
ISO_CPU_INLINE void add_terms(const struct line *l, const struct taps *t, const struct way w,
                              int64_t p, int64_t c, sums sum)
{
    const int columns = (w.pixels - 1) * w.advance + w.together;
    const int64_t unit = w.together == 1 ? l->advance * l->channels : l->channels;
    const float *first = t->row + (t->column + p * l->advance) * l->channels + c;
    iso_vec k[TOGETHER][VECTORS], x[VECTORS];
    ISO_CPU_UNROLL for (int i = 0; i < w.together; i++)
        ISO_CPU_UNROLL for (int v = 0; v < w.vectors; v++)
            k[i][v] = iso_vload(t->kernel + i * l->next + c + v * ISO_VEC);
    ISO_CPU_UNROLL for (int j = 0; j < columns; j++)
    {
        const int at = w.descending ? columns - 1 - j : j;
        const float *from = w.inside ? first + at * unit : t->at[at] + c;
        ISO_CPU_UNROLL for (int v = 0; v < w.vectors; v++) x[v] = iso_vload(from + v * ISO_VEC);
        ISO_CPU_UNROLL for (int i = 0; i < w.pixels * w.together; i++)
        {
            const int pixel = i / w.together, term = i % w.together;
            const int side = w.descending ? w.together - 1 - term : term;
            if (pixel * w.advance + side == at)
                ISO_CPU_UNROLL for (int v = 0; v < w.vectors; v++)
                    sum[pixel][v] = iso_vfma(x[v], k[term][v], sum[pixel][v]);
        }
    }
}

/* `n` pixels from p on, and channels c.. in whole vectors. */
ISO_CPU_INLINE void sum_pixels(const struct line *l, const struct way w, int64_t p, int64_t n,
                               int64_t c)
{
    const struct taps *last = l->taps + l->rows;
    sums total, sum;
    clear(w.pixels, w.vectors, total);
    for (const struct taps *t = l->taps, *end; t < last; t = end) {
        end = last - t > ISO_BLOCK_TERMS ? t + ISO_BLOCK_TERMS : last;
        clear(w.pixels, w.vectors, sum);
        for (const struct taps *u = t; u < end; u++)
            add_terms(l, u, w, p, c, sum);
        for (int i = 0; i < w.pixels; i++)
            for (int v = 0; v < w.vectors; v++)
                total[i][v] = iso_vadd(total[i][v], sum[i][v]);
    }
    for (int i = 0; i < w.pixels && i < n; i++)
        for (int v = 0; v < w.vectors; v++) {
            float *out = l->out + (p + i) * l->step + c + v * ISO_VEC;
            iso_vec end = total[i][v];
            if (l->bias != NULL)
                end = iso_vadd(end, iso_vload(l->bias + c + v * ISO_VEC));
            iso_vstore(out, l->add ? iso_vadd(iso_vload(out), end) : end);
        }
}

/* The channels from c on, fewer than a vector, of one pixel. */
static void sum_rest(const struct line *l, int64_t p, int64_t c)
{
    const int n = (int)(l->channels - c), terms = l->rows * l->together;
    float total[ISO_VEC] = { 0.0f }, *out = l->out + p * l->step + c;
    for (int first = 0; first < terms; first += ISO_BLOCK_TERMS) {
        const int end = (int)iso_min64(terms, first + ISO_BLOCK_TERMS);
        float sum[ISO_VEC] = { 0.0f };
        for (int i = first; i < end; i++) {
            const struct taps *t = l->taps + i / l->together;
            const int term = i % l->together, side = l->descending ? l->together - 1 - term : term;
            const float *from = column_of(l, t, t->column + p * l->advance + side) + c;
            for (int k = 0; k < n; k++)
                sum[k] = iso_fma(from[k], t->kernel[term * l->next + c + k], sum[k]);
        }
        for (int k = 0; k < n; k++)
            total[k] = total[k] + sum[k];
    }
    for (int k = 0; k < n; k++) {
        total[k] = l->bias != NULL ? total[k] + l->bias[c + k] : total[k];
        out[k] = iso_cpu_put(out[k], total[k], l->add);
    }
}

/* The pixels whose taps all lie inside the border. */
static struct iso_range inside_of(const struct line *l)
{
    struct iso_range p = { 0, l->count };
    for (const struct taps *t = l->taps; t < l->taps + l->rows; t++) {
        const int64_t left = l->width - (t->column + l->together - 1);
        if (t->column < 0)
            p.begin = iso_max64(p.begin, iso_ceil_div(-t->column, l->advance));
        p.end = left <= 0 ? 0 : iso_min64(p.end, iso_ceil_div(left, l->advance));
    }
    return p;
}

/* Some pixels from p on, as many as the way has or fewer, all channels, which lie end to end. */
ISO_CPU_INLINE void run_pixels(const struct line *l, struct way w, int64_t p)
{
    const int64_t n = iso_min64(w.pixels, l->count - p), unit = w.together == 1 ? l->advance : 1;
    int64_t c = 0;
    for (struct taps *t = l->taps; !w.inside && t < l->taps + l->rows; t++)
        for (int j = 0; j < (w.pixels - 1) * w.advance + w.together; j++)
            t->at[j] = column_of(l, t, t->column + p * l->advance + j * unit);
    for (w.vectors = VECTORS; c + VECTORS * ISO_VEC <= l->channels; c += VECTORS * ISO_VEC)
        sum_pixels(l, w, p, n, c);
    for (w.vectors = 1; c + ISO_VEC <= l->channels; c += ISO_VEC)
        sum_pixels(l, w, p, n, c);
    for (int i = 0; c < l->channels && i < n; i++)
        sum_rest(l, p + i, c);
}

/* Two pixels, or four, whole ones or cut. */
ISO_CPU_INLINE void run_way(const struct line *l, int together, int advance, bool descending)
{
    const struct way few = { together, advance, descending, false, 2, VECTORS };
    const struct way beyond = { together, advance, descending, false, PIXELS, VECTORS };
    const struct way within = { together, advance, descending, true, PIXELS, VECTORS };
    const struct iso_range inside = inside_of(l);
    int64_t p = 0;
    for (; l->count - p > 2; p += PIXELS)
        if (p >= inside.begin && p + PIXELS <= inside.end)
            run_pixels(l, within, p);
        else
            run_pixels(l, beyond, p);
    if (p < l->count)
        run_pixels(l, few, p);
}

static void run_line(const struct line *l)
{
    if (l->together == 3 && l->descending)
        run_way(l, 3, 1, true);
    else if (l->together == 2)
        run_way(l, 2, 1, true);
    else if (l->together == 3 && l->advance == 1)
        run_way(l, 3, 1, false);
    else if (l->together == 3)
        run_way(l, 3, 2, false);
    else
        run_way(l, 1, 1, false);
}

/* ---- Forward and input gradient ------------------------------------------------------------ */

/* Lists the taps for row oy of y of an image, three per row of the kernel if it has as many. */
static void taps_of_value(const struct work *w, const float *image, int64_t oy, struct line *l)
{
    const struct iso_window *g = &w->g;
    const bool three = g->kw == 3 && g->dw == 1 && g->sw <= 2 && w->taps <= ISO_BLOCK_TERMS;
    l->together = three ? 3 : 1;
    l->next = w->channels;
    l->rows = (int)w->taps / l->together;
    for (int64_t i = 0; i < l->rows; i++) {
        const int64_t tap = i * l->together, iy = oy * g->sh + tap / g->kw * g->dh - g->top;
        const bool inside = iy >= 0 && iy < g->h;
        l->taps[i].row = inside ? image + iy * g->w * w->channels : w->zeros;
        l->taps[i].column = tap % g->kw * g->dw - g->left;
        l->taps[i].kernel = w->kernel + tap * w->channels;
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->oh);
    for (int64_t row = range.begin; row < range.end; row++) {
        struct line line = { .taps = w->list + thread * w->taps * w->m,
                             .width = g->w,
                             .channels = w->channels,
                             .advance = g->sw,
                             .count = g->ow,
                             .step = w->channels,
                             .bias = w->bias,
                             .zeros = w->zeros,
                             .out = w->out + row * g->ow * w->channels };
        taps_of_value(w, w->x + row / g->oh * g->h * g->w * w->channels, row % g->oh, &line);
        run_line(&line);
        if (w->activation != NULL)
            ISO_CPU(activate)(w->activation, line.out, g->ow * w->channels);
    }
}

/* The taps, in ascending order of (ky, kx, d), that reach row iy of image n and the columns ix,
 * ix + sw, ...: two or three of a row of the kernel together, the first of which reads the highest
 * column. */
static void taps_of_gradient(const struct work *w, int64_t n, int64_t iy, int64_t ix,
                             struct line *l)
{
    const struct iso_window *g = &w->g;
    const int64_t plane = g->n * g->oh * g->ow * g->c, kx0 = (ix + g->left) % g->sw;
    const int64_t some = iso_ceil_div(iso_max64(0, g->kw - kx0), g->sw);
    const bool plain = w->m == 1 && g->dw == 1 && w->taps <= ISO_BLOCK_TERMS;
    l->descending = plain && (some == 2 || some == 3);
    l->together = l->descending ? (int)some : 1;
    l->next = g->sw * g->c;
    for (int64_t i = 0; i < w->taps; i++) {
        const int64_t dy = iy + g->top - i / g->kw * g->dh, dx = ix + g->left - i % g->kw * g->dw;
        if (dy % g->sh != 0 || dx % g->sw != 0 || (l->descending && i % g->kw != kx0))
            continue;
        const int64_t oy = dy / g->sh, row = (n * g->oh + oy) * g->ow * g->c;
        for (int64_t d = 0; d < w->m; d++) {
            struct taps *t = &l->taps[l->rows++];
            t->row = oy >= 0 && oy < g->oh ? w->dy + d * plane + row : w->zeros;
            t->column = dx / g->sw - (l->together - 1);
            t->kernel = w->kernel + (i * w->m + d) * g->c;
        }
    }
}

static void input_gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->h);
    for (int64_t row = range.begin; row < range.end; row++)
        for (int64_t ix = 0; ix < iso_min64(g->sw, g->w); ix++) {
            struct line line = { .taps = w->list + thread * w->taps * w->m,
                                 .width = g->ow,
                                 .channels = g->c,
                                 .advance = 1,
                                 .count = iso_ceil_div(g->w - ix, g->sw),
                                 .step = g->sw * g->c,
                                 .zeros = w->zeros,
                                 .out = w->out + (row * g->w + ix) * g->c,
                                 .add = w->add };
            taps_of_gradient(w, row / g->h, row % g->h, ix, &line);
            run_line(&line);
        }
}

/* ---- Depth multipliers above 1 ------------------------------------------------------------- */

/* x [pixels, c] -> [pixels, c m]. */
static void spread(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const int64_t count = w->g.n * w->g.h * w->g.w * w->g.c;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        for (int64_t d = 0; d < w->m; d++)
            w->to[i * w->m + d] = w->from[i];
}

/* dy [pixels, c, m] -> [m][pixels, c]. */
static void lay_apart(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const int64_t plane = w->g.n * w->g.oh * w->g.ow * w->g.c;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, plane);
    (void)thread;
    for (int64_t d = 0; d < w->m; d++)
        for (int64_t i = range.begin; i < range.end; i++)
            w->to[d * plane + i] = w->from[i * w->m + d];
}

/* kernel [taps, c, m] -> [taps, m, c]. */
static void turn_kernel(const struct work *w, float *to)
{
    for (int64_t tap = 0; tap < w->taps; tap++)
        for (int64_t d = 0; d < w->m; d++)
            for (int64_t i = 0; i < w->g.c; i++)
                to[(tap * w->m + d) * w->g.c + i] = w->kernel[(tap * w->g.c + i) * w->m + d];
}

static const float *run_copy(struct iso_backend *b, struct work *w, iso_team_task *task,
                             int64_t units, const float *from, float *to)
{
    w->from = from;
    w->to = to;
    w->unit_rows = iso_cpu_unit_rows(w->m);
    iso_team_run(iso_cpu_team(b), iso_ceil_div(units, w->unit_rows), task, w);
    return to;
}

/* ---- Calls --------------------------------------------------------------------------------- */

static struct work work_of(const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    struct work w = { .g = iso_depthwise_conv2d_window(p, &call->x[0].shape),
                      .m = p->depth_multiplier,
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]),
                      .kernel = iso_cpu_f32(&call->w[0]) };
    const struct iso_window *g = &w.g;
    w.channels = g->c * w.m;
    w.taps = g->kh * g->kw;
    return w;
}

/* The lists of taps, in whole lines of the cache, and a row of zeros, of x or of dy. */
static size_t list_bytes(const struct work *w, int threads)
{
    return (size_t)iso_ceil_div(threads * w->taps * w->m * (int64_t)sizeof(struct taps), 64) * 64;
}
static size_t zero_floats(const struct work *w)
{
    return (size_t)(iso_max64(w->g.w, w->g.ow) * w->channels);
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct work w = work_of(call);
    const struct iso_window *g = &w.g;
    const int threads = iso_cpu_threads(b);
    const int64_t x = w.m > 1 ? g->n * g->h * g->w * w.channels : 0;
    const int64_t y = w.m > 1 ? g->n * g->oh * g->ow * w.channels : 0;
    const int64_t kernel = w.taps * w.channels, pixels = g->oh * g->ow;
    const size_t lists = list_bytes(&w, threads) + zero_floats(&w) * sizeof(float);
    if (pass == ISO_FORWARD)
        return lists + (size_t)x * sizeof(float);
    const size_t dx = lists + (size_t)(kernel + y) * sizeof(float);
    const size_t dkernel =
        ISO_CPU(depthwise_weights_workspace)(g, w.channels, threads) + (size_t)x * sizeof(float);
    const size_t dbias = ISO_CPU(sum_rows_workspace)(g->n * pixels, pixels, w.channels);
    return iso_max_size(dx, iso_max_size(dkernel, dbias));
}

/* Returns the rest of the workspace. */
static float *take_lists(struct iso_backend *b, const struct iso_call *call, struct work *w)
{
    uint8_t *work = iso_cpu_u8(&call->workspace);
    float *zeros = (float *)(void *)(work + list_bytes(w, iso_cpu_threads(b)));
    w->list = (struct taps *)(void *)work;
    w->zeros = memset(zeros, 0, zero_floats(w) * sizeof *zeros);
    return zeros + zero_floats(w);
}

static iso_rc forward(struct iso_backend *b, const struct iso_call *call)
{
    struct work w = work_of(call);
    const struct iso_window *g = &w.g;
    float *copy = take_lists(b, call, &w);
    if (w.m > 1)
        w.x = run_copy(b, &w, spread, g->n * g->h * g->w * g->c, w.x, copy);
    w.bias = iso_cpu_f32(&call->w[1]);
    w.out = iso_cpu_f32(&call->y[0]);
    w.activation = call->activation;
    w.unit_rows = iso_cpu_unit_rows(g->ow * w.channels * w.taps);
    iso_team_run(iso_cpu_team(b), iso_ceil_div(g->n * g->oh, w.unit_rows), values, &w);
    return ISO_OK;
}

static void input_gradient(struct iso_backend *b, const struct iso_call *call)
{
    struct work w = work_of(call);
    const struct iso_window *g = &w.g;
    float *kernel = take_lists(b, call, &w);
    if (w.m > 1) {
        turn_kernel(&w, kernel);
        w.kernel = kernel;
        w.dy = run_copy(b, &w, lay_apart, g->n * g->oh * g->ow * g->c, w.dy,
                        kernel + w.taps * w.channels);
    }
    w.out = iso_cpu_f32(&call->dx[0]);
    w.add = call->add_dx[0];
    w.unit_rows = iso_cpu_unit_rows(g->w * w.channels * w.taps / (g->sh * g->sw));
    iso_team_run(iso_cpu_team(b), iso_ceil_div(g->n * g->h, w.unit_rows), input_gradients, &w);
}

static void kernel_gradient(struct iso_backend *b, const struct iso_call *call)
{
    struct work w = work_of(call);
    const struct iso_window *g = &w.g;
    uint8_t *work = iso_cpu_u8(&call->workspace);
    uint8_t *copy = work + ISO_CPU(depthwise_weights_workspace)(g, w.channels, iso_cpu_threads(b));
    if (w.m > 1)
        w.x = run_copy(b, &w, spread, g->n * g->h * g->w * g->c, w.x, (float *)(void *)copy);
    ISO_CPU(depthwise_weights)(iso_cpu_team(b), g, w.channels, w.x, w.dy, call->add_dw[0],
                               iso_cpu_f32(&call->dw[0]), work);
}

static iso_rc backward(struct iso_backend *b, const struct iso_call *call)
{
    const struct work w = work_of(call);
    const int64_t pixels = w.g.oh * w.g.ow;
    if (call->dx[0].mem != NULL)
        input_gradient(b, call);
    if (call->dw[0].mem != NULL)
        kernel_gradient(b, call);
    if (call->dw[1].mem != NULL)
        ISO_CPU(sum_rows)(iso_cpu_team(b), w.g.n * pixels, pixels, w.channels, w.dy,
                          call->add_dw[1], iso_cpu_f32(&call->dw[1]), iso_cpu_u8(&call->workspace));
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(depthwise_conv2d) = {
    .workspace = workspace, .fuses_activation = true, .forward = forward, .backward = backward
};
