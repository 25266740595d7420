/* test_reproduce.c: isocl reproduce trains, goes on, takes up what is finished, and compares. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char model[] =
    "model: %s\n"
    "data: {train: {dataset: builtin:digits, split: train},\n"
    "       validation: {dataset: builtin:digits, split: train, part: [0.5, 1]}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers: [flatten, {dense: {units: 10, activation: softmax}}]\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {sgd: {learning_rate: 0.1}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, epochs: 3}\n"
    "%s\n";

static void write_model(const char *file, const char *name, const char *more)
{
    static char text[4096];
    snprintf(text, sizeof text, model, name, more);
    char *whole = strstr(text, "split: train}");
    memcpy(whole, "split: test} ", 13);
    cli_write(file, text);
}

#define REPRODUCE "reproduce --device reference --limit 100 --quiet --out all "

/* One number of a line of the CSV file, counted from 0. */
static double csv_number(const char *figure, int column)
{
    static char text[CLI_OUTPUT];
    double value = -1;
    cli_read("t.csv", text);
    char *at = strstr(text, figure);
    if (at == NULL)
        fail_msg("no %s in %s", figure, text);
    for (; column > 0; column--)
        at = strchr(at, ',') + 1;
    assert_int_equal(sscanf(at, "%lf", &value), 1);
    return value;
}

static double history_number(const char *run, int epoch, int column)
{
    static char text[CLI_OUTPUT];
    char start[16];
    double value = -1;
    cli_read(run, text);
    snprintf(start, sizeof start, "\n%d,", epoch);
    char *at = strstr(text, start);
    assert_non_null(at);
    for (; column > 0; column--)
        at = strchr(at, ',') + 1;
    assert_int_equal(sscanf(at, "%lf", &value), 1);
    return value;
}

static void trains_resumes_and_compares(void **state)
{
    (void)state;
    write_model("a.yaml", "a",
                "expect: {source: x, validation_accuracy: 0.5, parameters: 7850, "
                "seconds_per_epoch: 3, last_epochs: 2, test_accuracy: 0.25}");
    assert_int_equal(cli_run("reproduce a.yaml --report --out all"), ISO_EXIT_FILE);
    cli_says(cli_err, "nothing to show");
    assert_int_equal(cli_run(REPRODUCE "a.yaml --epochs 1"), 0);
    cli_says(cli_out, "1/1");
    assert_int_equal(cli_run(REPRODUCE "a.yaml --csv t.csv"), 0);
    cli_says(cli_err, "going on with a.yaml: 1 of 3");
    cli_says(cli_out, "3/3");
    const double mean =
        (history_number("all/a/history.csv", 2, 7) + history_number("all/a/history.csv", 3, 7)) / 2;
    const double ours = csv_number("a,,validation_accuracy", 4);
    assert_true(ours - mean < 1e-6 && mean - ours < 1e-6 && ours > 0);
    assert_true(csv_number("a,,validation_accuracy", 3) == 0.5);
    assert_true(csv_number("a,,validation_accuracy", 7) == 3);
    assert_true(csv_number("a,,parameters", 4) == 7850);
    assert_true(csv_number("a,,test_accuracy", 4) > 0);
    assert_int_equal(cli_run(REPRODUCE "a.yaml"), 0);
    assert_null(strstr(cli_err, "training"));
    assert_null(strstr(cli_out, "sha256"));
}

/* A folder means those of its files that name a source; without one, the models that isocl came
 * with are meant. */
static void takes_models_with_a_source(void **state)
{
    (void)state;
    write_model("b.yaml", "b",
                "expect: {source: x, validation_loss: 1}\n"
                "phases: [{epochs: 2}, {name: end, optimizer: adam, epochs: 1}]");
    assert_int_equal(cli_run("reproduce --report --out none"), ISO_EXIT_FILE);
    cli_says(cli_err, "nothing to show");
    assert_int_equal(cli_run(REPRODUCE "b.yaml"), 0);
    cli_says(cli_out, "phase_1  validation_accuracy");
    cli_says(cli_out, "end      validation_loss");
    assert_int_equal(cli_run(REPRODUCE "missing.yaml b.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "missing.yaml");
    cli_says(cli_out, "end      validation_loss");
}

/* A run that was begun with another model file or arithmetic, or does not train, is no figure. */
static void refuses_what_does_not_belong(void **state)
{
    (void)state;
    write_model("c.yaml", "c", "expect: {source: x}");
    assert_int_equal(cli_run(REPRODUCE "c.yaml --epochs 1"), 0);
    write_model("c.yaml", "c", "expect: {source: y}");
    assert_int_equal(cli_run(REPRODUCE "c.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "is not the model file that the run all/c was begun with");
    assert_int_equal(cli_run("reproduce --quiet --out all c.yaml --report"), ISO_EXIT_FILE);
    write_model("e.yaml", "e", "expect: {source: x, parameters: 7850}");
    assert_int_equal(cli_run(REPRODUCE "e.yaml --epochs 1"), 0);
    cli_age("all/e");
    assert_int_equal(cli_run(REPRODUCE "e.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "the run all/e was begun with arithmetic 1 and this isocl has 2");
    assert_int_equal(cli_run("reproduce --quiet --out all e.yaml --report"), ISO_EXIT_FILE);
    cli_says(cli_err, "with another --out");
    write_model("d.yaml", "d", "expect: {source: x}");
    assert_int_equal(cli_run("reproduce --device none --quiet --out all d.yaml"), ISO_EXIT_USAGE);
    cli_says(cli_err, "was not trained to its end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trains_resumes_and_compares),
        TEST(takes_models_with_a_source),
        TEST(refuses_what_does_not_belong),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
