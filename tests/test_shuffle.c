/* test_shuffle.c: a shuffle is a permutation, depends on seed and epoch, and is fair. */
#include "core/data/shuffle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_shuffle(void **state)
{
    enum { N = 1000 };
    int32_t a[N], b[N];
    int seen[N] = { 0 };
    (void)state;
    iso_shuffle(1, 0, a, N);
    for (int i = 0; i < N; i++) {
        assert_in_range(a[i], 0, N - 1);
        assert_int_equal(seen[a[i]]++, 0);
    }
    iso_shuffle(1, 0, b, N);
    assert_memory_equal(a, b, sizeof a);
    iso_shuffle(1, 1, b, N);
    assert_memory_not_equal(a, b, sizeof a);
    iso_shuffle(2, 0, b, N);
    assert_memory_not_equal(a, b, sizeof a);
    iso_shuffle((uint64_t)1 << 32 | 1, 0, b, N);
    assert_memory_not_equal(a, b, sizeof a);
    iso_shuffle(1, 0, a, 0);
    iso_shuffle(1, 0, a, 1);
    assert_int_equal(a[0], 0);
}

/* Values of a second implementation, written in Python from the definition. */
static void test_shuffle_golden(void **state)
{
    static const int32_t wanted[] = { 1, 3, 6, 8, 5, 4, 0, 7, 9, 2 };
    int32_t order[10];
    (void)state;
    iso_shuffle(42, 3, order, 10);
    assert_memory_equal(order, wanted, sizeof order);
}

/* Each of the 24 orders of 4 entries about as often as any other: within 5 standard deviations. */
static void test_shuffle_fair(void **state)
{
    int counts[256] = { 0 }, orders = 0;
    (void)state;
    for (uint32_t epoch = 0; epoch < 24000; epoch++) {
        int32_t o[4];
        iso_shuffle(7, epoch, o, 4);
        counts[o[0] << 6 | o[1] << 4 | o[2] << 2 | o[3]]++;
    }
    for (int i = 0; i < 256; i++) {
        if (counts[i] == 0)
            continue;
        orders++;
        assert_in_range(counts[i], 1000 - 155, 1000 + 155);
    }
    assert_int_equal(orders, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_shuffle_golden),
        cmocka_unit_test(test_shuffle_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
