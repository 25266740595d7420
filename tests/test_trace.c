/* test_trace.c: a trace's names, shapes and values, and the batch files it takes. */
#include "core/data/shuffle.h"
#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "core/train/trace.h"
#include "folder.h"
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 7, BATCH = 3, STEPS = 4, CLASSES = 5, PIXELS = 6 * 6 };
static const double RATE = 0.5; /* learning rate */
static const char text[] =
    "model: tiny\n"
    "input: {shape: [6, 6, 1]}\n"
    "layers:\n"
    "  - conv2d: {filters: 2, kernel_size: 3, activation: relu}\n"
    "  - max_pooling2d: 2\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: tanh, name: hidden}\n"
    "  - dropout: 0.5\n"
    "  - dense: {units: 5, activation: softmax}\n"
    "loss: %s\n"
    "optimizer: {sgd: {learning_rate: 0.5, momentum: 0.9}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 3, epochs: 1, seed: 1}\n";

/* Names as the design lists them. Weights and slots come before each step and after the last. */
static const char *const before_step[] = {
    "conv2d_1/bias", "conv2d_1/bias/momentum", "conv2d_1/kernel", "conv2d_1/kernel/momentum",
    "dense_1/bias",  "dense_1/bias/momentum",  "dense_1/kernel",  "dense_1/kernel/momentum",
    "hidden/bias",   "hidden/bias/momentum",   "hidden/kernel",   "hidden/kernel/momentum",
};
static const char *const after_step[] = {
    "conv2d_1/y",
    "max_pooling2d_1/y",
    "flatten_1/y",
    "hidden/y",
    "dropout_1/y",
    "dropout_1/mask",
    "dense_1/y",
    "d/conv2d_1/y",
    "d/max_pooling2d_1/y",
    "d/flatten_1/y",
    "d/hidden/y",
    "d/dropout_1/y",
    "d/dense_1/logits",
    "d/conv2d_1/bias",
    "d/conv2d_1/kernel",
    "d/dense_1/bias",
    "d/dense_1/kernel",
    "d/hidden/bias",
    "d/hidden/kernel",
    "input",
    "target",
    "loss",
};
enum {
    BEFORE = sizeof before_step / sizeof before_step[0],
    AFTER = sizeof after_step / sizeof after_step[0]
};

static char folder[FOLDER];
static float x_data[ROWS * PIXELS], y_prob[ROWS * CLASSES];
static int32_t y_class[ROWS];

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    for (int i = 0; i < ROWS * PIXELS; i++)
        x_data[i] = (float)((i * 37) % 101) / 101.0f;
    for (int i = 0; i < ROWS; i++)
        y_class[i] = (3 * i + 1) % CLASSES;
    for (int i = 0; i < ROWS * CLASSES; i++)
        y_prob[i] = i % CLASSES == y_class[i / CLASSES] ? 1.0f : 0.0f;
    return folder_make(folder, "trace");
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "model.yaml", "batch", "trace", "" };
    char path[ISO_PATH];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return access(folder, F_OK) == 0;
}

static const char *in_folder(const char *name)
{
    static char path[ISO_PATH];
    assert_int_equal(iso_path(path, folder, name), ISO_OK);
    return path;
}

/* ---- Running a trace ----------------------------------------------------------------------- */

struct tracer {
    struct network net;
    struct iso_batches *batches;
    struct iso_st_file *file;
    int64_t tensors;
};

static void open_tracer(struct tracer *t, const char *loss)
{
    const struct iso_exec_options options = {
        .training = true, .keep_all = true, .seed = 1, .log_steps = 1
    };
    char yaml[1024];
    snprintf(yaml, sizeof yaml, text, loss);
    memset(t, 0, sizeof *t);
    assert_int_equal(iso_file_write(in_folder("model.yaml"), yaml, strlen(yaml)), ISO_OK);
    network_open(&t->net, in_folder("model.yaml"), BATCH, "reference", 0);
    network_begin(&t->net, &options);
}

static void close_tracer(struct tracer *t)
{
    if (t->file != NULL)
        iso_st_close(t->file);
    iso_batches_free(t->batches);
    network_close(&t->net);
}

static void write_batch(const struct iso_st_tensor *x, const struct iso_st_tensor *y)
{
    struct iso_st_tensor both[2] = { *x, *y };
    assert_int_equal(iso_st_write(in_folder("batch"), both, y->name ? 2 : 1, NULL), ISO_OK);
}

static const struct iso_st_tensor good_x = { "x", ISO_ST_F32, 4, { ROWS, 6, 6, 1 }, x_data };
static const struct iso_st_tensor good_y = { "y", ISO_ST_I32, 1, { ROWS }, y_class };
static const struct iso_st_tensor good_prob = { "y", ISO_ST_F32, 2, { ROWS, CLASSES }, y_prob };

static void run_trace(struct tracer *t, const char *loss, const struct iso_st_tensor *x,
                      const struct iso_st_tensor *y)
{
    open_tracer(t, loss);
    write_batch(x, y);
    assert_int_equal(iso_batches_from_file(in_folder("batch"), t->net.exec, &t->batches), ISO_OK);
    assert_int_equal(iso_trace(t->net.exec, t->batches, STEPS, in_folder("trace"), &t->tensors),
                     ISO_OK);
    assert_int_equal(iso_st_open(in_folder("trace"), &t->file), ISO_OK);
}

static const struct iso_st_tensor *get(const struct tracer *t, const char *name, int step)
{
    char full[128];
    snprintf(full, sizeof full, "%s@%d", name, step);
    const struct iso_st_tensor *tensor = iso_st_find(t->file, full);
    if (tensor == NULL)
        fail_msg("%s is missing", full);
    return tensor;
}

static const float *floats(const struct tracer *t, const char *name, int step)
{
    const struct iso_st_tensor *tensor = get(t, name, step);
    assert_int_equal(tensor->type, ISO_ST_F32);
    return tensor->data;
}

static int64_t count_of(const struct tracer *t, const char *name)
{
    return iso_st_bytes(get(t, name, 0)) / 4;
}

/* ---- Names and shapes ---------------------------------------------------------------------- */

static void test_names(void **state)
{
    struct tracer t;
    (void)state;
    run_trace(&t, "sparse_categorical_crossentropy", &good_x, &good_y);
    for (int step = 0; step < STEPS; step++)
        for (int i = 0; i < AFTER; i++)
            get(&t, after_step[i], step);
    for (int step = 0; step <= STEPS; step++)
        for (int i = 0; i < BEFORE; i++)
            get(&t, before_step[i], step);
    assert_int_equal(t.file->n, STEPS * AFTER + (STEPS + 1) * BEFORE);
    assert_int_equal(t.tensors, t.file->n);
    for (int i = 1; i < t.file->n; i++)
        assert_true(strcmp(t.file->tensors[i - 1].name, t.file->tensors[i].name) < 0);
    close_tracer(&t);
}

static void test_shapes(void **state)
{
    struct tracer t;
    (void)state;
    run_trace(&t, "sparse_categorical_crossentropy", &good_x, &good_y);
    assert_int_equal(get(&t, "loss", 0)->ndim, 0);
    assert_int_equal(get(&t, "loss", 0)->type, ISO_ST_F32);
    assert_int_equal(get(&t, "target", 0)->ndim, 1);
    assert_int_equal(get(&t, "target", 0)->type, ISO_ST_I32);
    assert_int_equal(get(&t, "input", 1)->ndim, 4);
    assert_int_equal(get(&t, "input", 1)->dim[0], BATCH);
    assert_int_equal(get(&t, "conv2d_1/y", 0)->dim[1], 4);
    assert_int_equal(get(&t, "conv2d_1/kernel", 0)->dim[3], 2);
    assert_int_equal(get(&t, "flatten_1/y", 0)->dim[1], 8);
    assert_int_equal(get(&t, "d/flatten_1/y", 0)->ndim, 2);
    assert_int_equal(get(&t, "dropout_1/mask", 0)->type, ISO_ST_F32);
    close_tracer(&t);
    run_trace(&t, "categorical_crossentropy", &good_x, &good_prob);
    assert_int_equal(get(&t, "target", 0)->type, ISO_ST_F32);
    assert_int_equal(get(&t, "target", 0)->dim[1], CLASSES);
    close_tracer(&t);
}

/* ---- Values -------------------------------------------------------------------------------- */

/* Step S takes rows (S * batch + i) mod rows. */
static void test_batches_wrap(void **state)
{
    struct tracer t;
    (void)state;
    run_trace(&t, "sparse_categorical_crossentropy", &good_x, &good_y);
    for (int step = 0; step < STEPS; step++)
        for (int i = 0; i < BATCH; i++) {
            int row = (step * BATCH + i) % ROWS;
            assert_memory_equal(floats(&t, "input", step) + i * PIXELS, x_data + row * PIXELS,
                                PIXELS * sizeof(float));
            assert_int_equal(((const int32_t *)get(&t, "target", step)->data)[i], y_class[row]);
        }
    close_tracer(&t);
}

static void assert_close(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-5); /* false for NaN */
}

/* The traced tensors agree with each other: the update applies the traced gradient, dropout uses
 * the mask, the gradient of the logits is (p - t) / rows, the loss is the mean of -log p. */
static void test_values_fit_together(void **state)
{
    struct tracer t;
    (void)state;
    run_trace(&t, "categorical_crossentropy", &good_x, &good_prob);
    double moved = 0;
    for (int step = 0; step < STEPS; step++) {
        for (int64_t i = 0; i < count_of(&t, "hidden/kernel"); i++) {
            double velocity = 0.9 * floats(&t, "hidden/kernel/momentum", step)[i] -
                              RATE * floats(&t, "d/hidden/kernel", step)[i];
            assert_close(floats(&t, "hidden/kernel/momentum", step + 1)[i], velocity);
            assert_close(floats(&t, "hidden/kernel", step + 1)[i],
                         floats(&t, "hidden/kernel", step)[i] + velocity);
            moved += fabs(velocity);
        }
        for (int64_t i = 0; i < count_of(&t, "dropout_1/mask"); i++) {
            float mask = floats(&t, "dropout_1/mask", step)[i];
            assert_true(mask == 0.0f || mask == 1.0f);
            assert_close(floats(&t, "dropout_1/y", step)[i],
                         2 * mask * floats(&t, "hidden/y", step)[i]);
            assert_close(floats(&t, "d/hidden/y", step)[i],
                         2 * mask * floats(&t, "d/dropout_1/y", step)[i]);
        }
        double loss = 0;
        for (int64_t i = 0; i < BATCH * CLASSES; i++) {
            double p = floats(&t, "dense_1/y", step)[i], target = floats(&t, "target", step)[i];
            assert_close(floats(&t, "d/dense_1/logits", step)[i], (p - target) / BATCH);
            loss -= target * log(p) / BATCH;
        }
        assert_close(floats(&t, "loss", step)[0], loss);
    }
    assert_true(moved > 0.1);
    close_tracer(&t);
}

/* The trace's last weights are those the executor ends with; classes are as good as one-hot. */
static void test_last_weights(void **state)
{
    struct tracer t, u;
    float kernel[8 * CLASSES];
    (void)state;
    run_trace(&t, "categorical_crossentropy", &good_x, &good_prob);
    network_read(&t.net, "dense_1/kernel", 8 * CLASSES, kernel);
    assert_memory_equal(floats(&t, "dense_1/kernel", STEPS), kernel, sizeof kernel);
    run_trace(&u, "categorical_crossentropy", &good_x, &good_y);
    assert_memory_equal(floats(&u, "dense_1/kernel", STEPS), kernel, sizeof kernel);
    close_tracer(&t);
    close_tracer(&u);
}

/* Whatever its sign and payload, a NaN is written as 0x7fc00000. */
static void test_nan_is_canonical(void **state)
{
    struct tracer t;
    const uint32_t odd = 0xffc12345;
    uint32_t bits;
    (void)state;
    memcpy(&x_data[0], &odd, sizeof odd);
    run_trace(&t, "sparse_categorical_crossentropy", &good_x, &good_y);
    memcpy(&bits, floats(&t, "input", 0), sizeof bits);
    assert_int_equal(bits, 0x7fc00000);
    memcpy(&bits, floats(&t, "loss", 0), sizeof bits);
    assert_int_equal(bits, 0x7fc00000);
    close_tracer(&t);
}

/* A data set's steps: the last batch of an epoch is smaller, and its tensors are too. */
static void test_data_set(void **state)
{
    struct tracer t;
    uint8_t images[ROWS * PIXELS];
    struct iso_dataset data = { .name = "made",
                                .split = "train",
                                .rows = ROWS,
                                .height = 6,
                                .width = 6,
                                .channels = 1,
                                .classes = CLASSES,
                                .images = images,
                                .labels = y_class };
    (void)state;
    for (int i = 0; i < ROWS * PIXELS; i++)
        images[i] = (uint8_t)(i * 7);
    open_tracer(&t, "sparse_categorical_crossentropy");
    assert_int_equal(iso_batches_from_data(&data, 1, t.net.exec, &t.batches), ISO_OK);
    assert_int_equal(iso_trace(t.net.exec, t.batches, STEPS, in_folder("trace"), NULL), ISO_OK);
    assert_int_equal(iso_st_open(in_folder("trace"), &t.file), ISO_OK);
    assert_int_equal(get(&t, "input", 1)->dim[0], BATCH);
    assert_int_equal(get(&t, "input", 2)->dim[0], ROWS - 2 * BATCH);
    assert_int_equal(get(&t, "d/hidden/y", 2)->dim[0], ROWS - 2 * BATCH);
    assert_int_equal(get(&t, "input", 3)->dim[0], BATCH);
    int32_t order[ROWS], next[ROWS];
    iso_shuffle(1, 0, order, ROWS);
    iso_shuffle(1, 1, next, ROWS);
    assert_int_equal(((const int32_t *)get(&t, "target", 2)->data)[0], y_class[order[2 * BATCH]]);
    for (int i = 0; i < BATCH; i++) {
        assert_int_equal(((const int32_t *)get(&t, "target", 0)->data)[i], y_class[order[i]]);
        assert_int_equal(((const int32_t *)get(&t, "target", 3)->data)[i], y_class[next[i]]);
    }
    close_tracer(&t);
}

/* ---- Bad batch files ----------------------------------------------------------------------- */

static void refuse(const struct iso_st_tensor *x, const struct iso_st_tensor *y,
                   const char *message)
{
    struct tracer t;
    open_tracer(&t, "sparse_categorical_crossentropy");
    write_batch(x, y);
    assert_int_equal(iso_batches_from_file(in_folder("batch"), t.net.exec, &t.batches), ISO_EDATA);
    if (strstr(iso_error(), message) == NULL)
        fail_msg("'%s' is not in '%s'", message, iso_error());
    iso_error_clear();
    close_tracer(&t);
}

static void test_bad_batch_files(void **state)
{
    static const double wide[ROWS * PIXELS];
    static const int64_t many[ROWS] = { 0, 1, 2, 3, 4, (int64_t)1 << 40, 0 };
    static const int32_t negative[ROWS] = { -1 };
    const struct iso_st_tensor nothing = { .name = NULL };
    const struct iso_st_tensor other = { "images", ISO_ST_F32, 4, { ROWS, 6, 6, 1 }, x_data };
    const struct iso_st_tensor flat = { "x", ISO_ST_F32, 2, { ROWS, PIXELS }, x_data };
    const struct iso_st_tensor turned = { "x", ISO_ST_F32, 4, { ROWS, 1, 6, 6 }, x_data };
    const struct iso_st_tensor doubles = { "x", ISO_ST_F64, 4, { ROWS, 6, 6, 1 }, wide };
    const struct iso_st_tensor empty = { "x", ISO_ST_F32, 4, { 0, 6, 6, 1 }, x_data };
    const struct iso_st_tensor five = { "x", ISO_ST_F32, 5, { ROWS, 6, 6, 1, 1 }, x_data };
    const struct iso_st_tensor few = { "y", ISO_ST_I32, 1, { ROWS - 1 }, y_class };
    const struct iso_st_tensor huge = { "y", ISO_ST_I64, 1, { ROWS }, many };
    const struct iso_st_tensor minus = { "y", ISO_ST_I32, 1, { ROWS }, negative };
    const struct iso_st_tensor narrow = { "y", ISO_ST_F32, 2, { ROWS, CLASSES - 1 }, y_prob };
    const struct iso_st_tensor square = { "y", ISO_ST_I32, 2, { ROWS, 1 }, y_class };
    (void)state;
    refuse(&other, &good_y, "has no tensor 'x'");
    refuse(&good_x, &nothing, "has no tensor 'y'");
    refuse(&flat, &good_y, "rows of x are 36, the model's input is 6x6x1");
    refuse(&turned, &good_y, "rows of x are 1x6x6, the model's input is 6x6x1");
    refuse(&five, &good_y, "the model's input is 6x6x1");
    refuse(&doubles, &good_y, "x is not float32");
    refuse(&empty, &good_y, "x has no rows");
    refuse(&good_x, &few, "y has 6 rows and x has 7");
    refuse(&good_x, &huge,
           "row 5 of y is class 1099511627776; the model tells classes 0 to 4 apart");
    refuse(&good_x, &minus, "row 0 of y is class -1");
    refuse(&good_x, &narrow, "y has 4 columns");
    refuse(&good_x, &square, "y has 2 dimensions");
    refuse(&good_x, &good_prob, "takes class numbers");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_names),        TEST(test_shapes),
        TEST(test_batches_wrap), TEST(test_values_fit_together),
        TEST(test_last_weights), TEST(test_nan_is_canonical),
        TEST(test_data_set),     TEST(test_bad_batch_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
