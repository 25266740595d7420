/* test_fuzz_files.c: damaged model files, files of weights and of runs: see test_fuzz.c. Run from
 * the root of the repository. */
#include "fuzz_readers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

FUZZ_FILES(FUZZ_TEST)

int main(void)
{
    const struct CMUnitTest tests[] = { FUZZ_FILES(FUZZ_ENTRY) };
    if (!fuzz_limit_memory())
        return 1;
    return cmocka_run_group_tests_name("fuzz_files", tests, NULL, NULL);
}
