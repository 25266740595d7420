/* The gradients of the double reference, by central differences, and that a wrong one is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/parity/harness.h"

/* The fault planted in one op's backward pass: its dx or dw times a factor. */
static struct {
    const struct iso_kernel *right;
    enum iso_op op;
    enum iso_group group;
    double factor;
} plant;

static iso_rc scaled_backward(struct iso_backend *b, const struct iso_call *c)
{
    const struct iso_tensor *t = &iso_call_group_of(c, plant.group)[0];
    ISO_TRY(plant.right->backward(b, c));
    double *v =
        (double *)(void *)t->mem + t->offset; /* the reference's memory is plain host memory */
    for (int64_t i = 0; i < iso_shape_count(&t->shape); i++)
        v[i] *= plant.factor;
    return ISO_OK;
}

static bool differentiable(const struct iso_case *c)
{
    return iso_op_has_pass(c->op, ISO_BACKWARD) && iso_fill_finite(c->data) && !c->slow;
}

static void gradients_agree(void **state)
{
    (void)state;
    struct iso_cases cases;
    struct iso_backend *judge;
    int checked[ISO_OP_COUNT] = { 0 };
    assert_int_equal(iso_cases_load(NULL, NULL, &cases), ISO_OK);
    assert_int_equal(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &judge), ISO_OK);
    for (int i = 0; i < cases.n; i++) {
        const struct iso_case *c = &cases.list[i];
        struct iso_distance d;
        char text[200];
        if (!differentiable(c))
            continue;
        if (iso_rung_gradient(judge, c, 1, &d) != ISO_OK) {
            print_error("%s: %s\n", iso_case_text(c, text, sizeof text), iso_error());
            fail();
        }
        assert_true(d.values > 0 && d.share <= 1);
        checked[c->op]++;
    }
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_op_has_pass((enum iso_op)op, ISO_BACKWARD))
            assert_true(checked[op] >= 3);
    iso_backend_close(judge);
    iso_cases_free(&cases);
}

/* A gradient of the op whose weights or inputs get the fault, in a case where it is not zero. */
static void check_plant(struct iso_backend *broken, const struct iso_cases *cases)
{
    int caught = 0;
    for (int i = 0; i < cases->n; i++) {
        const struct iso_case *c = &cases->list[i];
        struct iso_distance d;
        if (c->op != plant.op || !differentiable(c))
            continue;
        caught += iso_rung_gradient(broken, c, 1, &d) == ISO_EPARITY;
        iso_error_clear();
    }
    print_message("  %s of %s times %g: caught in %d cases\n", iso_group_names[plant.group],
                  iso_ops[plant.op].name, plant.factor, caught);
    assert_true(caught > 0);
}

static void wrong_gradients_are_seen(void **state)
{
    (void)state;
    static const double factors[] = { -1, 1.00001 };
    struct iso_cases cases;
    struct iso_backend *broken;
    assert_int_equal(iso_cases_load(NULL, NULL, &cases), ISO_OK);
    assert_int_equal(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &broken), ISO_OK);
    const struct iso_kernel *const *kernels = broken->kernels;
    const struct iso_kernel *table[ISO_OP_COUNT];
    for (int op = 0; op < ISO_OP_COUNT; op++)
        for (size_t f = 0; f < 2 && iso_op_has_pass((enum iso_op)op, ISO_BACKWARD); f++) {
            struct iso_kernel kernel = *kernels[op];
            memcpy(table, kernels, sizeof table);
            kernel.backward = scaled_backward;
            table[op] = &kernel;
            broken->kernels = table;
            plant.right = kernels[op];
            plant.op = (enum iso_op)op;
            plant.factor = factors[f];
            plant.group = iso_op_of_weight(plant.op) ? ISO_DW : ISO_DX;
            check_plant(broken, &cases);
            plant.group = ISO_DW;
            if (iso_ops[plant.op].def->product)
                check_plant(broken, &cases);
        }
    broken->kernels = kernels;
    iso_backend_close(broken);
    iso_cases_free(&cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree),
        cmocka_unit_test(wrong_gradients_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
