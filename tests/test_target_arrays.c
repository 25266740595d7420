/* test_target_arrays.c: targets from NumPy's arrays and from a program's, and training steps with
 * several labels and with numbers beside those of Keras (tools/golden/make_target_steps.py). */
#include "cli.h"
#include "core/formats/npz.h"
#include "core/isocl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 24, SIDE = 6, STEPS = 3 };
static char root[CLI_PATH], text[CLI_OUTPUT];

static const char yaml[] =
    "data: {train: {dataset: 'npy:rows.npz', split: train, target_array: %s}}\n"
    "input: {shape: [6, 6, 1], scale: 1/255}\n"
    "layers:\n  - flatten\n  - dense: {name: hidden, units: 16, activation: relu}\n%s"
    "train: {batch_size: 24, epochs: 3, seed: 3}\n";
static const char labels_end[] =
    "  - dense: {name: out, units: 3, activation: sigmoid}\n"
    "loss: binary_crossentropy\nmetrics: [binary_accuracy]\n"
    "optimizer: {sgd: {learning_rate: 0.5, momentum: 0.9}}\n";
static const char numbers_end[] =
    "  - dense: {name: out, units: 2}\n"
    "loss: mean_squared_error\nmetrics: [mean_absolute_error]\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n";

static void prepare(const char *name, const char *array, const char *end)
{
    char command[2 * CLI_PATH];
    snprintf(command, sizeof command, "cp %s/tests/targets/* %s", root, cli_folder);
    assert_int_equal(system(command), 0);
    snprintf(text, sizeof text, yaml, array, end);
    cli_write(name, text);
}

static void path_of(char path[CLI_PATH], const char *name) { cli_path(path, name); }

/* ---- Keras ---------------------------------------------------------------------------------- */

static struct iso_st_file *open_file(const char *name)
{
    struct iso_st_file *file = NULL;
    char path[CLI_PATH];
    path_of(path, name);
    assert_int_equal(iso_st_open(path, &file), ISO_OK);
    return file;
}

/* Each weight is as near to Keras's in float64 as its bound says. */
static void compare_weights(const struct iso_st_file *got, const struct iso_st_file *want)
{
    int compared = 0;
    for (int i = 0; i < got->n; i++) {
        const struct iso_st_tensor *g = &got->tensors[i], *w = iso_st_find(want, g->name);
        char name[96];
        snprintf(name, sizeof name, "bound/%s", g->name);
        const struct iso_st_tensor *bound = iso_st_find(want, name);
        assert_true(w != NULL && bound != NULL && iso_st_bytes(w) == 2 * iso_st_bytes(g));
        for (int64_t e = 0; e < iso_st_bytes(g) / 4; e++)
            if (!(fabs(iso_st_at(g, e) - iso_st_at(w, e)) <= iso_st_at(bound, 0)))
                fail_msg("%s[%d]: %.9g, and Keras has %.9g", g->name, (int)e, iso_st_at(g, e),
                         iso_st_at(w, e));
        compared++;
    }
    assert_int_equal(compared, 4);
}

/* The number in a column of a line of history.csv. */
static double number_in(const char *line, const char *column)
{
    const char *head = text, *at = line;
    while (strncmp(head, column, strlen(column)) != 0 || head[strlen(column)] != ',') {
        assert_true((head = strchr(head, ',')) != NULL && (at = strchr(at, ',')) != NULL);
        head++;
        at++;
    }
    return atof(at);
}

/* A number of history.csv, which has nine digits, is as near to Keras's as its bound says. */
static void compare_number(double got, double want, double bound)
{
    assert_float_equal(got, want, bound + 1e-9 * fabs(want));
}

/* Compares loss and metric of each step. */
static void compare_numbers(const struct iso_st_file *want, const char *metric)
{
    const struct iso_st_tensor *numbers = iso_st_find(want, "numbers");
    const struct iso_st_tensor *bound = iso_st_find(want, "bound/numbers");
    cli_read("run/history.csv", text);
    const char *line = text;
    for (int step = 0; step < STEPS; step++) {
        line = strchr(line, '\n') + 1;
        compare_number(number_in(line, "loss"), iso_st_at(numbers, step), iso_st_at(bound, 0));
        compare_number(number_in(line, metric), iso_st_at(numbers, STEPS + step),
                       iso_st_at(bound, 1));
    }
}

static void compare_steps(const char *which, const char *array, const char *end, const char *metric)
{
    char after[64];
    prepare("m.yaml", array, end);
    assert_int_equal(
        cli_run("train m.yaml --device cpu --out run --weights %s_before.safetensors", which), 0);
    snprintf(after, sizeof after, "%s_after.safetensors", which);
    struct iso_st_file *got = open_file("run/weights.safetensors"), *want = open_file(after);
    compare_weights(got, want);
    compare_numbers(want, metric);
    iso_st_close(got);
    iso_st_close(want);
}

static void steps_with_labels_are_those_of_keras(void **state)
{
    (void)state;
    compare_steps("labels", "y", labels_end, "binary_accuracy");
}

static void steps_with_numbers_are_those_of_keras(void **state)
{
    (void)state;
    compare_steps("numbers", "z", numbers_end, "mean_absolute_error");
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void refuses(const char *keys, const char *end, const char *words)
{
    prepare("bad.yaml", keys, end);
    assert_int_equal(cli_run("train bad.yaml --device cpu --epochs 1 --out bad"), ISO_EXIT_FILE);
    cli_says(cli_err, words);
}

static void arrays_are_found_and_faults_named(void **state)
{
    (void)state;
    prepare("m.yaml", "y_train", labels_end);
    assert_int_equal(cli_run("train m.yaml --device cpu --out run"), 0);
    cli_says(cli_out, "with 3 targets");
    cli_read("run/classes.txt", text);
    assert_string_equal(text, "target_0\ntarget_1\ntarget_2\n");
    assert_int_equal(cli_run("check m.yaml"), 0);
    cli_says(cli_out, "target    target_0: 1 in ");
    refuses("w", labels_end,
            "has no array 'w'; it has x_train, y_train, z_train: say which one has the targets "
            "with `target_array:`");
    refuses("y, label_array: y_train", labels_end, "leave one of them out");
    refuses("x_train", labels_end, "is not targets [rows, targets] or [rows], of the 24 images");
    refuses("z", labels_end,
            "npy:rows.npz has 2 targets (target_0, target_1), and the model's last layer gives 3");
}

/* ---- Programs ------------------------------------------------------------------------------- */

struct arrays {
    struct iso_npy x, y;
    isocl_array images, targets;
};

static isocl_array array_of(const struct iso_npy *a, const char *type)
{
    isocl_array out = { .data = a->data, .type = type, .ndim = a->ndim };
    for (int i = 0; i < a->ndim; i++)
        out.dim[i] = a->dim[i];
    return out;
}

static void read_arrays(const char *targets, struct arrays *out)
{
    char path[CLI_PATH];
    path_of(path, "rows.npz");
    memset(out, 0, sizeof *out);
    assert_int_equal(iso_npz_read(path, "x_train", &out->x), ISO_OK);
    assert_int_equal(iso_npz_read(path, targets, &out->y), ISO_OK);
    out->images = array_of(&out->x, "u1");
    out->targets = array_of(&out->y, "f4");
}

static void free_arrays(struct arrays *a)
{
    free(a->x.memory);
    free(a->y.memory);
}

static void set(isocl_options *o, const char *name, const char *value)
{
    assert_int_equal(isocl_options_set(o, name, value), ISOCL_OK);
}

/* Loss and metric of an evaluation. */
static int take_scores(void *self, const isocl_log *log)
{
    assert_int_equal(log->count, 2);
    memcpy(self, log->values, 2 * sizeof *log->values);
    return 0;
}

static void evaluate(const char *run, const isocl_options *o, const isocl_rows *rows)
{
    isocl_network *network = NULL;
    isocl_model *model = NULL;
    double scores[2] = { 0 };
    char expected[64];
    assert_int_equal(isocl_model_read(run, &model), ISOCL_OK);
    assert_int_equal(isocl_network_open(model, run, o, &network), ISOCL_OK);
    assert_int_equal(isocl_network_rows(network, "test", rows, NULL), ISOCL_OK);
    assert_int_equal(isocl_network_evaluate(network, take_scores, scores), ISOCL_OK);
    assert_int_equal(cli_run("eval file --split train --device cpu"), 0);
    snprintf(expected, sizeof expected, "loss %f  mean_absolute_error %f", scores[0], scores[1]);
    cli_says(cli_out, expected);
    isocl_network_free(network);
    isocl_model_free(model);
}

/* A program's arrays give the weights and scores of the file. */
static void a_program_gives_targets(void **state)
{
    static const char *const names[] = { "height", "weight" };
    isocl_options *o = NULL;
    isocl_model *model = NULL;
    isocl_rows *rows = NULL;
    isocl_training *training = NULL;
    struct arrays a;
    char run[CLI_PATH], want[65], got[65];
    (void)state;
    prepare("m.yaml", "z", numbers_end);
    assert_int_equal(cli_run("train m.yaml --device cpu --out file"), 0);
    cli_hash(want);
    read_arrays("z_train", &a);
    assert_int_equal(isocl_rows_new_targets(&a.images, &a.targets, names, &rows), ISOCL_OK);
    const isocl_rows_shape *shape = isocl_rows_about(rows);
    assert_true(shape->classes == 2 && shape->labels == NULL);
    assert_memory_equal(shape->targets, a.y.data, ROWS * 2 * sizeof(float));
    assert_string_equal(isocl_rows_class(rows, 1), "weight");
    snprintf(text, sizeof text, "model: m\n%s", strchr(strstr(yaml, "input"), 'i'));
    char *copy = strdup(text);
    snprintf(text, sizeof text, copy, numbers_end);
    free(copy);
    assert_int_equal(isocl_model_parse(text, "m.yaml", &model), ISOCL_OK);
    assert_int_equal(isocl_options_new(&o), ISOCL_OK);
    path_of(run, "program");
    set(o, "device", "cpu");
    set(o, "run", run);
    assert_int_equal(isocl_options_rows(o, "train", rows), ISOCL_OK);
    assert_int_equal(isocl_training_open(model, o, &training), ISOCL_OK);
    assert_int_equal(isocl_training_run(training), ISOCL_OK);
    assert_int_equal(isocl_training_hash(training, got), ISOCL_OK);
    assert_string_equal(got, want);
    isocl_training_free(training);
    evaluate(run, o, rows);
    isocl_options_free(o);
    isocl_rows_free(rows);
    isocl_model_free(model);
    free_arrays(&a);
}

static void a_program_s_faults_are_named(void **state)
{
    static const char *const same[] = { "a", "a" };
    isocl_rows *rows = NULL;
    struct arrays a;
    (void)state;
    prepare("m.yaml", "z", numbers_end);
    read_arrays("z_train", &a);
    assert_int_equal(isocl_rows_new_targets(&a.images, &a.targets, same, &rows), ISOCL_EDATA);
    assert_non_null(strstr(isocl_error(), "targets 0 and 1 have the same name"));
    assert_int_equal(isocl_rows_new_targets(&a.images, NULL, NULL, &rows), ISOCL_EUSAGE);
    ((float *)(void *)a.y.data)[7] = NAN;
    assert_int_equal(isocl_rows_new_targets(&a.images, &a.targets, NULL, &rows), ISOCL_EDATA);
    assert_non_null(strstr(isocl_error(), "target 1 of row 3 (both counted from 0) is nan"));
    a.targets.dim[0] = ROWS - 1;
    assert_int_equal(isocl_rows_new_targets(&a.images, &a.targets, NULL, &rows), ISOCL_EDATA);
    assert_non_null(strstr(isocl_error(), "of the 24 images"));
    assert_null(rows);
    free_arrays(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_with_labels_are_those_of_keras), TEST(steps_with_numbers_are_those_of_keras),
        TEST(arrays_are_found_and_faults_named),    TEST(a_program_gives_targets),
        TEST(a_program_s_faults_are_named),
    };
    if (getcwd(root, sizeof root) == NULL)
        return 1;
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
