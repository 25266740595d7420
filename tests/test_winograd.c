/* test_winograd.c: what an infinity or a NaN spoils in a layer that Winograd's algorithm defines:
 * the same results on every device, more than a direct sum would, and none of another tile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/ops/conv2d.h"
#include "core/parity/harness.h"
#include "core/arithmetic/winograd.h"
#include "network.h"

enum { SIDE = ISO_WINOGRAD_SIDE };

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

static void same(const char *what, int64_t at, double want, double got)
{
    if (memcmp(&want, &got, sizeof got) != 0)
        fail_msg("%s[%lld] is %.9g instead of %.9g", what, (long long)at, got, want);
}

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

/* Returns true if a direct sum for result (oy, ox) reads pixel (y, x). */
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
            same("y", i, clean->v.a[ISO_Y][0].v[i], got);
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
    static const char text[] = "{input: [3, 8, 8, 32], filters: 67, kernel_size: 3}";
    (void)state;
    for (int d = 0; d < DEVICES; d++) {
        struct layer clean, l;
        open_layer(&clean, text);
        run_pass(devices[d], &clean, ISO_BACKWARD);
        open_layer(&l, text);
        l.v.a[ISO_X][0].v[(3 * l.win.w + 2) * l.win.c + 5] = NAN;
        run_pass(devices[d], &l, ISO_BACKWARD);
        for (int64_t i = 0; i < l.v.a[ISO_DW][0].n; i++) {
            const double got = l.v.a[ISO_DW][0].v[i];
            if (i / l.filters % l.win.c == 5)
                assert_true(isnan(got));
            else
                same("dkernel", i, clean.v.a[ISO_DW][0].v[i], got);
        }
        close_layer(&l);
        close_layer(&clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_pixel_spoils_what_its_tiles_lead_it_to),
        cmocka_unit_test(a_bad_pixel_spoils_its_channel_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
