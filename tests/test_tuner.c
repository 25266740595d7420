/* test_tuner.c: candidates that hang, crash or compute wrongly are survived, named and not tried
 * again; the others are measured, and whoever wins, the bits are the same. */
#include "core/iso.h"

#ifdef ISO_HAVE_OPENCL
#include "backends/opencl/records.h"
#include "backends/opencl/tiles.h"
#include "backends/opencl/tuner.h"
#endif
#include "core/ops/dense.h"
#include "folder.h"
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef ISO_HAVE_OPENCL
enum { ROWS = 96, IN = 520, UNITS = 68 };
static char folder[FOLDER];
static const struct opencl_product_shape shape = {
    .over = OPENCL_OVER_TAPS, .wide = true, .rows = ROWS, .cols = UNITS, .depth = IN, .products = 1
};

static int begin(void **state)
{
    (void)state;
    char path[2 * FOLDER];
    if (folder_make(folder, "tuner") != 0)
        return -1;
    snprintf(path, sizeof path, "%s/clkernels", folder);
    opencl_tuner_patience = 60;
    return mkdir(path, 0700) || setenv("XDG_CACHE_HOME", folder, 1) ||
           setenv("ISOCL_OPENCL_SHAPE", "gpu", 1) || setenv("ISOCL_QUIET", "1", 1);
}

static int end(void **state)
{
    (void)state;
    static const char *const names[] = { "XDG_CACHE_HOME", "ISOCL_OPENCL_SHAPE", "ISOCL_KERNEL_DIR",
                                         "ISOCL_QUIET" };
    for (int i = 0; i < 4; i++)
        unsetenv(names[i]);
    iso_error_clear();
    return folder_remove(folder);
}

static struct opencl *open_device(enum iso_tuning tuning)
{
    struct iso_backend *be = NULL;
    if (iso_backend_open("opencl", ISO_MODE_EXACT, 0, &be) != ISO_OK) {
        printf("SKIP: no OpenCL device that is exact: %s\n", iso_error());
        iso_error_clear();
        skip();
    }
    be->tuning = tuning;
    return opencl_of(be);
}

/* The candidates for the product; skips the test where there is no choice. */
static int candidates(struct opencl *cl, const struct opencl_variant *list[OPENCL_MAX_VARIANTS])
{
    const int n = opencl_variant_candidates(cl, &shape, list);
    if (n < 2) {
        printf("SKIP: there is one kernel for this product\n");
        iso_backend_close(&cl->base);
        skip();
    }
    return n;
}

static void settle(struct opencl *cl)
{
    assert_int_equal(opencl_product_note(cl, &shape), ISO_OK);
    if (opencl_tune(cl) != ISO_OK)
        fail_msg("%s", iso_error());
}

/* Reads a candidate's record as another process would. */
static struct opencl_record record_of(struct opencl *cl, const char *candidate)
{
    struct opencl_records *r = NULL;
    char key[OPENCL_PRODUCT_KEY];
    opencl_product_key(&shape, key);
    assert_int_equal(opencl_records_open(cl, &r), ISO_OK);
    const struct opencl_record *found = opencl_records_find(r, key, candidate);
    const struct opencl_record record =
        found != NULL ? *found : (struct opencl_record){ .verdict = OPENCL_VERDICT_COUNT };
    opencl_records_close(r);
    return record;
}

static const char *chosen(struct opencl *cl)
{
    const struct opencl_variant *v = NULL;
    if (opencl_variant_of(cl, &shape, &v) != ISO_OK)
        fail_msg("%s", iso_error());
    return v->name;
}

static void planted(const struct opencl_variant *v, char path[3 * FOLDER])
{
    snprintf(path, 3 * FOLDER, "%s/clkernels/%s", folder, v->program);
}

/* Puts a kernel that does this in place of the variant's. */
static void plant(const struct opencl_variant *v, const char *body)
{
    static const char arguments[] =
        "(global const float *a, ulong a_at, global const float *b, ulong b_at, global const float "
        "*bias, ulong bias_at, global float *y, ulong y_at, struct opencl_chains g)";
    char path[3 * FOLDER];
    planted(v, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#include \"common.h\"\n#include \"arguments.h\"\nkernel void %s%s\n{\n    %s\n}\n",
            opencl_variant_kernel(shape.over), arguments, body);
    fclose(f);
    setenv("ISOCL_KERNEL_DIR", folder, 1);
}

static void is_survived(const char *body, enum opencl_verdict verdict)
{
    const struct opencl_variant *list[OPENCL_MAX_VARIANTS];
    char path[3 * FOLDER];
    struct opencl *cl = open_device(ISO_TUNE_ALL);
    candidates(cl, list);
    const char *bad = list[0]->name, *good = list[1]->name;
    plant(list[0], body);
    settle(cl);
    assert_int_equal(record_of(cl, bad).verdict, verdict);
    assert_int_equal(record_of(cl, good).verdict, OPENCL_RIGHT);
    assert_true(record_of(cl, good).seconds > 0);
    assert_string_not_equal(chosen(cl), bad);
    iso_backend_close(&cl->base);

    cl = open_device(ISO_TUNE_AUTO); /* it would be right now, and is not tried again */
    planted(list[0], path);
    assert_int_equal(unlink(path), 0);
    settle(cl);
    assert_int_equal(record_of(cl, bad).verdict, verdict);
    assert_string_not_equal(chosen(cl), bad);
    iso_backend_close(&cl->base);
}

static void wrong_candidate_is_named_and_left_out(void **state)
{
    (void)state;
    is_survived("y[y_at + get_global_id(0) % g.rows] = 1.0f;", OPENCL_WRONG);
}

static void crashing_candidate_is_survived(void **state)
{
    (void)state;
    is_survived("*(volatile global float *)16 = 1.0f;", OPENCL_CRASHED);
}

static void hanging_candidate_is_survived(void **state)
{
    (void)state;
    opencl_tuner_patience = 5;
    is_survived("volatile global float *at = y; for (;;) at[y_at] = 1.0f;", OPENCL_HUNG);
}

static void candidate_that_does_not_build_is_left_out(void **state)
{
    (void)state;
    is_survived("nonsense", OPENCL_UNUSABLE);
}

/* ---- Choice -------------------------------------------------------------------------------- */

static void put(struct iso_backend *be, struct iso_tensor *t, uint32_t seed)
{
    const size_t n = (size_t)iso_shape_count(&t->shape);
    float *values = iso_alloc(n, sizeof *values);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)seed * 0x1p-31f;
    }
    assert_int_equal(be->ops->alloc(be, n * sizeof(float), &t->mem), ISO_OK);
    assert_int_equal(iso_tensor_write_f32(be, t, values), ISO_OK);
    free(values);
}

/* y of a dense layer. */
static void run_dense(struct iso_backend *be, float *y)
{
    const struct iso_kernel *k = be->kernels[ISO_OP_dense];
    struct iso_dense params = { .units = UNITS };
    struct iso_call call = { .params = &params };
    char why[200];
    call.x[0].shape = (struct iso_shape){ 2, { ROWS, IN } };
    call.w[0].shape = (struct iso_shape){ 2, { IN, UNITS } };
    call.y[0].shape = (struct iso_shape){ 2, { ROWS, UNITS } };
    assert_true(k->supports(be, ISO_OP_dense, &call, why, sizeof why));
    assert_int_equal(k->prepare(be, &call), ISO_OK);
    if (be->ops->settle(be) != ISO_OK)
        fail_msg("%s", iso_error());
    put(be, &call.x[0], 1);
    put(be, &call.w[0], 2);
    put(be, &call.y[0], 3);
    const size_t work = k->workspace(be, &call, ISO_FORWARD);
    call.workspace = (struct iso_tensor){ NULL, 0, ISO_U8, { 1, { (int64_t)work } } };
    assert_int_equal(be->ops->alloc(be, work, &call.workspace.mem), ISO_OK);
    if (k->forward(be, &call) != ISO_OK || iso_tensor_read_f32(be, &call.y[0], y) != ISO_OK)
        fail_msg("%s", iso_error());
    be->ops->free(be, call.x[0].mem);
    be->ops->free(be, call.w[0].mem);
    be->ops->free(be, call.y[0].mem);
    be->ops->free(be, call.workspace.mem);
}

static void every_winner_gives_the_same_bits(void **state)
{
    (void)state;
    const struct opencl_variant *list[OPENCL_MAX_VARIANTS];
    static float first[ROWS * UNITS], y[ROWS * UNITS];
    struct opencl *cl = open_device(ISO_TUNE_OFF);
    const int n = candidates(cl, list);
    char key[OPENCL_PRODUCT_KEY];
    opencl_product_key(&shape, key);
    for (int i = 0; i < n; i++) {
        if (!opencl_variant_usable(cl, list[i], shape.over))
            continue;
        assert_int_equal(opencl_variant_choose(cl, key, list[i]->name), ISO_OK);
        assert_string_equal(chosen(cl), list[i]->name);
        run_dense(&cl->base, i == 0 ? first : y);
        if (i > 0)
            assert_memory_equal(first, y, sizeof y);
    }
    iso_backend_close(&cl->base);
}

static void fastest_on_record_is_chosen_and_off_measures_nothing(void **state)
{
    (void)state;
    const struct opencl_variant *list[OPENCL_MAX_VARIANTS];
    struct opencl *cl = open_device(ISO_TUNE_OFF);
    const int n = candidates(cl, list);
    struct opencl_records *r = NULL;
    assert_int_equal(opencl_records_open(cl, &r), ISO_OK);
    for (int i = 0; i < n; i++) {
        struct opencl_record x = { .verdict = OPENCL_RIGHT, .seconds = 1.0 / (i + 1) };
        opencl_product_key(&shape, x.key);
        snprintf(x.candidate, sizeof x.candidate, "%s", list[i]->name);
        assert_int_equal(opencl_records_put(r, cl, &x), ISO_OK);
    }
    opencl_records_close(r);
    settle(cl);
    assert_string_equal(chosen(cl), list[n - 1]->name);
    assert_true(record_of(cl, list[0]->name).seconds == 1.0);
    iso_backend_close(&cl->base);
}

/* ---- Records ------------------------------------------------------------------------------- */

static void damaged_records_are_left_out(void **state)
{
    (void)state;
    static const char text[] =
        "nonsense\n"
        "taps 1x1x1x1 | a | 2.5 ms\n"
        "taps 1x1x1x1 | b | 2.5\n"
        "taps 1x1x1x1 | c | crashed\n"
        "taps 1x1x1x1 | d | 1e999 ms more\n"
        " |  | \n"
        "taps 1x1x1x1 | e | 1.5 m";
    struct opencl *cl = open_device(ISO_TUNE_OFF);
    struct opencl_records *r = NULL;
    char path[400];
    assert_int_equal(opencl_records_open(cl, &r), ISO_OK);
    assert_int_equal(r->n, 0);
    snprintf(path, sizeof path, "%s/isocl/%s", folder, r->name);
    opencl_records_close(r);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(opencl_records_open(cl, &r), ISO_OK);
    assert_int_equal(r->n, 2);
    assert_int_equal(opencl_records_fault(r, "c"), OPENCL_CRASHED);
    assert_string_equal(opencl_records_best(r, "taps 1x1x1x1")->candidate, "a");
    opencl_records_close(r);
    iso_backend_close(&cl->base);
}

static void other_driver_has_other_records(void **state)
{
    (void)state;
    struct opencl *cl = open_device(ISO_TUNE_OFF);
    struct opencl_records *r = NULL, *other = NULL;
    assert_int_equal(opencl_records_open(cl, &r), ISO_OK);
    cl->found.info.driver[0] ^= 1;
    assert_int_equal(opencl_records_open(cl, &other), ISO_OK);
    assert_string_not_equal(r->name, other->name);
    opencl_records_close(r);
    opencl_records_close(other);
    iso_backend_close(&cl->base);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#endif

int main(void)
{
#ifdef ISO_HAVE_OPENCL
    const struct CMUnitTest tests[] = {
        TEST(wrong_candidate_is_named_and_left_out),
        TEST(crashing_candidate_is_survived),
        TEST(hanging_candidate_is_survived),
        TEST(candidate_that_does_not_build_is_left_out),
        TEST(every_winner_gives_the_same_bits),
        TEST(fastest_on_record_is_chosen_and_off_measures_nothing),
        TEST(damaged_records_are_left_out),
        TEST(other_driver_has_other_records),
    };
    return cmocka_run_group_tests(tests, keep_drivers_cache, remove_drivers_cache);
#else
    const struct CMUnitTest none[] = { cmocka_unit_test(built_without_opencl) };
    return cmocka_run_group_tests(none, NULL, NULL);
#endif
}
