/* test_ccode.c: networks as C (isocl export --c), compiled by the compilers that are there, and
 * compared with the reference bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ccode/c_write.h"
#include "core/ccode/c_weights.h"
#include "core/system/file.h"
#include "core/data/pad.h"
#include "core/train/predict.h"
#include "folder.h"
#include "network.h"

enum { ROWS = 3 };
static char folder[FOLDER];

static int make_folder(void **state)
{
    (void)state;
    return folder_make(folder, "ccode");
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

/* Runs a shell's command in the folder; returns its exit code. */
static int shell(const char *fmt, ...)
{
    char command[4096];
    int n = snprintf(command, sizeof command, "cd %s && ", folder);
    va_list args;
    va_start(args, fmt);
    vsnprintf(command + n, sizeof command - (size_t)n, fmt, args);
    va_end(args);
    return system(command);
}

static bool there_is(const char *compiler)
{
    return shell("command -v %s >/dev/null", compiler) == 0;
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- A network whose every weight matters -------------------------------------------------- */

/* Weights that training could have given: of both signs, and positive where they are variances. */
static void fill_weights(struct network *net)
{
    uint32_t counter = 1;
    for (int i = 0; i < iso_exec_nweights(net->exec); i++) {
        struct iso_tensor t;
        const char *name = iso_exec_weight(net->exec, i);
        assert_true(iso_exec_tensor(net->exec, name, &t));
        const int64_t n = iso_shape_count(&t.shape);
        float *values = calloc((size_t)n, sizeof *values);
        assert_non_null(values);
        for (int64_t k = 0; k < n; k++) {
            counter = counter * 1664525u + 1013904223u;
            const float unit = (float)(counter >> 8) / 16777216.0f;
            values[k] = strstr(name, "variance") != NULL ? 0.5f + unit : 0.4f * unit - 0.19f;
        }
        must(iso_tensor_write_f32(net->backend, &t, values));
        free(values);
    }
}

static void open_network(struct network *net, const char *path)
{
    network_open(net, path, 1, "reference", 0);
    network_begin(net, &(struct iso_exec_options){ .seed = 3 });
    fill_weights(net);
}

/* Images of all bytes, as a data set and as a file. */
static struct iso_dataset *make_images(const struct network *net)
{
    const struct iso_model *m = net->model;
    const struct iso_shape *x = &m->input;
    const bool image = x->ndim == 4;
    struct iso_dataset *set = calloc(1, sizeof *set);
    assert_non_null(set);
    set->rows = ROWS;
    set->height = image ? (int)(x->dim[1] - m->pad[0] - m->pad[1]) : 1;
    set->width = image ? (int)(x->dim[2] - m->pad[2] - m->pad[3]) : (int)x->dim[1];
    set->channels = image ? (int)(x->dim[3] / m->repeat_channels) : 1;
    set->flat = !image;
    set->classes = (int)net->graph->classes;
    const size_t bytes = (size_t)ROWS * (size_t)(set->height * set->width * set->channels);
    set->images = malloc(bytes);
    set->labels = calloc(ROWS, sizeof *set->labels);
    assert_true(set->images != NULL && set->labels != NULL);
    for (size_t i = 0; i < bytes; i++)
        set->images[i] = (uint8_t)((i * 2654435761u) >> 13);
    must(iso_file_write(in_folder("images"), set->images, bytes));
    must(iso_dataset_pad(set, m->pad, m->repeat_channels));
    return set;
}

static iso_rc keep_row(void *self, int64_t row, const float *numbers)
{
    const int64_t n = *(int64_t *)self;
    float *to = (float *)(void *)((int64_t *)self + 1);
    memcpy(to + row * n, numbers, (size_t)n * sizeof *numbers);
    return ISO_OK;
}

/* The reference's outputs for the images, whose number precedes them. */
static int64_t *predict(struct network *net)
{
    const int64_t n = iso_predict_size(net->graph, net->graph->output);
    int64_t *kept = calloc(1, sizeof n + ROWS * (size_t)n * sizeof(float));
    struct iso_dataset *set = make_images(net);
    assert_non_null(kept);
    *kept = n;
    must(iso_exec_data(net->exec, 1, set));
    must(iso_predict_value(net->exec, 1, ROWS, net->graph->output, keep_row, kept));
    iso_dataset_free(set);
    return kept;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* Fails unless the program in the folder prints these numbers' bits for the images. */
static void program_gives(const int64_t *wanted, const char *what)
{
    const float *numbers = (const float *)(const void *)(wanted + 1);
    char *text;
    size_t size;
    if (shell("./program <images >output") != 0)
        fail_msg("%s: the program fails", what);
    must(iso_file_read(in_folder("output"), &text, &size));
    char *at = text;
    for (int64_t i = 0; i < ROWS * *wanted; i++) {
        const float got = strtof(at, &at);
        if (memcmp(&got, &numbers[i], sizeof got) != 0)
            fail_msg("%s: output %lld is %a, not %a", what, (long long)i, (double)got,
                     (double)numbers[i]);
    }
    free(text);
}

/* Sets the network's weights to those that the code computes from 8 bits. */
static void round_weights(struct network *net)
{
    struct iso_c_weights w;
    must(iso_c_weights_read(net->exec, true, &w));
    for (int i = 0; i < w.n; i++) {
        struct iso_tensor t;
        assert_true(iso_exec_tensor(net->exec, net->graph->values[w.list[i].value].name, &t));
        must(iso_tensor_write_f32(net->backend, &t, w.list[i].values));
    }
    iso_c_weights_free(&w);
}

/* Compiles the network's files in the folder, and compares what the program gives. */
static void compare(const char *compiler, const char *path, const int64_t *wanted)
{
    char what[256];
    if (!there_is(compiler))
        return;
    snprintf(what, sizeof what, "%s by %s", path, compiler);
    if (shell("%s -O2 -std=c11 -Wall -Wextra -Wpedantic -Werror -DISOCL_MAIN network*.c -lm "
              "-o program",
              compiler) != 0)
        fail_msg("%s does not compile", what);
    program_gives(wanted, what);
}

static void same_bits(const char *path, bool int8, bool clang)
{
    const struct iso_c_options options = { .int8 = int8 };
    struct network net;
    struct iso_c_about about;
    open_network(&net, path);
    must(iso_c_write(net.exec, in_folder("network.c"), &options, &about));
    if (int8)
        round_weights(&net);
    int64_t *wanted = predict(&net);
    compare("gcc", path, wanted);
    if (clang)
        compare("clang", path, wanted);
    assert_int_equal(shell("rm network*.c"), 0);
    free(wanted);
    network_close(&net);
}

/* Together these have every layer, both kinds of convolution, and every loss that absorbs. */
static void networks_have_the_references_bits(void **state)
{
    static const struct {
        const char *path;
        bool clang;
    } models[] = {
        { "models/mnist/cnn.yaml", true },         { "models/mnist/linear.yaml", false },
        { "models/cifar10/resnet20.yaml", false }, { "tests/models/everything.yaml", true },
        { "tests/models/modern.yaml", true },      { "tests/models/binary.yaml", false },
        { "tests/models/augmented.yaml", false },  { "tests/models/windows.yaml", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        same_bits(models[i].path, false, models[i].clang);
}

/* Their bits are those of a network with the rounded weights. */
static void kernels_of_8_bits_are_unpacked(void **state)
{
    (void)state;
    same_bits("tests/models/everything.yaml", true, false);
}

/* Each channel has its own scale, and its largest weight is 127 of it. */
static void each_channel_has_its_scale(void **state)
{
    struct network net;
    struct iso_c_weights exact, rounded;
    int kernels = 0;
    (void)state;
    open_network(&net, "tests/models/everything.yaml");
    must(iso_c_weights_read(net.exec, false, &exact));
    must(iso_c_weights_read(net.exec, true, &rounded));
    for (int i = 0; i < exact.n; i++) {
        const struct iso_c_weight *w = &rounded.list[i];
        kernels += w->channels > 0;
        for (int64_t k = 0; k < w->count; k++) {
            const float error = w->values[k] - exact.list[i].values[k];
            const float half = w->channels > 0 ? 0.5f * w->scales[k % w->channels] : 0;
            assert_true(error <= 1.0001f * half && error >= -1.0001f * half);
        }
        for (int64_t c = 0; c < w->channels; c++) {
            int most = 0;
            for (int64_t k = c; k < w->count; k += w->channels)
                most = abs(w->whole[k]) > most ? abs(w->whole[k]) : most;
            assert_int_equal(most, 127);
        }
    }
    assert_int_equal(kernels, 9); /* a separable convolution has two */
    iso_c_weights_free(&exact);
    iso_c_weights_free(&rounded);
    network_close(&net);
}

/* The limit is 8 MiB for users. */
static void many_weights_are_in_a_second_file(void **state)
{
    const struct iso_c_options options = { .weights_most = 20000 };
    struct network net;
    struct iso_c_about about;
    (void)state;
    open_network(&net, "models/mnist/linear.yaml"); /* 31840 bytes */
    must(iso_c_write(net.exec, in_folder("network.c"), &options, &about));
    assert_string_equal(about.weights_file, in_folder("network_weights.c"));
    assert_int_equal(about.weights, 31840);
    assert_int_equal(shell("test $(wc -c <network.c) -lt 40000"), 0);
    int64_t *wanted = predict(&net);
    compare("gcc", "two files", wanted);
    free(wanted);
    assert_int_equal(shell("rm network*.c"), 0);
    network_close(&net);
}

static void nothing_but_fmaf_and_sqrtf_is_needed(void **state)
{
    static const char names[] =
        "nm -u network.o | sed 's/.* //; s/^_*//' | "
        "grep -vxE 'fmaf|sqrtf|memcpy|memset|memmove|GLOBAL_OFFSET_TABLE_'";
    struct network net;
    struct iso_c_about about;
    (void)state;
    if (!there_is("gcc"))
        skip();
    open_network(&net, "tests/models/everything.yaml");
    must(iso_c_write(net.exec, in_folder("network.c"), NULL, &about));
    assert_int_equal(shell("gcc -O2 -c network.c && nm -u network.o | grep -q fmaf"), 0);
    assert_int_not_equal(shell("%s", names), 0);
    assert_int_not_equal(shell("gcc -O2 -ffast-math -c network.c 2>wrong"), 0);
    assert_int_equal(shell("grep -q 'compile it without -ffast-math' wrong"), 0);
    assert_int_not_equal(shell("gcc -O2 -funsafe-math-optimizations -c network.c 2>wrong"), 0);
    assert_int_equal(shell("rm network*"), 0);
    network_close(&net);
}

/* The functions are called as the file is, so far as C allows. */
static void names_are_those_of_the_file(void **state)
{
    struct network net;
    struct iso_c_about about;
    (void)state;
    open_network(&net, "models/mnist/linear.yaml");
    must(iso_c_write(net.exec, in_folder("3-layers.c"), NULL, &about));
    assert_string_equal(about.name, "_3_layers");
    assert_int_equal(iso_c_write(net.exec, in_folder("network.h"), NULL, &about), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "ends in .c"));
    assert_int_equal(iso_c_write(net.exec, in_folder("none/network.c"), NULL, &about), ISO_EIO);
    network_close(&net);
}

static void weights_must_be_finite(void **state)
{
    struct network net;
    struct iso_c_about about;
    struct iso_tensor t;
    const float values[10] = { 0, 1, 2, 3.0f * 1e38f * 10 };
    (void)state;
    open_network(&net, "models/mnist/linear.yaml");
    assert_true(iso_exec_tensor(net.exec, "dense_1/bias", &t));
    must(iso_tensor_write_f32(net.backend, &t, values));
    assert_int_equal(iso_c_write(net.exec, in_folder("network.c"), NULL, &about), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "element 3 of 'dense_1/bias'"));
    assert_int_not_equal(shell("test -e network.c"), 0);
    network_close(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_have_the_references_bits),
        cmocka_unit_test(kernels_of_8_bits_are_unpacked),
        cmocka_unit_test(each_channel_has_its_scale),
        cmocka_unit_test(many_weights_are_in_a_second_file),
        cmocka_unit_test(nothing_but_fmaf_and_sqrtf_is_needed),
        cmocka_unit_test(names_are_those_of_the_file),
        cmocka_unit_test(weights_must_be_finite),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
