/* test_keras_network.c: networks in Keras's files as model files: tests/keras/nested.* and
 * attention.*, made by Keras itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "core/keras/network.h"
#include "core/train/keras_weights.h"
#include "network.h"

static const char *const files[] = { "tests/keras/nested.keras", "tests/keras/nested.h5" };
static const struct {
    const char *path, *want;
    int layers; /* with weights */
} networks[] = {
    { "tests/keras/nested.keras", "tests/keras/nested.safetensors", 4 },
    { "tests/keras/nested.h5", "tests/keras/nested.safetensors", 4 },
    { "tests/keras/attention.keras", "tests/keras/attention.safetensors", 12 },
    { "tests/keras/attention.h5", "tests/keras/attention.safetensors", 12 },
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* Opens a network of the text of a model file. */
static void open_text(struct network *net, const char *yaml, int64_t batch)
{
    char path[] = "/tmp/isocl-test-network-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    must(iso_file_write(path, yaml, strlen(yaml)));
    network_open(net, path, batch, "reference", 0);
    network_begin(net, &(struct iso_exec_options){ .seed = 1 });
    unlink(path);
}

static void import(const char *path, struct iso_keras_file **file,
                   struct iso_keras_network **network)
{
    struct iso_faults faults = { 0 };
    must(iso_keras_open(path, file));
    if (iso_keras_network(*file, path, &faults, network) != ISO_OK) {
        iso_faults_print(&faults, stderr);
        fail_msg("%s", iso_error());
    }
    iso_keras_rename(*network, *file);
}

/* Runs the network on the file's images, and compares with what Keras made of them. */
static void assert_outputs(struct network *net, const struct iso_st_file *want)
{
    const struct iso_st_tensor *x = iso_st_find(want, "x"), *y = iso_st_find(want, "y");
    struct iso_tensor input;
    assert_true(iso_exec_tensor(net->exec, "input", &input));
    must(iso_tensor_write_f32(net->backend, &input, x->data));
    network_predicts(net, 6, y->data);
}

static void network_and_weights_are_taken(void **state)
{
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        struct iso_st_file *want;
        struct iso_keras_file *file;
        struct iso_keras_network *network;
        struct iso_keras_taken taken;
        struct network net;
        must(iso_st_open(networks[i].want, &want));
        import(networks[i].path, &file, &network);
        open_text(&net, network->yaml, 2);
        must(iso_keras_load(net.exec, file, networks[i].path, ISO_KERAS_BY_NAME, &net.faults,
                            &taken));
        assert_int_equal(taken.layers, networks[i].layers);
        assert_int_equal(taken.left + taken.unused, 0);
        assert_outputs(&net, want);
        network_close(&net);
        iso_keras_network_free(network);
        iso_keras_close(file);
        iso_st_close(want);
    }
}

static void training_is_the_files(void **state)
{
    static const char *const lines[] = { "loss: sparse_categorical_crossentropy # the file's\n",
                                         "optimizer: {sgd: {learning_rate: 0.02, momentum: 0.9",
                                         "input: {shape: [6, 5, 2], scale: 0.00392156",
                                         "max_value: 6" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct iso_keras_file *file;
        struct iso_keras_network *network;
        import(files[i], &file, &network);
        for (int k = 0; k < 4; k++)
            if (strstr(network->yaml, lines[k]) == NULL)
                fail_msg("%s: no '%s' in\n%s", files[i], lines[k], network->yaml);
        assert_string_equal(network->optimizer, "sgd");
        assert_string_equal(network->left_out, "random_flip");
        iso_keras_network_free(network);
        iso_keras_close(file);
    }
}

/* Replaces a text in another by one that is no longer. */
static void replace(char *text, const char *old, const char *by)
{
    char *at = strstr(text, old);
    assert_non_null(at);
    memset(at, ' ', strlen(old));
    memcpy(at, by, strlen(by));
}

static void every_layer_that_isocl_lacks_is_named(void **state)
{
    struct iso_keras_file file = { .version = "3" };
    struct iso_keras_network *network = NULL;
    struct iso_faults faults = { 0 };
    size_t n;
    (void)state;
    must(iso_file_read("tests/keras/nested.json", &file.config, &n));
    replace(file.config, "\"ReLU\"", "\"Rho\"");
    replace(file.config, "\"dilation_rate\": [1, 1]", "\"dilation_rate\": [[]]");
    iso_error_clear();
    assert_int_equal(iso_keras_network(&file, "some.keras", &faults, &network), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "cannot be made into a model file"));
    assert_int_equal(faults.count, 2);
    assert_non_null(strstr(faults.list[0].text, "isocl has no dilation_rate: [[]]"));
    assert_non_null(strstr(faults.list[1].text, "isocl has no layer for Keras's class Rho"));
    assert_null(network);
    free(file.config);
}

/* (0.5 x - mean) / deviation, with one mean and deviation for each channel. */
static void scales_of_the_input_are_joined(void **state)
{
    struct iso_keras_file file = { .version = "3" };
    struct iso_keras_network *network = NULL;
    struct iso_faults faults = { 0 };
    (void)state;
    file.config = strdup(
        "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": ["
        "{\"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": [null, 3, 3, 2]}},"
        "{\"class_name\": \"Rescaling\", \"config\": {\"scale\": 0.5, \"offset\": 0.0}},"
        "{\"class_name\": \"Normalization\", \"config\": {\"axis\": [3], \"mean\": [1.0, 2.0],"
        "\"variance\": [4.0, 9.0]}}, {\"class_name\": \"Flatten\", \"config\": {}}]}}");
    assert_non_null(file.config);
    must(iso_keras_network(&file, "some.keras", &faults, &network));
    if (strstr(network->yaml, "mean: [2, 4], std: [4, 6]") == NULL)
        fail_msg("%s", network->yaml);
    iso_keras_network_free(network);
    free(file.config);
}

/* An attention that Keras has and isocl has not is a fault, never another number. */
static void attention_that_isocl_lacks_is_refused(void **state)
{
    static const char *const faults_of[][3] = {
        { "\"use_gate\": false", "\"use_gate\": true", "isocl's attention has no use_gate" },
        { "\"attention_axes\": [1]", "\"attention_axes\": [2]", "is among all tokens" },
        { "\"value_dim\": 3", "\"value_dim\": 2", "values as wide as keys: value_dim" },
        { "\"num_heads\": 2", "\"num_heads\":[]", "num_heads is not a whole number" },
        { "\"kwargs\": {}}]}, {\"module\": \"keras.layers\", \"class_name\": \"Add\"",
          "\"kwargs\":{\"a\":1}}]},{\"module\":\"keras.layers\",\"class_name\":\"Add\"",
          "isocl's attention has no a" },
    };
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct iso_keras_file *file;
        struct iso_keras_network *network = NULL;
        struct iso_faults faults = { 0 };
        must(iso_keras_open("tests/keras/attention.keras", &file));
        replace(file->config, faults_of[i][0], faults_of[i][1]);
        assert_int_equal(iso_keras_network(file, "some.keras", &faults, &network), ISO_EDATA);
        assert_true(faults.count > 0);
        if (strstr(faults.list[0].text, faults_of[i][2]) == NULL)
            fail_msg("'%s' instead of '%s'", faults.list[0].text, faults_of[i][2]);
        iso_keras_close(file);
    }
}

static void weights_alone_are_no_network(void **state)
{
    struct iso_keras_file *file;
    struct iso_keras_network *network;
    struct iso_faults faults = { 0 };
    (void)state;
    must(iso_keras_open("tests/keras/keras3.weights.h5", &file));
    assert_int_equal(iso_keras_network(file, "keras3.weights.h5", &faults, &network), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "holds weights but no network"));
    iso_keras_close(file);
}

static void nothing_without_hdf5(void **state)
{
    (void)state;
    print_message("skipped: this isocl was built without HDF5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_and_weights_are_taken),
        cmocka_unit_test(training_is_the_files),
        cmocka_unit_test(every_layer_that_isocl_lacks_is_named),
        cmocka_unit_test(scales_of_the_input_are_joined),
        cmocka_unit_test(attention_that_isocl_lacks_is_refused),
        cmocka_unit_test(weights_alone_are_no_network),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_hdf5) };
    if (!iso_keras_supported())
        return cmocka_run_group_tests(none, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
