/* test_onnx.c: networks to ONNX files, and back. Without protobuf-c there is nothing to test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/file.h"
#include "core/onnx/import.h"
#include "core/parity/harness.h"
#include "core/train/keras_weights.h"
#include "onnx_network.h"

static void every_layer_can_be_exported(void **state)
{
    (void)state;
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const bool layer = iso_ops[op].kind == ISO_LAYER || iso_ops[op].kind == ISO_VIEW;
        if (layer != iso_onnx_exports((enum iso_op)op))
            fail_msg("%s %s", iso_ops[op].name, layer ? "cannot be exported" : "is no layer");
    }
}

static const struct iso_onnx_node *node(const struct iso_onnx *m, const char *name)
{
    for (int i = 0; i < m->nnodes; i++)
        if (strcmp(m->nodes[i].name, name) == 0)
            return &m->nodes[i];
    fail_msg("no node %s", name);
    return NULL;
}

static void assert_ints(const struct iso_onnx_node *n, const char *name, int count,
                        const int64_t *want)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(n, name);
    assert_true(a != NULL && a->kind == ISO_ONNX_INTS && a->n == count);
    assert_memory_equal(a->ints, want, (size_t)count * sizeof *want);
}

/* A written file reads back with the same names, shapes, numbers and attributes. */
static void the_file_says_what_the_model_does(void **state)
{
    char path[] = "/tmp/isocl-test-onnx-XXXXXX";
    struct network net;
    struct iso_onnx *m;
    close(mkstemp(path));
    (void)state;
    open_network(&net, "tests/models/separable.yaml");
    export_to(path, &net, false);
    must(iso_onnx_read(path, &m));
    assert_string_equal(m->producer, "isocl");
    assert_string_equal(m->name, "separable");
    assert_int_equal(m->opset, 17);
    assert_int_equal(m->nx, 1);
    assert_string_equal(m->x[0].name, "input");
    assert_string_equal(m->x[0].symbol[0], "N");
    assert_true(m->x[0].dim[0] == -1 && m->x[0].dim[1] == 11 && m->x[0].dim[3] == 3);
    assert_string_equal(m->x[0].meaning[3], "DATA_CHANNEL");
    assert_string_equal(m->y[0].name, "top/y");
    assert_int_equal(m->y[0].dim[1], 4);
    const struct iso_onnx_node *first = node(m, "first/depthwise");
    assert_string_equal(first->op, "Conv");
    assert_ints(first, "kernel_shape", 2, (int64_t[]){ 3, 3 });
    assert_ints(first, "pads", 4, (int64_t[]){ 1, 1, 1, 1 });
    assert_int_equal(iso_onnx_attribute(first, "group")->i, 3);
    assert_ints(node(m, "second/depthwise"), "pads", 4, (int64_t[]){ 1, 0, 1, 1 });
    const struct iso_onnx_tensor *kernel = iso_onnx_tensor(m, "first/depthwise_kernel");
    assert_true(kernel != NULL && kernel->ndim == 4 && kernel->dim[0] == 6 && kernel->dim[1] == 1);
    float ours[54]; /* [3, 3, 3, 2] */
    struct iso_tensor t;
    assert_true(iso_exec_tensor(net.exec, "first/depthwise_kernel", &t));
    must(iso_tensor_read_f32(net.backend, &t, ours));
    for (int result = 0; result < 6; result++)
        for (int tap = 0; tap < 9; tap++)
            assert_true(((const float *)kernel->data)[result * 9 + tap] == ours[tap * 6 + result]);
    iso_onnx_free(m);
    network_close(&net);
    unlink(path);
}

static int count(const struct iso_onnx *m, const char *op)
{
    int n = 0;
    for (int i = 0; i < m->nnodes; i++)
        n += strcmp(m->nodes[i].op, op) == 0;
    return n;
}

/* Every node reads what stands before it, and all values have names of their own. */
static void assert_in_order(const struct iso_onnx *m)
{
    for (int i = 0; i < m->nnodes; i++)
        for (int k = 0; k < m->nodes[i].nx; k++) {
            const char *x = m->nodes[i].x[k];
            int made = iso_onnx_tensor(m, x) != NULL || strcmp(x, m->x[0].name) == 0;
            for (int j = 0; j < m->nnodes; j++) {
                made += j < i && strcmp(m->nodes[j].y[0], x) == 0;
                assert_true(j == i || strcmp(m->nodes[j].y[0], m->nodes[i].y[0]) != 0);
            }
            assert_int_equal(made, 1);
        }
}

static void every_layer_becomes_nodes(void **state)
{
    const struct iso_onnx_export_options o = { .preprocessing = true };
    struct network net;
    struct iso_onnx *m;
    (void)state;
    open_network(&net, "tests/models/everything.yaml");
    must(iso_onnx_export(net.exec, &o, &m));
    assert_in_order(m);
    assert_int_equal(m->opset, 20); /* for gelu */
    assert_int_equal(count(m, "Gelu"), 2);
    assert_int_equal(count(m, "Conv"), 7);
    assert_int_equal(count(m, "Dropout"), 0);
    assert_string_equal(node(m, "preprocessing/scale")->op, "Mul");
    assert_string_equal(node(m, "preprocessing/center")->op, "Add");
    const float *factor = iso_onnx_tensor(m, "preprocessing/factor")->data;
    const float *offset = iso_onnx_tensor(m, "preprocessing/offset")->data;
    assert_true(factor[2] == (float)(1 / 127.5 / 2) && offset[1] == (float)(-0.9 / 0.5));
    assert_ints(node(m, "stem"), "pads", 4, (int64_t[]){ 0, 1, 1, 1 });
    assert_int_equal(iso_onnx_attribute(node(m, "mixed/softmax"), "axis")->i, 1);
    assert_int_equal(iso_onnx_attribute(node(m, "mean"), "count_include_pad")->i, 0);
    assert_string_equal(m->y[0].name, "activation_1/y");
    iso_onnx_free(m);
    network_close(&net);
}

/* ---- And back ------------------------------------------------------------------------------ */

/* Computes the network's outputs for rows of random numbers, and the hash of its weights. */
static void outputs_of(struct network *net, double *out, int64_t n, char hex[65])
{
    const struct iso_value *x = &net->graph->values[net->graph->augmented];
    const int64_t size = iso_shape_count(&x->shape);
    double *drawn = calloc((size_t)size, sizeof *drawn);
    float *values = calloc((size_t)size, sizeof *values);
    struct iso_tensor t;
    assert_true(drawn != NULL && values != NULL);
    iso_fill_uniform(5, 1, drawn, size);
    for (int64_t i = 0; i < size; i++)
        values[i] = (float)drawn[i];
    must(iso_exec_feed(net->exec, 1, values, NULL, NULL));
    must(iso_exec_forward(net->exec, false, 0, 0));
    assert_true(iso_exec_tensor(net->exec, net->graph->values[net->graph->output].name, &t));
    assert_int_equal(iso_shape_count(&t.shape), n);
    must(iso_tensor_read(net->backend, &t, out));
    must(iso_exec_hash(net->exec, hex));
    free(drawn);
    free(values);
}

/* Draws weights, so that no bias or statistic is what it would be without the file. */
static void draw_weights(struct network *net)
{
    for (int i = 0; i < iso_exec_nweights(net->exec); i++) {
        struct iso_tensor t;
        assert_true(iso_exec_tensor(net->exec, iso_exec_weight(net->exec, i), &t));
        const int64_t n = iso_shape_count(&t.shape);
        double *v = calloc((size_t)n, sizeof *v);
        assert_non_null(v);
        iso_fill_uniform(9, (uint32_t)i, v, n);
        for (int64_t k = 0; k < n; k++)
            v[k] = (float)(strstr(iso_exec_weight(net->exec, i), "variance") != NULL ? v[k] + 1.5
                                                                                     : v[k]);
        must(iso_tensor_write(net->backend, &t, v));
        free(v);
    }
}

/* Imports the file as a model of its own, in `yaml`, with the file's weights. */
static void import_from(const char *path, const char *yaml, struct network *net)
{
    struct iso_onnx_network *n = NULL;
    struct iso_keras_taken taken;
    struct iso_onnx *m;
    must(iso_onnx_read(path, &m));
    must(iso_onnx_import(m, path, &n));
    must(iso_file_write(yaml, n->yaml, strlen(n->yaml)));
    open_network(net, yaml);
    must(iso_keras_load(net->exec, &n->weights, path, ISO_KERAS_BY_NAME, &net->faults, &taken));
    assert_int_equal(taken.left + taken.unused, 0);
    iso_onnx_network_free(n);
    iso_onnx_free(m);
}

/* A model that is exported and imported has the same weights, under the same names, and the same
 * outputs, bit for bit. */
static void there_and_back_is_the_same(void **state)
{
    static const char *const names[] = { "everything", "residual",  "resnet", "frozen", "inception",
                                         "separable",  "augmented", "modern", "tokens", "windows" };
    char path[] = "/tmp/isocl-test-onnx-XXXXXX", yaml[64], hex[65], back[65];
    struct network net, again;
    double want[64], got[64];
    close(mkstemp(path));
    snprintf(yaml, sizeof yaml, "%s.yaml", path);
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char model[64];
        snprintf(model, sizeof model, "tests/models/%s.yaml", names[i]);
        open_network(&net, model);
        draw_weights(&net);
        const int64_t n = net.graph->classes;
        assert_true(n <= 64);
        export_to(path, &net, false);
        import_from(path, yaml, &again);
        outputs_of(&net, want, n, hex);
        outputs_of(&again, got, n, back);
        if (strcmp(hex, back) != 0)
            fail_msg("%s: other weights came back", model);
        assert_memory_equal(want, got, (size_t)n * sizeof *want);
        if (!(got[0] < 1) || (got[0] == got[1] && got[1] == got[2] && got[2] == got[n - 1]))
            fail_msg("%s: outputs %g %g %g prove nothing", model, got[0], got[1], got[2]);
        network_close(&again);
        network_close(&net);
    }
    unlink(yaml);
    unlink(path);
}

/* A writer that fails leaves what was there. */
static void a_missing_folder_is_reported(void **state)
{
    struct iso_onnx m = { .producer = "", .version = "", .name = "m", .doc = "", .opset = 17 };
    (void)state;
    iso_error_clear();
    assert_int_equal(iso_onnx_write("/tmp/isocl-no-such-folder/m.onnx", &m), ISO_EIO);
    assert_non_null(strstr(iso_error(), "/tmp/isocl-no-such-folder/m.onnx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_can_be_exported),
        cmocka_unit_test(the_file_says_what_the_model_does),
        cmocka_unit_test(every_layer_becomes_nodes),
        cmocka_unit_test(there_and_back_is_the_same),
        cmocka_unit_test(a_missing_folder_is_reported),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(built_without_onnx) };
    if (!iso_onnx_supported())
        return cmocka_run_group_tests_name("onnx", none, NULL, NULL);
    return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
