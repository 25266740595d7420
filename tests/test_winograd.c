/* test_winograd.c: core/winograd.h. The transforms against correlations in double; a layer's passes
 * against loops that compute one result after the other; and what a NaN or an infinity spoils. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/ops/conv2d.h"
#include "core/parity/harness.h"
#include "core/winograd.h"
#include "network.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

typedef void transform(const float *, float *);
static transform *const taps_of[] = { iso_winograd_taps2_square, iso_winograd_taps3_square,
                                      iso_winograd_taps4_square, iso_winograd_taps5_square };
static transform *const result_of[] = { iso_winograd_result2_square, iso_winograd_result3_square,
                                        iso_winograd_result4_square, iso_winograd_result5_square };

static void taps(int n, const float *in, float *out) { taps_of[n - 2](in, out); }
static void result(int n, const float *in, float *out) { result_of[n - 2](in, out); }

/* ---- One tile ------------------------------------------------------------------------------ */

static float uniform(uint32_t stream, int i)
{
    return (float)iso_fill_word(7, stream, (uint64_t)i) * 0x1p-31f - 1;
}

/* n x n results of k x k taps g over 6 x 6 pixels d. */
static void by_transforms(int k, const float *d, const float *g, float *y)
{
    float v[POINTS], u[POINTS], m[POINTS];
    iso_winograd_source_square(d, v);
    taps(k, g, u);
    for (int p = 0; p < POINTS; p++)
        m[p] = v[p] * u[p];
    result(ISO_WINOGRAD_TILE(k), m, y);
}

static double directly(int k, const float *d, const float *g, int i, int j)
{
    double sum = 0;
    for (int y = 0; y < k; y++)
        for (int x = 0; x < k; x++)
            sum += (double)d[(i + y) * SIDE + j + x] * (double)g[y * k + x];
    return sum;
}

/* The same on absolute values: with |B|, |G| and |A|, the transforms' matrices, the sum over points
 * of |A| (|B| |d|) (|G| |g|), which no partial sum on the way exceeds. */
static void absolute_matrix(transform *f, int from, int to, double *m)
{
    for (int j = 0; j < from; j++) {
        float unit[POINTS] = { 0 }, column[POINTS];
        unit[j] = 1;
        f(unit, column);
        for (int i = 0; i < to; i++)
            m[i * from + j] = fabs((double)column[i]);
    }
}

static void multiply(const double *m, int rows, int columns, const double *x, double *y)
{
    for (int i = 0; i < rows; i++) {
        y[i] = 0;
        for (int j = 0; j < columns; j++)
            y[i] += m[i * columns + j] * x[j];
    }
}

static void greatest_sums(int k, const float *d, const float *g, double *y)
{
    const int n = ISO_WINOGRAD_TILE(k);
    double m[POINTS * POINTS], in[POINTS], v[POINTS], u[POINTS];
    for (int i = 0; i < POINTS; i++)
        in[i] = fabs((double)d[i]);
    absolute_matrix(iso_winograd_source_square, POINTS, POINTS, m);
    multiply(m, POINTS, POINTS, in, v);
    for (int i = 0; i < k * k; i++)
        in[i] = fabs((double)g[i]);
    absolute_matrix(taps_of[k - 2], k * k, POINTS, m);
    multiply(m, POINTS, k * k, in, u);
    for (int p = 0; p < POINTS; p++)
        v[p] *= u[p];
    absolute_matrix(result_of[n - 2], POINTS, n * n, m);
    multiply(m, n * n, POINTS, v, y);
}

/* The roundings that a term passes through, along one axis: 2 of a pixel, 4 of a tap and that of
 * its factor, 4 of a result; and that of the product. Each is by eps / 2 of what it rounds at most.
 */
enum { ROUNDINGS = 2 * (2 + 5 + 4) + 1 };

/* Returns the greatest error, as a share of the bound; shifted: of a correlation that is one pixel
 * off, which must be beyond it. */
static double share_of_bound(int k, bool shifted)
{
    const int n = ISO_WINOGRAD_TILE(k), to = shifted ? n - 1 : n;
    double share = 0;
    for (int draw = 0; draw < 2000; draw++) {
        float d[POINTS], g[25], y[25];
        double most[25];
        for (int i = 0; i < POINTS; i++)
            d[i] = uniform((uint32_t)draw, i);
        for (int i = 0; i < k * k; i++)
            g[i] = uniform((uint32_t)draw, POINTS + i);
        by_transforms(k, d, g, y);
        greatest_sums(k, d, g, most);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < to; j++) {
                const double off =
                    fabs((double)y[i * n + j] - directly(k, d, g, i, shifted ? j + 1 : j));
                share = fmax(share, off / (ROUNDINGS * FLT_EPSILON / 2 * most[i * n + j]));
            }
    }
    return share;
}

/* 3 and 5 taps forward; 4 and 2 in the kernel's gradient, where a tile of dy takes their place. */
static void tiles_are_correlations(void **state)
{
    (void)state;
    for (int k = 2; k <= 5; k++) {
        const double share = share_of_bound(k, false);
        print_message("  %d taps, %d results: at most %.3f of the bound\n", k, ISO_WINOGRAD_TILE(k),
                      share);
        assert_true(share <= 1);
        assert_true(share_of_bound(k, true) > 1000);
    }
}

/* ---- A layer, one result after the other ---------------------------------------------------- */

static const char *const layers[] = {
    "{input: [2, 9, 11, 70], filters: 33, kernel_size: 3, padding: same}",
    "{input: [3, 8, 8, 32], filters: 67, kernel_size: 3}",
    "{input: [2, 6, 5, 32], filters: 33, kernel_size: 5, padding: same}",
    "{input: [1, 9, 10, 65], filters: 32, kernel_size: 5}",
    "{input: [2, 47, 46, 32], filters: 32, kernel_size: 3, padding: same}",
};
static const char *const devices[] = { "reference", "reference:portable", "cpu" };
enum { DEVICES = 3 };

struct layer {
    struct iso_case c;
    struct iso_call call;
    struct iso_window win;
    int k, tile;
    int64_t filters;
    struct iso_values v; /* inputs, and after run_pass results */
};

static void open_layer(struct layer *l, const char *text)
{
    *l = (struct layer){ 0 };
    must(iso_case_parse(ISO_OP_conv2d, text, &l->c));
    must(iso_case_call(&l->c, 1, 0, &l->call));
    must(iso_fill_case(&l->c, &l->call, ISO_FILL_REAL, 1, 0, &l->v));
    assert_int_equal(iso_conv2d_algorithm(l->c.params, &l->call.x[0].shape), ISO_WINOGRAD);
    l->win = iso_conv2d_window(l->c.params, &l->call.x[0].shape);
    l->k = (int)l->win.kh;
    l->tile = ISO_WINOGRAD_TILE(l->k);
    l->filters = l->call.y[0].shape.dim[3];
}

static void close_layer(struct layer *l)
{
    iso_values_free(&l->v);
    free(l->c.params);
}

static void run_pass(const char *device, struct layer *l, enum iso_pass pass)
{
    const struct iso_how how = { .junk = 0xFF };
    struct iso_backend *b;
    must(iso_backend_open(device, ISO_MODE_EXACT, 2, &b));
    must(iso_execute_pass(b, ISO_OP_conv2d, &l->call, pass, &how, &l->v));
    iso_backend_close(b);
}

/* Images [n, h, w, c] of an operand. */
struct images {
    const double *v;
    int64_t h, w, c;
};

static struct images x_of(const struct layer *l)
{
    return (struct images){ l->v.a[ISO_X][0].v, l->win.h, l->win.w, l->win.c };
}
static struct images dy_of(const struct layer *l)
{
    return (struct images){ l->v.a[ISO_DY][0].v, l->win.oh, l->win.ow, l->filters };
}

/* `side` x `side` pixels of one channel from (y, x) on, +0 outside of the image. */
static void cut(struct images m, int64_t n, int64_t y, int64_t x, int64_t channel, int side,
                float *out)
{
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const bool inside = y + i >= 0 && y + i < m.h && x + j >= 0 && x + j < m.w;
            out[i * side + j] =
                inside ? (float)m.v[((n * m.h + y + i) * m.w + x + j) * m.c + channel] : 0.0f;
        }
}

/* The taps between an input channel and a filter; turned: by 180 degrees. */
static void taps_between(const struct layer *l, int64_t channel, int64_t filter, bool turned,
                         float *g)
{
    const int size = l->k * l->k;
    for (int t = 0; t < size; t++)
        g[turned ? size - 1 - t : t] =
            (float)l->v.a[ISO_W][0].v[(t * l->win.c + channel) * l->filters + filter];
}

/* The tile at result (y, x) of image n, channel f of the result: of the forward pass, or of the
 * input gradient. */
static void correlate(const struct layer *l, bool forward, int64_t n, int64_t y, int64_t x,
                      int64_t f, float *tile)
{
    const struct images in = forward ? x_of(l) : dy_of(l);
    const int64_t top = forward ? l->win.top : l->k - 1 - l->win.top;
    const int64_t left = forward ? l->win.left : l->k - 1 - l->win.left;
    float block[POINTS] = { 0 }, total[POINTS] = { 0 };
    for (int64_t c = 0; c < in.c; c++) {
        float d[POINTS], g[25], v[POINTS], u[POINTS];
        cut(in, n, y - top, x - left, c, SIDE, d);
        taps_between(l, forward ? c : f, forward ? f : c, !forward, g);
        iso_winograd_source_square(d, v);
        taps(l->k, g, u);
        for (int p = 0; p < POINTS; p++) {
            block[p] = fmaf(v[p], u[p], block[p]);
            if (c == in.c - 1 || c % ISO_BLOCK_CHANNELS == ISO_BLOCK_CHANNELS - 1) {
                total[p] = total[p] + block[p];
                block[p] = 0;
            }
        }
    }
    result(l->tile, total, tile);
}

/* Fails unless this result has these bits, zeros having one sign. */
static void same(const char *what, int64_t at, float want, double got)
{
    const float f = (float)got;
    want = want + 0.0f;
    if (memcmp(&want, &f, sizeof f) != 0)
        fail_msg("%s[%lld] is %.9g instead of %.9g", what, (long long)at, got, (double)want);
}

static void check_correlation(const struct layer *l, bool forward)
{
    const struct images out = forward ? dy_of(l) : x_of(l);
    const double *got = l->v.a[forward ? ISO_Y : ISO_DX][0].v;
    float tile[25];
    for (int64_t n = 0; n < l->win.n; n++)
        for (int64_t y = 0; y < out.h; y += l->tile)
            for (int64_t x = 0; x < out.w; x += l->tile)
                for (int64_t f = 0; f < out.c; f += out.c / 7) {
                    correlate(l, forward, n, y, x, f, tile);
                    for (int i = 0; i < l->tile * l->tile; i++) {
                        const int64_t oy = y + i / l->tile, ox = x + i % l->tile;
                        const int64_t at = ((n * out.h + oy) * out.w + ox) * out.c + f;
                        if (oy >= out.h || ox >= out.w)
                            continue;
                        same(forward ? "y" : "dx", at,
                             forward ? (tile[i] + 0.0f) + (float)l->v.a[ISO_W][1].v[f] : tile[i],
                             got[at]);
                    }
                }
}

/* The rows of the kernel's gradient: v w of tile number t. */
static void point_products(const struct layer *l, int64_t t, int64_t c, int64_t f, float *block)
{
    const int64_t across = (l->win.ow + l->tile - 1) / l->tile;
    const int64_t image = (l->win.oh + l->tile - 1) / l->tile * across;
    const int64_t y = t % image / across * l->tile, x = t % across * l->tile;
    float d[POINTS], g[25], v[POINTS], w[POINTS];
    cut(x_of(l), t / image, y - l->win.top, x - l->win.left, c, SIDE, d);
    cut(dy_of(l), t / image, y, x, f, l->tile, g);
    iso_winograd_source_square(d, v);
    taps(l->tile, g, w);
    for (int p = 0; p < POINTS; p++)
        block[p] = fmaf(v[p], w[p], block[p]);
}

static void add(float *to, const float *from)
{
    for (int p = 0; p < POINTS; p++)
        to[p] = to[p] + from[p];
}

static void check_kernel_gradient(const struct layer *l, int64_t c, int64_t f)
{
    const int64_t image =
        ((l->win.oh + l->tile - 1) / l->tile) * ((l->win.ow + l->tile - 1) / l->tile);
    const struct iso_rows r = { l->win.n * image, image };
    float total[POINTS] = { 0 }, tap[25];
    for (int64_t g = 0; g < r.rows; g = iso_group_end(r, g)) {
        float group[POINTS] = { 0 };
        for (int64_t b = g; b < iso_group_end(r, g); b = iso_block_end(r, b)) {
            float block[POINTS] = { 0 };
            for (int64_t t = b; t < iso_block_end(r, b); t++)
                point_products(l, t, c, f, block);
            add(group, block);
        }
        add(total, group);
    }
    result(l->k, total, tap);
    for (int64_t t = 0; t < l->k * l->k; t++) {
        const int64_t at = (t * l->win.c + c) * l->filters + f;
        same("dkernel", at, tap[t], l->v.a[ISO_DW][0].v[at]);
    }
}

static void layers_are_those_of_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        for (int d = 0; d < DEVICES; d++) {
            struct layer l;
            open_layer(&l, layers[i]);
            run_pass(devices[d], &l, ISO_FORWARD);
            run_pass(devices[d], &l, ISO_BACKWARD);
            check_correlation(&l, true);
            check_correlation(&l, false);
            for (int64_t c = 0; c < l.win.c; c += l.win.c / 5)
                for (int64_t f = 0; f < l.filters; f += l.filters / 5)
                    check_kernel_gradient(&l, c, f);
            close_layer(&l);
        }
}

/* ---- NaN and infinities --------------------------------------------------------------------- */

/* The first row of a tile's pixels is seen at the point 0 only and reaches the first results, the
 * last row at infinity only and reaches the last ones; each of the others reaches all. */
static bool reaches(int64_t pixel, int64_t at, int tile)
{
    return pixel == 0 ? at == 0 : pixel == SIDE - 1 ? at == tile - 1 : pixel > 0 && pixel < SIDE;
}

/* True if pixel (y, x) reaches result (oy, ox), tiles being anchored at result (0, 0). */
static bool spoils(const struct layer *l, int64_t y, int64_t x, int64_t oy, int64_t ox)
{
    return reaches(y + l->win.top - oy / l->tile * l->tile, oy % l->tile, l->tile) &&
           reaches(x + l->win.left - ox / l->tile * l->tile, ox % l->tile, l->tile);
}

/* Where a direct sum would read it. */
static bool reads(const struct layer *l, int64_t y, int64_t x, int64_t oy, int64_t ox)
{
    const int64_t ky = y + l->win.top - oy, kx = x + l->win.left - ox;
    return ky >= 0 && ky < l->k && kx >= 0 && kx < l->k;
}

struct found {
    long nan, infinite, beyond; /* results; beyond: those that a direct sum would not spoil */
};

/* Compares the results with those of the same layer without the bad pixel (y, x) of image 0. */
static void look(const struct layer *l, const struct layer *clean, int64_t y, int64_t x,
                 struct found *found)
{
    for (int64_t i = 0; i < l->v.a[ISO_Y][0].n; i++) {
        const int64_t pixel = i / l->filters, n = pixel / (l->win.oh * l->win.ow);
        const int64_t oy = pixel / l->win.ow % l->win.oh, ox = pixel % l->win.ow;
        const double got = l->v.a[ISO_Y][0].v[i];
        if (n > 0 || !spoils(l, y, x, oy, ox)) {
            assert_false(n == 0 && reads(l, y, x, oy, ox)); /* no direct result is spared */
            same("y", i, (float)clean->v.a[ISO_Y][0].v[i], got);
            continue;
        }
        assert_false(isfinite(got));
        found->nan += isnan(got) != 0;
        found->infinite += isinf(got) != 0;
        found->beyond += !reads(l, y, x, oy, ox);
    }
}

static struct found spoil(const char *text, const char *device, double bad)
{
    struct found found = { 0 };
    struct layer clean;
    open_layer(&clean, text);
    run_pass(device, &clean, ISO_FORWARD);
    for (int64_t y = 0; y < clean.win.h; y++)
        for (int64_t x = 0; x < clean.win.w; x++) {
            struct layer l;
            open_layer(&l, text);
            l.v.a[ISO_X][0].v[(y * l.win.w + x) * l.win.c + 5] = bad;
            run_pass(device, &l, ISO_FORWARD);
            look(&l, &clean, y, x, &found);
            close_layer(&l);
        }
    close_layer(&clean);
    return found;
}

static void a_bad_pixel_spoils_what_its_tiles_lead_it_to(void **state)
{
    static const char *const text[] = {
        "{input: [2, 8, 9, 32], filters: 32, kernel_size: 3, padding: same}",
        "{input: [2, 7, 6, 32], filters: 33, kernel_size: 5, padding: same}",
    };
    (void)state;
    for (int t = 0; t < 2; t++)
        for (int d = 0; d < DEVICES; d++) {
            const struct found nan = spoil(text[t], devices[d], NAN);
            const struct found inf = spoil(text[t], devices[d], INFINITY);
            print_message(
                "  %-18s %dx%d: NaN spoils %ld results (%ld of them beyond its window), "
                "an infinity the same: %ld NaN, %ld infinite\n",
                devices[d], t == 0 ? 3 : 5, t == 0 ? 3 : 5, nan.nan, nan.beyond, inf.nan,
                inf.infinite);
            assert_int_equal(nan.infinite, 0);
            assert_int_equal(nan.nan, inf.nan + inf.infinite);
            assert_int_equal(nan.beyond, inf.beyond);
            assert_true(inf.infinite > 0 && inf.nan > inf.infinite);
        }
}

/* In the kernel's gradient a bad pixel spoils its own channel only, and all of it where it is in
 * the middle of a tile. */
static void a_bad_pixel_spoils_its_channel_of_the_kernel(void **state)
{
    (void)state;
    for (int d = 0; d < DEVICES; d++) {
        struct layer clean, l;
        open_layer(&clean, layers[1]);
        run_pass(devices[d], &clean, ISO_BACKWARD);
        open_layer(&l, layers[1]);
        l.v.a[ISO_X][0].v[(3 * l.win.w + 2) * l.win.c + 5] = NAN;
        run_pass(devices[d], &l, ISO_BACKWARD);
        for (int64_t i = 0; i < l.v.a[ISO_DW][0].n; i++) {
            const double got = l.v.a[ISO_DW][0].v[i];
            if (i / l.filters % l.win.c == 5)
                assert_true(isnan(got));
            else
                same("dkernel", i, (float)clean.v.a[ISO_DW][0].v[i], got);
        }
        close_layer(&l);
        close_layer(&clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_correlations),
        cmocka_unit_test(layers_are_those_of_the_definition),
        cmocka_unit_test(a_bad_pixel_spoils_what_its_tiles_lead_it_to),
        cmocka_unit_test(a_bad_pixel_spoils_its_channel_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
