/* test_order.c: core/arithmetic/order.h against a list of blocks and groups that is made image by
 * image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/arithmetic/order.h"

enum { ROWS_MOST = 128, BLOCKS = 8, STRETCHES_MOST = 4096 };

/* Stretches of rows, each of which ends at end[i]. */
struct list {
    int n;
    int64_t end[STRETCHES_MOST];
};

static void push(struct list *l, int64_t end)
{
    assert_true(l->n < STRETCHES_MOST);
    l->end[l->n++] = end;
}

/* The blocks: of an image of many rows, 128 rows each; else of as many whole images as fit. */
static void list_blocks(int64_t images, int64_t image, struct list *blocks)
{
    int64_t row = 0, rows = 0; /* rows: of the block that is not yet full */
    blocks->n = 0;
    for (int64_t n = 0; n < images; n++) {
        if (rows > 0 && rows + image > ROWS_MOST) {
            push(blocks, row);
            rows = 0;
        }
        for (int64_t left = image; left > 0 && image > ROWS_MOST; left -= ROWS_MOST)
            push(blocks, row + image - left + (left < ROWS_MOST ? left : ROWS_MOST));
        row += image;
        rows = image > ROWS_MOST ? 0 : rows + image;
    }
    if (rows > 0)
        push(blocks, row);
}

/* The groups: of an image of more than 8 blocks, 8 each; of images of several blocks, as many whole
 * images as have 8 together, or fewer; else 8 blocks of whole images. */
static void list_groups(int64_t images, int64_t image, const struct list *blocks,
                        struct list *groups)
{
    const int64_t of_image = (image + ROWS_MOST - 1) / ROWS_MOST;
    int64_t in_group = 0, in_image = 0;
    groups->n = 0;
    for (int b = 0; b < blocks->n; b++) {
        const int64_t begin = b > 0 ? blocks->end[b - 1] : 0;
        const bool new_image = begin % image == 0;
        in_image = new_image ? 0 : in_image;
        const bool full = of_image == 1       ? in_group == BLOCKS
                          : of_image > BLOCKS ? new_image || in_image % BLOCKS == 0
                                              : new_image && in_group + of_image > BLOCKS;
        if (b > 0 && full) {
            push(groups, begin);
            in_group = 0;
        }
        in_group++;
        in_image++;
    }
    push(groups, images * image);
}

/* Checks the functions on the stretches from 0, from the end of that one, and so on. */
static void check_blocks(struct iso_rows r, const struct list *l)
{
    assert_int_equal(iso_block_count(r), l->n);
    for (int i = 0; i < l->n; i++) {
        const int64_t begin = i > 0 ? l->end[i - 1] : 0;
        assert_int_equal(iso_block_begin(r, i), begin);
        assert_int_equal(iso_block_end(r, begin), l->end[i]);
        assert_true(l->end[i] - begin <= iso_block_rows(r));
    }
}

static void check_groups(struct iso_rows r, const struct list *l)
{
    assert_int_equal(iso_group_count(r), l->n);
    for (int i = 0; i < l->n; i++) {
        const int64_t begin = i > 0 ? l->end[i - 1] : 0;
        assert_int_equal(iso_group_begin(r, i), begin);
        assert_int_equal(iso_group_end(r, begin), l->end[i]);
        assert_true(l->end[i] - begin <= iso_group_rows(r));
    }
}

/* Every group ends where a block ends. */
static void check_nesting(const struct list *blocks, const struct list *groups)
{
    int b = 0;
    for (int g = 0; g < groups->n; g++) {
        const int first = b;
        while (b < blocks->n && blocks->end[b] < groups->end[g])
            b++;
        assert_int_equal(blocks->end[b++], groups->end[g]);
        assert_true(b - first <= BLOCKS);
    }
    assert_int_equal(b, blocks->n);
}

static const int64_t image_rows[] = { 1,   2,   3,   16,  49,   127,  128,  129,
                                      144, 225, 257, 784, 1024, 1025, 2049, 12544 };
static const int64_t image_counts[] = { 1, 2, 5, 8, 9, 17, 33 };

static void blocks_and_groups_are_those_of_the_list(void **state)
{
    static struct list blocks, groups;
    (void)state;
    for (size_t i = 0; i < sizeof image_rows / sizeof image_rows[0]; i++)
        for (size_t n = 0; n < sizeof image_counts / sizeof image_counts[0]; n++) {
            const struct iso_rows r = { image_rows[i] * image_counts[n], image_rows[i] };
            list_blocks(image_counts[n], r.image, &blocks);
            list_groups(image_counts[n], r.image, &blocks, &groups);
            check_blocks(r, &blocks);
            check_groups(r, &groups);
            check_nesting(&blocks, &groups);
        }
}

/* One row an image, as of a dense layer: 128 examples a block, 1,024 a group. */
static void examples_fill_blocks(void **state)
{
    static struct list blocks, groups;
    (void)state;
    for (int64_t rows = 1; rows < 2200; rows += rows % 128 < 3 || rows % 128 > 125 ? 1 : 41) {
        const struct iso_rows r = { rows, 1 };
        list_blocks(rows, 1, &blocks);
        list_groups(rows, 1, &blocks, &groups);
        check_blocks(r, &blocks);
        check_groups(r, &groups);
        check_nesting(&blocks, &groups);
    }
}

/* A batch that is shorter has the same blocks as far as it goes. */
static void a_short_batch_has_fewer_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof image_rows / sizeof image_rows[0]; i++) {
        const int64_t image = image_rows[i];
        const struct iso_rows longer = { 33 * image, image }, shorter = { 17 * image, image };
        for (int64_t b = 0, end; b < shorter.rows; b = end) {
            end = iso_block_end(shorter, b);
            assert_true(end == iso_block_end(longer, b) || end == shorter.rows);
        }
        for (int64_t g = 0, end; g < shorter.rows; g = end) {
            end = iso_group_end(shorter, g);
            assert_true(end == iso_group_end(longer, g) || end == shorter.rows);
        }
    }
}

/* Numbers and ends agree even if the last image has fewer rows. */
static void a_cut_image_ends_the_last_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof image_rows / sizeof image_rows[0]; i++)
        for (int64_t rows = 1; rows < 3 * image_rows[i]; rows += image_rows[i] / 7 + 1) {
            const struct iso_rows r = { rows, image_rows[i] };
            int64_t blocks = 0, groups = 0;
            for (int64_t b = 0; b < rows; b = iso_block_end(r, b))
                assert_int_equal(iso_block_begin(r, blocks++), b);
            for (int64_t g = 0; g < rows; g = iso_group_end(r, g))
                assert_int_equal(iso_group_begin(r, groups++), g);
            assert_int_equal(iso_block_count(r), blocks);
            assert_int_equal(iso_group_count(r), groups);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_and_groups_are_those_of_the_list),
        cmocka_unit_test(examples_fill_blocks),
        cmocka_unit_test(a_short_batch_has_fewer_blocks),
        cmocka_unit_test(a_cut_image_ends_the_last_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
