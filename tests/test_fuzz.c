/* test_fuzz.c: damaged files of data sets. Whatever is wrong, a file is read or refused, with
 * nothing worse (run with SAN=address,undefined), and takes little memory. Run from the root of the
 * repository. */
#include "fuzz_readers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

FUZZ_SETS(FUZZ_TEST)

int main(void)
{
    const struct CMUnitTest tests[] = { FUZZ_SETS(FUZZ_ENTRY) };
    if (!fuzz_limit_memory())
        return 1;
    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
