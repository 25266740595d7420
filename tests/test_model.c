/* test_model.c: good model files, and what is made of them; help. Run from the root of the
 * repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/field.h"
#include "core/model/graph.h"
#include "core/help/help_page.h"
#include "core/model/section.h"
#include "core/ops/activation.h"
#include "core/ops/adam.h"
#include "core/ops/conv2d.h"
#include "core/ops/dense.h"
#include "core/ops/image_data_generator.h"
#include "core/ops/dropout.h"
#include "loading.h"
#include "unwrap.h"

static struct iso_model *load_good(const char *path)
{
    struct iso_model *m;
    if (loading_file(path, &m) != ISO_OK) {
        iso_faults_print(&loading_faults, stderr);
        fail_msg("%s does not load: %s", path, iso_error());
    }
    return m;
}

/* ---- Good files ---------------------------------------------------------------------------- */

static void assert_layers(const struct iso_model *m, const char *const *names)
{
    int n = 0;
    for (; names[n] != NULL; n++) {
        assert_true(n < m->nlayers);
        assert_string_equal(m->layers[n].name, names[n]);
        assert_int_equal(m->layers[n].input[0], n - 1);
    }
    assert_int_equal(m->nlayers, n);
}

static void test_cnn(void **state)
{
    (void)state;
    static const char *const names[] = {
        "conv2d_1", "max_pooling2d_1", "conv2d_2", "max_pooling2d_2", "flatten_1", "dense_1", NULL
    };
    struct iso_model *m = load_good("models/mnist/cnn.yaml");
    assert_string_equal(m->name, "mnist-cnn");
    assert_layers(m, names);
    const struct iso_conv2d *conv = m->layers[2].params;
    assert_int_equal(conv->filters, 64);
    assert_int_equal(conv->kernel_size[0], 5);
    assert_int_equal(conv->kernel_size[1], 5);
    assert_int_equal(conv->strides[1], 1);
    assert_int_equal(conv->padding, ISO_PADDING_SAME);
    assert_int_equal(conv->activation, ISO_RELU);
    assert_true(conv->use_bias);
    assert_int_equal(conv->kernel_initializer.kind, ISO_INIT_TRUNCATED_NORMAL);
    assert_true(conv->kernel_initializer.a == 0 && conv->kernel_initializer.b == 0.01);
    assert_int_equal(conv->bias_initializer.kind, ISO_INIT_CONSTANT);
    assert_true(conv->bias_initializer.a == 0.1);
    const struct iso_dense *dense = m->layers[5].params;
    assert_int_equal(dense->units, 10);
    assert_int_equal(dense->activation, ISO_SOFTMAX);
    assert_int_equal(dense->kernel_initializer.kind, ISO_INIT_GLOROT_UNIFORM);
    const struct iso_adam *adam = m->phases[0].optimizer.params;
    assert_int_equal(m->phases[0].optimizer.op, ISO_OP_adam);
    assert_true(adam->learning_rate == 0.001 && adam->beta_2 == 0.999 && adam->epsilon == 1e-8);
    assert_int_equal(m->phases[0].loss.op, ISO_OP_categorical_crossentropy);
    assert_int_equal(m->nmetrics, 1);
    assert_int_equal(m->metrics[0].op, ISO_OP_accuracy);
    assert_int_equal(m->input.ndim, 4);
    assert_int_equal(m->input.dim[1] * m->input.dim[2] * m->input.dim[3], 784);
    assert_true(m->images.scale == 1.0 / 255);
    assert_true(m->train.given && m->validation.given && !m->test.given);
    assert_string_equal(m->validation.split, "test");
    assert_int_equal(m->batch_size, 100);
    assert_int_equal(m->phases[0].epochs, 34);
    assert_true(m->seed == 1 && m->phases[0].expect.validation_accuracy == 0.992);
    assert_string_equal(m->phases[0].expect.source, "003_ee605c3ae73e91a4.txt");
    assert_ptr_equal(m->layers[0].location.file, m->file);
    assert_true(m->layers[0].location.line > 0 && m->layers[0].location.column == 5);
    iso_model_free(m);
}

/* A phase takes over what it does not say, and only that. */
static void test_phases(void **state)
{
    static const char text[] =
        "input: {shape: [5]}\n"
        "layers: [{dense: {units: 2, activation: softmax}}]\n"
        "loss: categorical_crossentropy\n"
        "train: {epochs: 4}\n"
        "augmentation: [{image_data_generator: {zoom_range: 0.25}}]\n"
        "phases:\n"
        "  - {optimizer: sgd, expect: {validation_accuracy: 0.5}}\n"
        "  - {name: second, optimizer: adam, epochs: 2, keep_steps: true, augmentation: []}\n"
        "  - {optimizer: adam, loss: sparse_categorical_crossentropy, shuffle_weights: true}\n"
        "expect: {seconds_per_epoch: 3, validation_accuracy: 0.9, last_epochs: 2}\n";
    struct iso_model *m;
    (void)state;
    assert_int_equal(loading_bytes(text, sizeof text - 1, &m), ISO_OK);
    assert_int_equal(m->nphases, 3);
    assert_string_equal(m->phases[0].name, "phase_1");
    assert_string_equal(m->phases[1].name, "second");
    assert_int_equal(m->phases[0].epochs, 4);
    assert_int_equal(m->phases[1].epochs, 2);
    assert_int_equal(m->phases[1].optimizer.op, ISO_OP_adam);
    assert_ptr_equal(m->phases[1].loss.params, m->phases[0].loss.params);
    assert_int_equal(m->phases[2].loss.op, ISO_OP_sparse_categorical_crossentropy);
    assert_true(m->phases[1].keep_steps && !m->phases[1].keep_slots && !m->phases[2].keep_steps);
    assert_true(m->phases[2].shuffle_weights && !m->phases[1].shuffle_weights);
    assert_true(m->phases[0].expect.validation_accuracy == 0.5);
    assert_true(isnan(m->phases[1].expect.validation_accuracy));
    assert_true(m->phases[1].expect.seconds_per_epoch == 3);
    assert_int_equal(m->phases[1].expect.last_epochs, 2);
    assert_int_equal(m->phases[0].optimizer.op, ISO_OP_sgd);
    assert_int_equal(m->phases[2].optimizer.op, ISO_OP_adam);
    assert_int_equal(m->phases[0].naugmentations, 1);
    assert_int_equal(m->phases[1].naugmentations, 0);
    assert_ptr_equal(m->phases[2].augmentations[0].params, m->common.augmentations[0].params);
    const struct iso_image_data_generator *g = m->phases[2].augmentations[0].params;
    assert_true(g->zoom_range[0] == 0.75 && g->zoom_range[1] == 1.25);
    static const int phases[] = { 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2 };
    for (int64_t epoch = 0; epoch < 12; epoch++)
        assert_int_equal(iso_model_phase_at(m, epoch), phases[epoch]);
    assert_int_equal(iso_model_phase_end(m, 2), 10);
    iso_model_free(m);
}

/* The file's `winograd` is that of the layers that do not say it, also of those above it. */
static void test_winograd(void **state)
{
    static const char text[] =
        "blocks: {pair: {layers: [{conv2d: {filters: 2, kernel_size: 3}},\n"
        "                         {conv2d: {filters: 2, kernel_size: 1, winograd: auto}}]}}\n"
        "input: {shape: [9, 9, 1]}\n"
        "layers: [{conv2d: {filters: 2, kernel_size: 3}},\n"
        "         {conv2d: {filters: 2, kernel_size: 3, winograd: auto}}, pair,\n"
        "         flatten, {dense: {units: 2, activation: softmax}}]\n"
        "winograd: off\n"
        "loss: categorical_crossentropy\n"
        "phases: [{optimizer: sgd}, {optimizer: adam}]\n";
    static const int wanted[] = { ISO_WINOGRAD_OFF, ISO_WINOGRAD_AUTO, ISO_WINOGRAD_OFF,
                                  ISO_WINOGRAD_AUTO };
    struct iso_model *m;
    (void)state;
    assert_int_equal(loading_bytes(text, sizeof text - 1, &m), ISO_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(((const struct iso_conv2d *)m->layers[i].params)->winograd, wanted[i]);
    iso_model_free(m);
}

static void test_other_models(void **state)
{
    (void)state;
    static const char *const linear[] = { "flatten_1", "dense_1", "dense_2", NULL };
    static const char *const mlp[] = {
        "flatten_1", "dense_1", "dense_2", "dense_3", "dense_4", NULL
    };
    static const char *const dropout[] = { "flatten_1", "dense_1",   "dropout_1",
                                           "dense_2",   "dropout_2", "dense_3",
                                           "dropout_3", "dense_4",   NULL };
    static const char *const demo[] = {
        "conv2d_1", "max_pooling2d_1", "conv2d_2", "max_pooling2d_2", "flatten_1", "dense_1", NULL
    };
    const struct {
        const char *path;
        const char *const *names;
    } models[] = {
        { "models/mnist/linear.yaml", linear },
        { "models/mnist/mlp.yaml", mlp },
        { "models/mnist/mlp-dropout.yaml", dropout },
        { "models/demo.yaml", demo },
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct iso_model *m = load_good(models[i].path);
        struct iso_graph *graph = NULL;
        assert_layers(m, models[i].names);
        assert_int_equal(iso_graph_build(m, 0, 3, &loading_faults, &graph), ISO_OK);
        iso_graph_free(graph);
        iso_model_free(m);
    }
    struct iso_model *m = load_good("models/mnist/mlp-dropout.yaml");
    const struct iso_dense *hidden = m->layers[5].params; /* through two aliases */
    assert_int_equal(hidden->units, 1500);
    assert_true(hidden->bias_initializer.a == 0.1);
    assert_true(((const struct iso_dropout *)m->layers[6].params)->rate == 0.5);
    iso_model_free(m);
}

static void assert_small(struct iso_model *m)
{
    const struct iso_dense *second = m->layers[1].params, *third = m->layers[2].params;
    assert_string_equal(m->layers[1].name, "second");
    assert_int_equal(second->units, 5);
    assert_int_equal(second->activation, ISO_RELU);
    assert_false(second->use_bias);
    assert_string_equal(m->layers[2].name, "dense_2");
    assert_int_equal(third->units, 7);
    assert_int_equal(third->activation, ISO_TANH);
    assert_false(third->use_bias);
    assert_string_equal(m->layers[3].name, "top");
    assert_int_equal(m->input.ndim, 2);
    assert_true(m->batch_size == 32 && m->phases[0].epochs == 10 && m->seed == 1);
    assert_true(m->images.scale == 1);
    assert_true(isnan(m->phases[0].expect.validation_accuracy));
    assert_false(m->train.given);
    iso_model_free(m);
}

/* Merge keys, defaults, a byte order mark, and the line ends of Windows. */
static void test_yaml_features(void **state)
{
    (void)state;
    struct iso_model *m;
    assert_int_equal(loading_bytes(loading_small, strlen(loading_small), &m), ISO_OK);
    assert_small(m);
    char other[2 * LOADING_SMALL] = "\xEF\xBB\xBF";
    size_t n = 3;
    for (const char *c = loading_small; *c; c++) {
        if (*c == '\n')
            other[n++] = '\r';
        other[n++] = *c;
    }
    assert_int_equal(loading_bytes(other, n, &m), ISO_OK);
    assert_int_equal(m->text_size, n);
    assert_small(m);
}

/* Text written by iso_field_text reads back as the same params. */
static void test_field_text(void **state)
{
    (void)state;
    struct iso_model *m = load_good("models/mnist/cnn.yaml");
    int layers = 0;
    for (int i = 0; i < m->nlayers; i++) {
        const struct iso_op_def *def = iso_ops[m->layers[i].op].def;
        char text[1024] = "{", value[200];
        struct iso_yaml_doc *doc;
        for (const struct iso_field *f = def->fields; f->key != NULL; f++)
            sprintf(text + strlen(text), "%s: %s, ", f->key,
                    iso_field_text(f, m->layers[i].params, value, sizeof value));
        strcat(text, "}");
        assert_int_equal(iso_yaml_parse("text", text, strlen(text), &loading_faults, &doc), ISO_OK);
        void *again = calloc(1, def->params_size + 1);
        assert_int_equal(iso_fields_read(def->fields, "again", doc->root->location, doc->root, NULL,
                                         again, &loading_faults),
                         ISO_OK);
        assert_int_equal(loading_faults.count, 0);
        for (const struct iso_field *f = def->fields; f->key != NULL; f++, layers++) {
            char first[200];
            iso_field_text(f, m->layers[i].params, first, sizeof first);
            assert_string_equal(first, iso_field_text(f, again, value, sizeof value));
        }
        free(again);
        iso_yaml_free(doc);
    }
    assert_true(layers > 20);
    iso_model_free(m);
}

/* ---- Help ---------------------------------------------------------------------------------- */

/* Help text of a topic; free with free(). */
static char *help_text(const char *topic, iso_rc *rc)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    iso_error_clear();
    *rc = iso_help_print(out, topic);
    fclose(out);
    return text;
}

/* Checks that no line is longer than 80 characters, and takes the line breaks back. */
static void check_lines(char *text)
{
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("line too long: %.100s", line);
    unwrap(text);
}

static void test_help(void **state)
{
    (void)state;
    iso_rc rc;
    char *overview = help_text(NULL, &rc), *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    iso_help_markdown(out);
    fclose(out);
    assert_int_equal(rc, ISO_OK);
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        if (iso_ops[op].def->topic == NULL)
            continue;
        assert_non_null(strstr(page, iso_ops[op].name));
        assert_non_null(strstr(overview, iso_ops[op].name));
        char *text = help_text(iso_ops[op].name, &rc);
        assert_int_equal(rc, ISO_OK);
        check_lines(text);
        assert_non_null(strstr(text, iso_ops[op].def->doc));
        assert_non_null(strstr(page, iso_ops[op].def->doc + 1));
        for (const struct iso_field *f = iso_ops[op].def->fields; f != NULL && f->key != NULL; f++)
            assert_true(strstr(text, f->key) != NULL && strstr(text, f->doc) != NULL &&
                        strstr(page, f->doc) != NULL);
        free(text);
    }
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        assert_true(strstr(overview, s->key) != NULL && strstr(page, s->doc) != NULL);
    check_lines(overview);
    char *sums = help_text("sums", &rc);
    assert_int_equal(rc, ISO_OK);
    check_lines(sums);
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const struct iso_sum_def *s = iso_ops[op].def->sums;
        assert_true(s != NULL || !iso_ops[op].def->product);
        for (; s != NULL && s->what != NULL; s++)
            assert_true(strstr(sums, s->terms) != NULL && strstr(page, s->terms) != NULL);
    }
    free(sums);
    free(help_text("modes", &rc));
    assert_int_equal(rc, ISO_OK);
    free(overview);
    free(page);
    free(help_text("layer", &rc));
    assert_int_equal(rc, ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "did you mean 'layers'?"));
}

/* models/README.md is what the program writes, but for the table of backends, which depends on the
 * build. */
static void test_reference_is_current(void **state)
{
    (void)state;
    static char kept[256 * 1024];
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size), *file = fopen("models/README.md", "r");
    assert_true(out != NULL && file != NULL);
    iso_help_markdown(out);
    fclose(out);
    kept[fread(kept, 1, sizeof kept - 1, file)] = '\0';
    fclose(file);
    char *end = strstr(page, "## Backends");
    assert_non_null(end);
    if (strncmp(page, kept, (size_t)(end - page)) != 0)
        fail_msg("models/README.md is not current: run `make docs`");
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cnn),
        cmocka_unit_test(test_other_models),
        cmocka_unit_test_setup_teardown(test_phases, loading_setup, loading_teardown),
        cmocka_unit_test_setup_teardown(test_winograd, loading_setup, loading_teardown),
        cmocka_unit_test(test_yaml_features),
        cmocka_unit_test(test_field_text),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_reference_is_current),
    };
    return cmocka_run_group_tests(tests, loading_setup, loading_teardown);
}
