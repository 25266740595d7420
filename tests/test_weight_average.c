/* test_weight_average.c: the moving average of the weights (use_ema), step by step and in a run. */
#include "cli.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/file.h"
#include "network.h"

enum { BATCH = 3, PIXELS = 6 * 5 * 3, STEPS = 4, MOST = 1024 };

static const char layers[] =
    "model: averaged\ninput: {shape: [6, 5, 3], scale: 1/255}\nlayers:\n"
    "  - conv2d: {name: c1, filters: 7, kernel_size: 3, trainable: false}\n"
    "  - batch_normalization: {name: n}\n  - flatten\n"
    "  - dense: {name: top, units: 4, activation: softmax}\n"
    "loss: categorical_crossentropy\n";

static void open_averaged(struct network *net, const char *optimizer)
{
    char text[1024], path[CLI_PATH];
    snprintf(text, sizeof text, "%soptimizer: {%s}\n", layers, optimizer);
    cli_write("averaged.yaml", text);
    cli_path(path, "averaged.yaml");
    network_open(net, path, BATCH, "cpu", 2);
    network_begin(net, &(struct iso_exec_options){ .training = true, .seed = 5, .log_steps = 1 });
}

static void step(struct network *net, uint64_t number)
{
    const int32_t y[BATCH] = { 0, 3, 1 };
    float x[BATCH * PIXELS];
    for (int i = 0; i < BATCH * PIXELS; i++)
        x[i] = (float)((i + 11 * (int)number) * 37 % 101) / 101;
    must(iso_exec_feed(net->exec, BATCH, x, y, NULL));
    must(iso_exec_forward(net->exec, true, number, 0));
    must(iso_exec_backward(net->exec, number));
    must(iso_exec_update(net->exec, number, 0.05));
}

/* Kernel and bias of the dense layer: their averages have the bits of the formula, whatever slots
 * the optimizer has of its own; and weights that are not trained have none. */
static void averages_follow_the_formula(void **state)
{
    static const char *const optimizers[] = {
        "sgd: {learning_rate: 0.05, use_ema: true, ema_momentum: 0.75}",
        "sgd: {learning_rate: 0.05, momentum: 0.9, use_ema: true, ema_momentum: 0.75}",
        "adam: {learning_rate: 0.05, use_ema: true, ema_momentum: 0.75}",
    };
    static const struct {
        const char *weight, *average;
        int64_t count;
    } names[] = { { "top/kernel", "top/kernel/average", 84 * 4 },
                  { "top/bias", "top/bias/average", 4 } };
    (void)state;
    for (size_t o = 0; o < sizeof optimizers / sizeof *optimizers; o++) {
        static float average[2][MOST], w[MOST], got[MOST];
        struct network net;
        struct iso_tensor t;
        open_averaged(&net, optimizers[o]);
        assert_false(iso_exec_tensor(net.exec, "c1/kernel/average", &t));
        assert_false(iso_exec_tensor(net.exec, "n/moving_mean/average", &t));
        for (uint64_t s = 0; s < STEPS; s++) {
            step(&net, s);
            for (int i = 0; i < 2; i++) {
                network_read(&net, names[i].weight, names[i].count, w);
                network_read(&net, names[i].average, names[i].count, got);
                for (int64_t k = 0; k < names[i].count; k++) {
                    float *a = &average[i][k];
                    *a = s == 0 ? w[k] : fmaf(0.25f, w[k], fmaf(-0.25f, *a, *a));
                    assert_memory_equal(a, &got[k], sizeof *a);
                }
            }
        }
        must(iso_exec_finish_average(net.exec));
        network_read(&net, "top/bias", 4, w);
        assert_memory_equal(w, average[1], 4 * sizeof *w);
        network_close(&net);
    }
}

static void write_model(const char *name, const char *keys, const char *phases)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "model: averaged\ndata: {train: {dataset: 'builtin:digits', split: train, count: 120}, "
        "validation: {dataset: 'builtin:digits', split: test, count: 60}}\n"
        "input: {shape: [28, 28, 1], scale: 1/255}\nlayers:\n  - flatten\n"
        "  - dense: {units: 10, activation: softmax}\nloss: categorical_crossentropy\n"
        "optimizer: {adam: {learning_rate: 0.01%s}}\n"
        "train: {batch_size: 20, epochs: 3, seed: 1}\n%s",
        keys, phases);
    cli_write(name, text);
}

/* The same weights on every device, and when the run is interrupted; while it trains, the weights
 * are those of a training without an average. */
static void a_run_ends_with_the_average(void **state)
{
    static const char keys[] = ", use_ema: true, ema_momentum: 0.9";
    char whole[65], other[65], plain[65], *with = malloc(CLI_OUTPUT), *without = malloc(CLI_OUTPUT);
    struct iso_st_file *weights, *kept;
    char path[CLI_PATH];
    (void)state;
    assert_true(with != NULL && without != NULL);
    write_model("averaged.yaml", keys, "");
    write_model("plain.yaml", "", "");
    assert_int_equal(cli_run("train averaged.yaml --out whole --device reference"), 0);
    cli_hash(whole);
    assert_int_equal(cli_run("train averaged.yaml --out cpu --device cpu --threads 2"), 0);
    cli_hash(other);
    assert_string_equal(whole, other);
    assert_int_equal(cli_run("train averaged.yaml --out part --device reference --epochs 1"), 0);
    assert_int_equal(cli_run("train --resume --out part --epochs 3 --device cpu"), 0);
    cli_hash(other);
    assert_string_equal(whole, other);
    assert_int_equal(cli_run("train plain.yaml --out plain --device cpu"), 0);
    cli_hash(plain);
    assert_string_not_equal(whole, plain);
    cli_history("whole", with);
    cli_history("plain", without);
    assert_string_equal(with, without);
    cli_path(path, "whole/weights.safetensors");
    must(iso_st_open(path, &weights));
    cli_path(path, "whole/state");
    must(iso_st_open(path, &kept));
    const struct iso_st_tensor *w = iso_st_find(weights, "dense_1/kernel");
    const struct iso_st_tensor *average = iso_st_find(kept, "dense_1/kernel/average");
    assert_memory_equal(w->data, average->data, 7840 * sizeof(float));
    iso_st_close(weights);
    iso_st_close(kept);
    free(with);
    free(without);
}

static double size_of(const struct iso_st_file *f, const char *name)
{
    const struct iso_st_tensor *t = iso_st_find(f, name);
    const float *values = t->data;
    double sum = 0;
    for (int i = 0; i < 7840; i++)
        sum += fabs((double)values[i]);
    return sum;
}

/* Fails unless the average is as large as the weights: not one that began at 0. */
static void average_is_of_weights(const char *state)
{
    char path[CLI_PATH];
    struct iso_st_file *f;
    cli_path(path, state);
    must(iso_st_open(path, &f));
    const double share = size_of(f, "dense_1/kernel/average") / size_of(f, "dense_1/kernel");
    if (!(share > 0.75 && share < 1.25)) /* 0.41 from 0, after 6 steps */
        fail_msg("the average is %g of the weights", share);
    iso_st_close(f);
}

/* A phase ends with the average, from which the next one goes on, as one fit of Keras after
 * another. */
static void each_phase_ends_with_its_average(void **state)
{
    char whole[65], other[65];
    (void)state;
    write_model("averaged.yaml", ", use_ema: true, ema_momentum: 0.9",
                "phases:\n  - {epochs: 2}\n  - {epochs: 1, keep_steps: true}\n");
    assert_int_equal(cli_run("train averaged.yaml --out whole --device reference"), 0);
    cli_hash(whole);
    assert_int_equal(cli_run("train averaged.yaml --out part --device cpu --epochs 2"), 0);
    assert_int_equal(cli_run("train --resume --out part --epochs 3 --device cpu"), 0);
    cli_hash(other);
    assert_string_equal(whole, other);
    average_is_of_weights("whole/state");
    if (cli_run("parity averaged.yaml --devices cpu --steps 3") != 0)
        fail_msg("%s%s", cli_out, cli_err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(averages_follow_the_formula),
        TEST(a_run_ends_with_the_average),
        TEST(each_phase_ends_with_its_average),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
