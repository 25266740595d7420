/* The hunt: random cases from a seed find a planted fault, and make it small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broken.h"
#include "core/system/file.h"
#include "core/system/machine.h"
#include "core/model/model.h"
#include "core/parity/harness.h"
#include "core/parity/hunt.h"
#include "core/parity/hunt_check.h"
#include "folder.h"

/* ---- Drawing -------------------------------------------------------------------------------- */

static bool has_kernels(int op)
{
    return iso_ops[op].kind != ISO_VIEW && iso_ops[op].kind != ISO_SCORE;
}

/* An op needs no line in the hunt: its fields say all that is drawn. */
static void every_op_can_be_drawn(void **state)
{
    (void)state;
    for (int op = 0; op < ISO_OP_COUNT; op++)
        for (uint32_t i = 0; has_kernels(op) && i < 5; i++) {
            struct iso_dice dice = { .seed = 3, .stream = i };
            char *text;
            if (iso_hunt_case(&dice, (enum iso_op)op, &text) != ISO_OK)
                fail_msg("%s", iso_error());
            free(text);
        }
}

/* Returns what attention answers to a query of so many examples. */
static iso_rc attend(int64_t examples)
{
    struct iso_case c;
    struct iso_shapes out;
    assert_int_equal(iso_case_parse(ISO_OP_dot_product_attention,
                                    "{inputs: [[2, 1, 5, 8], [2, 1, 3, 8], [2, 1, 3, 8]]}", &c),
                     ISO_OK);
    c.x[0].dim[0] = examples;
    const iso_rc rc = iso_ops[c.op].def->infer(c.params, c.x, &out);
    free(c.params);
    iso_error_clear();
    return rc;
}

/* The hunt draws what an op takes; of these inputs the kernels would have read past the keys. */
static void attention_wants_as_many_queries_as_keys(void **state)
{
    (void)state;
    assert_int_equal(attend(2), ISO_OK);
    assert_int_equal(attend(3), ISO_ESHAPE);
}

/* Convolutions are drawn that Winograd's algorithm computes, and others. */
static void both_algorithms_are_drawn(void **state)
{
    int winograd = 0;
    (void)state;
    for (uint32_t i = 0; i < 24; i++) {
        struct iso_dice dice = { .seed = 3, .stream = i };
        struct iso_case c;
        char *text;
        assert_int_equal(iso_hunt_case(&dice, ISO_OP_conv2d, &text), ISO_OK);
        assert_int_equal(iso_hunted_case_parse(ISO_OP_conv2d, text, &c), ISO_OK);
        winograd += iso_ops[ISO_OP_conv2d].def->algorithm(c.params, c.x) == ISO_WINOGRAD;
        free(c.params);
        free(text);
    }
    assert_in_range(winograd, 4, 20);
}

static char *drawn(uint64_t seed, int64_t number)
{
    static const enum iso_op ops[] = { ISO_OP_conv2d, ISO_OP_adam, ISO_OP_huber };
    struct iso_hunted d;
    assert_int_equal(iso_hunt_draw(seed, number, ops, 3, true, &d), ISO_OK);
    assert_true(d.model == (number == 32));
    return d.text;
}

static void the_same_seed_draws_the_same_cases(void **state)
{
    (void)state;
    int others = 0;
    for (int64_t number = 1; number <= 32; number++) {
        char *a = drawn(7, number), *b = drawn(7, number), *c = drawn(8, number);
        assert_string_equal(a, b);
        others += strcmp(a, c) != 0;
        free(a);
        free(b);
        free(c);
    }
    assert_true(others > 24);
}

/* ---- Finding -------------------------------------------------------------------------------- */

/* Hunts on the reference with a fault, in a mode, and gives what is printed. */
static iso_rc hunt_in(enum iso_mode mode, int fault, struct iso_hunt_options o, char *text,
                      size_t n)
{
    struct iso_backend *b;
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_int_equal(broken_open(fault, mode, &b), ISO_OK);
    o.backends = &b;
    o.nbackends = 1;
    o.out = out;
    const iso_rc rc = iso_hunt_run(&o, NULL);
    iso_error_clear();
    iso_backend_close(b);
    rewind(out);
    text[fread(text, 1, n - 1, out)] = '\0';
    fclose(out);
    return rc;
}

static iso_rc hunt(int fault, struct iso_hunt_options o, char *text, size_t n)
{
    return hunt_in(ISO_MODE_EXACT, fault, o, text, n);
}

/* Runs a file of cases on the reference with a fault. */
static iso_rc run_cases(int fault, const char *folder)
{
    struct iso_backend *b;
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_int_equal(broken_open(fault, ISO_MODE_EXACT, &b), ISO_OK);
    const struct iso_parity_options o = {
        .backends = &b, .nbackends = 1, .ops = "conv2d", .cases = folder, .out = out
    };
    const iso_rc rc = iso_parity_run(&o, NULL);
    iso_error_clear();
    iso_backend_close(b);
    fclose(out);
    return rc;
}

static int64_t elements(const char *folder)
{
    struct iso_cases cases;
    assert_int_equal(iso_cases_load(folder, "conv2d", &cases), ISO_OK);
    assert_int_equal(cases.n, 1);
    const int64_t n = iso_shape_count(&cases.list[0].x[0]);
    iso_cases_free(&cases);
    return n;
}

/* The file is as small as the fault allows: one pixel shows a bias gradient that is dropped. It
 * fails with the fault, and passes without it. */
static void a_wrong_op_is_found_and_made_small(void **state)
{
    (void)state;
    char folder[FOLDER], text[8192], path[ISO_PATH];
    const int fault = broken_fault_named("bias gradient dropped");
    assert_int_equal(folder_make(folder, "hunt"), 0);
    const struct iso_hunt_options o = { .ops = "conv2d", .count = 6, .seed = 5, .folder = folder };
    assert_int_equal(hunt(fault, o, text, sizeof text), ISO_EPARITY);
    const char *at = strstr(text, "case-");
    assert_non_null(strstr(text, "repeat: isocl parity --cases "));
    assert_non_null(at);
    snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(at, " "), at);
    assert_int_equal(elements(path), 1);
    assert_int_equal(run_cases(fault, path), ISO_EPARITY);
    assert_int_equal(run_cases(0, path), ISO_OK);
    folder_remove(folder);
}

/* In fast mode sums of products are held to their bounds, and the command that repeats a fault has
 * the mode, and the variables that choose kernels. */
static void fast_mode_is_hunted_within_bounds(void **state)
{
    static const char *const cpu[] = { "cpu", NULL };
    struct iso_parity_totals totals;
    char folder[FOLDER], text[8192];
    const int fault = broken_fault_named("bias gradient dropped");
    struct iso_hunt_options o = { .ops = "conv2d,dense", .count = 8, .seed = 5, .folder = folder };
    (void)state;
    assert_int_equal(folder_make(folder, "hunt"), 0);
    setenv("ISOCL_OPENCL_VARIANT", "64x64", 1);
    assert_int_equal(hunt_in(ISO_MODE_FAST, 0, o, text, sizeof text), ISO_OK);
    assert_non_null(strstr(text, " of the bound: "));
    assert_int_equal(hunt_in(ISO_MODE_FAST, fault, o, text, sizeof text), ISO_EPARITY);
    assert_non_null(strstr(text, "repeat: ISOCL_OPENCL_VARIANT=64x64 isocl parity --cases "));
    assert_non_null(strstr(text, " --mode fast "));
    unsetenv("ISOCL_OPENCL_VARIANT");
    o = (struct iso_hunt_options){ .devices = cpu,
                                   .mode = ISO_MODE_FAST,
                                   .number = 32,
                                   .seed = 7,
                                   .quiet = true,
                                   .out = tmpfile() };
    assert_int_equal(iso_hunt_run(&o, &totals), ISO_OK);
    assert_true(totals.passed > 0);
    fclose(o.out);
    folder_remove(folder);
}

/* Number 32 is a model. Which, depends on the ops there are; in one of some seeds' models the
 * gradient of a dense layer's input, which has the wrong sign, changes others. */
static void a_wrong_layer_of_a_model_is_found_and_made_small(void **state)
{
    (void)state;
    char folder[FOLDER], text[8192], path[ISO_PATH];
    assert_int_equal(folder_make(folder, "hunt"), 0);
    iso_rc rc = ISO_OK;
    for (uint64_t seed = 7; seed < 15 && rc == ISO_OK; seed++) {
        const struct iso_hunt_options o = { .number = 32, .seed = seed, .folder = folder };
        rc = hunt(broken_fault_named("sign of the input gradient"), o, text, sizeof text);
    }
    assert_int_equal(rc, ISO_EPARITY);
    assert_int_equal(iso_path(path, folder, "case-32.yaml"), ISO_OK);
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_model *model;
    assert_non_null(faults);
    assert_int_equal(iso_model_load(path, faults, &model), ISO_OK);
    assert_true(model->nlayers <= 3);
    iso_model_free(model);
    free(faults);
    folder_remove(folder);
}

/* ---- The devices ---------------------------------------------------------------------------- */

static void cpu_gives_the_bits_of_the_reference(void **state)
{
    (void)state;
    static const char *const devices[] = { "reference", "cpu", NULL };
    FILE *out = tmpfile();
    struct iso_parity_totals t;
    assert_non_null(out);
    const struct iso_hunt_options o = {
        .devices = devices, .mode = ISO_MODE_EXACT, .count = 40, .folder = "/tmp", .out = out
    };
    const iso_rc rc = iso_hunt_run(&o, &t);
    fclose(out);
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
    assert_true(t.passed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_can_be_drawn),
        cmocka_unit_test(attention_wants_as_many_queries_as_keys),
        cmocka_unit_test(both_algorithms_are_drawn),
        cmocka_unit_test(the_same_seed_draws_the_same_cases),
        cmocka_unit_test(a_wrong_op_is_found_and_made_small),
        cmocka_unit_test(fast_mode_is_hunted_within_bounds),
        cmocka_unit_test(a_wrong_layer_of_a_model_is_found_and_made_small),
        cmocka_unit_test(cpu_gives_the_bits_of_the_reference),
    };
    unsetenv("ISOCL_OPENCL_OPTIONS"); /* commands that repeat a failure carry it */
    return cmocka_run_group_tests_name("hunt", tests, NULL, NULL);
}
