/* test_measure.c: mean and standard deviation computed from the training images: their definition,
 * the same everywhere, and kept in a run's model file. Run from the root of the repository. */
#include "core/data/moments.h"
#include "core/model/model.h"
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Moments --------------------------------------------------------------------------------- */

enum { ROWS = 200, PIXELS = 15 };

static void close_to(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * (fabs(b) + 1)))
        fail_msg("%.17g instead of %.17g", a, b);
}

/* Channel 0 is 7 or 8, channel 1 always 200, channel 2 anything. */
static void moments_are_those_of_the_bytes(void **state)
{
    static uint8_t images[ROWS * PIXELS * 3];
    struct iso_dataset set = {
        .images = images, .rows = ROWS, .height = 3, .width = 5, .channels = 3
    };
    double mean[ISO_REALS], std[ISO_REALS], m[ISO_REALS], s[ISO_REALS];
    double sum[3] = { 0 }, squares[3] = { 0 };
    (void)state;
    for (int i = 0; i < ROWS * PIXELS; i++) {
        images[3 * i] = (uint8_t)(7 + (i % 3 == 0));
        images[3 * i + 1] = 200;
        images[3 * i + 2] = (uint8_t)(i * i % 251);
    }
    for (int i = 0; i < ROWS * PIXELS * 3; i++)
        sum[i % 3] += images[i];
    for (int i = 0; i < ROWS * PIXELS * 3; i++)
        squares[i % 3] += pow(images[i] - sum[i % 3] / (ROWS * PIXELS), 2);
    for (set.threads = 0; set.threads < 6; set.threads++) {
        assert_int_equal(iso_dataset_moments(&set, 3, NULL, mean, std), ISO_OK);
        for (int c = 0; c < 3; c++) {
            close_to(mean[c], sum[c] / (ROWS * PIXELS));
            close_to(std[c], sqrt(squares[c] / (ROWS * PIXELS)));
        }
        assert_true(std[1] == 0);
        if (set.threads > 0)
            assert_true(memcmp(m, mean, 24) == 0 && memcmp(s, std, 24) == 0);
        memcpy(m, mean, sizeof m);
        memcpy(s, std, sizeof s);
    }
    assert_int_equal(iso_dataset_moments(&set, 1, NULL, mean, std), ISO_OK);
    close_to(mean[0], (sum[0] + sum[1] + sum[2]) / (ROWS * PIXELS * 3));
}

/* ---- Training -------------------------------------------------------------------------------- */

static const char yaml[] =
    "model: measure\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train, count: 300, part: [0, 0.5], stream: %s}\n"
    "  validation: {dataset: 'builtin:digits', split: train, count: 300, part: [0.5, 1]}\n"
    "# mean: auto is not this one\n"
    "input: {shape: [30, 28, 2], pad: [1, 0], repeat_channels: 2, scale: 1/255, %s}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, epochs: 2, seed: 5}\n";

static void write_model(const char *name, const char *stream, const char *input)
{
    char text[sizeof yaml + 1024];
    snprintf(text, sizeof text, yaml, stream, input);
    cli_write(name, text);
}

static void run(const char *arguments)
{
    if (cli_run("%s", arguments) != 0)
        fail_msg("%s: %s", arguments, cli_err);
}

static void keep_from(char out[256], const char *begin, const char *end)
{
    const char *at = strstr(cli_out, begin);
    assert_non_null(at);
    snprintf(out, 256, "%.*s", (int)(strstr(at, end) - at), at);
}

/* The numbers that a run writes give, written by hand, the same weights; they stay what they are
 * for other rows, and for a run that is resumed. */
static void runs_keep_the_numbers(void **state)
{
    static char text[CLI_OUTPUT];
    char whole[65], hex[65], loss[256], said[256];
    (void)state;
    write_model("auto.yaml", "false", "std: auto, mean: auto");
    run("train auto.yaml --device reference --out a");
    cli_hash(whole);
    keep_from(said, "input      mean [", "\n");
    run("eval a --split validation --device cpu");
    keep_from(loss, "loss ", "\n");
    cli_read("a/model.yaml", text);
    assert_null(strstr(text, "std: auto"));
    cli_says(text, "# mean: auto is not this one");
    cli_write("numbers.yaml", text);
    run("train numbers.yaml --device cpu --out n");
    cli_hash(hex);
    assert_string_equal(whole, hex);
    write_model("streamed.yaml", "true", "std: auto, mean: auto");
    run("train streamed.yaml --device cpu --threads 3 --steps 4 --out s");
    cli_says(cli_out, said);
    run("train streamed.yaml --resume --out s --epochs 2 --device cpu");
    cli_hash(hex);
    assert_string_equal(whole, hex);
    run("eval auto.yaml --weights a/weights.safetensors --split validation");
    cli_says(cli_out, loss); /* from the training rows, which are read for it */
    run("eval a --split validation --limit 150 --device cpu");
    cli_says(cli_out, loss);
    write_model("streamed.yaml", "true", "std: auto, mean: [0.1, 0.2]");
    assert_int_equal(cli_run("train streamed.yaml --resume --out s --epochs 3"), 2);
    cli_says(cli_err, "is not the model file the run was begun with");
}

static const char augmented[] =
    "std: %s, mean: %s}\n"
    "augmentation: [random_brightness: {factor: [-0.3, 0.3], value_range: %s},\n"
    "               random_contrast: {factor: 0.4, value_range: %s}]\n"
    "# {";

/* The numbers of a run's model file, and what they make of black and white, written by hand. */
static void write_numbers(const char *name, const char *run_model)
{
    static char text[CLI_OUTPUT];
    char std[32], mean[32], range[80], input[512];
    double m[2], s[2];
    cli_read(run_model, text);
    cli_says(text, "value_range: auto}]");
    const char *std_at = strstr(text, "std: ["), *mean_at = strstr(text, ", mean: [");
    assert_true(std_at != NULL && mean_at != NULL);
    assert_int_equal(sscanf(std_at, "std: [%lf, %lf]", &s[0], &s[1]), 2);
    assert_int_equal(sscanf(mean_at, ", mean: [%lf, %lf]", &m[0], &m[1]), 2);
    assert_true(m[0] == m[1] && s[0] == s[1]); /* it is one channel, repeated */
    snprintf(std, sizeof std, "%.17g", s[0]);
    snprintf(mean, sizeof mean, "%.17g", m[0]);
    snprintf(range, sizeof range, "[%.17g, %.17g]", (0 - m[0]) / s[0], (1 - m[0]) / s[0]);
    snprintf(input, sizeof input, augmented, std, mean, range, range);
    write_model(name, "false", input);
}

/* The range to which augmentations clamp values is set once the images have been measured. */
static void ranges_follow_the_numbers(void **state)
{
    static const char *const runs[] = { "train auto.yaml --device reference",
                                        "train a/model.yaml --device cpu",
                                        "train numbers.yaml --device cpu",
                                        "train auto.yaml --device opencl:pocl --mode exact" };
    char input[512], whole[65], hex[65];
    (void)state;
    snprintf(input, sizeof input, augmented, "auto", "auto", "auto", "auto");
    write_model("auto.yaml", "false", input);
    run("train auto.yaml --device cpu --out a --steps 2");
    run("train --resume --out a --epochs 2 --device cpu");
    cli_hash(whole);
    write_numbers("numbers.yaml", "a/model.yaml");
    const bool pocl = cli_run("devices") == 0 && strstr(cli_out, "Portable Computing") != NULL;
    for (int i = 0; i < (pocl ? 4 : 3); i++) {
        run(runs[i]);
        cli_hash(hex);
        assert_string_equal(whole, hex);
    }
}

static void one_of_them_may_be_given(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    write_model("one.yaml", "false", "mean: 0.25, std: auto");
    run("train one.yaml --device cpu --steps 1 --out a");
    cli_read("a/model.yaml", text);
    cli_says(text, "mean: 0.25, std: [0.");
    run("predict a --split validation --limit 3 --device cpu");
    if (cli_run("export a --out a.onnx") != 0) {
        print_message("  export left out: %s", cli_err);
        return;
    }
    assert_int_equal(cli_run("export one.yaml --weights a/weights.safetensors --out b.onnx"), 2);
    cli_says(cli_err, "name the folder of a run");
}

static void faults_are_reported(void **state)
{
    static const struct {
        const char *input, *expected;
    } cases[] = {
        { "mean: 'auto'", "input: mean: write  mean: auto  itself" },
        { "mean: [auto]", "input: mean: expected a number, found 'auto'" },
        { "std: {a: 1}", "input: std: expected auto, a number, or one to four in a list" },
        { "preprocessing: caffe, mean: auto", "caffe has its own 'mean'" },
        { "std: auto}\naugmentation: [random_contrast: 0.1]\n# {", "say  value_range: auto" },
        { "std: auto}\naugmentation: [random_contrast: {factor: 0.1, value_range: 1}]\n# {",
          "value_range: expected auto, or two numbers" },
        { "std: auto}\naugmentation: [random_contrast: {factor: 0.1, value_range: [auto]}]\n# {",
          "value_range: expected auto, or two numbers" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_model("bad.yaml", "false", cases[i].input);
        assert_int_equal(cli_run("summary bad.yaml"), ISO_EXIT_FILE);
        cli_says(cli_err, cases[i].expected);
    }
    cli_write("black.csv", "0,9,9\n1,9,9\n");
    cli_write("black.yaml",
              "data: {train: {dataset: 'csv:black.csv', split: train}}\n"
              "input: {shape: [2], std: auto}\nlayers: [dense: {units: 2, activation: softmax}]\n"
              "loss: categorical_crossentropy\noptimizer: sgd\n");
    assert_int_equal(cli_run("train black.yaml --device cpu --data ."), ISO_EXIT_FILE);
    cli_says(cli_err, "channel 0 (counted from 0) of the training images has the same value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(moments_are_those_of_the_bytes),
        TEST(runs_keep_the_numbers),
        TEST(ranges_follow_the_numbers),
        TEST(one_of_them_may_be_given),
        TEST(faults_are_reported),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
