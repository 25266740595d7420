/* test_unfreeze.c: a phase that trains frozen layers (unfreeze), after one that kept features. */
#include "cli.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "network.h"

static void write_model(const char *unfreeze)
{
    char text[1200];
    snprintf(text, sizeof text,
             "model: unfrozen\ndata: {train: {dataset: 'builtin:digits', split: train, count: 80}, "
             "validation: {dataset: 'builtin:digits', split: test, count: 40}}\n"
             "input: {shape: [28, 28, 1], scale: 1/255}\nlayers:\n"
             "  - conv2d: {name: low, filters: 3, kernel_size: 5, strides: 4, trainable: false}\n"
             "  - batch_normalization: {name: norm, trainable: false}\n"
             "  - conv2d: {name: high, filters: 4, kernel_size: 3, trainable: false}\n"
             "  - flatten\n  - dense: {name: top, units: 10, activation: softmax}\n"
             "loss: categorical_crossentropy\n"
             "train: {batch_size: 20, seed: 1, keep_features: true}\n"
             "phases:\n  - {name: head, epochs: 1, optimizer: {adam: {learning_rate: 0.01}}}\n"
             "  - {name: fine, epochs: 1, optimizer: {adam: {learning_rate: 0.001}}, %s}\n",
             unfreeze);
    cli_write("model.yaml", text);
}

static struct iso_st_file *weights_of(const char *run)
{
    char path[CLI_PATH], name[64];
    struct iso_st_file *f;
    snprintf(name, sizeof name, "%s/weights.safetensors", run);
    cli_path(path, name);
    must(iso_st_open(path, &f));
    return f;
}

/* Fails unless a weight has the same bits in two files, or other ones. */
static void compare(const struct iso_st_file *a, const struct iso_st_file *b, const char *name,
                    bool same)
{
    const struct iso_st_tensor *x = iso_st_find(a, name), *y = iso_st_find(b, name);
    assert_true(x != NULL && y != NULL);
    const bool equal = memcmp(x->data, y->data, (size_t)iso_st_bytes(x)) == 0;
    if (equal != same)
        fail_msg("%s %s", name, same ? "has changed" : "has not changed");
}

static void changes(const char *unfreeze, bool low)
{
    char whole[65], part[65];
    write_model(unfreeze);
    assert_int_equal(cli_run("train model.yaml --out part --device cpu --epochs 1"), 0);
    struct iso_st_file *before = weights_of("part");
    assert_int_equal(cli_run("train --resume --out part --epochs 2 --device cpu"), 0);
    cli_hash(part);
    assert_int_equal(cli_run("train model.yaml --out whole --device reference"), 0);
    cli_hash(whole);
    assert_string_equal(whole, part);
    struct iso_st_file *after = weights_of("whole");
    compare(before, after, "low/kernel", !low);
    compare(before, after, "norm/gamma", !low);
    compare(before, after, "norm/moving_mean", !low);
    compare(before, after, "high/kernel", false);
    compare(before, after, "top/kernel", false);
    iso_st_close(before);
    iso_st_close(after);
}

static void a_phase_trains_every_layer(void **state)
{
    (void)state;
    changes("unfreeze: all", true);
}

/* The layers below stay as they are, and their features are kept. */
static void a_phase_trains_layers_from_one_on(void **state)
{
    (void)state;
    changes("unfreeze: high", false);
    assert_int_equal(cli_run("parity model.yaml --devices cpu"), 0);
}

static void what_cannot_be_unfrozen_is_a_fault(void **state)
{
    (void)state;
    write_model("unfreeze: hihg");
    assert_int_equal(cli_run("check model.yaml"), 4);
    cli_says(cli_err, "phase 'fine': unfreeze: there is no layer 'hihg'; name one, or write all");
    write_model("unfreeze: top");
    assert_int_equal(cli_run("check model.yaml"), 4);
    cli_says(cli_err,
             "phase 'fine': unfreeze: no layer is frozen (trainable: false) from there on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_phase_trains_every_layer),
        TEST(a_phase_trains_layers_from_one_on),
        TEST(what_cannot_be_unfrozen_is_a_fault),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
