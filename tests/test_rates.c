/* test_rates.c: learning rates of layers (learning_rate_multiplier). */
#include "cli.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum { BATCH = 3, PIXELS = 6 * 5 * 3, WEIGHTS = 6, MOST = 1024 };
static const struct {
    const char *name;
    int64_t count;
    bool slow; /* it has a multiplier */
} weights[WEIGHTS] = { { "block_c1/kernel", 189, true }, { "block_c1/bias", 7, true },
                       { "block_n/gamma", 7, true },     { "block_n/beta", 7, true },
                       { "top/kernel", 336, false },     { "top/bias", 4, false } };

/* Takes the weights after a step of a network whose first layers have this multiplier. */
static void step(const char *optimizer, double rate, const char *multiplier,
                 float out[WEIGHTS][MOST])
{
    const int32_t y[BATCH] = { 0, 3, 1 };
    float x[BATCH * PIXELS];
    char text[1024], path[CLI_PATH];
    struct network net;
    snprintf(text, sizeof text,
             "model: rates\ninput: {shape: [6, 5, 3]}\nblocks:\n  low:\n    layers:\n"
             "      - conv2d: {name: c1, filters: 7, kernel_size: 3%s}\n"
             "      - batch_normalization: {name: n%s}\nlayers:\n  - low: {name: block%s}\n"
             "  - flatten\n  - dense: {name: top, units: 4, activation: softmax}\n"
             "loss: categorical_crossentropy\noptimizer: {%s}\n",
             multiplier, multiplier, multiplier, optimizer);
    cli_write("rates.yaml", text);
    cli_path(path, "rates.yaml");
    network_open(&net, path, BATCH, "cpu", 2);
    network_begin(&net, &(struct iso_exec_options){ .training = true, .seed = 5, .log_steps = 1 });
    for (int i = 0; i < BATCH * PIXELS; i++)
        x[i] = (float)(i * 37 % 101) / 101;
    must(iso_exec_feed(net.exec, BATCH, x, y, NULL));
    must(iso_exec_forward(net.exec, true, 0, 0));
    must(iso_exec_backward(net.exec, 0));
    must(iso_exec_update(net.exec, 0, rate));
    for (int i = 0; i < WEIGHTS; i++)
        network_read(&net, weights[i].name, weights[i].count, out[i]);
    network_close(&net);
}

/* A half in the block's layers and a half around them: a quarter of the rate has the same bits. */
static void a_layer_has_a_share_of_the_rate(void **state)
{
    static const char *const optimizers[] = { "sgd: {momentum: 0.9, weight_decay: 0.1}", "adam: {}",
                                              "adamw: {weight_decay: 0.1, use_ema: true}" };
    static float plain[WEIGHTS][MOST], quarter[WEIGHTS][MOST], own[WEIGHTS][MOST];
    (void)state;
    for (size_t o = 0; o < sizeof optimizers / sizeof *optimizers; o++) {
        step(optimizers[o], 0.5, "", plain);
        step(optimizers[o], 0.125, "", quarter);
        step(optimizers[o], 0.5, ", learning_rate_multiplier: 0.5", own);
        for (int i = 0; i < WEIGHTS; i++) {
            const size_t bytes = (size_t)weights[i].count * sizeof(float);
            const float *want = weights[i].slow ? quarter[i] : plain[i];
            if (memcmp(own[i], want, bytes) != 0)
                fail_msg("%s: %s has another rate", optimizers[o], weights[i].name);
            assert_true(memcmp(plain[i], quarter[i], bytes) != 0);
        }
    }
}

static void devices_agree(void **state)
{
    static const char yaml[] =
        "data: {train: {dataset: 'builtin:digits', split: train, count: 60}}\n"
        "input: {shape: [28, 28, 1], scale: 1/255}\nlayers:\n"
        "  - conv2d: {filters: 3, kernel_size: 5, strides: 4, learning_rate_multiplier: 0.1}\n"
        "  - flatten\n  - dense: {units: 10, activation: softmax, learning_rate_multiplier: 3}\n"
        "loss: categorical_crossentropy\noptimizer: {rmsprop: {learning_rate: 0.01}}\n"
        "train: {batch_size: 20, epochs: 2, seed: 1}\n";
    char reference[65], cpu[65];
    (void)state;
    cli_write("model.yaml", yaml);
    assert_int_equal(cli_run("train model.yaml --device reference --out a"), 0);
    cli_hash(reference);
    assert_int_equal(cli_run("train model.yaml --device cpu --threads 2 --out b"), 0);
    cli_hash(cpu);
    assert_string_equal(reference, cpu);
    assert_int_equal(cli_run("parity model.yaml --devices cpu --steps 2"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_layer_has_a_share_of_the_rate),
        TEST(devices_agree),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
