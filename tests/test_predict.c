/* test_predict.c: what a network says of each row: the same as its accuracy counts, the same bits
 * whatever the batch, with labels or without; and what a layer gives. */
#include "core/train/predict.h"
#include "datasets.h"
#include "network.h"
#include "trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_NUMBERS = 26 * 26 * 2 };
struct told { /* label, predicted class and numbers of each row */
    int64_t rows, size;
    int label[VALIDATION_ROWS], class[VALIDATION_ROWS];
    float numbers[VALIDATION_ROWS][MOST_NUMBERS];
};

static iso_rc on_class(void *self, const struct iso_predicted *p)
{
    struct told *t = self;
    assert_int_equal(p->row, t->rows);
    assert_true(p->row < VALIDATION_ROWS && p->classes <= MOST_NUMBERS);
    t->size = p->classes;
    t->label[p->row] = p->label;
    t->class[p->row] = iso_predicted_class(p);
    memcpy(t->numbers[t->rows++], p->probabilities, (size_t)p->classes * sizeof(float));
    return ISO_OK;
}

static iso_rc on_row(void *self, int64_t row, const float *numbers)
{
    struct told *t = self;
    assert_int_equal(row, t->rows);
    memcpy(t->numbers[t->rows++], numbers, (size_t)t->size * sizeof(float));
    return ISO_OK;
}

static void same_numbers(const struct told *a, const struct told *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->size, b->size);
    for (int64_t i = 0; i < a->rows; i++)
        assert_memory_equal(a->numbers[i], b->numbers[i], (size_t)a->size * sizeof(float));
}

/* Data set 1 with the weights that a trainer of seed 1 begins with, in batches of so many rows. */
static void predict(struct trainer *t, int64_t batch, bool labelled, struct told *out)
{
    static struct iso_faults faults;
    const struct iso_exec_options o = { .seed = 1 };
    struct iso_dataset data = *t->validation;
    struct iso_graph *graph;
    struct iso_exec *exec;
    memset(out, 0, sizeof *out);
    data.labels = labelled ? data.labels : NULL;
    assert_int_equal(iso_graph_build(t->model, 0, batch, &faults, &graph), ISO_OK);
    assert_int_equal(iso_exec_new(graph, t->backend, &o, &exec), ISO_OK);
    assert_int_equal(iso_exec_initialize(exec), ISO_OK);
    assert_int_equal(iso_exec_data(exec, 1, &data), ISO_OK);
    assert_int_equal(iso_predict(exec, 1, data.rows, on_class, out), ISO_OK);
    assert_int_equal(out->rows, VALIDATION_ROWS);
    iso_exec_free(exec);
    iso_graph_free(graph);
}

static struct told one, other;

static void rows_add_up_to_the_scores(void **state)
{
    struct trainer t;
    struct iso_scores scores;
    int right = 0;
    (void)state;
    memset(&one, 0, sizeof one);
    trainer_open(&t, 16, 1);
    assert_int_equal(trainer_fit(&t, 2, 0, NULL), ISO_OK);
    assert_int_equal(iso_evaluate(t.exec, 1, VALIDATION_ROWS, &scores), ISO_OK);
    assert_int_equal(iso_predict(t.exec, 1, VALIDATION_ROWS, on_class, &one), ISO_OK);
    assert_int_equal(one.rows, VALIDATION_ROWS);
    for (int i = 0; i < VALIDATION_ROWS; i++) {
        double sum = 0;
        for (int c = 0; c < one.size; c++)
            sum += (double)one.numbers[i][c];
        assert_true(fabs(sum - 1) < 1e-5);
        assert_int_equal(one.label[i], t.validation->labels[i]);
        right += one.class[i] == one.label[i];
    }
    assert_true(right > VALIDATION_ROWS / 5);
    assert_true(right == (int)scores.metric_sum[0]);
    trainer_close(&t);
}

static void batches_and_labels_change_no_bit(void **state)
{
    static const int64_t batches[] = { 1, 7, 64 };
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    predict(&t, BATCH, true, &one);
    for (int i = 0; i < 3; i++) {
        predict(&t, batches[i], i != 1, &other);
        same_numbers(&one, &other);
        for (int k = 0; k < VALIDATION_ROWS; k++)
            assert_int_equal(other.label[k], i != 1 ? t.validation->labels[k] : -1);
    }
    trainer_close(&t);
}

/* ---- Layers -------------------------------------------------------------------------------- */

static const char convolution[] =
    "model: layers\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {name: c, filters: 2, kernel_size: 3}\n"
    "  - activation: relu\n"
    "  - flatten\n"
    "  - dense: {name: hidden, units: 7, activation: tanh}\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: sgd\n"
    "train: {batch_size: 16}\n";

/* Reads a value for all rows; readable: from an executor that keeps only this value. */
static void read_value(const char *device, const char *name, bool readable, struct told *out)
{
    const struct iso_exec_options o = { .seed = 3,
                                        .keep_all = !readable,
                                        .readable = readable ? name : NULL };
    struct iso_dataset *data;
    struct iso_tensor tensor;
    struct network n;
    memset(out, 0, sizeof *out);
    const char *path = trainer_path("layers.yaml");
    assert_int_equal(iso_file_write(path, convolution, strlen(convolution)), ISO_OK);
    network_open(&n, path, 16, device, 0);
    assert_int_equal(load_dataset("builtin:digits", "test", NULL, 0, VALIDATION_ROWS, &data),
                     ISO_OK);
    network_begin(&n, &o);
    assert_int_equal(iso_exec_data(n.exec, 0, data), ISO_OK);
    const int value = iso_graph_find(n.graph, name);
    assert_true(value >= 0);
    out->size = iso_predict_size(n.graph, value);
    assert_true(out->size <= MOST_NUMBERS);
    assert_int_equal(iso_predict_value(n.exec, 0, VALIDATION_ROWS, value, on_row, out), ISO_OK);
    assert_true(iso_exec_tensor(n.exec, name, &tensor));
    network_close(&n);
    iso_dataset_free(data);
}

/* c/y is what a kernel that runs the activation too would never write. */
static void layers_give_their_own_output(void **state)
{
    static const char *const names[] = { "c/y", "flatten_1/y", "hidden/y" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        float least = 0;
        read_value("reference", names[i], false, &one);
        read_value("reference", names[i], true, &other);
        same_numbers(&one, &other);
        read_value("cpu", names[i], true, &other);
        same_numbers(&one, &other);
        for (int64_t k = 0; k < one.size; k++)
            least = one.numbers[0][k] < least ? one.numbers[0][k] : least;
        assert_true((least < 0) == (i != 1));
    }
}

static void a_missing_value_is_refused(void **state)
{
    struct trainer t;
    struct iso_exec *exec = NULL;
    (void)state;
    trainer_open(&t, 8, 1);
    const struct iso_exec_options o = { .seed = 1, .readable = "nothing/y" };
    assert_int_equal(iso_exec_new(t.graph, t.backend, &o, &exec), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "no value 'nothing/y'"));
    iso_error_clear();
    trainer_close(&t);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, trainer_setup, trainer_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(rows_add_up_to_the_scores),
        WITH_FOLDER(batches_and_labels_change_no_bit),
        WITH_FOLDER(layers_give_their_own_output),
        WITH_FOLDER(a_missing_value_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
