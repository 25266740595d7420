/* test_read_ahead.c: rows that threads read ahead of their use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "core/data/stream.h"

enum { ROWS = 103, ROW = 5 };
struct numbers {
    int bad[2];
}; /* rows that cannot be read; -1: none */

/* Byte k of row r is 7 r + k. Some rows take a while, so that threads overtake each other, and the
 * second bad one longer. */
static iso_rc read_number(const void *source, int64_t row, uint8_t *out)
{
    const struct numbers *n = source;
    if (row % 7 == 3)
        nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
    if (row == n->bad[1])
        nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
    for (int i = 0; i < 2; i++)
        if (row == n->bad[i])
            return iso_fail(ISO_EDATA, "row %d is bad", n->bad[i]);
    for (int k = 0; k < ROW; k++)
        out[k] = (uint8_t)(7 * row + k);
    return ISO_OK;
}

static struct iso_stream *open_stream(const struct numbers *n, int64_t batch, int threads)
{
    struct iso_stream *s = NULL;
    const struct iso_stream_options o = { read_number, n, ROWS, ROW, batch, threads };
    iso_error_clear();
    assert_int_equal(iso_stream_new(&o, &s), ISO_OK);
    return s;
}

/* Rows first.. of the order last to first, or of none. */
static void check_rows(struct iso_stream *s, int64_t first, int64_t rows, bool reversed)
{
    const uint8_t *data;
    if (iso_stream_take(s, first, rows, &data) != ISO_OK)
        fail_msg("%s", iso_error());
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < ROW; k++)
            assert_int_equal(data[i * ROW + k],
                             (uint8_t)(7 * (reversed ? ROWS - 1 - first - i : first + i) + k));
}

static void check_all(struct iso_stream *s, int64_t first, int64_t batch, bool reversed)
{
    for (; first < ROWS; first += batch)
        check_rows(s, first, ROWS - first < batch ? ROWS - first : batch, reversed);
}

static void rows_come_in_the_order(void **state)
{
    const struct numbers n = { { -1, -1 } };
    int32_t order[ROWS];
    (void)state;
    for (int i = 0; i < ROWS; i++)
        order[i] = ROWS - 1 - i;
    for (int threads = 0; threads < 6; threads++)
        for (int64_t batch = 1; batch <= ROWS; batch = 3 * batch + threads) {
            struct iso_stream *s = open_stream(&n, batch, threads);
            check_all(s, 0, batch, false);
            iso_stream_order(s, order);
            check_all(s, 0, batch, true);
            check_all(s, batch, batch, true); /* again, and not from the beginning */
            check_rows(s, 40, 1, true);       /* less than a batch */
            check_rows(s, 41, 1, true);
            iso_stream_order(s, NULL); /* while others are read ahead */
            check_rows(s, 0, batch, false);
            iso_stream_free(s);
        }
}

static void the_first_row_that_fails_is_reported(void **state)
{
    const struct numbers n = { { 58, 55 } };
    const uint8_t *data;
    (void)state;
    for (int threads = 1; threads < 8; threads++) {
        struct iso_stream *s = open_stream(&n, 10, threads);
        for (int round = 0; round < 2; round++) {
            for (int64_t first = 0; first < 50; first += 10)
                check_rows(s, first, 10, false);
            assert_int_equal(iso_stream_take(s, 50, 10, &data), ISO_EDATA);
            assert_string_equal(iso_error(), "row 55 is bad");
            iso_error_clear();
        }
        check_rows(s, 50, 5, false);
        check_rows(s, 60, 10, false);
        iso_stream_free(s);
    }
}

static void lack_of_memory_is_reported(void **state)
{
    const struct numbers n = { { -1, -1 } };
    const struct iso_stream_options o = { read_number, &n, ROWS, ROW, 10, 2 };
    iso_rc rc = ISO_ENOMEM;
    (void)state;
    for (int i = 0; rc != ISO_OK; i++) {
        struct iso_stream *s = NULL;
        iso_alloc_fail_after(i);
        rc = iso_stream_new(&o, &s);
        iso_alloc_fail_after(-1);
        assert_true(i < 9 && (rc == ISO_OK ? s != NULL : s == NULL && rc == ISO_ENOMEM));
        iso_error_clear();
        iso_stream_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_the_order),
        cmocka_unit_test(the_first_row_that_fails_is_reported),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
