/* test_reference.c: where the reference has a plain loop nest and a faster kernel, both give the
 * same bits, in every case of the op. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "backends/reference/kernels.h"
#include "core/ops/conv2d.h"
#include "core/parity/harness.h"
#include "network.h"

static const struct iso_kernel *plain_table[ISO_OP_COUNT];

static struct iso_backend *open_plain(void)
{
    struct iso_backend *b;
    must(iso_backend_open("reference:portable", ISO_MODE_EXACT, 0, &b));
    memcpy(plain_table, b->kernels, sizeof plain_table);
    plain_table[ISO_OP_conv2d] = &reference_conv2d_plain;
    plain_table[ISO_OP_dense] = &reference_dense_plain;
    b->kernels = plain_table;
    return b;
}

/* Both passes of one case. */
static void compare(struct iso_backend *plain, struct iso_backend *fast, const struct iso_case *c)
{
    const struct iso_how how = { .junk = 0xFF };
    struct iso_values want = { 0 }, got = { 0 };
    must(iso_execute_case(plain, c, (enum iso_fill)c->data, 1, &how, &want));
    must(iso_execute_case(fast, c, (enum iso_fill)c->data, 1, &how, &got));
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
        struct iso_distance d;
        char text[200];
        if (iso_compare_exact((enum iso_pass)pass, &want, &got, &d) != ISO_OK)
            fail_msg("%s on %s: %s", iso_case_text(c, text, sizeof text), fast->device.id,
                     iso_error());
    }
    iso_values_free(&want);
    iso_values_free(&got);
}

static void plain_and_fast_agree(const char *device)
{
    struct iso_cases cases;
    struct iso_backend *plain = open_plain(), *fast;
    must(iso_backend_open(device, ISO_MODE_EXACT, 0, &fast));
    assert_ptr_not_equal(fast->kernels[ISO_OP_conv2d], plain->kernels[ISO_OP_conv2d]);
    assert_ptr_not_equal(fast->kernels[ISO_OP_dense], plain->kernels[ISO_OP_dense]);
    must(iso_cases_load(NULL, "conv2d,dense", &cases));
    for (int i = 0; i < cases.n; i++) {
        struct iso_case *c = &cases.list[i];
        if (c->op == ISO_OP_conv2d) /* the plain nest knows direct sums only */
            ((struct iso_conv2d *)c->params)->winograd = ISO_WINOGRAD_OFF;
        if (!c->slow)
            compare(plain, fast, c);
    }
    iso_cases_free(&cases);
    iso_backend_close(plain);
    iso_backend_close(fast);
}

static void the_fast_kernels_are_right(void **state)
{
    (void)state;
    plain_and_fast_agree("reference");
}

static void so_are_the_portable_ones(void **state)
{
    (void)state;
    plain_and_fast_agree("reference:portable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fast_kernels_are_right),
        cmocka_unit_test(so_are_the_portable_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
