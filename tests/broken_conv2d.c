/* broken_conv2d.c: convolutions of listed terms, right and wrong. */
#include "broken_conv2d.h"

#include <math.h>

#include "core/ops/conv2d.h"
#include "core/arithmetic/winograd.h"

struct conv_fault {
    bool none, pad, swap, stride, descending, chain, across, groups, ungrouped;
    bool row, factor, tile, channels, unturned, neighbour;
};

/* A call as all functions here take it. */
struct conv {
    const struct iso_call *call;
    const struct conv_fault *fault;
    struct iso_window w;
    int64_t filters, in, out; /* in, out: channels and filters of a group */
    bool winograd;
    int k, t; /* Winograd's algorithm: taps, and results of a tile, per side */
};

static float *reals(const struct iso_tensor *t)
{
    return t->mem != NULL ? (float *)(void *)t->mem + t->offset : NULL;
}

static struct conv conv_of(const struct iso_call *call, const struct conv_fault *fault)
{
    const struct iso_conv2d *p = call->params;
    struct conv c = { .call = call,
                      .fault = fault,
                      .w = iso_conv2d_window(p, &call->x[0].shape),
                      .filters = p->filters,
                      .out = p->filters / p->groups };
    c.in = c.w.c / p->groups;
    c.winograd = iso_conv2d_algorithm(p, &call->x[0].shape) == ISO_WINOGRAD;
    c.k = (int)c.w.kh;
    c.t = ISO_WINOGRAD_TILE(c.k);
    if (fault->pad && p->padding == ISO_PADDING_SAME) { /* right for odd kernels at stride 1 */
        c.w.top = c.w.kh / 2;
        c.w.left = c.w.kw / 2;
    }
    if (fault->stride)
        c.w.sh = c.w.sh > 1 ? c.w.sh - 1 : 1;
    return c;
}

/* ---- lists of terms ------------------------------------------------------------------------ */

enum { TERMS_MOST = 1 << 13 };
struct terms {
    int64_t n;
    float a[TERMS_MOST], b[TERMS_MOST];
};

static void push(struct terms *l, float a, float b)
{
    l->a[l->n] = a;
    l->b[l->n++] = b;
}

/* One chain over the terms [begin, end). */
static float chain(const struct terms *l, int64_t begin, int64_t end, bool descending)
{
    float sum = 0;
    for (int64_t i = begin; i < end; i++) {
        const int64_t k = descending ? end - 1 - (i - begin) : i;
        sum = fmaf(l->a[k], l->b[k], sum);
    }
    return sum;
}

static float sum_products(const struct conv *c, const struct terms *l, int64_t block)
{
    float total = 0;
    block = c->fault->chain ? TERMS_MOST : block;
    for (int64_t b = 0; b < l->n; b += block)
        total += chain(l, b, b + block < l->n ? b + block : l->n, c->fault->descending);
    return total;
}

/* The sum of a group that begins at row g. */
static float sum_group(const struct terms *l, struct iso_rows r, int64_t g)
{
    float group = 0;
    for (int64_t b = g, end; b < iso_group_end(r, g); b = end) {
        end = iso_block_end(r, b);
        group += chain(l, b, end, false);
    }
    return group;
}

static float sum_rows(const struct conv *c, const struct terms *l, int64_t image)
{
    const struct iso_rows r = { l->n, c->fault->across ? 1 : image };
    const int64_t groups = iso_group_count(r), blocks = iso_block_count(r);
    float total = 0;
    for (int64_t b = 0; c->fault->ungrouped && b < blocks; b++)
        total += chain(l, iso_block_begin(r, b), iso_block_end(r, iso_block_begin(r, b)), false);
    for (int64_t g = 0; !c->fault->ungrouped && g < groups; g++)
        total += sum_group(l, r, iso_group_begin(r, c->fault->groups ? groups - 1 - g : g));
    return total;
}

/* ---- direct sums --------------------------------------------------------------------------- */

static float x_at(const struct conv *c, int64_t n, int64_t y, int64_t x, int64_t i)
{
    const bool inside = y >= 0 && y < c->w.h && x >= 0 && x < c->w.w;
    return inside ? reals(&c->call->x[0])[((n * c->w.h + y) * c->w.w + x) * c->w.c + i] : 0;
}
static float dy_at(const struct conv *c, int64_t n, int64_t y, int64_t x, int64_t f)
{
    const bool inside = y >= 0 && y < c->w.oh && x >= 0 && x < c->w.ow;
    return inside ? reals(&c->call->dy[0])[((n * c->w.oh + y) * c->w.ow + x) * c->filters + f] : 0;
}
static float kernel_at(const struct conv *c, int64_t tap, int64_t i, int64_t f)
{
    return reals(&c->call->w[0])[(tap * c->in + i % c->in) * c->filters + f];
}
/* The first channel of the group of filter f. */
static int64_t first_channel(const struct conv *c, int64_t f)
{
    return (f / c->out * c->in + (c->fault->neighbour ? c->in : 0)) % c->w.c;
}

static float direct_output(const struct conv *c, int64_t n, int64_t oy, int64_t ox, int64_t f)
{
    static struct terms l;
    const struct iso_window *w = &c->w;
    const int64_t first = first_channel(c, f);
    l.n = 0;
    for (int64_t t = 0; t < w->kh * w->kw; t++) {
        const int64_t ky = t / w->kw, kx = t % w->kw;
        for (int64_t i = first; i < first + c->in; i++)
            push(&l,
                 x_at(c, n, oy * w->sh + ky * w->dh - w->top, ox * w->sw + kx * w->dw - w->left, i),
                 kernel_at(c, c->fault->swap ? kx * w->kh + ky : t, i, f));
    }
    return sum_products(c, &l, ISO_BLOCK_TERMS);
}

static float direct_dx(const struct conv *c, int64_t n, int64_t iy, int64_t ix, int64_t i)
{
    static struct terms l;
    const struct iso_window *w = &c->w;
    const int64_t first = i / c->in * c->out;
    l.n = 0;
    for (int64_t t = 0; t < w->kh * w->kw; t++) {
        const int64_t y = iy + w->top - t / w->kw * w->dh, x = ix + w->left - t % w->kw * w->dw;
        for (int64_t f = first; f < first + c->out && y % w->sh == 0 && x % w->sw == 0; f++)
            push(&l, dy_at(c, n, y / w->sh, x / w->sw, f), kernel_at(c, t, i, f));
    }
    return sum_products(c, &l, ISO_BLOCK_TERMS);
}

static float direct_dkernel(const struct conv *c, int64_t t, int64_t i, int64_t f)
{
    static struct terms l;
    const struct iso_window *w = &c->w;
    const int64_t image = w->oh * w->ow, ky = t / w->kw, kx = t % w->kw;
    l.n = 0;
    for (int64_t r = 0; r < w->n * image; r++) {
        const int64_t oy = r / w->ow % w->oh, ox = r % w->ow;
        push(&l,
             x_at(c, r / image, oy * w->sh + ky * w->dh - w->top, ox * w->sw + kx * w->dw - w->left,
                  first_channel(c, f) + i),
             dy_at(c, r / image, oy, ox, f));
    }
    return sum_rows(c, &l, image);
}

/* ---- Winograd's algorithm ------------------------------------------------------------------- */

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

static void taps(int n, const float *in, float *out)
{
    static void (*const of[])(const float *,
                              float *) = { iso_winograd_taps2_square, iso_winograd_taps3_square,
                                           iso_winograd_taps4_square, iso_winograd_taps5_square };
    of[n - 2](in, out);
}
static void result(int n, const float *in, float *out)
{
    static void (*const of[])(
        const float *, float *) = { iso_winograd_result2_square, iso_winograd_result3_square,
                                    iso_winograd_result4_square, iso_winograd_result5_square };
    of[n - 2](in, out);
}

/* Points of all channels of the tiles, and of all pairs of a channel and a filter. */
enum { TABLE_MOST = 1 << 15 };
typedef float points[POINTS];
static points source_table[TABLE_MOST], taps_table[TABLE_MOST];

/* v of the 6 x 6 pixels from (y, x) on. */
static void source_points(const struct conv *c, bool of_dy, int64_t n, int64_t y, int64_t x,
                          int64_t channel, float *v)
{
    float d[POINTS];
    for (int i = 0; i < POINTS; i++)
        d[i] = (of_dy ? dy_at : x_at)(c, n, y + i / SIDE, x + i % SIDE, channel);
    iso_winograd_source_square(d, v);
    for (int j = 0; c->fault->row && j < SIDE; j++) {
        const float swapped = v[SIDE + j];
        v[SIDE + j] = v[2 * SIDE + j];
        v[2 * SIDE + j] = swapped;
    }
}

/* u between channel i and filter f. */
static void kernel_points(const struct conv *c, int64_t i, int64_t f, bool turned, float *u)
{
    const int size = c->k * c->k;
    float g[25];
    for (int t = 0; t < size; t++)
        g[t] = kernel_at(c, turned ? size - 1 - t : t, i, f);
    taps(c->k, g, u);
    for (int j = 0; c->fault->factor && j < SIDE; j++)
        u[SIDE + j] *= 1 + 0x1p-13f;
}

/* Images [n, h, w, channels]: results, or their gradient. */
struct images {
    float *v;
    int64_t h, w, channels;
};

static void put(float *to, float sum, bool add) { *to = add ? *to + sum : sum; }

/* Channel f of the tile of results whose source is in the table. */
static void winograd_tile(const struct conv *c, bool forward, int64_t f, float *tile)
{
    static struct terms l;
    int64_t channels = forward ? c->w.c : c->filters;
    points m;
    if (c->fault->channels && channels > ISO_BLOCK_CHANNELS)
        channels = ISO_BLOCK_CHANNELS;
    for (int p = 0; p < POINTS; p++) {
        l.n = 0;
        for (int64_t i = 0; i < channels; i++)
            push(&l, source_table[i][p],
                 taps_table[forward ? i * c->filters + f : f * c->filters + i][p]);
        m[p] = sum_products(c, &l, ISO_BLOCK_CHANNELS);
    }
    result(c->t, m, tile);
}

static void winograd_tile_of_all(const struct conv *c, bool forward, int64_t n, int64_t ty,
                                 int64_t tx, struct images out, bool add)
{
    const int64_t y = ty - (forward ? c->w.top : c->k - 1 - c->w.top);
    const int64_t x = tx - (forward ? c->w.left : c->k - 1 - c->w.left);
    float tile[POINTS];
    for (int64_t i = 0; i < (forward ? c->w.c : c->filters); i++)
        source_points(c, !forward, n, y, x + (c->fault->tile && tx > 0), i, source_table[i]);
    for (int64_t f = 0; f < out.channels; f++) {
        winograd_tile(c, forward, f, tile);
        for (int i = 0; i < c->t * c->t; i++) {
            const int64_t oy = ty + i / c->t, ox = tx + i % c->t;
            if (oy < out.h && ox < out.w)
                put(&out.v[((n * out.h + oy) * out.w + ox) * out.channels + f], tile[i] + 0.0f,
                    add);
        }
    }
}

/* The forward pass, or the input gradient. */
static void winograd_images(const struct conv *c, bool forward, struct images out, bool add)
{
    for (int64_t pair = 0; pair < c->w.c * c->filters; pair++)
        kernel_points(c, pair / c->filters, pair % c->filters, !forward && !c->fault->unturned,
                      taps_table[pair]);
    for (int64_t n = 0; n < c->w.n; n++)
        for (int64_t y = 0; y < out.h; y += c->t)
            for (int64_t x = 0; x < out.w; x += c->t)
                winograd_tile_of_all(c, forward, n, y, x, out, add);
}

/* The tables of the kernel's gradient, whose taps are the pixels of dy. */
static void gradient_points(const struct conv *c, int64_t tile, int64_t n, int64_t y, int64_t x)
{
    float pixels[25];
    for (int64_t i = 0; i < c->w.c; i++)
        source_points(c, false, n, y - c->w.top, x - c->w.left + (c->fault->tile && x > 0), i,
                      source_table[tile * c->w.c + i]);
    for (int64_t f = 0; f < c->filters; f++) {
        for (int j = 0; j < c->t * c->t; j++)
            pixels[j] = dy_at(c, n, y + j / c->t, x + j % c->t, f);
        taps(c->t, pixels, taps_table[tile * c->filters + f]);
    }
}

static void winograd_kernel_gradient(const struct conv *c)
{
    static struct terms l;
    const int64_t across = (c->w.ow + c->t - 1) / c->t, pairs = c->w.c * c->filters;
    const int64_t image = (c->w.oh + c->t - 1) / c->t * across, tiles = c->w.n * image;
    float *dkernel = reals(&c->call->dw[0]), kernel[25];
    for (int64_t r = 0; r < tiles; r++)
        gradient_points(c, r, r / image, r % image / across * c->t, r % across * c->t);
    for (int64_t pair = 0; pair < pairs; pair++) {
        points m;
        for (int p = 0; p < POINTS; p++) {
            l.n = 0;
            for (int64_t r = 0; r < tiles; r++)
                push(&l, source_table[r * c->w.c + pair / c->filters][p],
                     taps_table[r * c->filters + pair % c->filters][p]);
            m[p] = sum_rows(c, &l, image);
        }
        result(c->k, m, kernel);
        for (int t = 0; t < c->k * c->k; t++)
            put(&dkernel[t * pairs + pair], kernel[t] + 0.0f, c->call->add_dw[0]);
    }
}

/* ---- the passes ----------------------------------------------------------------------------- */

/* The largest table that the passes make. */
static int64_t table_size(const struct conv *c)
{
    const int64_t tiles = c->w.n * ((c->w.oh + c->t - 1) / c->t) * ((c->w.ow + c->t - 1) / c->t);
    const int64_t channels = c->w.c > c->filters ? c->w.c : c->filters;
    const int64_t other = c->w.c > c->filters ? c->filters : c->w.c;
    return channels * (tiles > other ? tiles : other);
}

static iso_rc check_room(const struct conv *c)
{
    if (c->w.n * c->w.oh * c->w.ow > TERMS_MOST || (c->winograd && table_size(c) > TABLE_MOST))
        return iso_fail(ISO_EUSAGE, "broken_conv2d.c has no room for a case so large");
    return ISO_OK;
}

static iso_rc forward(const struct iso_call *call, const struct conv_fault *fault)
{
    const struct conv c = conv_of(call, fault);
    ISO_TRY(check_room(&c));
    const struct images y = { reals(&call->y[0]), c.w.oh, c.w.ow, c.filters };
    const float *bias = reals(&call->w[1]);
    const int64_t count = iso_shape_count(&call->y[0].shape), image = c.w.oh * c.w.ow;
    if (c.winograd)
        winograd_images(&c, true, y, false);
    for (int64_t i = 0; i < count; i++) {
        const int64_t pixel = i / c.filters, f = i % c.filters;
        if (!c.winograd)
            y.v[i] = direct_output(&c, pixel / image, pixel / c.w.ow % c.w.oh, pixel % c.w.ow, f);
        y.v[i] += bias != NULL ? bias[f] : 0.0f;
    }
    return ISO_OK;
}

static void input_gradient(const struct conv *c)
{
    const bool add = c->call->add_dx[0];
    const struct images dx = { reals(&c->call->dx[0]), c->w.h, c->w.w, c->w.c };
    if (c->winograd) {
        winograd_images(c, false, dx, add);
        return;
    }
    for (int64_t i = 0; i < c->w.n * dx.h * dx.w * dx.channels; i++) {
        const int64_t pixel = i / dx.channels, n = pixel / (dx.h * dx.w);
        put(&dx.v[i], direct_dx(c, n, pixel / dx.w % dx.h, pixel % dx.w, i % dx.channels), add);
    }
}

static void kernel_gradient(const struct conv *c)
{
    const int64_t pairs = c->in * c->filters;
    if (c->winograd) {
        winograd_kernel_gradient(c);
        return;
    }
    for (int64_t i = 0; i < c->w.kh * c->w.kw * pairs; i++)
        put(&reals(&c->call->dw[0])[i],
            direct_dkernel(c, i / pairs, i % pairs / c->filters, i % c->filters),
            c->call->add_dw[0]);
}

static void bias_gradient(const struct conv *c)
{
    static struct terms l;
    const int64_t image = c->w.oh * c->w.ow;
    for (int64_t f = 0; f < c->filters; f++) {
        l.n = 0;
        for (int64_t r = 0; r < c->w.n * image; r++)
            push(&l, reals(&c->call->dy[0])[r * c->filters + f], 1);
        put(&reals(&c->call->dw[1])[f], sum_rows(c, &l, image), c->call->add_dw[1]);
    }
}

static iso_rc backward(const struct iso_call *call, const struct conv_fault *fault)
{
    const struct conv c = conv_of(call, fault);
    ISO_TRY(check_room(&c));
    if (call->dx[0].mem != NULL)
        input_gradient(&c);
    if (call->dw[0].mem != NULL)
        kernel_gradient(&c);
    if (call->dw[1].mem != NULL)
        bias_gradient(&c);
    return ISO_OK;
}

#define BROKEN_CONV2D_DEFINE(name, ...)                                                        \
    iso_rc broken_conv2d_##name##_forward(struct iso_backend *b, const struct iso_call *call)  \
    {                                                                                          \
        (void)b;                                                                               \
        return forward(call, &(struct conv_fault){ __VA_ARGS__ });                             \
    }                                                                                          \
    iso_rc broken_conv2d_##name##_backward(struct iso_backend *b, const struct iso_call *call) \
    {                                                                                          \
        (void)b;                                                                               \
        return backward(call, &(struct conv_fault){ __VA_ARGS__ });                            \
    }
BROKEN_CONV2D(BROKEN_CONV2D_DEFINE)
