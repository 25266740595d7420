/* test_fuzz_files.c: damaged model files, files of weights and of runs: see test_fuzz.c. Run from
 * the root of the repository. */
#include "core/data/keras_file.h"
#include "core/data/safetensors.h"
#include "core/file.h"
#include "core/model/graph.h"
#include "core/onnx/import.h"
#include "core/train/history.h"
#include "core/train/run.h"
#include "fuzz.h"
#include "loading.h"
#include "tools/history_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Weights ------------------------------------------------------------------------------- */

/* Reads every byte that the file is said to hold. */
static iso_rc read_safetensors(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_st_file *file = NULL;
    unsigned sum = 0;
    (void)s, (void)folder;
    const iso_rc rc = iso_st_open(path, &file);
    assert_true((rc == ISO_OK) == (file != NULL));
    for (int i = 0; file && i < file->n; i++) {
        const uint8_t *data = file->tensors[i].data;
        for (int64_t k = 0; k < iso_st_bytes(&file->tensors[i]); k++)
            sum += data[k];
        assert_ptr_equal(iso_st_find(file, file->tensors[i].name), &file->tensors[i]);
    }
    assert_null(file ? iso_st_metadata(file, "what is not there") : NULL);
    iso_st_close(file);
    assert_true(sum != 1);             /* it is used */
    return rc;
}

static void damaged_safetensors(void **state)
{
    static const char *const words[] = { "{", "}", "[", "\"", ":", ",", "\"F32\"", "\"U8\"", "-1",
                                         "0", "9223372036854775807", "1e9", "null",
                                         "\"data_offsets\":[0,4]", "\\u0000", NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/keras/expected.safetensors", .place = "damaged", .read = read_safetensors,
          .words = words },
        { .file = "tests/golden/top_k.safetensors", .place = "damaged", .read = read_safetensors,
          .words = words },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 600);
}

static int crashes, endless;           /* files that the HDF5 library did not survive */

static iso_rc read_keras(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_keras_file *file = NULL;
    (void)s, (void)folder;
    iso_rc rc = iso_keras_open(path, &file);
    assert_true((rc == ISO_OK) == (file != NULL));
    for (int l = 0; rc == ISO_OK && l < file->nlayers; l++)
        for (int w = 0; rc == ISO_OK && w < file->layers[l].nweights; w++) {
            const struct iso_keras_weight *weight = &file->layers[l].weights[w];
            const int64_t n = iso_shape_count(&weight->shape);
            if (weight->shape.ndim < 0 || n > 1000)        /* as when it is not the model's */
                continue;
            float *values = calloc((size_t)n + 1, sizeof *values);
            assert_non_null(values);
            rc = iso_keras_read(file, weight, values);
            free(values);
        }
    iso_keras_close(file);
    crashes += strstr(iso_error(), "crashed") != NULL;
    endless += strstr(iso_error(), "lost its way") != NULL;
    return rc;
}

static void damaged_hdf5_files(void **state)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/keras/weights.h5", .place = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/model.h5", .place = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/keras2.h5", .place = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/keras3.weights.h5", .place = "damaged.weights.h5",
          .read = read_keras },
    };
    (void)state;
    if (!iso_keras_supported())
        skip();
    fuzz(subjects, sizeof subjects / sizeof *subjects, 20);
    print_message("  the library crashed over %d of them, and lost its way in %d\n", crashes,
                  endless);
}

/* ---- Model files --------------------------------------------------------------------------- */

/* The model, and a graph of each of its phases. */
static iso_rc read_model(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_model *model;
    (void)s, (void)folder;
    iso_rc rc = loading_file(path, &model);
    assert_true((rc == ISO_OK) == (model != NULL));
    for (int phase = 0; rc == ISO_OK && phase < model->nphases; phase++) {
        struct iso_graph *graph = NULL;
        iso_model_choose(model, phase);
        rc = iso_graph_build(model, 3, &loading_faults, &graph);
        assert_true((rc == ISO_OK) == (graph != NULL));
        iso_graph_free(graph);
    }
    iso_model_free(model);
    return rc;
}

enum { MODELS = 400, MODEL_PATH = 128 };
static char model_paths[MODELS][MODEL_PATH];
static struct fuzz_subject model_subjects[MODELS];

/* The model files of a folder and of those in it, but for the parity cases. */
static int list_models(const char *folder, bool bad, int n)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
        char path[MODEL_PATH];
        snprintf(path, sizeof path, "%.60s/%.60s", folder, name);
        if (*name != '.' && strcmp(name, "ops") != 0 && iso_folder_exists(path))
            n = list_models(path, bad, n);
        if (dot && strcmp(dot, ".yaml") == 0) {
            assert_true(n < MODELS);
            strcpy(model_paths[n], path);
            model_subjects[n] = (struct fuzz_subject){
                .file = model_paths[n], .place = "damaged.yaml", .read = read_model, .bad = bad };
            n++;
        }
        free(entries[i]);
    }
    free(entries);
    return n;
}

static void damaged_model_files(void **state)
{
    static const char *const words[] = {
        "&a ", "*a", "<<: ", "- ", ": ", "{", "}", "[", "]", "#", "\"", "'", "| ", "> ", "!!int ",
        "$", "\n", "\n  ", "\n- ", "%", "---\n", "~", "null", "true", "-1", "0", "1/0", "1e308",
        "1e-308", "9223372036854775807", "2147483648", "\xC3\xA4", "\t", "input", "flatten",
        "dense: 3", "trainable: false", "name: a", "inputs: [a, b]", "scale: 1/255", "mixup", NULL
    };
    int n;
    (void)state;
    n = list_models("models", false, 0);
    n = list_models("tests/models", false, n);
    n = list_models("tests/bad", true, n);
    assert_true(n > 200);
    for (int i = 0; i < n; i++) {
        model_subjects[i].words = words;
        model_subjects[i].refusal = ISO_EMODEL;
    }
    fuzz(model_subjects, n, 6);
}

/* ---- Networks of other programs ------------------------------------------------------------- */

/* The network, and the model file that is made of it, which may be refused in its turn. One with
 * operators that isocl has no layer for is refused with a code of its own. */
static iso_rc read_onnx(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_onnx *m = NULL;
    struct iso_onnx_network *network = NULL;
    iso_rc rc = iso_onnx_read(path, &m);
    assert_true((rc == ISO_OK) == (m != NULL));
    if (rc == ISO_OK) {
        rc = iso_onnx_import(m, path, &network);
        assert_true((rc == ISO_OK) == (network != NULL));
    }
    float sum = 0;
    for (int l = 0; network && l < network->weights.nlayers; l++)
        for (int w = 0; w < network->weights.layers[l].nweights; w++) {
            const struct iso_keras_weight *weight = &network->weights.layers[l].weights[w];
            for (int64_t i = 0; i < iso_shape_count(&weight->shape); i++)
                sum += weight->values[i];
        }
    if (network) {
        snprintf(model_paths[0], MODEL_PATH, "%s/network.yaml", folder);
        assert_int_equal(iso_file_write(model_paths[0], network->yaml, strlen(network->yaml)),
                         ISO_OK);
        rc = read_model(s, model_paths[0], folder);
        assert_int_equal(remove(model_paths[0]), 0);
    }
    assert_true(sum < 1e30f || rc != ISO_EIO);     /* it is used */
    iso_onnx_network_free(network);
    iso_onnx_free(m);
    return rc == ISO_EUNSUP || rc == ISO_EMODEL ? ISO_EDATA : rc;
}

/* tests/readers/small.onnx: convolution, normalization, pooling and a dense layer, written by
 * isocl. */
static void damaged_onnx_files(void **state)
{
    static const char *const words[] = { "Conv", "Gemm", "Transpose", "Reshape", "Pad", "Relu",
                                         "\x08\x01", "\x0a\x00", "\x7f", "\xff\xff\xff\xff\x0f",
                                         NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/small.onnx", .place = "damaged.onnx", .read = read_onnx,
          .words = words },
    };
    (void)state;
    if (!iso_onnx_supported())
        skip();
    fuzz(subjects, sizeof subjects / sizeof *subjects, 1000);
}

/* ---- Runs ---------------------------------------------------------------------------------- */

/* tests/readers has a state and histories of four epochs of a small network; history-training.csv
 * is without validation, so that the last cells are empty. */

static const char *const csv_words[] = { ",", ",,", "\n", "\r", "nan", "inf", "1e999", "-", "0x1p3",
                                         "epoch", "99999999999999999999", NULL };

/* Every cell, as `isocl runs` and reports read them. Nothing is refused: what is no number is
 * NaN. */
static iso_rc read_history(const struct fuzz_subject *s, const char *path, const char *folder)
{
    char *csv;
    size_t n;
    double sum = 0;
    (void)s, (void)folder;
    assert_int_equal(iso_file_read(path, &csv, &n), ISO_OK);
    assert_true(iso_csv_column(csv, "no such column") == -1);
    const int loss = iso_csv_column(csv, "loss");
    for (const char *row = csv; row; row = iso_csv_next(row)) {
        sum += iso_csv_number(row, loss);
        for (int column = 0; column < 40; column++) {
            const char *cell = iso_csv_cell(row, column);
            assert_true(*cell == '\0' || (cell >= row && cell <= row + strcspn(row, "\n")));
            assert_true(cell[strspn(cell, " \r")] != '\n' || isnan(iso_csv_number(row, column)));
            sum += iso_csv_number(row, column);
        }
    }
    free(csv);
    assert_true(sum != 1);             /* it is used */
    return ISO_OK;
}

/* What a resumed run makes of it: the header, and whole rows up to the epoch. */
static iso_rc resume_history(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    struct iso_history *history = NULL;
    char *csv;
    size_t n;
    (void)s;
    assert_int_equal(loading_file("models/demo.yaml", &model), ISO_OK);
    assert_int_equal(iso_graph_build(model, 2, &loading_faults, &graph), ISO_OK);
    const iso_rc rc = iso_history_open(folder, graph, 2, 2, &history);
    assert_int_equal(rc, ISO_OK);
    iso_history_close(history);
    assert_int_equal(iso_file_read(path, &csv, &n), ISO_OK);
    assert_int_equal(iso_csv_column(csv, "loss"), 4);
    for (const char *row = iso_csv_next(csv); row; row = iso_csv_next(row))
        assert_true(strtoll(row, NULL, 10) <= 2);
    assert_true(n > 0 && csv[n - 1] == '\n');
    free(csv);
    snprintf(model_paths[0], MODEL_PATH, "%s/batches.csv", folder);
    assert_int_equal(remove(model_paths[0]), 0);
    iso_graph_free(graph);
    iso_model_free(model);
    return rc;
}

static void damaged_histories(void **state)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/history.csv", .place = "history.csv", .read = read_history,
          .words = csv_words, .lenient = true },
        { .file = "tests/readers/history-training.csv", .place = "history.csv",
          .read = read_history, .words = csv_words, .lenient = true },
        { .file = "tests/readers/history.csv", .place = "history.csv", .read = resume_history,
          .words = csv_words, .lenient = true },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 150);
}

static iso_rc read_state(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_run_settings settings;
    struct iso_fit_state state;
    (void)s, (void)path;
    return iso_run_read(folder, &settings, &state);
}

static void damaged_states(void **state)
{
    static const char *const words[] = { "{", "}", "\"", "-1", "0", "nan", "inf", "1e999",
                                         "9223372036854775807", "0x1p-1074", NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/state", .place = "state", .read = read_state, .words = words },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_safetensors), cmocka_unit_test(damaged_hdf5_files),
        cmocka_unit_test(damaged_onnx_files), cmocka_unit_test(damaged_model_files),
        cmocka_unit_test(damaged_histories), cmocka_unit_test(damaged_states),
    };
    if (!fuzz_limit_memory())
        return 1;
    return cmocka_run_group_tests_name("fuzz_files", tests, NULL, NULL);
}
