/* fuzz_weights.c: the readers of files of weights, and of networks of other programs. */
#include "core/formats/keras_file.h"
#include "core/formats/pickle.h"
#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"
#include "core/system/file.h"
#include "core/keras/network.h"
#include "core/onnx/import.h"
#include "fuzz_readers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static volatile double used; /* makes the compiler keep the reads of results */

/* ---- Weights ------------------------------------------------------------------------------- */

/* Reads every byte that the file is said to hold. */
static iso_rc read_safetensors(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_st_file *file = NULL;
    (void)s, (void)folder;
    const iso_rc rc = iso_st_open(path, &file);
    assert_true((rc == ISO_OK) == (file != NULL));
    for (int i = 0; file != NULL && i < file->n; i++) {
        const uint8_t *data = file->tensors[i].data;
        for (int64_t k = 0; k < iso_st_bytes(&file->tensors[i]); k++)
            used += data[k];
        assert_ptr_equal(iso_st_find(file, file->tensors[i].name), &file->tensors[i]);
    }
    if (file != NULL)
        iso_st_metadata(file, "seed");
    iso_st_close(file);
    return rc;
}

struct fuzz_list fuzz_safetensors(void)
{
    static const char *const words[] = { "{",
                                         "}",
                                         "[",
                                         "\"",
                                         ":",
                                         ",",
                                         "\"F32\"",
                                         "\"U8\"",
                                         "-1",
                                         "0",
                                         "9223372036854775807",
                                         "1e9",
                                         "null",
                                         "\"data_offsets\":[0,4]",
                                         "\\u0000",
                                         NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/keras/expected.safetensors",
          .copy = "damaged",
          .read = read_safetensors,
          .words = words },
        { .file = "tests/golden/top_k.safetensors",
          .copy = "damaged",
          .read = read_safetensors,
          .words = words },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

static iso_rc read_torch(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_torch_file *file = NULL;
    (void)s, (void)folder;
    const iso_rc rc = iso_torch_open(path, &file);
    assert_true((rc == ISO_OK) == (file != NULL));
    for (int i = 0; file != NULL && i < file->n; i++) {
        int64_t n = 1;
        for (int k = 0; k < file->tensors[i].ndim; k++)
            n *= file->tensors[i].dim[k];
        for (int64_t k = 0; k < n; k++)
            used += (double)file->tensors[i].values[k];
    }
    iso_torch_close(file);
    return rc;
}

/* The pickle alone, whose damage no checksum of the zip file shows. */
static iso_rc read_torch_pickle(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_pickle_tensor t;
    struct iso_pickle *p = NULL;
    char *bytes = NULL;
    bool found = true;
    size_t n;
    (void)s, (void)folder;
    assert_int_equal(iso_file_read(path, &bytes, &n), ISO_OK);
    iso_rc rc = iso_pickle_read_torch(path, (const uint8_t *)bytes, n, &p);
    assert_true((rc == ISO_OK) == (p != NULL));
    for (int i = 0; rc == ISO_OK && found; i++) {
        rc = iso_pickle_torch_tensor(p, i, &t, &found);
        used += rc == ISO_OK && found ? (double)t.offset + t.ndim + (double)strlen(t.name) : 0;
    }
    iso_pickle_free(p);
    free(bytes);
    return rc;
}

struct fuzz_list fuzz_torch(void)
{
    static const char *const words[] = { "ctorch\nFloatStorage\n",
                                         "cposix\nsystem\n",
                                         "ccollections\nOrderedDict\n",
                                         "Q",
                                         "R",
                                         "(",
                                         "t",
                                         "}",
                                         "u",
                                         "J\xff\xff\xff\xff",
                                         NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/torch/small.pth", .copy = "damaged.pth", .read = read_torch },
        { .file = "tests/torch/small.pkl",
          .copy = "damaged.pkl",
          .read = read_torch_pickle,
          .words = words,
          .lenient = true },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

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
            if (weight->shape.ndim < 0 || n > 1000) /* as when it is not the model's */
                continue;
            float *values = calloc((size_t)n + 1, sizeof *values);
            assert_non_null(values);
            rc = iso_keras_read(file, weight, values);
            free(values);
        }
    iso_keras_close(file);
    return rc;
}

struct fuzz_list fuzz_hdf5(void)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/keras/weights.h5", .copy = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/model.h5", .copy = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/keras2.h5", .copy = "damaged.h5", .read = read_keras },
        { .file = "tests/keras/keras3.weights.h5",
          .copy = "damaged.weights.h5",
          .read = read_keras },
        { .file = "tests/keras/nested.keras", .copy = "damaged.keras", .read = read_keras },
    };
    if (!iso_keras_supported())
        return (struct fuzz_list){ 0 };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

/* ---- Networks of other programs ------------------------------------------------------------- */

/* Reads the text of a model file that was made of a damaged one. */
static iso_rc read_made(const struct fuzz_subject *s, const char *text, const char *folder)
{
    char yaml[FUZZ_PATH];
    snprintf(yaml, sizeof yaml, "%s/network.yaml", folder);
    assert_int_equal(iso_file_write(yaml, text, strlen(text)), ISO_OK);
    const iso_rc rc = fuzz_read_model(s, yaml, folder);
    assert_int_equal(remove(yaml), 0);
    return rc;
}

/* Makes a model file of a Keras file's configuration, and reads that. */
static iso_rc read_network(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_keras_file file = { .version = "3" };
    struct iso_keras_network *network = NULL;
    struct iso_faults faults = { 0 };
    size_t n;
    assert_int_equal(iso_file_read(path, &file.config, &n), ISO_OK);
    iso_rc rc = iso_keras_network(&file, path, &faults, &network);
    assert_true((rc == ISO_OK) == (network != NULL));
    if (network != NULL)
        rc = read_made(s, network->yaml, folder);
    iso_keras_network_free(network);
    free(file.config);
    return rc == ISO_EMODEL ? ISO_EDATA : rc;
}

/* tests/keras/nested.json: a Functional model with a model as a layer, and calls of one layer. */
struct fuzz_list fuzz_network(void)
{
    static const char *const words[] = { "{",
                                         "}",
                                         "[",
                                         "]",
                                         "null",
                                         "true",
                                         "-1",
                                         "1e99",
                                         "\"Sequential\"",
                                         "\"class_name\":",
                                         "\"config\":{",
                                         NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/keras/nested.json",
          .copy = "damaged.json",
          .read = read_network,
          .words = words,
          .lenient = true },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

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
    for (int l = 0; network != NULL && l < network->weights.nlayers; l++)
        for (int w = 0; w < network->weights.layers[l].nweights; w++) {
            const struct iso_keras_weight *weight = &network->weights.layers[l].weights[w];
            for (int64_t i = 0; i < iso_shape_count(&weight->shape); i++)
                used += weight->values[i];
        }
    if (network != NULL)
        rc = read_made(s, network->yaml, folder);
    iso_onnx_network_free(network);
    iso_onnx_free(m);
    return rc == ISO_EMODEL ? ISO_EDATA : rc;
}

/* tests/readers/small.onnx: convolution, normalization, pooling and a dense layer, written by
 * isocl. */
struct fuzz_list fuzz_onnx(void)
{
    static const char *const words[] = {
        "Conv", "Gemm",     "Transpose", "Reshape", "Pad",
        "Relu", "\x08\x01", "\x0a\x00",  "\x7f",    "\xff\xff\xff\xff\x0f",
        NULL
    };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/small.onnx",
          .copy = "damaged.onnx",
          .read = read_onnx,
          .words = words },
    };
    if (!iso_onnx_supported())
        return (struct fuzz_list){ 0 };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}
