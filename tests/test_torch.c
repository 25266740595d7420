/* test_torch.c: weights from PyTorch's state dicts: tests/torch, made by PyTorch itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/pickle.h"
#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "core/train/torch_weights.h"
#include "network.h"

static void assert_outputs(struct network *net)
{
    struct iso_st_file *want;
    must(iso_st_open("tests/torch/outputs.safetensors", &want));
    const struct iso_st_tensor *x = iso_st_find(want, "x"), *y = iso_st_find(want, "y");
    must(iso_exec_feed(net->exec, 2, x->data, NULL, NULL));
    network_predicts(net, 6, y->data);
    iso_st_close(want);
}

static void open_small(struct network *net)
{
    network_open(net, "tests/torch/small.yaml", 2, "reference", 0);
    network_begin(net, &(struct iso_exec_options){ .seed = 1 });
}

/* By names and by order, of both kinds of files: kernels, and the row of an image, are turned. */
static void state_dicts_give_pytorchs_outputs(void **state)
{
    static const struct {
        const char *path;
        enum iso_keras_match match;
    } cases[] = { { "tests/torch/small.pth", ISO_KERAS_BY_NAME },
                  { "tests/torch/small.pth", ISO_KERAS_BY_ORDER },
                  { "tests/torch/small.safetensors", ISO_KERAS_BY_NAME },
                  { "tests/torch/wrapped.pth", ISO_KERAS_BY_NAME },
                  { "tests/torch/wrapped.pth", ISO_KERAS_BY_ORDER } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_torch_file *file;
        struct iso_keras_taken taken;
        struct network net;
        open_small(&net);
        must(iso_torch_open(cases[i].path, &file));
        must(iso_torch_load(net.exec, file, cases[i].path, cases[i].match, &net.faults, &taken));
        assert_int_equal(taken.layers, 5);
        assert_int_equal(taken.left + taken.unused, 0);
        assert_outputs(&net);
        iso_torch_close(file);
        network_close(&net);
    }
}

/* Two tensors that share their numbers have them each. */
static void tied_tensors_are_read_apart(void **state)
{
    struct iso_torch_file *file;
    (void)state;
    must(iso_torch_open("tests/torch/tied.pth", &file));
    assert_int_equal(file->n, 4);
    const struct iso_torch_tensor *t = file->tensors;
    assert_string_equal(t[2].name, "second.weight");
    assert_true(t[2].ndim == 2 && t[2].dim[0] == 4 && t[2].dim[1] == 3);
    for (int i = 0; i < 12; i++)
        assert_true(t[0].values[i] == (float)i / 8 &&
                    t[2].values[i % 4 * 3 + i / 4] == (float)i / 8);
    for (int i = 0; i < 3; i++)
        assert_true(t[1].values[i] == (float)(i + 1) && t[3].values[i] == (float)(4 * i + 1) / 8);
    t[0].values[0] = 5;
    assert_true(t[2].values[0] == 0);
    iso_torch_close(file);
}

/* Numbers of 16 bits give weights with the bits that they have as float32. */
static void half_precision_is_exact(void **state)
{
    static const char *const paths[] = { "tests/torch/rounded.safetensors",
                                         "tests/torch/rounded_half.safetensors",
                                         "tests/torch/rounded_half.pth" };
    char hex[3][65];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct iso_torch_file *file;
        struct iso_keras_taken taken;
        struct network net;
        open_small(&net);
        must(iso_torch_open(paths[i], &file));
        must(iso_torch_load(net.exec, file, paths[i], ISO_KERAS_BY_NAME, &net.faults, &taken));
        assert_int_equal(taken.layers, 5);
        assert_int_equal(taken.left + taken.unused, 0);
        must(iso_exec_hash(net.exec, hex[i]));
        assert_string_equal(hex[i], hex[0]);
        iso_torch_close(file);
        network_close(&net);
    }
}

/* A file of before PyTorch 1.6 that is cut short anywhere is refused, and read nowhere past its
 * end. */
static void a_cut_file_is_refused(void **state)
{
    char path[] = "/tmp/isocl-test-torch-XXXXXX.pth", *bytes;
    size_t n;
    (void)state;
    close(mkstemps(path, 4));
    must(iso_file_read("tests/torch/wrapped.pth", &bytes, &n));
    for (size_t cut = 0; cut < n; cut += 7) {
        struct iso_torch_file *file = NULL;
        must(iso_file_write(path, bytes, cut));
        assert_int_equal(iso_torch_open(path, &file), ISO_EDATA);
        assert_null(file);
    }
    free(bytes);
    unlink(path);
}

/* There and back: each weight has its bits again, and the file is as PyTorch's own. */
static void weights_come_back_from_pytorchs_form(void **state)
{
    char path[] = "/tmp/isocl-test-torch-XXXXXX.safetensors";
    struct iso_torch_file *file;
    struct iso_keras_taken taken;
    struct iso_st_file *theirs, *ours;
    struct network net;
    char before[65], after[65];
    (void)state;
    close(mkstemps(path, 12));
    open_small(&net);
    must(iso_torch_open("tests/torch/small.pth", &file));
    must(iso_torch_load(net.exec, file, path, ISO_KERAS_BY_NAME, &net.faults, &taken));
    iso_torch_close(file);
    must(iso_exec_hash(net.exec, before));
    must(iso_torch_save(net.exec, path));
    must(iso_exec_initialize(net.exec));
    must(iso_torch_open(path, &file));
    must(iso_torch_load(net.exec, file, path, ISO_KERAS_BY_NAME, &net.faults, &taken));
    iso_torch_close(file);
    assert_int_equal(taken.layers, 5);
    must(iso_exec_hash(net.exec, after));
    assert_string_equal(before, after);
    must(iso_st_open("tests/torch/small.safetensors", &theirs));
    must(iso_st_open(path, &ours));
    for (int i = 0; i < ours->n; i++) {
        const struct iso_st_tensor *t = iso_st_find(theirs, ours->tensors[i].name);
        assert_non_null(t);
        assert_int_equal(t->ndim, ours->tensors[i].ndim);
        assert_int_equal(iso_st_bytes(t), iso_st_bytes(&ours->tensors[i]));
        assert_memory_equal(t->data, ours->tensors[i].data, (size_t)iso_st_bytes(t));
    }
    iso_st_close(theirs);
    iso_st_close(ours);
    network_close(&net);
    unlink(path);
}

/* ---- Vision transformers --------------------------------------------------------------------- */

static void open_vit(struct network *net)
{
    network_open(net, "tests/torch/vit.yaml", 2, "reference", 0);
    network_begin(net, &(struct iso_exec_options){ .seed = 1 });
}

static void take_vit(struct network *net, const char *path)
{
    struct iso_torch_file *file;
    struct iso_keras_taken taken;
    must(iso_torch_open(path, &file));
    must(iso_torch_load(net->exec, file, path, ISO_KERAS_BY_NAME, &net->faults, &taken));
    assert_int_equal(taken.layers, 3 + 2 * 8 + 2);
    assert_int_equal(taken.left + taken.unused, 0);
    iso_torch_close(file);
}

/* The state dicts of torchvision's newer and older versions give its outputs. The model file has
 * value before key, which says nothing of their places in in_proj. */
static void vision_transformers_give_torchvisions_outputs(void **state)
{
    static const char *const paths[] = { "tests/torch/vit.pth", "tests/torch/vit_old.pth",
                                         "tests/torch/vit.safetensors" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct network net;
        struct iso_st_file *want;
        open_vit(&net);
        take_vit(&net, paths[i]);
        must(iso_st_open("tests/torch/vit_outputs.safetensors", &want));
        must(iso_exec_feed(net.exec, 2, iso_st_find(want, "x")->data, NULL, NULL));
        network_predicts(&net, 6, iso_st_find(want, "y")->data);
        iso_st_close(want);
        network_close(&net);
    }
}

static void assert_same_tensors(const char *path, const char *other)
{
    struct iso_st_file *ours, *theirs;
    must(iso_st_open(path, &ours));
    must(iso_st_open(other, &theirs));
    assert_int_equal(ours->n, theirs->n);
    for (int i = 0; i < ours->n; i++) {
        const struct iso_st_tensor *o = &ours->tensors[i], *t = iso_st_find(theirs, o->name);
        if (t == NULL || t->ndim != o->ndim || memcmp(t->dim, o->dim, (size_t)o->ndim * 8) != 0)
            fail_msg("%s is not there, or has another shape", o->name);
        assert_memory_equal(t->data, o->data, (size_t)iso_st_bytes(t));
    }
    iso_st_close(ours);
    iso_st_close(theirs);
}

/* There and back with equal bits: the file has the names, shapes and bits of torchvision's own. */
static void vision_transformers_go_back_to_torchvision(void **state)
{
    char path[] = "/tmp/isocl-test-torch-XXXXXX.safetensors", before[65], after[65];
    struct network net;
    (void)state;
    close(mkstemps(path, 12));
    open_vit(&net);
    take_vit(&net, "tests/torch/vit.pth");
    must(iso_exec_hash(net.exec, before));
    must(iso_torch_save(net.exec, path));
    assert_same_tensors(path, "tests/torch/vit.safetensors");
    must(iso_exec_initialize(net.exec));
    take_vit(&net, path);
    must(iso_exec_hash(net.exec, after));
    assert_string_equal(before, after);
    network_close(&net);
    unlink(path);
}

static void other_networks_are_no_vision_transformers(void **state)
{
    struct iso_torch_file *file;
    struct iso_keras_taken taken;
    struct network net;
    (void)state;
    open_small(&net);
    must(iso_torch_open("tests/torch/vit.pth", &file));
    assert_int_equal(
        iso_torch_load(net.exec, file, "vit.pth", ISO_KERAS_BY_NAME, &net.faults, &taken),
        ISO_EDATA);
    assert_non_null(strstr(iso_error(), "the model is no vision transformer"));
    iso_torch_close(file);
    network_close(&net);
}

static void what_pytorch_has_not_is_refused(void **state)
{
    struct network net;
    (void)state;
    network_open(&net, "tests/models/separable.yaml", 1, "reference", 0);
    network_begin(&net, &(struct iso_exec_options){ .seed = 1 });
    assert_int_equal(iso_torch_save(net.exec, "/tmp/isocl-none.safetensors"), ISO_EUNSUP);
    assert_non_null(strstr(iso_error(), "separable_conv2d 'first' has no counterpart"));
    assert_int_not_equal(access("/tmp/isocl-none.safetensors", F_OK), 0);
    network_close(&net);
}

static void differences_from_pytorch_are_counted(void **state)
{
    static const char yaml[] =
        "input: {shape: [6, 7, 2]}\nlayers:\n"
        "  - conv2d: {filters: 3, kernel_size: 3, strides: 2, padding: same}\n"
        "  - conv2d: {filters: 3, kernel_size: 3, padding: same}\n"
        "  - batch_normalization: {}\n  - average_pooling2d: {pool_size: 2}\n  - flatten: {}\n"
        "loss: mean_squared_error\noptimizer: adam\n";
    char path[] = "/tmp/isocl-test-torch-XXXXXX";
    struct network net;
    (void)state;
    open_small(&net);
    struct iso_torch_unlike unlike = iso_torch_compare(net.graph);
    assert_int_equal(unlike.padded + unlike.normalized, 0);
    network_close(&net);
    close(mkstemp(path));
    must(iso_file_write(path, yaml, strlen(yaml)));
    network_open(&net, path, 1, "reference", 0);
    network_begin(&net, &(struct iso_exec_options){ .seed = 1 });
    unlike = iso_torch_compare(net.graph);
    assert_int_equal(unlike.padded, 1);
    assert_int_equal(unlike.normalized, 1);
    network_close(&net);
    unlink(path);
}

static void names_have_no_order(void **state)
{
    static const char path[] = "tests/torch/small.safetensors";
    struct iso_torch_file *file;
    struct iso_keras_taken taken;
    struct network net;
    (void)state;
    open_small(&net);
    must(iso_torch_open(path, &file));
    assert_int_equal(iso_torch_load(net.exec, file, path, ISO_KERAS_BY_ORDER, &net.faults, &taken),
                     ISO_EDATA);
    assert_non_null(strstr(iso_error(), "in the order of their names"));
    iso_torch_close(file);
    network_close(&net);
}

/* A pickle may name a function; isocl says which, and calls none. */
static void functions_are_named_and_not_called(void **state)
{
    struct iso_torch_file *file = NULL;
    (void)state;
    assert_int_equal(iso_torch_open("tests/torch/evil.pth", &file), ISO_EDATA);
    assert_null(file);
    assert_non_null(strstr(iso_error(),
                           "tests/torch/evil.pth: its pickle names the Python "
                           "function posix.system"));
    assert_int_not_equal(access("/tmp/isocl-evil", F_OK), 0);
}

/* Neither a data set's pickle builds tensors, nor a state dict NumPy's arrays. */
static void each_pickle_has_its_own_functions(void **state)
{
    static const char torch[] =
        "\x80\x02"
        "ccollections\nOrderedDict\n)R.";
    static const char numpy[] =
        "\x80\x02"
        "cnumpy\ndtype\n.";
    static const char outside[] =
        "\x80\x02"
        "X\x01\x00\x00\x00"
        "aQ.";
    struct iso_pickle *p = NULL;
    (void)state;
    must(iso_pickle_read_torch("a", (const uint8_t *)torch, sizeof torch - 1, &p));
    iso_pickle_free(p);
    p = NULL;
    assert_int_equal(iso_pickle_read("a", (const uint8_t *)torch, sizeof torch - 1, &p), ISO_EDATA);
    assert_int_equal(iso_pickle_read_torch("a", (const uint8_t *)numpy, sizeof numpy - 1, &p),
                     ISO_EDATA);
    assert_non_null(strstr(iso_error(), "numpy.dtype"));
    assert_int_equal(iso_pickle_read("a", (const uint8_t *)outside, sizeof outside - 1, &p),
                     ISO_EDATA);
    assert_int_equal(iso_pickle_read_torch("a", (const uint8_t *)outside, sizeof outside - 1, &p),
                     ISO_EDATA);
    assert_non_null(strstr(iso_error(), "no storage of numbers"));
}

static void other_files_are_refused(void **state)
{
    static const char path[] = "/tmp/isocl-test-torch.pth";
    struct iso_torch_file *file = NULL;
    FILE *f = fopen(path, "wb");
    (void)state;
    assert_non_null(f);
    fputs("\x80\x02\x8a\x0a", f);
    fclose(f);
    assert_int_equal(iso_torch_open(path, &file), ISO_EDATA);
    assert_non_null(strstr(iso_error(), path));
    assert_null(file);
    unlink(path);
    assert_int_equal(iso_torch_open("/tmp/isocl-no-such.pth", &file), ISO_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_dicts_give_pytorchs_outputs),
        cmocka_unit_test(tied_tensors_are_read_apart),
        cmocka_unit_test(half_precision_is_exact),
        cmocka_unit_test(a_cut_file_is_refused),
        cmocka_unit_test(weights_come_back_from_pytorchs_form),
        cmocka_unit_test(vision_transformers_give_torchvisions_outputs),
        cmocka_unit_test(vision_transformers_go_back_to_torchvision),
        cmocka_unit_test(other_networks_are_no_vision_transformers),
        cmocka_unit_test(what_pytorch_has_not_is_refused),
        cmocka_unit_test(differences_from_pytorch_are_counted),
        cmocka_unit_test(names_have_no_order),
        cmocka_unit_test(functions_are_named_and_not_called),
        cmocka_unit_test(each_pickle_has_its_own_functions),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests_name("torch", tests, NULL, NULL);
}
