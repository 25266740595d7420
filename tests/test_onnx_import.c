/* test_onnx_import.c: ONNX files that others write, or have damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "core/onnx/import.h"
#include "core/train/keras_weights.h"
#include "fuzz.h"
#include "onnx_network.h"

/* ---- What others write --------------------------------------------------------------------- */

/* A network of one to three nodes on images of 2 channels, 3 x 2, with their channels first. */
struct small {
    struct iso_onnx m;
    struct iso_onnx_value x, y;
    struct iso_onnx_tensor tensors[4];
    struct iso_onnx_node nodes[3];
    struct iso_onnx_attribute attributes[2];
};

static void free_small(struct small *s)
{
    struct iso_onnx *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->owned = s->m.owned; /* frees memory that the import allocated */
    iso_onnx_free(m);
    s->m.owned = NULL;
}

static struct small small_network(const char *op, const char *const *x, int nx)
{
    static const char *const y[] = { "y" };
    struct small s = { .m = { .producer = "test",
                              .version = "",
                              .name = "",
                              .doc = "",
                              .opset = 17,
                              .nnodes = 1,
                              .nx = 1,
                              .ny = 1 } };
    s.x = (struct iso_onnx_value){ "image", ISO_ONNX_FLOAT, 4, { -1, 2, 3, 2 }, { 0 }, { 0 } };
    s.y = (struct iso_onnx_value){ "y", ISO_ONNX_FLOAT, 2, { -1, 3 }, { 0 }, { 0 } };
    s.nodes[0] = (struct iso_onnx_node){
        .name = "the node", .op = op, .domain = "", .nx = nx, .ny = 1, .x = x, .y = y
    };
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
    static const struct iso_onnx_attribute turned = { .name = "transB",
                                                      .kind = ISO_ONNX_INT,
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

/* PyTorch writes group normalization as an instance normalization of a row for each group. */
static void an_instance_normalization_of_groups_is_one_of_channels(void **state)
{
    static const char *const rows[] = { "image", "rows" }, *const row[] = { "row" };
    static const char *const norm[] = { "row", "one", "zero" }, *const unit[] = { "unit" };
    static const char *const back[] = { "unit", "image_again" };
    static const int64_t flat[] = { 0, 1, -1 }, whole[] = { 0, 2, 3, 2 };
    float one[] = { 1 }, zero[] = { 0 };
    struct iso_onnx_network *n;
    struct small s = small_network("Reshape", rows, 2);
    (void)state;
    s.nodes[2] = s.nodes[0];
    s.nodes[2].x = back;
    s.nodes[0].y = row;
    s.nodes[1] = (struct iso_onnx_node){ .name = "norm",
                                         .op = "InstanceNormalization",
                                         .domain = "",
                                         .nx = 3,
                                         .ny = 1,
                                         .x = norm,
                                         .y = unit };
    s.tensors[0] = (struct iso_onnx_tensor){ "rows", ISO_ONNX_INT64, 1, { 3 }, flat };
    s.tensors[1] = (struct iso_onnx_tensor){ "one", ISO_ONNX_FLOAT, 1, { 1 }, one };
    s.tensors[2] = (struct iso_onnx_tensor){ "zero", ISO_ONNX_FLOAT, 1, { 1 }, zero };
    s.tensors[3] = (struct iso_onnx_tensor){ "image_again", ISO_ONNX_INT64, 1, { 4 }, whole };
    s.m.nnodes = 3;
    s.m.ntensors = 4;
    must(import_small(&s, &n));
    assert_non_null(strstr(n->yaml, "groups: 1"));
    assert_non_null(strstr(n->yaml, "center: false, scale: false"));
    assert_null(strstr(n->yaml, "reshape"));
    iso_onnx_network_free(n);
    free_small(&s);
}

/* The limits of Clip are the only ones that isocl's functions have, or the node is refused. */
static void limits_become_functions(void **state)
{
    static const char *const image[] = { "image" };
    static const struct {
        float low, high;
        const char *says;
    } cases[] = {
        { 0, 6, "function: relu6}" },
        { 0, 4, "max_value: 4" },
        { -1, 1, "function: hard_tanh}" },
        { 0, FLT_MAX, "function: relu}" },
        { -2, 2, NULL },
        { 0, -1, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_onnx_network *n = NULL;
        struct small s = small_network("Clip", image, 1);
        s.attributes[0] = (struct iso_onnx_attribute){ .name = "min", .kind = ISO_ONNX_REAL };
        s.attributes[1] = (struct iso_onnx_attribute){ .name = "max", .kind = ISO_ONNX_REAL };
        s.attributes[0].f = cases[i].low;
        s.attributes[1].f = cases[i].high;
        s.nodes[0].nattributes = 2;
        const iso_rc rc = import_small(&s, &n);
        assert_int_equal(rc, cases[i].says != NULL ? ISO_OK : ISO_EDATA);
        assert_non_null(strstr(rc == ISO_OK ? n->yaml : iso_error(),
                               rc == ISO_OK ? cases[i].says : "hard_tanh, from -1 to 1"));
        iso_onnx_network_free(n);
        free_small(&s);
    }
}

struct refused {
    const char *op;
    struct iso_onnx_attribute attribute;
    const char *says;
};

/* PyTorch's exporter writes allowzero where no number of the shape is 0; a 0 would then be none. */
static void a_shape_that_allows_zeros_is_read(void **state)
{
    static const int64_t row[] = { -1, 2 }, none[] = { 0, 2 };
    static const char *const reads[] = { "image", "shape" };
    (void)state;
    for (int zero = 0; zero < 2; zero++) {
        struct iso_onnx_network *n = NULL;
        struct small s = small_network("Reshape", reads, 2);
        s.x.dim[2] = s.x.dim[3] = 1; /* a single pixel: channels have no order */
        s.attributes[0] = (struct iso_onnx_attribute){ .name = "allowzero", .i = 1 };
        s.nodes[0].nattributes = 1;
        s.tensors[0] =
            (struct iso_onnx_tensor){ "shape", ISO_ONNX_INT64, 1, { 2 }, zero ? none : row };
        s.m.ntensors = 1;
        assert_int_equal(import_small(&s, &n), zero ? ISO_EDATA : ISO_OK);
        if (zero)
            assert_non_null(strstr(iso_error(), "allowzero"));
        iso_onnx_network_free(n);
        free_small(&s);
    }
}

/* Keras's exporter brings an image's channels forward behind a Cast. */
static void channels_come_forward_behind_a_cast(void **state)
{
    static const char *const reads[] = { "image" }, *const moves[] = { "cast" },
                             *const casts[] = { "cast" }, *const y[] = { "y" };
    static const int64_t perm[] = { 0, 3, 1, 2 };
    struct iso_onnx_network *n = NULL;
    struct small s = small_network("Cast", reads, 1);
    (void)state;
    s.attributes[0] = (struct iso_onnx_attribute){ .name = "to", .i = ISO_ONNX_FLOAT };
    s.attributes[1] =
        (struct iso_onnx_attribute){ .name = "perm", .kind = ISO_ONNX_INTS, .n = 4, .ints = perm };
    s.nodes[0].nattributes = 1;
    s.nodes[0].y = casts;
    s.nodes[1] = s.nodes[0];
    s.nodes[1].op = "Transpose";
    s.nodes[1].x = moves;
    s.nodes[1].y = y;
    s.nodes[1].attributes = &s.attributes[1];
    s.m.nnodes = 2;
    assert_int_equal(import_small(&s, &n), ISO_EDATA); /* the output is the input: no layer */
    assert_null(strstr(iso_error(), "perm"));
    free_small(&s);
}

/* Every refusal names the file, the node, its operator and what about it. */
static void operators_without_a_layer_are_refused(void **state)
{
    static const int64_t ones[] = { 1, 1 }, pads[] = { 1, 1, 1, 1 };
    static const char *const reads[] = { "image", "k" };
    static const float k[16] = { 1 };
    static const struct refused cases[] = {
        { "Det", { 0 }, "isocl has no layer for this operator" },
        { "Conv", { .name = "group", .i = 3 }, "does not fit 2 channels" },
        { "Conv", { .name = "group", .i = 0 }, "attribute group is 0" },
        { "Conv", { .name = "colour", .i = 3 }, "attribute colour is not understood" },
        { "Conv",
          { .name = "kernel_shape", .kind = ISO_ONNX_INTS, .n = 3, .ints = pads },
          "attribute kernel_shape has 3 numbers" },
        { "Conv",
          { .name = "kernel_shape", .kind = ISO_ONNX_INTS, .n = 2, .ints = ones },
          "attribute kernel_shape is not that of 'k'" },
        { "Conv",
          { .name = "kernel_shape", .kind = ISO_ONNX_REALS, .n = 2 },
          "attribute kernel_shape is not a list of whole numbers" },
        { "Gemm", { .name = "transA", .i = 1 }, "attribute transA" },
        { "Softmax", { .name = "axis", .kind = ISO_ONNX_INT, .i = 2 }, "attribute axis is 2" },
        { "Flatten", { .name = "axis", .kind = ISO_ONNX_INT, .i = 2 }, "attribute axis is 2" },
        { "Concat", { .name = "axis", .kind = ISO_ONNX_INT, .i = 3 }, "attribute axis is 3" },
        { "LeakyRelu", { .name = "beta" }, "attribute beta is not understood" },
        { "Selu", { .name = "gamma", .kind = ISO_ONNX_REAL, .f = 2 }, "its authors'" },
        { "MaxPool",
          { .name = "pads", .kind = ISO_ONNX_INTS, .n = 4, .ints = pads },
          "numbers from 1 to 4096" },
        { "Transpose",
          { .name = "perm", .kind = ISO_ONNX_INTS, .n = 4, .ints = pads },
          "attribute perm" },
        { "Add", { 0 }, "no layer that adds a constant" },
        { "Sub", { 0 }, "no layer that subtracts a constant" },
        { "Div", { 0 }, "no layer that divides by a constant" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_onnx_network *n = NULL;
        struct small s = small_network(cases[i].op, reads, 2);
        s.attributes[0] = cases[i].attribute;
        s.nodes[0].nattributes = cases[i].attribute.name != NULL;
        s.tensors[0] = (struct iso_onnx_tensor){ "k", ISO_ONNX_FLOAT, 4, { 2, 2, 2, 2 }, k };
        s.m.ntensors = 1;
        assert_int_equal(import_small(&s, &n), ISO_EDATA);
        assert_non_null(strstr(iso_error(), "small.onnx: node 'the node', "));
        assert_non_null(strstr(iso_error(), cases[i].op));
        if (strstr(iso_error(), cases[i].says) == NULL)
            fail_msg("'%s' does not say: %s", iso_error(), cases[i].says);
        free_small(&s);
    }
}

/* ---- Kept files ---------------------------------------------------------------------------- */

/* tests/onnx: what exporters write, with what onnxruntime computes. */
static void assert_outputs(struct network *net, const struct iso_st_file *want)
{
    const struct iso_st_tensor *x = iso_st_find(want, "x"), *y = iso_st_find(want, "y");
    const int64_t n = y->dim[0] * y->dim[1];
    struct iso_tensor t;
    float got[16], largest = 0;
    assert_true(n <= 16);
    must(iso_exec_feed(net->exec, y->dim[0], x->data, NULL, NULL));
    must(iso_exec_forward(net->exec, false, 0, 0));
    assert_true(iso_exec_tensor(net->exec, net->graph->values[net->graph->output].name, &t));
    assert_int_equal(iso_shape_count(&t.shape), n);
    must(iso_tensor_read_f32(net->backend, &t, got));
    for (int64_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(((const float *)y->data)[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabsf(got[i] - ((const float *)y->data)[i]) <= 1e-5F * largest))
            fail_msg("%g instead of %g", (double)got[i], (double)((const float *)y->data)[i]);
}

static void kept_files_give_onnxruntimes_numbers(void **state)
{
    static const char *const names[] = { "shuffled_default", "shuffled_older",  "unfused",
                                         "transformed",      "attention_older", "windows_default",
                                         "cosine_default",   "grid_older" };
    char path[64], yaml[] = "/tmp/isocl-test-onnx-XXXXXX";
    close(mkstemp(yaml));
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct iso_onnx_network *n = NULL;
        struct iso_keras_taken taken;
        struct iso_st_file *want;
        struct iso_onnx *m;
        struct network net;
        snprintf(path, sizeof path, "tests/onnx/%s.safetensors", names[i]);
        must(iso_st_open(path, &want));
        snprintf(path, sizeof path, "tests/onnx/%s.onnx", names[i]);
        must(iso_onnx_read(path, &m));
        must(iso_onnx_import(m, path, &n));
        must(iso_file_write(yaml, n->yaml, strlen(n->yaml)));
        network_open(&net, yaml, 2, "cpu", 1);
        network_begin(&net, &(struct iso_exec_options){ .seed = 1 });
        must(iso_keras_load(net.exec, &n->weights, path, ISO_KERAS_BY_NAME, &net.faults, &taken));
        assert_int_equal(taken.left + taken.unused, 0);
        assert_outputs(&net, want);
        network_close(&net);
        iso_onnx_network_free(n);
        iso_onnx_free(m);
        iso_st_close(want);
    }
    unlink(yaml);
}

/* Nodes behind a fault are looked at, too: once for each operator. */
static void all_faults_are_listed(void **state)
{
    static const char *const image[] = { "image" }, *const a[] = { "a" }, *const b[] = { "b" },
                             *const y[] = { "y" };
    struct iso_onnx_network *n = NULL;
    struct small s = small_network("Det", image, 1);
    (void)state;
    s.nodes[2] = s.nodes[1] = s.nodes[0];
    s.nodes[0].y = s.nodes[1].x = a;
    s.nodes[1].y = s.nodes[2].x = b;
    s.nodes[2].y = y;
    s.nodes[1].op = "Relu";
    s.nodes[2].op = "Loop";
    s.m.nnodes = 3;
    assert_int_equal(import_small(&s, &n), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "Det: isocl has no layer"));
    assert_non_null(strstr(iso_error(), "\nsmall.onnx: node 'the node', Loop: isocl has no layer"));
    assert_null(strstr(iso_error(), "Relu"));
    free_small(&s);
}

/* A result that two nodes read under two names is no product into which one of them could go. */
static void another_name_is_no_other_result(void **state)
{
    static const char *const reads[] = { "image", "k" }, *const c[] = { "c" }, *const d[] = { "d" },
                             *const e[] = { "e" }, *const both[] = { "e", "c" };
    static const float k[16] = { 1 };
    static const char *const y[] = { "y" };
    struct iso_onnx_node nodes[4];
    struct iso_onnx_network *n = NULL;
    struct small s = small_network("Conv", reads, 2);
    (void)state;
    for (int i = 0; i < 4; i++)
        nodes[i] = s.nodes[0];
    nodes[0].y = nodes[1].x = c;
    nodes[1].y = nodes[2].x = d;
    nodes[2].y = e;
    nodes[3].x = both;
    nodes[3].y = y;
    nodes[1].op = "Identity";
    nodes[2].op = "Relu";
    nodes[3].op = "Add";
    nodes[1].nx = nodes[2].nx = 1;
    s.tensors[0] = (struct iso_onnx_tensor){ "k", ISO_ONNX_FLOAT, 4, { 2, 2, 2, 2 }, k };
    s.m.ntensors = 1;
    s.m.nnodes = 4;
    s.m.x = &s.x;
    s.m.y = &s.y;
    s.m.nodes = nodes;
    s.m.tensors = s.tensors;
    must(iso_onnx_import(&s.m, "small.onnx", &n));
    assert_non_null(strstr(n->yaml, "function: relu"));
    iso_onnx_network_free(n);
    free_small(&s);
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
    return take(path);
}

static void damaged_files_are_read_or_refused(void **state)
{
    char path[] = "/tmp/isocl-test-onnx-XXXXXX";
    const struct fuzz_subject subject = { .file = path, .copy = "damaged", .read = read_subject };
    struct network net;
    (void)state;
    close(mkstemp(path));
    open_network(&net, "tests/models/everything.yaml");
    export_to(path, &net, true);
    network_close(&net);
    fuzz((struct fuzz_list){ &subject, 1 }, 400);
    unlink(path);
}

/* Graphs within attributes of nodes within graphs: the library calls itself for each. */
static void deep_files_do_not_exhaust_the_stack(void **state)
{
    enum { LEVELS = 200000, ROOM = 5 * LEVELS };
    static const uint8_t keys[] = { 1 << 3 | 2, 5 << 3 | 2, 6 << 3 | 2 }; /* node, attribute, g */
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
    const struct {
        const char *location, *offset;
        iso_rc rc;
    } bad[] = {
        { "m.data", "8", ISO_EDATA },      { "m.data", "-4", ISO_EDATA },
        { "m.data", "4x", ISO_EDATA },     { "m.data", "9223372036854775807", ISO_EDATA },
        { "none", "0", ISO_EIO },          { "../m.data", "0", ISO_EDATA },
        { "/etc/passwd", "0", ISO_EDATA }, { "", "0", ISO_EDATA },
        { "..", "0", ISO_EDATA },          { "link", "0", ISO_EIO },
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

static void files_that_are_not_onnx_are_reported(void **state)
{
    (void)state;
    assert_int_equal(take("README.md"), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "README.md is not an ONNX file"));
    assert_int_equal(take("/tmp/isocl-no-such-file.onnx"), ISO_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_images_are_turned),
        cmocka_unit_test(an_instance_normalization_of_groups_is_one_of_channels),
        cmocka_unit_test(limits_become_functions),
        cmocka_unit_test(a_shape_that_allows_zeros_is_read),
        cmocka_unit_test(channels_come_forward_behind_a_cast),
        cmocka_unit_test(operators_without_a_layer_are_refused),
        cmocka_unit_test(kept_files_give_onnxruntimes_numbers),
        cmocka_unit_test(all_faults_are_listed),
        cmocka_unit_test(another_name_is_no_other_result),
        cmocka_unit_test(damaged_files_are_read_or_refused),
        cmocka_unit_test(deep_files_do_not_exhaust_the_stack),
        cmocka_unit_test(data_come_from_the_files_own_folder),
        cmocka_unit_test(files_that_are_not_onnx_are_reported),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(built_without_onnx) };
    if (!iso_onnx_supported())
        return cmocka_run_group_tests_name("onnx import", none, NULL, NULL);
    return fuzz_limit_memory() ? cmocka_run_group_tests_name("onnx import", tests, NULL, NULL) : 1;
}
