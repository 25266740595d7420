/* test_keras.c: weights from and to files of Keras's: tests/keras, made by Keras itself. */
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
#include "core/keras/order.h"
#include "core/train/keras_weights.h"
#include "core/train/weights.h"
#include "network.h"

static const char *const files[] = { "tests/keras/weights.h5", "tests/keras/model.h5",
                                     "tests/keras/keras2.h5", "tests/keras/keras3.weights.h5" };
enum { FILES = 4 };

/* tests/keras/model.yaml, with some of its text replaced; NULL: as it is. */
static struct network *open_network(const char *old, const char *by)
{
    char path[] = "/tmp/isocl-test-keras-XXXXXX", *text;
    size_t n;
    struct network *net = calloc(1, sizeof *net);
    const int fd = mkstemp(path);
    assert_true(net != NULL && fd >= 0);
    close(fd);
    assert_int_equal(iso_file_read("tests/keras/model.yaml", &text, &n), ISO_OK);
    char *at = old != NULL ? strstr(text, old) : NULL, *changed = calloc(n + 256, 1);
    assert_true(changed != NULL && (old == NULL || at != NULL));
    if (old != NULL)
        sprintf(changed, "%.*s%s%s", (int)(at - text), text, by, at + strlen(old));
    else
        strcpy(changed, text);
    assert_int_equal(iso_file_write(path, changed, strlen(changed)), ISO_OK);
    network_open(net, path, 1, "reference", 0);
    network_begin(net, &(struct iso_exec_options){ .seed = 1 });
    unlink(path);
    free(text);
    free(changed);
    return net;
}

static void close_network(struct network *net)
{
    network_close(net);
    free(net);
}

static iso_rc load(struct network *net, const char *path, enum iso_keras_match match,
                   struct iso_keras_taken *taken)
{
    struct iso_keras_file *f = NULL;
    iso_error_clear();
    net->faults.count = 0;
    iso_rc rc = iso_keras_open(path, &f);
    if (rc == ISO_OK)
        rc = iso_keras_load(net->exec, f, path, match, &net->faults, taken);
    iso_keras_close(f);
    return rc;
}

static void assert_fault(const struct network *net, const char *text)
{
    for (int i = 0; i < net->faults.count; i++)
        if (strstr(net->faults.list[i].text, text) != NULL)
            return;
    iso_faults_print(&net->faults, stderr);
    fail_msg("no fault says: %s", text);
}

/* Every weight has the bits that Keras gave it. */
static void assert_expected(struct network *net)
{
    struct iso_st_file *want;
    assert_int_equal(iso_st_open("tests/keras/expected.safetensors", &want), ISO_OK);
    assert_int_equal(want->n, iso_exec_nweights(net->exec));
    for (int i = 0; i < want->n; i++) {
        struct iso_tensor t;
        float got[512];
        assert_true(iso_exec_tensor(net->exec, want->tensors[i].name, &t));
        assert_true(iso_shape_count(&t.shape) <= 512);
        assert_int_equal(iso_tensor_read_f32(net->backend, &t, got), ISO_OK);
        assert_int_equal(iso_st_bytes(&want->tensors[i]), 4 * iso_shape_count(&t.shape));
        assert_memory_equal(got, want->tensors[i].data, (size_t)iso_st_bytes(&want->tensors[i]));
    }
    iso_st_close(want);
}

static void every_layout_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++)
        for (int match = ISO_KERAS_BY_NAME; match <= ISO_KERAS_BY_ORDER; match++) {
            struct iso_keras_taken taken;
            struct network *net = open_network(NULL, NULL);
            if (load(net, files[i], (enum iso_keras_match)match, &taken) != ISO_OK)
                fail_msg("%s: %s", files[i], iso_error());
            assert_int_equal(taken.layers, 5);
            assert_int_equal(taken.left + taken.unused, 0);
            assert_expected(net);
            close_network(net);
        }
}

static void a_top_of_its_own_stays(void **state)
{
    struct iso_keras_taken taken;
    (void)state;
    struct network *net = open_network("name: out, units: 3", "name: head, units: 7");
    assert_int_equal(load(net, files[0], ISO_KERAS_BY_NAME, &taken), ISO_OK);
    assert_int_equal(taken.layers, 4);
    assert_string_equal(taken.left_names, "head");
    assert_string_equal(taken.unused_names, "out");
    assert_int_equal(load(net, files[0], ISO_KERAS_BY_ORDER, &taken), ISO_EDATA);
    assert_fault(net, "head/kernel has shape 4x3 in the file and 4x7 in the model");
    close_network(net);
}

static void weights_that_do_not_fit_are_named(void **state)
{
    struct iso_keras_taken taken;
    char before[65], after[65];
    (void)state;
    struct network *net = open_network("filters: 4", "filters: 6");
    assert_int_equal(iso_exec_hash(net->exec, before), ISO_OK);
    assert_int_equal(load(net, files[3], ISO_KERAS_BY_NAME, &taken), ISO_EDATA);
    assert_fault(net, "c1/kernel has shape 3x3x3x4 in the file and 3x3x3x6 in the model");
    assert_fault(net, "n1/moving_variance has shape 4 in the file and 6 in the model");
    assert_int_equal(iso_exec_hash(net->exec, after), ISO_OK);
    assert_string_equal(before, after);
    close_network(net);
    net = open_network("use_bias: false", "use_bias: true");
    assert_int_equal(load(net, files[1], ISO_KERAS_BY_NAME, &taken), ISO_EDATA);
    assert_fault(net, "layer 'hidden' has 1 weight in the file and 2 in the model");
    close_network(net);
    net = open_network("  - dense: {name: hidden, units: 4, use_bias: false}\n", "");
    assert_int_equal(load(net, files[2], ISO_KERAS_BY_ORDER, &taken), ISO_EDATA);
    assert_fault(net, "the file has 5 layers with weights and the model 4");
    close_network(net);
    net = open_network(NULL, NULL);
    assert_int_equal(load(net, "tests/keras/model.yaml", ISO_KERAS_BY_NAME, &taken), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "not an HDF5 file"));
    assert_int_equal(load(net, "tests/keras/none.h5", ISO_KERAS_BY_NAME, &taken), ISO_EIO);
    close_network(net);
}

static void written_files_are_read_back(void **state)
{
    char path[] = "/tmp/isocl-test-keras-XXXXXX";
    struct iso_keras_taken taken;
    char given[65], got[65];
    const int fd = mkstemp(path);
    (void)state;
    close(fd);
    for (int form = ISO_KERAS_H5; form <= ISO_KERAS_ARCHIVE; form++) {
        struct network *net = open_network(NULL, NULL), *other = open_network(NULL, NULL);
        assert_int_equal(load(net, files[0], ISO_KERAS_BY_NAME, &taken), ISO_OK);
        assert_int_equal(iso_keras_save(net->exec, path, (enum iso_keras_form)form), ISO_OK);
        if (load(other, path, ISO_KERAS_BY_NAME, &taken) != ISO_OK)
            fail_msg("%s", iso_error());
        assert_int_equal(taken.left + taken.unused, 0);
        assert_int_equal(iso_exec_hash(net->exec, given), ISO_OK);
        assert_int_equal(iso_exec_hash(other->exec, got), ISO_OK);
        assert_string_equal(given, got);
        assert_int_equal(iso_keras_save(net->exec, "/tmp", (enum iso_keras_form)form), ISO_EIO);
        close_network(net);
        close_network(other);
    }
    unlink(path);
}

/* Keras counts the layers of a class from the input to the output, and of branches of one length
 * those first that are met first from the output on: not the order of the model file. */
static void layers_have_keras_names_and_order(void **state)
{
    struct network net;
    char(*names)[ISO_NAME];
    int order[64];
    (void)state;
    network_open(&net, "tests/keras/branches.yaml", 1, "reference", 0);
    assert_int_equal(iso_keras_class_names(net.model, &names), ISO_OK);
    assert_int_equal(iso_keras_order(net.model, order), net.model->nlayers);
    static const char *const expected[][2] = { { "second", "conv2d" },  { "third", "conv2d_1" },
                                               { "first", "conv2d_2" }, { "slopes", "p_re_lu" },
                                               { "sum", "add" },        { "row", "flatten" },
                                               { "top", "dense" } };
    for (int i = 0; i < net.model->nlayers; i++) {
        assert_string_equal(net.model->layers[order[i]].name, expected[i][0]);
        assert_string_equal(names[order[i]], expected[i][1]);
    }
    free(names);
    network_close(&net);
}

static void endings_select_a_form(void **state)
{
    enum iso_keras_form form;
    (void)state;
    assert_true(iso_keras_form_of("a.weights.h5", &form) && form == ISO_KERAS_WEIGHTS_H5);
    assert_true(iso_keras_form_of("a.h5", &form) && form == ISO_KERAS_H5);
    assert_true(iso_keras_form_of("a.keras", &form) && form == ISO_KERAS_ARCHIVE);
    assert_false(iso_keras_form_of("a.pt", &form) || iso_keras_form_of("h5", &form));
}

/* A file cut short is refused or, where only unused bytes are gone, read. */
static void short_files_are_survived(void **state)
{
    char path[] = "/tmp/isocl-test-keras-XXXXXX";
    const int fd = mkstemp(path);
    int refused = 0, tried = 0;
    (void)state;
    close(fd);
    struct network *net = open_network(NULL, NULL);
    for (int i = 0; i < FILES; i++) {
        char *bytes;
        size_t n;
        struct iso_keras_taken taken;
        assert_int_equal(iso_file_read(files[i], &bytes, &n), ISO_OK);
        for (size_t cut = 0; cut < n; cut += n / 50 + 1, tried++) {
            assert_int_equal(iso_file_write(path, bytes, cut), ISO_OK);
            refused += load(net, path, ISO_KERAS_BY_NAME, &taken) != ISO_OK;
        }
        free(bytes);
    }
    assert_true(refused > tried / 2);
    unlink(path);
    close_network(net);
}

/* A file may claim any size: here, of one weight, more elements than 64 bits count. */
static void sizes_are_not_believed(void **state)
{
    struct iso_keras_file *f;
    (void)state;
    iso_error_clear();
    assert_int_equal(iso_keras_open("tests/keras/countless.h5", &f), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "/out/kernel; the file is damaged"));
}

static void nothing_without_hdf5(void **state)
{
    struct iso_keras_file *f;
    (void)state;
    assert_int_equal(iso_keras_open(files[0], &f), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "built without HDF5"));
    print_message("skipped: this isocl was built without HDF5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_is_read),
        cmocka_unit_test(a_top_of_its_own_stays),
        cmocka_unit_test(weights_that_do_not_fit_are_named),
        cmocka_unit_test(written_files_are_read_back),
        cmocka_unit_test(layers_have_keras_names_and_order),
        cmocka_unit_test(endings_select_a_form),
        cmocka_unit_test(short_files_are_survived),
        cmocka_unit_test(sizes_are_not_believed),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_hdf5) };
    if (!iso_keras_supported())
        return cmocka_run_group_tests(none, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
