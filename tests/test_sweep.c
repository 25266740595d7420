/* test_sweep.c: combinations, means and deviations of a sweep, and that nothing is trained twice.
 */
#include "cli.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWEEP "sweep tiny.yaml --device reference --limit 120 --epochs 2 "
#define OVER "--over optimizer.learning_rate=0.01,0.001 "

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* The validation accuracy of line n of the sweep's CSV file, from 1. */
static double accuracy_of(const char *csv, int n)
{
    for (; n > 0; n--)
        csv = strchr(csv, '\n') + 1;
    for (int comma = 0; comma < 6; comma++) /* the settings here hold none */
        csv = strchr(csv, ',') + 1;
    return atof(csv);
}

static void the_table_has_means_and_deviations(void **state)
{
    static char csv[CLI_OUTPUT];
    char line[64];
    (void)state;
    assert_int_equal(cli_run(SWEEP OVER "--seeds 3 --csv s.csv"), 0);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 6);
    cli_read("s.csv", csv);
    assert_int_equal(cli_lines(csv), 7);
    const double a = accuracy_of(csv, 1), b = accuracy_of(csv, 2), c = accuracy_of(csv, 3);
    const double mean = (a + b + c) / 3;
    const double squares = pow(a - mean, 2) + pow(b - mean, 2) + pow(c - mean, 2);
    snprintf(line, sizeof line, "%.4f +-%.4f", mean, sqrt(squares / 2));
    cli_says(cli_out, line);
    cli_says(cli_out, "\n0.001 ");
    cli_says(cli_out,
             "RUNS              LOSS          ACCURACY          VAL_LOSS           VAL_ACC"
             "              BEST\n");
}

/* One run has no deviation. */
static void one_run_is_shown_as_it_is(void **state)
{
    static char csv[CLI_OUTPUT];
    char line[64];
    (void)state;
    assert_int_equal(cli_run(SWEEP "--seeds 1 --csv s.csv"), 0);
    cli_read("s.csv", csv);
    snprintf(line, sizeof line, "  %16.4f  ", accuracy_of(csv, 1));
    cli_says(cli_out, line);
}

/* The same trainings again, also when the file says it in other words: none is done. More of them:
 * only the new ones are. */
static void nothing_is_trained_twice(void **state)
{
    static char text[CLI_OUTPUT], commented[CLI_OUTPUT + 32];
    (void)state;
    assert_int_equal(cli_run(SWEEP OVER "--seeds 1"), 0);
    assert_int_equal(cli_run(SWEEP OVER "--seeds 1"), 0);
    assert_int_equal(count(cli_err, "there is already"), 2);
    assert_int_equal(count(cli_err, "training "), 0);
    cli_read("tiny.yaml", text);
    snprintf(commented, sizeof commented, "# a comment\n%s", text);
    cli_write("tiny.yaml", commented);
    assert_int_equal(cli_run(SWEEP OVER "--seeds 2"), 0);
    assert_int_equal(count(cli_err, "there is already"), 2);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2);
    assert_int_equal(cli_run(SWEEP OVER "--set layers.dense_1.units=9"), 0); /* another model */
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2);
    assert_int_equal(cli_run("sweep tiny.yaml --device reference --limit 100 --epochs 2 " OVER), 0);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2); /* other data */
}

static void write_images(int shade)
{
    static const uint8_t images[16] = { 0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 2 };
    static const uint8_t labels[8] = { 0, 0, 8, 1, 0, 0, 0, 40 };
    char path[CLI_PATH];
    cli_path(path, "train-images-idx3-ubyte");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(images, 1, sizeof images, f), sizeof images);
    for (int i = 0; i < 40 * 6; i++)
        putc(i == 39 * 6 + 5 ? shade : i * 37 % 251, f);
    assert_int_equal(fclose(f), 0);
    cli_path(path, "train-labels-idx1-ubyte");
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(labels, 1, sizeof labels, f), sizeof labels);
    for (int i = 0; i < 40; i++)
        putc(i % 10, f);
    assert_int_equal(fclose(f), 0);
}

/* Images that stay on disk count, too: one pixel of the last one is another, and then is as it was.
 */
static void streamed_images_count(void **state)
{
    static const char *const sweep =
        "sweep streamed.yaml --data . --device reference --epochs 1 --seeds 2";
    (void)state;
    cli_write("streamed.yaml",
              "model: streamed\n"
              "data: {train: {dataset: mnist, split: train, part: [0, 0.5], stream: true},\n"
              "       validation: {dataset: mnist, split: train, part: [0.5, 1], stream: true}}\n"
              "input: {shape: [3, 2, 1], scale: 1/255}\n"
              "layers: [flatten, dense: {units: 10, activation: softmax}]\n"
              "loss: sparse_categorical_crossentropy\n"
              "optimizer: {sgd: {learning_rate: 0.1}}\n"
              "metrics: [accuracy]\n"
              "train: {batch_size: 5, epochs: 1, seed: 1}\n");
    write_images(1);
    assert_int_equal(cli_run(sweep), 0);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2);
    write_images(2);
    assert_int_equal(cli_run(sweep), 0);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2);
    write_images(1);
    assert_int_equal(cli_run(sweep), 0);
    assert_int_equal(count(cli_err, "there is already"), 2);
}

/* Ctrl-C in the first run: the same command goes on with it. */
static void a_sweep_that_was_stopped_goes_on(void **state)
{
    (void)state;
    const pid_t pid = cli_start("sweep tiny.yaml --device reference --epochs 3 --seeds 2");
    char command[CLI_PATH];
    snprintf(command, sizeof command, "ls %s/runs/sweep/*/state >/dev/null 2>&1", cli_folder);
    for (int ms = 0; ms < 60000 && system(command) != 0; ms += 20)
        cli_sleep(0.02);
    assert_int_equal(kill(pid, SIGINT), 0);
    const int status = cli_wait(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_int_equal(cli_run("sweep tiny.yaml --device reference --epochs 3 --seeds 2"), 0);
    assert_int_equal(count(cli_err, "going on with"), 1);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 1);
}

static void what_is_no_sweep_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cli_run("sweep tiny.yaml"), ISO_EXIT_USAGE);
    cli_says(cli_err, "--over KEY=A,B or --seeds N");
    assert_int_equal(cli_run("sweep tiny.yaml --over train.epochs"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("sweep tiny.yaml --over train.epochs=1,,2"), ISO_EXIT_USAGE);
    cli_says(cli_err, "value 2 is empty");
    assert_int_equal(cli_run("sweep tiny.yaml --over train.epoch=1,2"), ISO_EXIT_FILE);
    cli_says(cli_err, "--set train.epoch=1: train: unknown key 'epoch' (did you mean 'epochs'?)");
    assert_int_equal(
        cli_run(SWEEP "--over 'augmentation=[],[{image_data_generator: {zoom_range: 0.1}}]'"), 0);
    assert_int_equal(count(cli_err, "isocl sweep: training "), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_has_means_and_deviations), TEST(one_run_is_shown_as_it_is),
        TEST(nothing_is_trained_twice),           TEST(streamed_images_count),
        TEST(a_sweep_that_was_stopped_goes_on),   TEST(what_is_no_sweep_is_refused),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
