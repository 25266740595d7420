/* test_random.c: Philox4x32-10 against the known answers published with Random123 (kat_vectors),
 * and iso_unit. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/arithmetic/random.h"

static void test_known_answers(void **state)
{
    static const struct {
        iso_u32 counter[4], key[2], want[4];
    } known[] = { { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8 } },
                  { { 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF },
                    { 0xFFFFFFFF, 0xFFFFFFFF },
                    { 0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD } },
                  { { 0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344 },
                    { 0xA4093822, 0x299F31D0 },
                    { 0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1 } } };
    (void)state;
    for (int i = 0; i < 3; i++) {
        const iso_u32 *c = known[i].counter, *k = known[i].key;
        iso_u32x4 r = iso_philox(c[0], c[1], c[2], c[3], k[0], k[1]);
        for (int j = 0; j < 4; j++)
            assert_int_equal(r.v[j], known[i].want[j]);
    }
}

static void test_unit(void **state)
{
    (void)state;
    assert_true(iso_unit(0) == ISO_R(0.0));
    assert_true(iso_unit(0xFF) == ISO_R(0.0));
    assert_true(iso_unit(0x100) == ISO_R(0x1p-24));
    assert_true(iso_unit(0x80000000) == ISO_R(0.5));
    assert_true(iso_unit(0xFFFFFFFF) == ISO_R(1.0) - ISO_R(0x1p-24));
}

/* Mean and variance of 2^20 numbers within five standard deviations of 1/2 and 1/12. */
static void test_uniform(void **state)
{
    const int blocks = 1 << 18;
    const double n = 4.0 * blocks;
    double sum = 0, squares = 0;
    (void)state;
    for (int i = 0; i < blocks; i++) {
        iso_u32x4 r = iso_philox((iso_u32)i, 0, 0, ISO_RANDOM_TEST, 1, 0);
        for (int j = 0; j < 4; j++) {
            double u = (double)iso_unit(r.v[j]);
            sum += u;
            squares += (u - 0.5) * (u - 0.5);
        }
    }
    assert_true(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(squares / n - 1.0 / 12) < 5 * sqrt(1.0 / 180 / n));
}

/* Purposes are part of stored runs: their numbers never change. */
static void test_purposes(void **state)
{
    (void)state;
    assert_int_equal(ISO_RANDOM_DROPOUT, 1);
    assert_int_equal(ISO_RANDOM_SHUFFLE, 2);
    assert_int_equal(ISO_RANDOM_INITIALIZER, 3);
    assert_int_equal(ISO_RANDOM_DIGITS, 4);
    assert_int_equal(ISO_RANDOM_TEST, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_known_answers),
                                        cmocka_unit_test(test_unit), cmocka_unit_test(test_uniform),
                                        cmocka_unit_test(test_purposes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
