/* test_arith_contract.c: arith.h leaves a compiler nothing to contract. This file is compiled to
 * fuse whatever can be fused, whatever the options say; every function must still give its bits. */
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("fma"))), apply_to = function)
#pragma clang fp contract(fast)
#elif defined(__x86_64__) && defined(__GNUC__)
#pragma GCC target("fma")
#pragma GCC optimize("fp-contract=fast")
#endif
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arith_inputs.h"

static int fuses(void)
{
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("fma"))
        return 0;
#endif
    volatile float a = 1.0f + 0x1p-23f, c = -(1.0f + 0x1p-22f);
    float x = a, y = c;
    return x * x + y != 0.0f;
}

static void test_contracted(void **state)
{
    (void)state;
    if (!fuses()) {
        print_message("skipped: this compiler or processor does not contract\n");
        skip();
    }
    for (int f = 0; f < ARITH_COUNT; f++)
        assert_true(arith_hash(f) == arith_golden[f]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_contracted) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
