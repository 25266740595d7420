/* test_digits.c: the drawn digits are the same everywhere, balanced, and fit their labels. */
#include "core/data/dataset.h"
#include "core/data/digits.h"
#include "core/system/sha256.h"
#include "datasets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void hash_images(const struct iso_dataset *set, int64_t rows, char hex[65])
{
    struct iso_sha256 hash;
    iso_sha256_init(&hash);
    iso_sha256_add(&hash, set->images, (size_t)(rows * set->height * set->width));
    iso_sha256_hex(&hash, hex);
}

static struct iso_dataset *draw(const char *split, int64_t count, int64_t limit)
{
    struct iso_dataset *set = NULL;
    if (load_dataset("builtin:digits", split, NULL, count, limit, &set) != ISO_OK)
        fail_msg("%s", iso_error());
    return set;
}

/* The pixels are part of what a seed promises: they are the same on every machine, for ever. */
static void test_digits_golden(void **state)
{
    static const int32_t labels[] = { 1, 1, 3, 1, 4, 1, 7, 8, 6, 4 };
    struct iso_dataset *train = draw("train", 100, 0), *test = draw("test", 100, 0);
    char hex[65];
    (void)state;
    hash_images(train, 100, hex);
    assert_string_equal(hex, "87b42fa990786b77f3e8050aea055681847b4b6a7a4399e9fca015bd6af899bc");
    assert_memory_equal(train->labels, labels, sizeof labels);
    hash_images(test, 100, hex);
    assert_string_equal(hex, "697fbcf8e0793f5ec7f9c7acb763bff0cf20ff73e9d5ade2a22c3e6fd7f62081");
    iso_dataset_free(train);
    iso_dataset_free(test);
}

static void test_digits_counts(void **state)
{
    uint8_t image[ISO_DIGITS_SIDE * ISO_DIGITS_SIDE];
    struct iso_dataset *whole = draw("test", 0, 0), *few = draw("train", 0, 7);
    (void)state;
    assert_int_equal(whole->rows, 2000);
    assert_int_equal(few->rows, 7);
    assert_int_equal(iso_digits_draw(ISO_DIGITS_TRAIN, 6, image), few->labels[6]);
    assert_memory_equal(image, few->images + 6 * sizeof image, sizeof image);
    iso_dataset_free(whole);
    iso_dataset_free(few);
}

/* Classes in balance, and every image with a sensible amount of ink. */
static void test_digits_balance(void **state)
{
    const int pixels = ISO_DIGITS_SIDE * ISO_DIGITS_SIDE;
    struct iso_dataset *set = draw("train", 5000, 0);
    int counts[10] = { 0 };
    (void)state;
    for (int64_t i = 0; i < set->rows; i++) {
        int bright = 0;
        for (int k = 0; k < pixels; k++)
            bright += set->images[i * pixels + k] > 127;
        if (!(bright >= 12 && bright <= 350))
            fail_msg("image %ld has %d bright pixels", (long)i, bright);
        counts[set->labels[i]]++;
    }
    for (int k = 0; k < 10; k++)
        assert_in_range(counts[k], 420, 580);
    iso_dataset_free(set);
}

/* The class whose mean image (of the first `rows` images) is nearest to an image. */
static int nearest_mean(const double *mean, const uint8_t *image, int pixels)
{
    double best = 1e300;
    int found = -1;
    for (int c = 0; c < 10; c++) {
        double distance = 0;
        for (int k = 0; k < pixels; k++)
            distance += (image[k] - mean[c * pixels + k]) * (image[k] - mean[c * pixels + k]);
        if (distance < best) {
            best = distance;
            found = c;
        }
    }
    return found;
}

/* Labels belong to images: the nearest class mean is right far more often than chance. */
static void test_digits_can_be_learnt(void **state)
{
    static double mean[10 * ISO_DIGITS_SIDE * ISO_DIGITS_SIDE];
    const int pixels = ISO_DIGITS_SIDE * ISO_DIGITS_SIDE;
    struct iso_dataset *train = draw("train", 3000, 0), *test = draw("test", 1000, 0);
    int counts[10] = { 0 }, right = 0;
    (void)state;
    for (int64_t i = 0; i < train->rows; i++, counts[train->labels[i - 1]]++)
        for (int k = 0; k < pixels; k++)
            mean[train->labels[i] * pixels + k] += train->images[i * pixels + k];
    for (int k = 0; k < 10 * pixels; k++)
        mean[k] /= counts[k / pixels];
    for (int64_t i = 0; i < test->rows; i++)
        right += nearest_mean(mean, test->images + i * pixels, pixels) == test->labels[i];
    if (!(right > 600 && right < 900))
        fail_msg("%d of 1000 right", right);
    iso_dataset_free(train);
    iso_dataset_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits_golden),
        cmocka_unit_test(test_digits_counts),
        cmocka_unit_test(test_digits_balance),
        cmocka_unit_test(test_digits_can_be_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
