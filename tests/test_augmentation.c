/* Augmentation: how far sampling is from its formula, the same images on every device, and what of
 * it a network sees in training and out of it. (Keras's and SciPy's images: test_golden.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parity/harness.h"
#include "core/arithmetic/random.h"
#include "core/arithmetic/sampling.h"
#include "network.h"

/* ---- Formula ------------------------------------------------------------------------------- */

enum { SIDE = 28, PLACES = 400000 };

static uint32_t draw(uint32_t i, uint32_t salt)
{
    return iso_philox(i, salt, 0, ISO_RANDOM_TEST, 12, 0).v[0];
}

/* Maps a coordinate as SciPy does, in double. Returns false if it is outside an image with a
 * constant border. */
static bool fold(int border, double *at)
{
    const double last = SIDE - 1, n = SIDE;
    const bool beyond = *at < 0 || *at > last;
    if (border == ISO_BORDER_NEAREST)
        *at = *at < 0 ? 0 : *at > last ? last : *at;
    if (border == ISO_BORDER_WRAP && beyond)
        *at -= last * floor(*at / last);
    if (border == ISO_BORDER_REFLECT) {
        *at -= 2 * n * floor(*at / (2 * n));
        *at = *at > n - 0.5 ? 2 * n - 1 - *at : *at;
    }
    return border != ISO_BORDER_CONSTANT || !beyond;
}

/* The two pixels and the share of the second; before the first pixel is the first, mirrored. */
static double between(const float *pixel, int stride, double at)
{
    const double low = floor(at), t = at - low;
    const int a = low < 0 ? 0 : (int)low, b = low + 1 > SIDE - 1 ? SIDE - 1 : (int)low + 1;
    return (1 - t) * (double)pixel[a * stride] + t * (double)pixel[b * stride];
}

static double formula(const float *image, double row, double column)
{
    double low = floor(row), t = row - low;
    const int a = low < 0 ? 0 : (int)low, b = low + 1 > SIDE - 1 ? SIDE - 1 : (int)low + 1;
    return (1 - t) * between(image + a * SIDE, 1, column) +
           t * between(image + b * SIDE, 1, column);
}

/* The largest of the four pixels, whose ULP is the measure. */
static float largest(const float *image, const iso_tap *r, const iso_tap *c)
{
    const float v[] = { image[r->low * SIDE + c->low], image[r->low * SIDE + c->high],
                        image[r->high * SIDE + c->low], image[r->high * SIDE + c->high] };
    float most = v[0];
    for (int i = 1; i < 4; i++)
        most = v[i] > most ? v[i] : most;
    return most;
}

static double sample(const float *image, const iso_tap *r, const iso_tap *c)
{
    return (double)iso_bilinear(image[r->low * SIDE + c->low], image[r->low * SIDE + c->high],
                                image[r->high * SIDE + c->low], image[r->high * SIDE + c->high],
                                r->share, c->share);
}

/* How many ULP a sample is from the formula; negative: both are beyond the image. */
static double distance(const float *image, int border, iso_tap r, iso_tap c, double row,
                       double column)
{
    const bool rows = fold(border, &row), columns = fold(border, &column);
    assert_int_equal(r.inside && c.inside, rows && columns);
    if (!rows || !columns)
        return -1;
    const float most = largest(image, &r, &c), ulp = nextafterf(most, FLT_MAX) - most;
    return fabs(sample(image, &r, &c) - formula(image, row, column)) / (double)ulp;
}

static void fill_image(float *image)
{
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        image[i] = (float)(draw(i, 1) >> 24) * (float)(1.0 / 255);
}

/* Places as affine maps give them, and displacements as elastic fields do. */
static void samples_are_within_two_ulp_of_the_formula(void **state)
{
    static const char *const names[] = { "nearest", "constant", "reflect", "wrap" };
    float image[SIDE * SIDE];
    (void)state;
    fill_image(image);
    for (int border = 0; border < 4; border++) {
        const iso_axis axis = iso_axis_of(border, SIDE);
        double affine = 0, elastic = 0;
        long beyond = 0;
        for (uint32_t i = 0; i < PLACES; i++) {
            /* From one image before to one after, in 2^-40 pixel. */
            const iso_i64 p = ((iso_i64)draw(i, 2) << 14) * SIDE / 21 - ((iso_i64)SIDE << 40);
            const iso_i64 q = ((iso_i64)draw(i, 3) << 14) * SIDE / 21 - ((iso_i64)SIDE << 40);
            double d = distance(image, border,
                                iso_tap_at(axis, iso_place_pixel(p), iso_place_rest(p)),
                                iso_tap_at(axis, iso_place_pixel(q), iso_place_rest(q)),
                                (double)p * 0x1p-40, (double)q * 0x1p-40);
            affine = d > affine ? d : affine;
            beyond += d < 0;

            const float u = iso_draw(draw(i, 4), -9, 18), v = iso_draw(draw(i, 5), -9, 18);
            const int32_t row = (int32_t)(draw(i, 6) % SIDE), column = (int32_t)(draw(i, 7) % SIDE);
            float below, right;
            const int32_t r = row + iso_displaced(u, &below), c = column + iso_displaced(v, &right);
            d = distance(image, border, iso_tap_at(axis, r, below), iso_tap_at(axis, c, right),
                         row + (double)u, column + (double)v);
            elastic = d > elastic ? d : elastic;
        }
        print_message("  %-8s affine %.2f, elastic %.2f ULP\n", names[border], affine, elastic);
        assert_true(affine > 0.5 && affine <= 2 && elastic > 0.5 && elastic <= 2);
        assert_true((border == ISO_BORDER_CONSTANT) == (beyond > PLACES / 2));
    }
}

/* ---- Devices ------------------------------------------------------------------------------- */

enum { IMAGES = 500, STEPS = 20 }; /* ten thousand */

static const struct {
    enum iso_op op;
    const char *text;
} transforms[] = {
    { ISO_OP_image_data_generator,
      "{input: [500, 28, 28, 1], rotation_range: 8, zoom_range: 0.1, shear_range: 0.3, "
      "width_shift_range: 0.08, height_shift_range: 0.08, vertical_flip: true}" },
    { ISO_OP_elastic_distortion, "{input: [500, 28, 28, 1], alpha: [10, 12], sigma: 3}" },
};

/* Hashes of what one op makes of the images, a step each. */
static void hash_on(const char *device, int transform, char hash[STEPS][65])
{
    const struct iso_how how = { .junk = 0xFF };
    struct iso_backend *b;
    struct iso_case c;
    struct iso_values v;
    if (iso_backend_open(device, ISO_MODE_EXACT, 2, &b) != ISO_OK)
        fail_msg("%s: %s", device, iso_error());
    assert_int_equal(iso_case_parse(transforms[transform].op, transforms[transform].text, &c),
                     ISO_OK);
    for (int step = 0; step < STEPS; step++) {
        struct iso_call call;
        assert_int_equal(iso_case_call(&c, 7, (uint64_t)step, &call), ISO_OK);
        assert_int_equal(call.x[0].shape.dim[0], IMAGES);
        assert_int_equal(iso_fill_case(&c, &call, ISO_FILL_REAL, 7, (uint64_t)step, &v), ISO_OK);
        if (iso_execute_pass(b, c.op, &call, ISO_FORWARD, &how, &v) != ISO_OK)
            fail_msg("%s: %s", device, iso_error());
        iso_record_hash(ISO_FORWARD, &v, hash[step]);
        iso_values_free(&v);
    }
    free(c.params);
    iso_backend_close(b);
}

static void check_device(const char *device, char want[2][STEPS][65])
{
    static char got[STEPS][65];
    for (int t = 0; t < 2; t++) {
        hash_on(device, t, got);
        for (int step = 0; step < STEPS; step++)
            assert_string_equal(got[step], want[t][step]);
    }
    print_message("  %s: %d images, two transforms\n", device, IMAGES * STEPS);
}

static void ten_thousand_images_are_the_same_everywhere(void **state)
{
    static char want[2][STEPS][65];
    (void)state;
    for (int t = 0; t < 2; t++)
        hash_on("reference", t, want[t]);
    assert_string_not_equal(want[0][0], want[0][1]);
    for (int i = 0; iso_backends[i] != NULL; i++) {
        struct iso_device list[16];
        int n = 0;
        assert_int_equal(iso_backends[i]->list(list, 16, &n), ISO_OK);
        for (int d = 0; d < n && strcmp(iso_backends[i]->name, "reference") != 0; d++)
            if (list[d].usable && list[d].exactness != ISO_INEXACT)
                check_device(list[d].id, want);
    }
}

/* ---- Networks ------------------------------------------------------------------------------ */

enum { ROWS = 6, VALUES = ROWS * 12 * 11 * 2 };

static void open_network(struct network *n, bool augmented)
{
    const struct iso_exec_options o = {
        .training = true, .keep_all = true, .seed = 3, .augmented = augmented
    };
    float x[VALUES];
    int32_t y[ROWS] = { 0 };
    for (uint32_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)(draw(i, 8) >> 24) * (float)(1.0 / 255);
    network_open(n, "tests/models/augmented.yaml", ROWS, "cpu", 1);
    network_begin(n, &o);
    assert_int_equal(iso_exec_feed(n->exec, ROWS, x, y, NULL), ISO_OK);
}

/* How many values of a step's `input` are not those of `images`. */
static int64_t changed(struct network *n, bool training, uint64_t step, float *input)
{
    float images[VALUES];
    int64_t differ = 0;
    assert_int_equal(iso_exec_forward(n->exec, training, step, 0), ISO_OK);
    network_read(n, "images", VALUES, images);
    network_read(n, "input", VALUES, input);
    for (int i = 0; i < VALUES; i++)
        differ += images[i] != input[i];
    return differ;
}

static void only_training_is_augmented(void **state)
{
    struct network n;
    static float first[VALUES], second[VALUES];
    (void)state;
    open_network(&n, false);
    assert_string_equal(n.graph->values[n.graph->nodes[2].x[0]].name, "input");
    assert_int_equal(n.graph->nodes[0].op, ISO_OP_image_data_generator);
    assert_int_equal(n.graph->nodes[1].op, ISO_OP_elastic_distortion);
    assert_true(changed(&n, true, 0, first) > VALUES / 2);
    assert_true(changed(&n, true, 1, second) > VALUES / 2);
    assert_memory_not_equal(first, second, sizeof first);
    assert_true(changed(&n, true, 0, second) > 0);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(changed(&n, false, 0, first), 0);
    assert_int_equal(iso_exec_keep(n.exec, NULL), ISO_EMODEL);
    assert_non_null(strstr(iso_error(), "augmented images"));
    iso_error_clear();
    network_close(&n);
    open_network(&n, true); /* a trace of batches that are augmented already */
    assert_int_equal(changed(&n, true, 0, first), 0);
    network_close(&n);
}

/* Two augmentations of one kind draw different numbers. */
static void the_index_is_part_of_the_counter(void **state)
{
    struct iso_call first, second;
    struct network n;
    (void)state;
    open_network(&n, false);
    assert_int_equal(iso_graph_call(n.graph, 0, ROWS, &first), ISO_OK);
    assert_int_equal(iso_graph_call(n.graph, 1, ROWS, &second), ISO_OK);
    assert_int_equal(first.layer, 0);
    assert_int_equal(second.layer, 1);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_within_two_ulp_of_the_formula),
        cmocka_unit_test(ten_thousand_images_are_the_same_everywhere),
        cmocka_unit_test(only_training_is_augmented),
        cmocka_unit_test(the_index_is_part_of_the_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
