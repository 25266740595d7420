/* test_clipping.c: what gradient clipping does to the gradients of a network, each weight's by
 * itself or all alike. The op's own numbers are parity cases and golden vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/train/exec.h"
#include "core/train/learning_rate.h"

enum { ROWS = 3, PIXELS = 6 * 5 * 3, WEIGHTS = 8, MOST = 1024 };

struct gradients {
    int n; /* weights that are trained */
    int64_t count[WEIGHTS];
    float g[WEIGHTS][MOST];
};

static void take(struct iso_exec *e, struct gradients *out)
{
    out->n = 0;
    for (int i = 0; i < iso_exec_nweights(e); i++) {
        char name[ISO_NAME + 2];
        struct iso_tensor t;
        snprintf(name, sizeof name, "d/%s", iso_exec_weight(e, i));
        if (!iso_exec_tensor(e, name, &t))
            continue;
        assert_true(out->n < WEIGHTS && iso_shape_count(&t.shape) <= MOST);
        out->count[out->n] = iso_shape_count(&t.shape);
        assert_int_equal(iso_tensor_read_f32(iso_exec_backend(e), &t, out->g[out->n++]), ISO_OK);
    }
}

/* The gradients of one step before the update, and after it. */
static void run(struct iso_gradient_clipping clipping, struct gradients *given,
                struct gradients *left)
{
    static struct iso_faults faults;
    const struct iso_exec_options o = { .training = true, .seed = 5, .log_steps = 1 };
    const int32_t y[ROWS] = { 0, 3, 1 };
    float x[ROWS * PIXELS];
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
    struct iso_exec *exec;
    faults.count = 0;
    assert_int_equal(iso_model_load("tests/models/clipped.yaml", &faults, &model), ISO_OK);
    model->phases[0].clipping = clipping;
    assert_int_equal(iso_graph_build(model, 0, ROWS, &faults, &graph), ISO_OK);
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_EXACT, 2, &backend), ISO_OK);
    assert_int_equal(iso_exec_new(graph, backend, &o, &exec), ISO_OK);
    assert_int_equal(iso_exec_initialize(exec), ISO_OK);
    for (int i = 0; i < ROWS * PIXELS; i++)
        x[i] = (float)(i * 37 % 101) / 101;
    assert_int_equal(iso_exec_feed(exec, ROWS, x, y, NULL), ISO_OK);
    assert_int_equal(iso_exec_forward(exec, true, 0, 0), ISO_OK);
    assert_int_equal(iso_exec_backward(exec, 0), ISO_OK);
    take(exec, given);
    assert_int_equal(iso_exec_update(exec, 0, iso_training_rate_alone(graph->training, 0)), ISO_OK);
    take(exec, left);
    assert_int_equal(given->n, 6); /* c1, n and d2, two each; d1 stays as it is */
    iso_exec_free(exec);
    iso_backend_close(backend);
    iso_graph_free(graph);
    iso_model_free(model);
}

static double squares(const struct gradients *g, int weight)
{
    double sum = 0;
    for (int64_t i = 0; i < g->count[weight]; i++)
        sum += (double)g->g[weight][i] * g->g[weight][i];
    return sum;
}

/* left = given * factor. The norm behind the factor is a sum of `terms` floats, each of which may
 * be off by half an ulp, under a root; then come a product and a division. */
static void assert_scaled(const struct gradients *given, const struct gradients *left, int weight,
                          double factor, double terms)
{
    const double within = (terms / 2 + 3) * (double)FLT_EPSILON / 2;
    for (int64_t i = 0; i < given->count[weight]; i++) {
        const double want = (double)given->g[weight][i] * factor, got = left->g[weight][i];
        if (!(fabs(got - want) <= within * fabs(want) + (double)FLT_MIN))
            fail_msg("weight %d [%lld]: %.9g, not %.9g", weight, (long long)i, got, want);
    }
}

static double terms(const struct gradients *g)
{
    double n = 0;
    for (int w = 0; w < g->n; w++)
        n += (double)g->count[w];
    return n;
}

static void nothing_is_clipped_unasked(void **state)
{
    struct gradients given, left;
    (void)state;
    run((struct iso_gradient_clipping){ 0 }, &given, &left);
    for (int w = 0; w < given.n; w++)
        assert_memory_equal(given.g[w], left.g[w], (size_t)given.count[w] * sizeof(float));
}

static void clipvalue_holds_each_number(void **state)
{
    const float limit = 0.03125f;
    struct gradients given, left;
    int held = 0;
    (void)state;
    run((struct iso_gradient_clipping){ .clipvalue = (double)limit }, &given, &left);
    for (int w = 0; w < given.n; w++)
        for (int64_t i = 0; i < given.count[w]; i++) {
            const float g = given.g[w][i];
            const float want = g > limit ? limit : g < -limit ? -limit : g;
            held += want != g;
            assert_true(left.g[w][i] == want);
        }
    assert_true(held > 0);
}

static void clipnorm_looks_at_each_weight(void **state)
{
    const double limit = 0.25;
    struct gradients given, left;
    int held = 0;
    (void)state;
    run((struct iso_gradient_clipping){ .clipnorm = limit }, &given, &left);
    for (int w = 0; w < given.n; w++) {
        const double norm = sqrt(squares(&given, w));
        held += norm > limit;
        assert_scaled(&given, &left, w, norm > limit ? limit / norm : 1, (double)given.count[w]);
    }
    assert_true(held > 0 && held < given.n);
}

static void global_clipnorm_looks_at_all_of_them(void **state)
{
    static const double limits[] = { 0.125, 1000 };
    struct gradients given, left;
    (void)state;
    for (int l = 0; l < 2; l++) {
        double sum = 0;
        run((struct iso_gradient_clipping){ .global_clipnorm = limits[l] }, &given, &left);
        for (int w = 0; w < given.n; w++)
            sum += squares(&given, w);
        assert_true((sqrt(sum) > limits[l]) == (l == 0));
        for (int w = 0; w < given.n; w++)
            assert_scaled(&given, &left, w, l == 0 ? limits[l] / sqrt(sum) : 1, terms(&given));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_clipped_unasked),
        cmocka_unit_test(clipvalue_holds_each_number),
        cmocka_unit_test(clipnorm_looks_at_each_weight),
        cmocka_unit_test(global_clipnorm_looks_at_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
