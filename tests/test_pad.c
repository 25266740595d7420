/* test_pad.c: images with a frame around them, and grey ones with several channels. */
#include "core/data/pad.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Byte i of all images is i + 1. */
static struct iso_dataset *make(int rows, int height, int width, int channels)
{
    struct iso_dataset *set = calloc(1, sizeof *set);
    const size_t n = (size_t)rows * (size_t)height * (size_t)width * (size_t)channels;
    assert_non_null(set);
    *set = (struct iso_dataset){ .name = "made",
                                 .rows = rows,
                                 .height = height,
                                 .width = width,
                                 .channels = channels,
                                 .classes = 1 };
    set->images = calloc(n, 1);
    assert_non_null(set->images);
    for (size_t i = 0; i < n; i++)
        set->images[i] = (uint8_t)(i + 1);
    return set;
}

static void images_get_a_frame(void **state)
{
    static const uint8_t sides[] = { 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3, 4, 0, 0,
                                     0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 7, 8, 0, 0 };
    static const uint8_t colour[] = { 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    struct iso_dataset *set = make(2, 2, 2, 1);
    (void)state;
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 1, 0, 1, 2 }, 1), ISO_OK);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 351);
    assert_memory_equal(set->images, sides, sizeof sides);
    iso_dataset_free(set);
    set = make(1, 1, 1, 3);
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 0, 1, 0, 1 }, 1), ISO_OK);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 223);
    assert_memory_equal(set->images, colour, sizeof colour);
    iso_dataset_free(set);
}

static void grey_is_repeated(void **state)
{
    static const uint8_t repeated[] = { 1, 1, 1, 2, 2, 2 },
                         both[] = { 0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0 };
    struct iso_dataset *set = make(2, 1, 1, 1);
    (void)state;
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 0, 0, 0, 0 }, 3), ISO_OK);
    assert_int_equal(set->rows * 10 + set->channels, 23);
    assert_memory_equal(set->images, repeated, sizeof repeated);
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 0, 0, 0, 0 }, 3), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "has images of 3 channels"));
    iso_error_clear();
    iso_dataset_free(set);
    set = make(1, 1, 2, 1);
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 0, 1, 1, 0 }, 2), ISO_OK);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 232);
    assert_memory_equal(set->images, both, sizeof both);
    iso_dataset_free(set);
}

/* A row of numbers is as large as the model's input without its frame and its copies. */
static void rows_of_numbers_get_a_frame(void **state)
{
    const struct iso_shape input = { 4, { 0, 7, 6, 3 } };
    struct iso_dataset_request r = { .name = "npy:arrays",
                                     .split = "test",
                                     .input = &input,
                                     .folder = "tests/readers",
                                     .pad = { 2, 2, 1, 0 },
                                     .repeat_channels = 3 };
    struct iso_dataset *set;
    (void)state;
    if (iso_dataset_load(&r, &set) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 763);
    assert_int_equal(set->images[(2 * 6 + 1) * 3 - 1], 0);
    for (int c = 0; c < 3; c++) {
        assert_int_equal(set->images[(2 * 6 + 1) * 3 + c], 3);
        assert_int_equal(set->images[(3 * 6 + 2) * 3 + c], 3 + 7 * 6);
    }
    iso_dataset_free(set);
    r.pad[0] = 3;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "has rows of 15 numbers"));
    iso_error_clear();
}

static void nothing_changes_without(void **state)
{
    struct iso_dataset *set = make(1, 2, 2, 2);
    const uint8_t *images = set->images;
    (void)state;
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 0, 0, 0, 0 }, 1), ISO_OK);
    assert_ptr_equal(set->images, images);
    iso_alloc_fail_after(0);
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 1, 0, 0, 0 }, 1), ISO_ENOMEM);
    iso_alloc_fail_after(-1);
    iso_error_clear();
    assert_ptr_equal(set->images, images);
    assert_int_equal(iso_dataset_pad(set, (int64_t[]){ 4096, 0, 0, 0 }, 1), ISO_EDATA);
    iso_error_clear();
    iso_dataset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_get_a_frame),
        cmocka_unit_test(grey_is_repeated),
        cmocka_unit_test(rows_of_numbers_get_a_frame),
        cmocka_unit_test(nothing_changes_without),
    };
    return cmocka_run_group_tests_name("pad", tests, NULL, NULL);
}
