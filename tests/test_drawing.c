/* test_drawing.c: what the pages of isocl report are drawn with: axes, PNG files, escaped text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/image/image.h"
#include "core/system/file.h"
#include "tools/report/axis.h"
#include "tools/report/png.h"
#include "tools/report/svg.h"
#include "tools/report/threshold.h"

static void axes_have_ticks(void **state)
{
    static const double spans[][2] = { { 0, 1 },          { 1, 1 },         { 0, 0 },
                                       { -3, 5e9 },       { 1e-7, 2e-7 },   { 0.993, 0.994 },
                                       { -1e300, 1e300 }, { 5, 5.0000001 }, { 0.003, 5 },
                                       { 1e-12, 3 },      { 1e-300, 1e300 } };
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
        for (int whole = 0; whole < 2; whole++)
            for (int log = 0; log < 2; log++) {
                struct iso_axis a = iso_axis_over(spans[i][0], spans[i][1], 5, whole, log);
                double ticks[ISO_TICKS];
                char text[ISO_TICK_TEXT];
                a.begin = 0;
                a.end = 100;
                const int n = iso_axis_ticks(&a, ticks);
                const bool wide = spans[i][1] - spans[i][0] >= 1 || spans[i][1] == spans[i][0];
                if (log && !(spans[i][0] > 0 && spans[i][1] / spans[i][0] > 100))
                    continue; /* charts take a log scale for such spans only */
                if (!whole || wide)
                    assert_in_range(n, 1, 12);
                for (int k = 0; k < n; k++) {
                    const double at = iso_axis_at(&a, ticks[k]);
                    assert_true(at > -0.001 && at < 100.001);
                    assert_true(strlen(iso_tick_text(&a, ticks[k], text)) < 13);
                }
                assert_true(iso_axis_at(&a, spans[i][0]) >= -1e-9);
                assert_true(iso_axis_at(&a, spans[i][1]) <= 100 + 1e-9);
            }
}

static void png_holds_the_pixels(void **state)
{
    static const int sizes[][3] = { { 1, 1, 1 }, { 3, 5, 1 }, { 7, 2, 3 }, { 2, 3, 4 } };
    const struct iso_image_options usual = { .max_pixels = 0 };
    char path[] = "/tmp/isocl-test-drawing-XXXXXX";
    uint8_t pixels[64], *bytes;
    struct iso_image image;
    if (!iso_image_reads("PNG"))
        skip(); /* built without libpng */
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    size_t n;
    (void)state;
    for (int i = 0; i < 64; i++)
        pixels[i] = (uint8_t)(37 * i + 11);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(iso_png_encode(pixels, sizes[i], &bytes, &n), ISO_OK);
        assert_int_equal(iso_file_write(path, bytes, n), ISO_OK);
        free(bytes);
        const iso_rc rc = iso_image_read(path, &usual, false, &image);
        remove(path);
        assert_int_equal(rc, ISO_OK);
        assert_int_equal(image.height, sizes[i][0]);
        assert_int_equal(image.width, sizes[i][1]);
        assert_int_equal(image.channels, sizes[i][2] < 3 ? 1 : 3);
        for (int k = 0; k < image.height * image.width; k++)
            assert_memory_equal(image.pixels + k * image.channels, pixels + k * sizes[i][2],
                                (size_t)image.channels);
        free(image.pixels);
    }
}

static void text_is_escaped(void **state)
{
    static const char *const pairs[][2] = {
        { "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;" },
        { "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
        { "\x01\x1b\x7f", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xc3", "\xef\xbf\xbd" },
        { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "tab\tline\n", "tab\tline\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        iso_put_escaped(out, pairs[i][0]);
        fclose(out);
        assert_string_equal(text, pairs[i][1]);
        free(text);
    }
}

/* Rows of class 0 with the probabilities 0.9, 0.8 and 0.2, and of class 1 with 0.7 and 0.1 for
 * class 0: in that order class 0 comes first, second and fourth. */
static void average_precision_is_the_area_below_the_curve(void **state)
{
    static const float p[][2] = {
        { 0.9f, 0.1f }, { 0.8f, 0.2f }, { 0.7f, 0.3f }, { 0.2f, 0.8f }, { 0.1f, 0.9f }
    };
    static const int labels[] = { 0, 0, 1, 0, 1 };
    struct iso_thresholds t;
    (void)state;
    assert_int_equal(iso_thresholds_new(&t, 3), ISO_OK);
    assert_true(isnan(iso_average_precision(&t, 0)));
    for (int i = 0; i < 5; i++) {
        const float row[3] = { p[i][0], p[i][1], 0 };
        iso_thresholds_add(&t, labels[i], row);
    }
    assert_true(fabs(iso_average_precision(&t, 0) - (1 + 1 + 3.0 / 4) / 3) < 1e-12);
    assert_true(fabs(iso_average_precision(&t, 1) - (1 + 2.0 / 3) / 2) < 1e-12);
    assert_true(isnan(iso_average_precision(&t, 2)));
    iso_thresholds_free(&t);
}

/* Probabilities near 0 are told apart from 0 itself, and those near 1 from 1. */
static void the_least_and_the_largest_probability_are_told_apart(void **state)
{
    static const float p[][2] = { { 1, 0 }, { 0.99994f, 6e-5f } };
    struct iso_thresholds t;
    (void)state;
    assert_int_equal(iso_thresholds_new(&t, 2), ISO_OK);
    for (int i = 0; i < 2; i++)
        iso_thresholds_add(&t, i, p[i]);
    assert_true(fabs(iso_average_precision(&t, 0) - 1) < 1e-12);
    assert_true(fabs(iso_average_precision(&t, 1) - 1) < 1e-12);
    iso_thresholds_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_have_ticks),
        cmocka_unit_test(png_holds_the_pixels),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(average_precision_is_the_area_below_the_curve),
        cmocka_unit_test(the_least_and_the_largest_probability_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
