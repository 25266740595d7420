/* test_invert_paper.c: dark ink on light paper is told from light ink on dark ground. */
#include "core/job/invert_paper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 4, SIZE = SIDE * SIDE, ROWS = 4 };

/* An image with this border and inside. */
static void draw(uint8_t *image, uint8_t border, uint8_t inside)
{
    memset(image, border, SIZE);
    for (int y = 1; y < SIDE - 1; y++)
        memset(image + y * SIDE + 1, inside, SIDE - 2);
}

/* The border decides, and not the mean: ink may be most of a picture. */
static void light_paper_is_inverted(void **state)
{
    uint8_t images[ROWS * SIZE], expected[SIZE];
    struct iso_dataset set = {
        .rows = ROWS, .height = SIDE, .width = SIDE, .channels = 1, .images = images
    };
    (void)state;
    draw(images, 255, 0);
    draw(images + SIZE, 0, 255);
    draw(images + 2 * SIZE, 128, 3);
    draw(images + 3 * SIZE, 127, 255);
    assert_int_equal(iso_paper_invert(&set, false), 2);
    draw(expected, 0, 255);
    assert_memory_equal(images, expected, SIZE);
    assert_memory_equal(images + SIZE, expected, SIZE);
    draw(expected, 127, 252);
    assert_memory_equal(images + 2 * SIZE, expected, SIZE);
    draw(expected, 127, 255);
    assert_memory_equal(images + 3 * SIZE, expected, SIZE);
    assert_int_equal(iso_paper_invert(&set, true), ROWS);
    draw(expected, 255, 0);
    assert_memory_equal(images, expected, SIZE);
}

static void data_sets_say_how_they_are(void **state)
{
    (void)state;
    assert_true(iso_dataset_light_on_dark("mnist"));
    assert_true(iso_dataset_light_on_dark("builtin:digits"));
    assert_false(iso_dataset_light_on_dark("cifar10"));
    assert_false(iso_dataset_light_on_dark("folder:photos"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_paper_is_inverted),
        cmocka_unit_test(data_sets_say_how_they_are),
    };
    return cmocka_run_group_tests_name("paper", tests, NULL, NULL);
}
