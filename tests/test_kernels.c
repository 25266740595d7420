/* test_kernels.c: the table of kernels of a backend that lacks an op. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "backends/reference/kernels.h"

/* The reference's kernels again, but for one. */
#define KERNEL(name) reference_##name
#define KERNELS lacking_kernels
#define LACKS_dense ISO_LACKS
extern const struct iso_kernel *const lacking_kernels[ISO_OP_COUNT];
#include "backends/kernel_table.h"

static void kernels_that_a_backend_lacks_are_null(void **state)
{
    (void)state;
    assert_null(lacking_kernels[ISO_OP_dense]);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (op != ISO_OP_dense)
            assert_ptr_equal(lacking_kernels[op], reference_kernels[op]);
}

static void every_kind_has_kernels_but_views_and_scores(void **state)
{
    (void)state;
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const bool none = iso_ops[op].kind == ISO_VIEW || iso_ops[op].kind == ISO_SCORE;
        assert_int_equal(reference_kernels[op] == NULL, none);
        for (int b = 0; none && iso_backends[b] != NULL; b++)
            assert_null(iso_backends[b]->kernels[op]); /* a backend may lack others */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_that_a_backend_lacks_are_null),
        cmocka_unit_test(every_kind_has_kernels_but_views_and_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
