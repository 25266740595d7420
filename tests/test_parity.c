/* The parity harness itself: every planted fault is caught, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/sha256.h"
#include "core/parity/harness.h"
#include "broken.h"

/* Runs the ladder on the broken reference, for one case of the op that is broken, or all of them.
 */
static iso_rc climb(int fault, enum iso_mode mode, int number, FILE *out,
                    struct iso_parity_totals *totals)
{
    struct iso_backend *b;
    iso_rc rc = broken_open(fault, mode, &b);
    if (rc != ISO_OK)
        return rc;
    const struct iso_parity_options o = {
        .backends = &b,
        .nbackends = 1,
        .ops = iso_ops[broken_faults[fault].op].name,
        .number = number,
        .quiet = true,
        .quick = true,
        .out = out,
    };
    rc = iso_parity_run(&o, totals);
    iso_backend_close(b);
    return rc;
}

/* Prints what the harness had to say, where the test did not expect it. */
static void print_all(FILE *out)
{
    char line[512];
    rewind(out);
    while (fgets(line, sizeof line, out) != NULL)
        print_error("  %s", line);
    print_error("  %s\n", iso_error());
}

/* All cases pass. */
static void check_good(int fault, enum iso_mode mode, FILE *out)
{
    struct iso_parity_totals t;
    const iso_rc rc = climb(fault, mode, 0, out, &t);
    if (rc != ISO_OK)
        print_all(out);
    assert_int_equal(rc, ISO_OK);
    assert_true(t.passed > 0 && t.failed == 0);
    printf("passes\n");
}

/* One of them fails. */
static void check_caught(int fault, enum iso_mode mode, FILE *out)
{
    struct iso_parity_totals t = { 0 };
    int number = 0;
    do {
        iso_error_clear();
        const iso_rc rc = climb(fault, mode, ++number, out, &t);
        assert_true(rc == ISO_OK || rc == ISO_EPARITY);
        assert_true(t.passed + t.failed + t.skipped > 0); /* or there is no such case */
    } while (t.failed == 0);
    iso_error_clear();
    printf("caught in case %d by", number);
    for (int i = 0; i < ISO_RUNGS; i++)
        if (t.failed_on[i] > 0)
            printf(" %s", iso_rung_names[i]);
    printf("\n");
}

static void check_fault(int fault, enum iso_mode mode)
{
    const struct broken_fault *f = &broken_faults[fault];
    const bool good = fault == 0 || (mode == ISO_MODE_FAST && f->within_bounds);
    FILE *out = tmpfile();
    assert_non_null(out);
    printf("  %-5s %-46s ", mode == ISO_MODE_FAST ? "fast" : "exact", f->name);
    (good ? check_good : check_caught)(fault, mode, out);
    fclose(out);
}

static void every_fault_is_caught(void **state)
{
    (void)state;
    int faults = 0;
    for (; broken_faults[faults].name != NULL; faults++) {
        check_fault(faults, ISO_MODE_EXACT);
        check_fault(faults, ISO_MODE_FAST);
    }
    assert_true(faults > 12);
}

/* The command that a failure prints must repeat it: only its op and case. */
static void a_failure_says_how_to_repeat_it(void **state)
{
    (void)state;
    char text[4096];
    struct iso_parity_totals t;
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_int_equal(climb(1, ISO_MODE_EXACT, 0, out, &t), ISO_EPARITY);
    iso_error_clear();
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    fclose(out);
    assert_non_null(strstr(text, "repeat: isocl parity --ops conv2d --case "));
    assert_non_null(strstr(text, " --devices broken:1 --mode exact"));
    assert_non_null(strstr(text, "models/ops/conv2d.yaml:"));
}

/* model: its text; NULL: models/mnist/linear.yaml. steps 0: the default. Closes the backend. */
static void climb_text_on(const char *model, struct iso_backend *b, int64_t steps, iso_rc want,
                          char *text, size_t n, struct iso_parity_totals *t)
{
    const char *const models[] = { "models/mnist/linear.yaml", NULL };
    FILE *out = tmpfile();
    assert_non_null(out);
    const struct iso_parity_options o = {
        .backends = &b, .nbackends = 1, .models = models, .text = model, .steps = steps, .out = out
    };
    const iso_rc rc = iso_parity_run(&o, t);
    if (rc != want)
        print_all(out);
    assert_int_equal(rc, want);
    iso_error_clear();
    rewind(out);
    text[fread(text, 1, n - 1, out)] = '\0';
    fclose(out);
    iso_backend_close(b);
}

static void climb_model_on(struct iso_backend *b, int64_t steps, iso_rc want, char *text, size_t n,
                           struct iso_parity_totals *t)
{
    climb_text_on(NULL, b, steps, want, text, n, t);
}

static void climb_text(const char *model, int fault, enum iso_mode mode, iso_rc want, char *text,
                       size_t n, struct iso_parity_totals *t)
{
    struct iso_backend *b;
    assert_int_equal(broken_open(fault, mode, &b), ISO_OK);
    climb_text_on(model, b, 0, want, text, n, t);
}

static void climb_model(int fault, enum iso_mode mode, iso_rc want, char *text, size_t n,
                        struct iso_parity_totals *t)
{
    climb_text(NULL, fault, mode, want, text, n, t);
}

/* The last of three steps leaves the weights as they should be, and a slot wrong. */
static void a_slot_that_is_wrong_at_the_end_fails_training(void **state)
{
    (void)state;
    static const char model[] =
        "data: {train: {dataset: 'builtin:digits', split: train}}\n"
        "input: {shape: [28, 28, 1]}\n"
        "layers: [flatten, dense: {units: 10, activation: softmax}]\n"
        "loss: categorical_crossentropy\n"
        "optimizer: adam\n"
        "train: {batch_size: 4, epochs: 1}\n";
    char text[8192];
    struct iso_parity_totals t;
    const int fault = broken_fault_named("momentum spoiled");
    const enum iso_mode modes[] = { ISO_MODE_EXACT, ISO_MODE_FAST };
    for (int i = 0; i < 2; i++) {
        climb_text(model, 0, modes[i], ISO_OK, text, sizeof text, &t);
        climb_text(model, fault, modes[i], ISO_EPARITY, text, sizeof text, &t);
        assert_int_equal(t.failed_on[ISO_RUNG_LOCKSTEP], 0);
        assert_true(t.failed_on[ISO_RUNG_TRAINING] >= 2);
        assert_non_null(strstr(text, "momentum"));
    }
}

/* Lockstep says which layer is wrong; training alone only that something is. */
static void a_wrong_layer_is_named(void **state)
{
    (void)state;
    char text[8192];
    struct iso_parity_totals t;
    const enum iso_mode modes[] = { ISO_MODE_EXACT, ISO_MODE_FAST };
    for (int i = 0; i < 2; i++) {
        climb_model(0, modes[i], ISO_OK, text, sizeof text, &t);
        climb_model(broken_fault_named("one wrong element"), modes[i], ISO_EPARITY, text,
                    sizeof text, &t);
        assert_true(t.failed_on[ISO_RUNG_LOCKSTEP] >= 2); /* batches of 2 and 3 */
        assert_true(t.failed_on[ISO_RUNG_TRAINING] >= 2);
        assert_non_null(strstr(text, "dense_1, batch 2"));
        assert_non_null(strstr(text, "repeat: isocl parity models/mnist/linear.yaml --steps 3"));
    }
    climb_model(broken_fault_named("another seed"), ISO_MODE_EXACT, ISO_OK, text, sizeof text,
                &t); /* has no dropout */
}

static int64_t forgets; /* add_forgets_partner forgets sums of at least this length */

/* Leaves the left one of two shards' sums as it is. */
static iso_rc add_forgets_partner(struct iso_backend *b, const struct iso_call *c)
{
    return c->y[0].shape.dim[0] >= forgets ? ISO_OK : b->ops->kernels[ISO_OP_add]->forward(b, c);
}

/* No layer of the network adds: only a step in shards does. */
static void catch_forgotten_shard(int64_t length, int64_t steps, const char *found)
{
    char text[8192];
    struct iso_parity_totals t;
    forgets = length;
    struct iso_backend *b;
    struct iso_kernel add;
    const struct iso_kernel *table[ISO_OP_COUNT];
    assert_int_equal(broken_open(0, ISO_MODE_EXACT, &b), ISO_OK);
    memcpy(table, b->kernels, sizeof table);
    add = *table[ISO_OP_add];
    add.forward = add_forgets_partner;
    table[ISO_OP_add] = &add;
    b->kernels = table;
    climb_model_on(b, steps, ISO_EPARITY, text, sizeof text, &t);
    assert_int_equal(t.failed, 1);
    assert_int_equal(t.failed_on[ISO_RUNG_TRAINING], 1);
    assert_non_null(strstr(text, "all layers in 4 shards, batch 5"));
    assert_non_null(strstr(text, found));
}

static void a_forgotten_shard_is_caught(void **state)
{
    (void)state;
    catch_forgotten_shard(1, 0, "of the log of the last step is");
    catch_forgotten_shard(100, 1, "of d/dense_1/bias is"); /* the log's sums are right */
}

static void a_run_without_cases_fails(void **state)
{
    (void)state;
    const char *const devices[] = { "reference", NULL };
    FILE *out = tmpfile();
    assert_non_null(out);
    const struct iso_parity_options none = {
        .devices = devices, .ops = "dense", .number = 9999, .out = out
    };
    assert_int_equal(iso_parity_run(&none, NULL), ISO_EPARITY);
    iso_error_clear();
    const struct iso_parity_options unknown = { .devices = devices,
                                                .ops = "dense,conv3d",
                                                .out = out };
    assert_int_equal(iso_parity_run(&unknown, NULL), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "conv3d"));
    iso_error_clear();
    const struct iso_parity_options nowhere = { .devices = devices,
                                                .cases = "/nowhere",
                                                .out = out };
    assert_int_equal(iso_parity_run(&nowhere, NULL), ISO_EIO);
    iso_error_clear();
    fclose(out);
}

/* Every op has cases, and every differentiable one a case whose gradient is checked. */
static void every_op_has_cases(void **state)
{
    (void)state;
    struct iso_cases cases;
    assert_int_equal(iso_cases_load(NULL, NULL, &cases), ISO_OK);
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        int n = 0;
        for (int i = 0; i < cases.n; i++) {
            struct iso_call call;
            n += cases.list[i].op == (enum iso_op)op;
            assert_int_equal(iso_case_call(&cases.list[i], 1, 0, &call), ISO_OK);
        }
        if (n < 3)
            print_error("%s has %d cases\n", iso_ops[op].name, n);
        assert_true(n >= 3);
    }
    iso_cases_free(&cases);
}

/* Gives one operand of a group these values; owned by v. */
static void put(struct iso_values *v, enum iso_group group, int64_t n, const double *values)
{
    assert_int_equal(iso_array_set(&v->a[group][0], n), ISO_OK);
    memcpy(v->a[group][0].v, values, (size_t)n * sizeof *values);
}

static iso_rc exact(const double *a, const double *b, int64_t n)
{
    struct iso_values v = { 0 }, w = { 0 };
    struct iso_distance d;
    if (n > 0) {
        put(&v, ISO_Y, n, a);
        put(&w, ISO_Y, n, b);
    }
    const iso_rc rc = iso_compare_exact(ISO_FORWARD, &v, &w, &d);
    iso_values_free(&v);
    iso_values_free(&w);
    iso_error_clear();
    return rc;
}

static iso_rc bounded(double want, double got, double allowed)
{
    struct iso_values v = { 0 }, w = { 0 }, s = { 0 };
    struct iso_distance d;
    put(&v, ISO_Y, 1, &want);
    put(&w, ISO_Y, 1, &got);
    put(&s, ISO_Y, 1, &allowed);
    const iso_rc rc = iso_compare_bounded(ISO_FORWARD, &v, &w, &s, &d);
    iso_values_free(&v);
    iso_values_free(&w);
    iso_values_free(&s);
    iso_error_clear();
    return rc;
}

static void comparisons_can_fail(void **state)
{
    (void)state;
    const double a[] = { 1, NAN, 0.0 }, b[] = { 1, -NAN, 0.0 }, c[] = { 1, NAN, -0.0 },
                 d[] = { 1, 2, 0.0 };
    assert_int_equal(exact(a, b, 3), ISO_OK);
    assert_int_equal(exact(a, c, 3), ISO_EPARITY); /* the sign of a zero */
    assert_int_equal(exact(a, d, 3), ISO_EPARITY); /* NaN is not 2 */
    assert_int_equal(exact(d, a, 3), ISO_EPARITY);
    assert_int_equal(exact(NULL, NULL, 0), ISO_EPARITY); /* nothing compared */
    assert_int_equal(bounded(1, 1 + 0x1p-21, 0x1p-21), ISO_OK);
    assert_int_equal(bounded(1, 1 + 0x1.1p-21, 0x1p-21), ISO_EPARITY);
    assert_int_equal(bounded(1, NAN, 1), ISO_EPARITY);
    assert_int_equal(bounded(1, 1, NAN), ISO_EPARITY);
    assert_int_equal(bounded(0, 0, 0), ISO_OK);
}

/* The figures that core/arithmetic/bounds.h tells follow from the transforms. */
static void bounds_are_those_of_the_header(void **state)
{
    static const struct {
        int taps;
        double c;
    } told[] = { { 3, 8.2 }, { 4, 6.6 }, { 5, 5.8 }, { 2, 11.4 } };
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(fabs(iso_bound_winograd(told[i].taps) - told[i].c) < 0.05);
}

static void zeros_are_mistrusted(void **state)
{
    (void)state;
    const double zeros[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
    struct iso_values v = { 0 };
    const struct iso_call call = { .training = true };
    put(&v, ISO_Y, 8, zeros);
    assert_int_equal(iso_compare_trust(&call, ISO_FORWARD, &v, false, false), ISO_EPARITY);
    iso_error_clear();
    assert_int_equal(iso_compare_trust(&call, ISO_FORWARD, &v, false, true), ISO_OK);
    v.a[ISO_Y][0].v[3] = NAN;
    assert_int_equal(iso_compare_trust(&call, ISO_FORWARD, &v, false, true), ISO_EPARITY);
    iso_error_clear();
    iso_values_free(&v);
}

static iso_rc with_record(const char *record, const char *check, uint64_t seed)
{
    const char *const devices[] = { "reference", NULL };
    FILE *out = tmpfile();
    assert_non_null(out);
    const struct iso_parity_options o = {
        .devices = devices,
        .ops = "dense,sgd",
        .quick = true,
        .record = record,
        .check = check,
        .seed = seed,
        .out = out,
    };
    const iso_rc rc = iso_parity_run(&o, NULL);
    fclose(out);
    iso_error_clear();
    return rc;
}

/* Puts a value into a record, or into its hashes; with_checksum: with one that fits. */
static void change_record(const char *path, const char *object, const char *key, json_t *value,
                          bool with_checksum)
{
    json_error_t fault;
    json_t *o = json_load_file(path, 0, &fault);
    assert_non_null(o);
    assert_int_equal(json_object_set_new(object ? json_object_get(o, object) : o, key, value), 0);
    if (with_checksum) {
        struct iso_sha256 h;
        char hex[65];
        json_object_del(o, "sha256");
        char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
        iso_sha256_init(&h);
        iso_sha256_add(&h, text, strlen(text));
        iso_sha256_hex(&h, hex);
        free(text);
        assert_int_equal(json_object_set_new(o, "sha256", json_string(hex)), 0);
    }
    assert_int_equal(json_dump_file(o, path, JSON_INDENT(1) | JSON_SORT_KEYS), 0);
    json_decref(o);
}

static void records_compare_machines(void **state)
{
    (void)state;
    char path[] = "/tmp/isocl-parity-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(with_record(path, NULL, 1), ISO_OK);
    assert_int_equal(with_record(NULL, path, 1), ISO_OK);
    assert_int_equal(with_record(NULL, path, 2), ISO_EDATA); /* other data */
    change_record(path, "hashes", "dense/1/forward", json_string("12"), false);
    assert_int_equal(with_record(NULL, path, 1), ISO_EDATA); /* its checksum does not fit */
    change_record(path, "hashes", "dense/1/forward", json_string("12"), true);
    assert_int_equal(with_record(NULL, path, 1), ISO_EPARITY);
    change_record(path, NULL, "arith", json_integer(1), true);
    assert_int_equal(with_record(NULL, path, 1), ISO_EDATA); /* other sums */
    unlink(path);
    assert_int_equal(with_record(NULL, path, 1), ISO_EIO);
}

static void the_judge_is_not_compared(void **state)
{
    const char *const devices[] = { "reference:double", NULL };
    const struct iso_parity_options o = { .devices = devices, .ops = "flatten", .quiet = true };
    (void)state;
    assert_int_equal(iso_parity_run(&o, NULL), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "--devices reference checks its gradients"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_caught),
        cmocka_unit_test(a_failure_says_how_to_repeat_it),
        cmocka_unit_test(a_wrong_layer_is_named),
        cmocka_unit_test(a_forgotten_shard_is_caught),
        cmocka_unit_test(a_slot_that_is_wrong_at_the_end_fails_training),
        cmocka_unit_test(a_run_without_cases_fails),
        cmocka_unit_test(every_op_has_cases),
        cmocka_unit_test(comparisons_can_fail),
        cmocka_unit_test(bounds_are_those_of_the_header),
        cmocka_unit_test(zeros_are_mistrusted),
        cmocka_unit_test(records_compare_machines),
        cmocka_unit_test(the_judge_is_not_compared),
    };
    unsetenv("ISOCL_OPENCL_OPTIONS"); /* commands that repeat a failure carry it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
