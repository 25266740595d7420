/* test_part.c: parts of a data set share no row, hold every row together, keep each class's share,
 * and are the same everywhere. */
#include "core/data/dataset.h"
#include "core/data/shuffle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 60000 };
static int32_t labels[MOST], rows[MOST];
static uint8_t seen[MOST];

/* Class of each of n rows, classes in the proportion of `weights`. */
static void make_labels(int64_t n, const int *weights, int classes)
{
    int sum = 0;
    for (int c = 0; c < classes; c++)
        sum += weights[c];
    for (int64_t i = 0; i < n; i++) {
        const iso_u32x4 r = iso_philox((uint32_t)i, 0, 0, ISO_RANDOM_TEST, 5, 0);
        int at = (int)(r.v[0] % (uint32_t)sum), c = 0;
        for (; at >= weights[c]; c++)
            at -= weights[c];
        labels[i] = c;
    }
}

static int64_t draw(const struct iso_part *part, int64_t n, int classes)
{
    int64_t count = -1;
    assert_int_equal(iso_part_rows(part, labels, n, classes, rows, &count), ISO_OK);
    assert_in_range(count, 0, n);
    for (int64_t i = 0; i < count; i++)
        assert_in_range(rows[i], i ? rows[i - 1] + 1 : 0, n - 1);
    return count;
}

static void check_parts(const double *cuts, int ncuts, int64_t n, int classes, bool stratified)
{
    int64_t total = 0;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i + 1 < ncuts; i++) {
        const struct iso_part part = { cuts[i], cuts[i + 1], stratified, 3 };
        const int64_t count = draw(&part, n, classes);
        for (int64_t k = 0; k < count; k++)
            assert_int_equal(seen[rows[k]]++, 0);
        total += count;
    }
    assert_int_equal(total, n);
}

static void parts_are_disjoint_and_complete(void **state)
{
    static const int even[10] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, uneven[4] = { 100, 1, 7, 0 };
    static const double halves[] = { 0, 0.5, 1 }, five[] = { 0, 0.1, 1 / 3.0, 0.77, 0.8, 1 };
    static const int64_t sizes[] = { 1, 2, 3, 10, 101, 997, 50000 };
    (void)state;
    for (int i = 0; i < 7; i++)
        for (int stratified = 0; stratified < 2; stratified++) {
            make_labels(sizes[i], even, 10);
            check_parts(halves, 3, sizes[i], 10, stratified);
            make_labels(sizes[i], uneven, 4);
            check_parts(five, 6, sizes[i], 4, stratified);
        }
}

/* Any prefix has less than a row more or less than its share of each class; brute force. */
static void check_quota(int64_t n, int classes)
{
    int64_t size[16] = { 0 };
    for (int64_t i = 0; i < n; i++)
        size[labels[i]]++;
    for (int64_t k = 1; k <= n; k++) {
        const struct iso_part part = { 0, (double)k / (double)n, true, 11 };
        int64_t had[16] = { 0 };
        assert_int_equal(draw(&part, n, classes), k);
        for (int64_t i = 0; i < k; i++)
            had[labels[rows[i]]]++;
        for (int c = 0; c < classes; c++)
            assert_true(llabs((long long)(had[c] * n - size[c] * k)) < n);
    }
}

static void every_class_has_its_share(void **state)
{
    static const int weights[][10] = { { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
                                       { 90, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
                                       { 50, 30, 15, 4, 1, 0, 0, 0, 0, 0 } };
    (void)state;
    for (int i = 0; i < 3; i++) {
        make_labels(211, weights[i], 10);
        check_quota(211, 10);
    }
}

/* 5,000 of each of ten classes, 80 and 20 %: 4,000 and 1,000 of each; not so without stratified. */
static void whole_shares_are_exact(void **state)
{
    (void)state;
    for (int stratified = 0; stratified < 2; stratified++)
        for (int part = 0; part < 2; part++) {
            int count[10] = { 0 }, off = 0;
            for (int i = 0; i < 50000; i++)
                labels[i] = i % 10;
            const struct iso_part p = { part ? 0.8 : 0, part ? 1 : 0.8, stratified, 0 };
            const int64_t n = draw(&p, 50000, 10);
            assert_int_equal(n, part ? 10000 : 40000);
            for (int64_t i = 0; i < n; i++)
                count[labels[rows[i]]]++;
            for (int c = 0; c < 10; c++)
                off += count[c] != n / 10;
            assert_true(stratified ? off == 0 : off > 5);
        }
}

/* Values of a second implementation, written in Python from the definition. */
static void rows_are_the_same_everywhere(void **state)
{
    static const int32_t plain[] = { 0, 7, 8, 10, 11, 14, 17, 19 },
                         stratified[] = { 0, 1, 7, 8, 10, 13, 14, 17 };
    (void)state;
    for (int i = 0; i < 20; i++)
        labels[i] = i * i % 11 % 3;
    assert_int_equal(draw(&(struct iso_part){ 0, 0.4, false, 9 }, 20, 3), 8);
    assert_memory_equal(rows, plain, sizeof plain);
    assert_int_equal(draw(&(struct iso_part){ 0, 0.4, true, 9 }, 20, 3), 8);
    assert_memory_equal(rows, stratified, sizeof stratified);
}

static void seeds_draw_other_rows(void **state)
{
    static int32_t first[1000];
    (void)state;
    memset(labels, 0, sizeof labels);
    assert_int_equal(draw(&(struct iso_part){ 0, 0.5, true, 0 }, 1000, 1), 500);
    memcpy(first, rows, sizeof first);
    assert_int_equal(draw(&(struct iso_part){ 0, 0.5, true, 1 }, 1000, 1), 500);
    assert_memory_not_equal(first, rows, 500 * sizeof *rows);
    assert_int_equal(draw(&(struct iso_part){ 0, 0.5, true, (uint64_t)1 << 32 }, 1000, 1), 500);
    assert_memory_not_equal(first, rows, 500 * sizeof *rows);
}

/* Images stay with their labels, and a limit takes the first rows of the part. */
static void a_data_set_is_cut(void **state)
{
    struct iso_dataset_request r = { .name = "builtin:digits",
                                     .split = "test",
                                     .options = { .count = 100 } };
    struct iso_dataset *whole, *part, *less;
    (void)state;
    assert_int_equal(iso_dataset_load(&r, &whole), ISO_OK);
    r.part = (struct iso_part){ 0.25, 0.75, true, 2 };
    assert_int_equal(iso_dataset_load(&r, &part), ISO_OK);
    r.limit = 10;
    assert_int_equal(iso_dataset_load(&r, &less), ISO_OK);
    assert_int_equal(part->rows, 50);
    assert_int_equal(less->rows, 10);
    memcpy(labels, whole->labels, 100 * sizeof *labels);
    assert_int_equal(draw(&r.part, 100, 10), 50);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(part->labels[i], whole->labels[rows[i]]);
        assert_memory_equal(part->images + 784 * i, whole->images + 784 * rows[i], 784);
    }
    assert_memory_equal(less->images, part->images, 7840);
    assert_string_equal(part->part, "part 0.25 to 0.75 of 100, stratified, part_seed 2");
    assert_string_equal(whole->part, "");
    iso_dataset_free(whole);
    iso_dataset_free(part);
    iso_dataset_free(less);
}

static void impossible_parts_are_refused(void **state)
{
    static const struct iso_part parts[] = { { 0.5, 0.5, false, 0 },
                                             { 0.6, 0.5, false, 0 },
                                             { -0.1, 0.5, false, 0 },
                                             { 0, 1.1, false, 0 },
                                             { 0.1, 0.101, false, 0 } };
    (void)state;
    for (int i = 0; i < 5; i++) {
        const struct iso_dataset_request r = {
            .name = "builtin:digits", .split = "test", .options = { .count = 10 }, .part = parts[i]
        };
        struct iso_dataset *set = NULL;
        iso_error_clear();
        assert_int_equal(iso_dataset_load(&r, &set), i < 4 ? ISO_EUSAGE : ISO_EDATA);
        assert_null(set);
        assert_non_null(strstr(iso_error(), "part"));
    }
}

static void lack_of_memory_is_reported(void **state)
{
    const struct iso_dataset_request r = { .name = "builtin:digits",
                                           .split = "test",
                                           .options = { .count = 10 },
                                           .part = { 0, 0.5, true, 0 } };
    struct iso_dataset *set = NULL;
    iso_rc rc = ISO_ENOMEM;
    int n = 0;
    (void)state;
    for (; n < 20 && rc != ISO_OK; n++) {
        iso_error_clear();
        iso_alloc_fail_after(n);
        rc = iso_dataset_load(&r, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_true(n > 6);
    iso_dataset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_disjoint_and_complete),
        cmocka_unit_test(every_class_has_its_share),
        cmocka_unit_test(whole_shares_are_exact),
        cmocka_unit_test(rows_are_the_same_everywhere),
        cmocka_unit_test(seeds_draw_other_rows),
        cmocka_unit_test(a_data_set_is_cut),
        cmocka_unit_test(impossible_parts_are_refused),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests_name("part", tests, NULL, NULL);
}
