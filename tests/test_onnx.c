/* test_onnx.c: networks to and from ONNX files. Without protobuf-c there is nothing to test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "core/parity/harness.h"
#include "core/train/keras_weights.h"
#include "fuzz.h"

struct network {
    struct iso_faults faults;
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
    struct iso_exec *exec;
};

static void must(iso_rc rc)
{
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
}

static void open_network(struct network *net, const char *path)
{
    memset(net, 0, sizeof *net);
    if (iso_model_load(path, &net->faults, &net->model) != ISO_OK ||
        iso_graph_build(net->model, 1, &net->faults, &net->graph) != ISO_OK) {
        iso_faults_print(&net->faults, stderr);
        fail_msg("%s: %s", path, iso_error());
    }
    must(iso_backend_open("cpu", ISO_MODE_EXACT, 1, &net->backend));
    must(iso_exec_new(net->graph, net->backend, &(struct iso_exec_options){ .seed = 1 },
                      &net->exec));
    must(iso_exec_initialize(net->exec));
}

static void close_network(struct network *net)
{
    iso_exec_free(net->exec);
    iso_backend_close(net->backend);
    iso_graph_free(net->graph);
    iso_model_free(net->model);
}

static void export_to(const char *path, struct network *net, bool preprocessing)
{
    const struct iso_onnx_export_options o = { .preprocessing = preprocessing };
    struct iso_onnx *m;
    must(iso_onnx_export(net->exec, &o, &m));
    must(iso_onnx_write(path, m));
    iso_onnx_free(m);
}

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
    assert_true(a && a->kind == ISO_ONNX_INTS && a->n == count);
    assert_memory_equal(a->ints, want, (size_t)count * sizeof *want);
}

/* What is written is read again as it was: names, shapes, numbers, attributes. */
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
    assert_true(kernel && kernel->ndim == 4 && kernel->dim[0] == 6 && kernel->dim[1] == 1);
    float ours[54];                    /* [3, 3, 3, 2] */
    struct iso_tensor t;
    assert_true(iso_exec_tensor(net.exec, "first/depthwise_kernel", &t));
    must(iso_tensor_read_f32(net.backend, &t, ours));
    for (int result = 0; result < 6; result++)
        for (int tap = 0; tap < 9; tap++)
            assert_true(((const float *)kernel->data)[result * 9 + tap] == ours[tap * 6 + result]);
    iso_onnx_free(m);
    close_network(&net);
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
    assert_int_equal(m->opset, 20);    /* for gelu */
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
    close_network(&net);
}

/* ---- Import -------------------------------------------------------------------------------- */

/* What the network gives for rows of drawn numbers, and the hash of its weights. */
static void outputs_of(struct network *net, double *out, int64_t n, char hex[65])
{
    const struct iso_value *x = &net->graph->values[net->graph->augmented];
    const int64_t size = iso_shape_count(&x->shape);
    double *drawn = calloc((size_t)size, sizeof *drawn);
    float *values = calloc((size_t)size, sizeof *values);
    struct iso_tensor t;
    assert_true(drawn && values);
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
            v[k] = (float)(strstr(iso_exec_weight(net->exec, i), "variance") ? v[k] + 1.5 : v[k]);
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
    static const char *const names[] = { "everything", "residual", "resnet", "frozen", "inception",
                                         "separable", "augmented" };
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
        assert_string_equal(hex, back);
        assert_memory_equal(want, got, (size_t)n * sizeof *want);
        if (!(got[0] < 1) || (got[0] == got[1] && got[1] == got[2] && got[2] == got[n - 1]))
            fail_msg("%s: outputs %g %g %g prove nothing", model, got[0], got[1], got[2]);
        close_network(&again);
        close_network(&net);
    }
    unlink(yaml);
    unlink(path);
}

/* ---- What others write --------------------------------------------------------------------- */

/* A network of one or two nodes on images of 2 channels, 3 x 2, with their channels first. */
struct small {
    struct iso_onnx m;
    struct iso_onnx_value x, y;
    struct iso_onnx_tensor tensors[4];
    struct iso_onnx_node nodes[2];
    struct iso_onnx_attribute attributes[2];
};

static void free_small(struct small *s)
{
    struct iso_onnx *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->owned = s->m.owned;             /* what an import has made */
    iso_onnx_free(m);
    s->m.owned = NULL;
}

static struct small small_network(const char *op, const char *const *x, int nx)
{
    static const char *const y[] = { "y" };
    struct small s = { .m = { .producer = "test", .version = "", .name = "", .doc = "",
                              .opset = 17, .nnodes = 1, .nx = 1, .ny = 1 } };
    s.x = (struct iso_onnx_value){ "image", ISO_ONNX_FLOAT, 4, { -1, 2, 3, 2 }, { 0 }, { 0 } };
    s.y = (struct iso_onnx_value){ "y", ISO_ONNX_FLOAT, 2, { -1, 3 }, { 0 }, { 0 } };
    s.nodes[0] = (struct iso_onnx_node){ .name = "the node", .op = op, .domain = "", .nx = nx,
                                         .ny = 1, .x = x, .y = y };
    return s;
}

static iso_rc import_small(struct small *s, struct iso_onnx_network **out)
{
    s->m.x = &s->x;
    s->m.y = &s->y;
    s->m.nodes = s->nodes;
    s->m.tensors = s->tensors;
    s->nodes[0].attributes = s->attributes;
    iso_error_clear();
    return iso_onnx_import(&s->m, "small.onnx", out);
}

/* y = flatten(x) k^T: ONNX's row is channel, height, width, isocl's height, width, channel. */
static void rows_of_images_are_turned(void **state)
{
    static const char *const flat[] = { "row" }, *const reads[] = { "row", "fc.weight" };
    static const char *const image[] = { "image" };
    static const struct iso_onnx_attribute turned = { .name = "transB", .kind = ISO_ONNX_INT,
                                                      .i = 1 };
    float k[36];
    struct iso_onnx_network *n;
    struct small s = small_network("Flatten", image, 1);
    (void)state;
    for (int i = 0; i < 36; i++)
        k[i] = (float)i;
    s.nodes[1] = s.nodes[0];
    s.nodes[0].y = flat;
    s.nodes[1] = (struct iso_onnx_node){ "fc", "Gemm", "", 2, 1, 1, reads, s.nodes[1].y, &turned };
    s.tensors[0] = (struct iso_onnx_tensor){ "fc.weight", ISO_ONNX_FLOAT, 2, { 3, 12 }, k };
    s.m.nnodes = 2;
    s.m.ntensors = 1;
    must(import_small(&s, &n));
    assert_non_null(strstr(n->yaml, "shape: [3, 2, 2]"));
    assert_non_null(strstr(n->yaml, "dense: {name: fc, units: 3, use_bias: false}"));
    const float *ours = n->weights.layers[0].weights[0].values;
    for (int c = 0; c < 2; c++)
        for (int pixel = 0; pixel < 6; pixel++)
            for (int o = 0; o < 3; o++)
                assert_true(ours[(pixel * 2 + c) * 3 + o] == k[o * 12 + c * 6 + pixel]);
    iso_onnx_network_free(n);
    free_small(&s);
}

struct refused { const char *op; struct iso_onnx_attribute attribute; const char *says; };

/* Every refusal names the file, the node, its operator and what about it. */
static void what_has_no_layer_is_refused(void **state)
{
    static const int64_t ones[] = { 1, 1 }, pads[] = { 1, 1, 1, 1 };
    static const char *const reads[] = { "image", "k" };
    static const float k[16] = { 1 };
    static const struct refused cases[] = {
        { "Einsum", { 0 }, "isocl has no layer for this operator" },
        { "Conv", { .name = "group", .i = 3 }, "attribute group is 3" },
        { "Conv", { .name = "colour", .i = 3 }, "attribute colour is not understood" },
        { "Conv", { .name = "kernel_shape", .kind = ISO_ONNX_INTS, .n = 3, .ints = pads },
          "attribute kernel_shape has 3 numbers" },
        { "Conv", { .name = "kernel_shape", .kind = ISO_ONNX_INTS, .n = 2, .ints = ones },
          "attribute kernel_shape is not that of 'k'" },
        { "Gemm", { .name = "transA", .i = 1 }, "attribute transA" },
        { "Softmax", { .name = "axis", .kind = ISO_ONNX_INT, .i = 2 }, "attribute axis is 2" },
        { "Flatten", { .name = "axis", .kind = ISO_ONNX_INT, .i = 2 }, "attribute axis is 2" },
        { "Concat", { .name = "axis", .kind = ISO_ONNX_INT, .i = 3 }, "attribute axis is 3" },
        { "LeakyRelu", { .name = "beta" }, "attribute beta is not understood" },
        { "MaxPool", { .name = "pads", .kind = ISO_ONNX_INTS, .n = 4, .ints = pads },
          "numbers from 1 to 4096" },
        { "Transpose", { .name = "perm", .kind = ISO_ONNX_INTS, .n = 4, .ints = pads },
          "attribute perm" },
        { "Add", { 0 }, "no layer that adds a constant" },
        { "Sub", { 0 }, "isocl has no layer for this operator" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_onnx_network *n = NULL;
        struct small s = small_network(cases[i].op, reads, 2);
        s.attributes[0] = cases[i].attribute;
        s.nodes[0].nattributes = cases[i].attribute.name != NULL;
        s.tensors[0] = (struct iso_onnx_tensor){ "k", ISO_ONNX_FLOAT, 4, { 2, 2, 2, 2 }, k };
        s.m.ntensors = 1;
        assert_int_equal(import_small(&s, &n), ISO_EUNSUP);
        assert_non_null(strstr(iso_error(), "small.onnx: node 'the node', "));
        assert_non_null(strstr(iso_error(), cases[i].op));
        if (!strstr(iso_error(), cases[i].says))
            fail_msg("'%s' does not say: %s", iso_error(), cases[i].says);
        free_small(&s);
    }
}

/* ---- Files that cannot be trusted ---------------------------------------------------------- */

static void save(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Reads the file and imports what it holds. */
static iso_rc take(const char *path)
{
    struct iso_onnx_network *n = NULL;
    struct iso_onnx *m = NULL;
    iso_error_clear();
    iso_rc rc = iso_onnx_read(path, &m);
    assert_true((rc == ISO_OK) == (m != NULL));
    if (rc == ISO_OK)
        rc = iso_onnx_import(m, path, &n);
    iso_onnx_network_free(n);
    iso_onnx_free(m);
    return rc;
}

/* For fuzz: a network that is none of ours is refused like a damaged file. */
static iso_rc read_subject(const struct fuzz_subject *s, const char *path, const char *folder)
{
    (void)s, (void)folder;
    const iso_rc rc = take(path);
    return rc == ISO_EUNSUP ? ISO_EDATA : rc;
}

static void damaged_files_are_read_or_refused(void **state)
{
    char path[] = "/tmp/isocl-test-onnx-XXXXXX";
    const struct fuzz_subject subject = { .file = path, .place = "damaged", .read = read_subject };
    struct network net;
    (void)state;
    close(mkstemp(path));
    open_network(&net, "tests/models/everything.yaml");
    export_to(path, &net, true);
    close_network(&net);
    fuzz(&subject, 1, 400);
    unlink(path);
}

/* Graphs within attributes of nodes within graphs: the library calls itself for each. */
static void deep_files_do_not_exhaust_the_stack(void **state)
{
    enum { LEVELS = 200000, ROOM = 5 * LEVELS };
    static const uint8_t keys[] = { 1 << 3 | 2, 5 << 3 | 2, 6 << 3 | 2 };      /* node, attribute, g */
    char path[] = "/tmp/isocl-test-onnx-XXXXXX";
    uint8_t *bytes = malloc(ROOM), *at = bytes + ROOM;
    assert_non_null(bytes);
    (void)state;
    for (int i = LEVELS - 1; i >= -1; i--) {
        const size_t n = (size_t)(bytes + ROOM - at);
        int count = n < 1 << 7 ? 1 : n < 1 << 14 ? 2 : n < 1 << 21 ? 3 : 4;
        for (int k = count - 1; k >= 0; k--)
            *--at = (uint8_t)((n >> 7 * k & 0x7f) | (k < count - 1 ? 0x80 : 0));
        *--at = i < 0 ? 7 << 3 | 2 : keys[i % 3];
    }
    close(mkstemp(path));
    save(path, at, (size_t)(bytes + ROOM - at));
    assert_int_equal(take(path), ISO_EDATA);
    unlink(path);
    free(bytes);
}

/* A field of a message: one of bytes, which begins with its number and its length. */
static size_t put(uint8_t *out, int field, const void *bytes, size_t n)
{
    out[0] = (uint8_t)(field << 3 | 2);
    out[1] = (uint8_t)n;
    memcpy(out + 2, bytes, n);
    return n + 2;
}

/* A model of one tensor of three numbers, whose bytes lie elsewhere. */
static void save_external(const char *path, const char *location, const char *offset)
{
    static const uint8_t fixed[] = { 1 << 3, 3, 2 << 3, ISO_ONNX_FLOAT, 14 << 3, 1 };
    const char *pairs[] = { "location", location, "offset", offset };
    uint8_t tensor[120], pair[60], graph[124], model[128];
    size_t n = sizeof fixed;
    memcpy(tensor, fixed, n);
    n += put(tensor + n, 8, "w", 1);
    for (int i = 0; i < 2; i++) {
        const size_t key = put(pair, 1, pairs[2 * i], strlen(pairs[2 * i]));
        n += put(tensor + n, 13, pair,
                 key + put(pair + key, 2, pairs[2 * i + 1], strlen(pairs[2 * i + 1])));
    }
    n = put(graph, 5, tensor, n);
    save(path, model, put(model, 7, graph, n));
}

static void data_come_from_the_files_own_folder(void **state)
{
    static const float numbers[] = { 1, 2, 3, 4 };
    char folder[] = "/tmp/isocl-test-onnx-XXXXXX", path[64], beside[64], link[64];
    struct iso_onnx *m;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.onnx", folder);
    snprintf(beside, sizeof beside, "%s/m.data", folder);
    snprintf(link, sizeof link, "%s/link", folder);
    save(beside, numbers, sizeof numbers);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    save_external(path, "m.data", "4");
    must(iso_onnx_read(path, &m));
    assert_memory_equal(iso_onnx_tensor(m, "w")->data, numbers + 1, 12);
    iso_onnx_free(m);
    const struct { const char *location, *offset; iso_rc rc; } bad[] = {
        { "m.data", "8", ISO_EDATA }, { "m.data", "-4", ISO_EDATA }, { "m.data", "4x", ISO_EDATA },
        { "m.data", "9223372036854775807", ISO_EDATA }, { "none", "0", ISO_EIO },
        { "../m.data", "0", ISO_EDATA }, { "/etc/passwd", "0", ISO_EDATA }, { "", "0", ISO_EDATA },
        { "..", "0", ISO_EDATA }, { "link", "0", ISO_EIO },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        save_external(path, bad[i].location, bad[i].offset);
        if (take(path) != bad[i].rc)
            fail_msg("%s at %s: %s", bad[i].location, bad[i].offset, iso_error());
    }
    unlink(path);
    unlink(beside);
    unlink(link);
    assert_int_equal(rmdir(folder), 0);
}

static void what_is_no_onnx_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(take("README.md"), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "README.md is not an ONNX file"));
    assert_int_equal(take("/tmp/isocl-no-such-file.onnx"), ISO_EIO);
}

/* A writer that fails leaves what was there. */
static void a_folder_that_is_not_there_is_told(void **state)
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
        cmocka_unit_test(rows_of_images_are_turned),
        cmocka_unit_test(what_has_no_layer_is_refused),
        cmocka_unit_test(damaged_files_are_read_or_refused),
        cmocka_unit_test(deep_files_do_not_exhaust_the_stack),
        cmocka_unit_test(data_come_from_the_files_own_folder),
        cmocka_unit_test(what_is_no_onnx_file_is_told),
        cmocka_unit_test(a_folder_that_is_not_there_is_told),
    };
    if (!iso_onnx_supported()) {
        printf("skipped: this isocl was built without ONNX\n");
        return 0;
    }
    return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
