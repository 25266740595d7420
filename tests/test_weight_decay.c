/* test_weight_decay.c: what weight decay does to the weights of a network, beside any optimizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/train/exec.h"
#include "core/train/learning_rate.h"

enum { ROWS = 3, PIXELS = 6 * 5 * 3, WEIGHTS = 16, MOST = 1024 };

struct weights {
    int n;
    char name[WEIGHTS][ISO_NAME];
    int64_t count[WEIGHTS];
    float w[WEIGHTS][MOST];
};

static void take(struct iso_exec *e, struct weights *out)
{
    out->n = iso_exec_nweights(e);
    assert_true(out->n <= WEIGHTS);
    for (int i = 0; i < out->n; i++) {
        struct iso_tensor t;
        snprintf(out->name[i], ISO_NAME, "%s", iso_exec_weight(e, i));
        assert_true(iso_exec_tensor(e, out->name[i], &t));
        out->count[i] = iso_shape_count(&t.shape);
        assert_true(out->count[i] <= MOST);
        assert_int_equal(iso_tensor_read_f32(iso_exec_backend(e), &t, out->w[i]), ISO_OK);
    }
}

/* Takes the weights before a step and after it, with the optimizer that the text gives. */
static void run(const char *optimizer, struct weights *before, struct weights *after)
{
    static struct iso_faults faults;
    char path[] = "/tmp/isocl-test-decay-XXXXXX";
    const struct iso_exec_options o = { .training = true, .seed = 5, .log_steps = 1 };
    const int32_t y[ROWS] = { 0, 3, 1 };
    float x[ROWS * PIXELS];
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
    struct iso_exec *exec;
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fprintf(file,
            "model: decayed\ninput: {shape: [6, 5, 3], scale: 1/255}\nlayers:\n"
            "  - conv2d: {name: c1, filters: 7, kernel_size: 3, bias_initializer: ones}\n"
            "  - batch_normalization: {name: n}\n  - flatten\n"
            "  - dense: {name: d1, units: 9, trainable: false}\n"
            "  - dense: {name: d2, units: 4, activation: softmax}\n"
            "loss: categorical_crossentropy\noptimizer: {%s}\n",
            optimizer);
    fclose(file);
    faults.count = 0;
    assert_int_equal(iso_model_load(path, &faults, &model), ISO_OK);
    assert_int_equal(iso_graph_build(model, 0, ROWS, &faults, &graph), ISO_OK);
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_EXACT, 2, &backend), ISO_OK);
    assert_int_equal(iso_exec_new(graph, backend, &o, &exec), ISO_OK);
    assert_int_equal(iso_exec_initialize(exec), ISO_OK);
    for (int i = 0; i < ROWS * PIXELS; i++)
        x[i] = (float)(i * 37 % 101) / 101;
    assert_int_equal(iso_exec_feed(exec, ROWS, x, y, NULL), ISO_OK);
    assert_int_equal(iso_exec_forward(exec, true, 0, 0), ISO_OK);
    assert_int_equal(iso_exec_backward(exec, 0), ISO_OK);
    take(exec, before);
    assert_int_equal(iso_exec_update(exec, 0, iso_training_rate_alone(graph->training, 0)), ISO_OK);
    take(exec, after);
    iso_exec_free(exec);
    iso_backend_close(backend);
    iso_graph_free(graph);
    iso_model_free(model);
    remove(path);
}

static bool is_trained(const char *name)
{
    return strncmp(name, "d1/", 3) != 0 && strstr(name, "moving") == NULL;
}

/* Checks that, with a learning rate of 0.5 and a decay of 0.25, a weight loses an eighth, then
 * takes the step that it takes without decay. Both are exact in the sum but for the last rounding.
 */
static void assert_decays(const char *keys, bool vectors)
{
    static struct weights before, plain, decayed, same;
    char text[128];
    int n = 0;
    run("sgd: {learning_rate: 0.5}", &before, &plain);
    snprintf(text, sizeof text, "sgd: {learning_rate: 0.5, weight_decay: 0.25%s}", keys);
    run(text, &same, &decayed);
    for (int i = 0; i < before.n; i++) {
        const bool kernel = strstr(before.name[i], "kernel") != NULL;
        const bool decays = is_trained(before.name[i]) && (kernel || vectors);
        for (int64_t k = 0; k < before.count[i]; k++) {
            const double loss = decays ? (double)before.w[i][k] / 8 : 0;
            const double want = (double)plain.w[i][k] - loss, got = (double)decayed.w[i][k];
            assert_true(same.w[i][k] == before.w[i][k]);
            if (!(fabs(got - want) <= 0x1p-22 * (fabs(want) + fabs(loss) + 1)))
                fail_msg("%s[%d]: %.9g, not %.9g", before.name[i], (int)k, got, want);
            n += loss != 0;
        }
    }
    assert_true(n > 100);
}

static void every_trained_weight_decays(void **state)
{
    (void)state;
    assert_decays("", true);
}

static void vectors_can_be_spared(void **state)
{
    (void)state;
    assert_decays(", exclude_from_weight_decay: vectors", false);
}

/* adamw's own decay, and the same beside adam, have the same bits. */
static void adamw_is_adam_with_decay(void **state)
{
    static struct weights before, adamw, adam, spared;
    (void)state;
    run("adamw: {learning_rate: 0.01, weight_decay: 0.3}", &before, &adamw);
    run("adam: {learning_rate: 0.01, weight_decay: 0.3}", &before, &adam);
    run("adamw: {learning_rate: 0.01, weight_decay: 0.3, exclude_from_weight_decay: vectors}",
        &before, &spared);
    for (int i = 0; i < before.n; i++) {
        const size_t bytes = (size_t)before.count[i] * sizeof(float);
        const bool vector = is_trained(before.name[i]) && strstr(before.name[i], "kernel") == NULL;
        assert_memory_equal(adamw.w[i], adam.w[i], bytes);
        if (!vector)
            assert_memory_equal(adamw.w[i], spared.w[i], bytes);
        else if (strcmp(before.name[i], "n/gamma") == 0)
            assert_memory_not_equal(adamw.w[i], spared.w[i], bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_trained_weight_decays),
        cmocka_unit_test(vectors_can_be_spared),
        cmocka_unit_test(adamw_is_adam_with_decay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
