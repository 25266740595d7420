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

enum { PIXELS = 4, VECTORS = 2 };

struct tap {                    /* one term of a line's chains */
    const float *row;           /* [width, channels] */
    int64_t column;             /* that the line's first pixel reads; may lie beyond */
    const float *kernel;        /* [channels] */
    const float *pixel[PIXELS]; /* [channels]; of the pixels at hand, if one lies beyond */
};
struct line { /* results that lie in one row and have the same taps */
    struct tap *tap;
    int taps;
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
    struct tap *tap;    /* [threads][taps m] */
    const float *zeros; /* in place of a row beyond the border */
    int64_t unit_rows;
    const float *from;
    float *to; /* of spread and lay_apart */
    bool add;
};

/* ---- Lines --------------------------------------------------------------------------------- */

static inline const float *pixel_of(const struct line *l, const struct tap *t, int64_t p)
{
    const int64_t at = t->column + p * l->advance;
    return at >= 0 && at < l->width ? t->row + at * l->channels : l->zeros;
}

/* What the tiles below hold, once for each of their pixels and vectors. */
typedef iso_vec sums[PIXELS][VECTORS];

ISO_CPU_INLINE void clear(int pixels, int vectors, sums sum)
{
    for (int i = 0; i < pixels; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = iso_vset(0.0f);
}

/* Adds the chains of a block of taps. inside: no tap lies beyond the border. */
ISO_CPU_INLINE void add_block(const struct line *l, const struct tap *t, const struct tap *end,
                              int pixels, int vectors, bool inside, int64_t p, int64_t c,
                              sums total)
{
    iso_vec k[VECTORS];
    sums sum;
    clear(pixels, vectors, sum);
    for (; t < end; t++) {
        for (int v = 0; v < vectors; v++)
            k[v] = iso_vload(t->kernel + c + v * ISO_VEC);
        for (int i = 0; i < pixels; i++) {
            const float *from = inside ? t->row + (t->column + (p + i) * l->advance) * l->channels
                                       : t->pixel[i];
            for (int v = 0; v < vectors; v++)
                sum[i][v] = iso_vfma(iso_vload(from + c + v * ISO_VEC), k[v], sum[i][v]);
        }
    }
    for (int i = 0; i < pixels; i++)
        for (int v = 0; v < vectors; v++)
            total[i][v] = iso_vadd(total[i][v], sum[i][v]);
}

/* Pixels p.. and channels c.. in whole vectors. */
ISO_CPU_INLINE void sum_pixels(const struct line *l, int pixels, int vectors, bool inside,
                               int64_t p, int64_t c)
{
    const struct tap *last = l->tap + l->taps;
    sums total;
    clear(pixels, vectors, total);
    for (const struct tap *t = l->tap, *end; t < last; t = end) {
        end = last - t > ISO_BLOCK_TERMS ? t + ISO_BLOCK_TERMS : last;
        add_block(l, t, end, pixels, vectors, inside, p, c, total);
    }
    for (int i = 0; i < pixels; i++)
        for (int v = 0; v < vectors; v++) {
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
    const int n = (int)(l->channels - c);
    float total[ISO_VEC] = { 0.0f }, *out = l->out + p * l->step + c;
    for (int first = 0; first < l->taps; first += ISO_BLOCK_TERMS) {
        const int end = (int)iso_min64(l->taps, first + ISO_BLOCK_TERMS);
        float sum[ISO_VEC] = { 0.0f };
        for (const struct tap *t = l->tap + first; t < l->tap + end; t++) {
            const float *from = pixel_of(l, t, p) + c;
            for (int i = 0; i < n; i++)
                sum[i] = iso_fma(from[i], t->kernel[c + i], sum[i]);
        }
        for (int i = 0; i < n; i++)
            total[i] = total[i] + sum[i];
    }
    for (int i = 0; i < n; i++) {
        total[i] = l->bias != NULL ? total[i] + l->bias[c + i] : total[i];
        out[i] = iso_cpu_put(out[i], total[i], l->add);
    }
}

/* The pixels whose taps all lie inside the border. */
static struct iso_range inside_of(const struct line *l)
{
    struct iso_range p = { 0, l->count };
    for (const struct tap *t = l->tap; t < l->tap + l->taps; t++) {
        if (t->column >= l->width)
            return (struct iso_range){ 0, 0 };
        if (t->column < 0)
            p.begin = iso_max64(p.begin, iso_ceil_div(-t->column, l->advance));
        p.end = iso_min64(p.end, iso_ceil_div(l->width - t->column, l->advance));
    }
    return p;
}

/* Some pixels from p on, all channels, which lie end to end. */
ISO_CPU_INLINE void run_pixels(const struct line *l, int pixels, bool inside, int64_t p)
{
    int64_t c = 0;
    for (struct tap *t = l->tap; !inside && t < l->tap + l->taps; t++)
        for (int i = 0; i < pixels; i++)
            t->pixel[i] = pixel_of(l, t, p + i);
    for (; c + VECTORS * ISO_VEC <= l->channels; c += VECTORS * ISO_VEC)
        sum_pixels(l, pixels, VECTORS, inside, p, c);
    for (; c + ISO_VEC <= l->channels; c += ISO_VEC)
        sum_pixels(l, pixels, 1, inside, p, c);
    for (int i = 0; c < l->channels && i < pixels; i++)
        sum_rest(l, p + i, c);
}

static void run_line(const struct line *l)
{
    const struct iso_range inside = inside_of(l);
    int64_t p = 0;
    for (; p + PIXELS <= l->count; p += PIXELS)
        if (p >= inside.begin && p + PIXELS <= inside.end)
            run_pixels(l, PIXELS, true, p);
        else
            run_pixels(l, PIXELS, false, p);
    switch (l->count - p) {
    case 3: run_pixels(l, 3, false, p); break;
    case 2: run_pixels(l, 2, false, p); break;
    case 1: run_pixels(l, 1, false, p); break;
    }
}

/* ---- Forward and input gradient ------------------------------------------------------------ */

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->oh);
    struct tap *tap = w->tap + thread * w->taps;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *image = w->x + row / g->oh * g->h * g->w * w->channels;
        for (int64_t i = 0; i < w->taps; i++) {
            const int64_t iy = row % g->oh * g->sh + i / g->kw * g->dh - g->top;
            const bool inside = iy >= 0 && iy < g->h;
            tap[i].row = inside ? image + iy * g->w * w->channels : w->zeros;
            tap[i].column = i % g->kw * g->dw - g->left;
            tap[i].kernel = w->kernel + i * w->channels;
        }
        const struct line line = { .tap = tap,
                                   .taps = (int)w->taps,
                                   .width = g->w,
                                   .channels = w->channels,
                                   .advance = g->sw,
                                   .count = g->ow,
                                   .step = w->channels,
                                   .bias = w->bias,
                                   .zeros = w->zeros,
                                   .out = w->out + row * g->ow * w->channels };
        run_line(&line);
        if (w->activation != NULL)
            ISO_CPU(activate)(w->activation, line.out, g->ow * w->channels);
    }
}

/* The taps, in ascending order of (ky, kx, d), that reach row iy of image n and the columns ix,
 * ix + sw, ...; their number. */
static int taps_of(const struct work *w, int64_t n, int64_t iy, int64_t ix, struct tap *tap)
{
    const struct iso_window *g = &w->g;
    const int64_t plane = g->n * g->oh * g->ow * g->c;
    int count = 0;
    for (int64_t i = 0; i < w->taps; i++) {
        const int64_t dy = iy + g->top - i / g->kw * g->dh, dx = ix + g->left - i % g->kw * g->dw;
        if (dy % g->sh != 0 || dx % g->sw != 0)
            continue;
        const int64_t oy = dy / g->sh, row = (n * g->oh + oy) * g->ow * g->c;
        for (int64_t d = 0; d < w->m; d++, count++) {
            tap[count].row = oy >= 0 && oy < g->oh ? w->dy + d * plane + row : w->zeros;
            tap[count].column = dx / g->sw;
            tap[count].kernel = w->kernel + (i * w->m + d) * g->c;
        }
    }
    return count;
}

static void input_gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *g = &w->g;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, g->n * g->h);
    struct tap *tap = w->tap + thread * w->taps * w->m;
    for (int64_t row = range.begin; row < range.end; row++)
        for (int64_t ix = 0; ix < iso_min64(g->sw, g->w); ix++) {
            const struct line line = {
                .tap = tap,
                .taps = taps_of(w, row / g->h, row % g->h, ix, tap),
                .width = g->ow,
                .channels = g->c,
                .advance = 1,
                .count = iso_ceil_div(g->w - ix, g->sw),
                .step = g->sw * g->c,
                .zeros = w->zeros,
                .out = w->out + (row * g->w + ix) * g->c,
                .add = w->add,
            };
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

static const float *run_copy(struct iso_backend *b, struct work *w, iso_job *job, int64_t units,
                             const float *from, float *to)
{
    w->from = from;
    w->to = to;
    w->unit_rows = iso_cpu_unit_rows(w->m);
    iso_team_run(iso_cpu_team(b), iso_ceil_div(units, w->unit_rows), job, w);
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
    return (size_t)iso_ceil_div(threads * w->taps * w->m * (int64_t)sizeof(struct tap), 64) * 64;
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

/* Returns what is left of the workspace. */
static float *take_lists(struct iso_backend *b, const struct iso_call *call, struct work *w)
{
    uint8_t *work = iso_cpu_u8(&call->workspace);
    float *zeros = (float *)(void *)(work + list_bytes(w, iso_cpu_threads(b)));
    w->tap = (struct tap *)(void *)work;
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
