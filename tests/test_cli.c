/* test_cli.c: what the program says and how it ends: usage, faults, what there is. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Usage --------------------------------------------------------------------------------- */

static void test_help_and_version(void **state)
{
    static const char *const commands[] = { "train",   "eval",    "reproduce", "runs",
                                            "summary", "parity",  "trace",     "import",
                                            "export",  "devices", "doctor",    "completion",
                                            "help" };
    (void)state;
    assert_int_equal(cli_run("--version"), 0);
    assert_true(strncmp(cli_out, "isocl ", 6) == 0);
    cli_says(cli_out, "\nbuilt with ");
    assert_int_equal(cli_run("--help"), 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "\n  %-10s ", commands[i]);
        assert_int_equal(cli_run("--help"), 0);
        cli_says(cli_out, line);
        assert_int_equal(cli_run("%s --help", commands[i]), 0);
        cli_says(cli_out, "Examples:\n  ");
        assert_int_equal(strlen(cli_err), 0);
    }
}

static void test_manual_and_completion(void **state)
{
    static const char *const shells[] = { "bash", "zsh", "fish" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cli_run("completion %s", shells[i]), 0);
        cli_says(cli_out, "reproduce");
        cli_says(cli_out, "exact fast");
    }
    assert_int_equal(cli_run("completion csh"), 2);
    cli_says(cli_err, "bash, zsh and fish");
    assert_int_equal(cli_run("help --man"), 0);
    assert_true(strncmp(cli_out, ".TH ISOCL 1", 11) == 0);
    cli_says(cli_out, "\n.SS isocl train MODEL.yaml");
    cli_says(cli_out, "\n\\fB\\-\\-epochs\\fR \\fIN\\fR\n");
}

static void assert_wrong(const char *arguments, const char *message)
{
    assert_int_equal(cli_run("%s", arguments), 2);
    assert_int_equal(strlen(cli_out), 0);
    cli_says(cli_err, message);
    assert_int_equal(cli_lines(cli_err), 1);
}

static void test_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(cli_run(""), 2);
    cli_says(cli_err, "usage: isocl COMMAND");
    assert_wrong("trian", "(did you mean 'train'?)");
    assert_wrong("train", "give it a model file");
    assert_wrong("train tiny.yaml --epoch 3", "(did you mean 'epochs'?)");
    assert_wrong("train tiny.yaml --epochs", "--epochs needs its N");
    assert_wrong("train tiny.yaml --epochs 0",
                 "--epochs takes a whole number of at least 1, not '0'");
    assert_wrong("train tiny.yaml --epochs=2x", "not '2x'");
    assert_wrong("train tiny.yaml --epochs 99999999999999999999", "whole number");
    assert_wrong("train tiny.yaml --mode slow", "--mode takes exact|fast, not 'slow'");
    assert_wrong("train tiny.yaml --quiet=yes", "--quiet takes no value");
    assert_wrong("train tiny.yaml other.yaml", "one argument too many: 'other.yaml'");
    assert_wrong("train tiny.yaml -q", "options start with two dashes");
    assert_wrong("train tiny.yaml --epochs 2 --steps 3", "exclude each other");
    assert_wrong("train --resume", "--out DIR");
    assert_wrong("train tiny.yaml --device abacus", "unknown device 'abacus'");
    assert_wrong("eval", "give it RUN|MODEL.yaml");
    assert_wrong("eval tiny.yaml", "--weights FILE");
    assert_wrong("help nonsense", "nonsense");
}

static void test_faults(void **state)
{
    (void)state;
    cli_write("bad.yaml", "model: x\nlayrs: []\nloss: nonsense\n");
    assert_int_equal(cli_run("train bad.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "bad.yaml:2:1: ");
    cli_says(cli_err, "bad.yaml:3:7: ");
    cli_says(cli_err, " faults\n");
    assert_int_equal(cli_run("train nowhere.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "nowhere.yaml");
    assert_int_equal(cli_lines(cli_err), 1);
    assert_int_equal(cli_run("train tiny.yaml --device reference --limit 50 --out /dev/null/x"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "/dev/null");
    assert_int_equal(cli_run("trace tiny.yaml --device reference --batch-from nowhere"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "nowhere");
}

static void test_output_that_cannot_be_written(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(cli_run("help >/dev/full"), ISO_EXIT_FILE);
    cli_says(cli_err, "standard output");
}

/* ---- What there is ------------------------------------------------------------------------- */

static void test_devices(void **state)
{
    (void)state;
    assert_int_equal(cli_run("devices"), 0);
    cli_says(cli_out, "\nreference ");
    assert_int_equal(cli_run("devices --json"), 0);
    int devices = 0;
    for (char *rest = NULL, *line = strtok_r(cli_out, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        assert_true(json_is_string(json_object_get(object, "id")));
        json_decref(object);
        devices++;
    }
    assert_true(devices >= 1);
}

static void test_doctor_and_help(void **state)
{
    (void)state;
    assert_int_equal(cli_run("doctor"), 0);
    cli_says(cli_out, "\nDevices:\n  reference");
    cli_says(cli_out, "builtin:digits   drawn by isocl");
    cli_says(cli_out, "\nWhat to do:\n  ");
    assert_int_equal(cli_run("help"), 0);
    cli_says(cli_out, "conv2d");
    assert_int_equal(cli_run("help conv2d"), 0);
    cli_says(cli_out, "kernel_size");
    assert_int_equal(cli_run("help --markdown"), 0);
    cli_says(cli_out, "kernel_size");
}

static void test_summary(void **state)
{
    (void)state;
    assert_int_equal(cli_run("summary tiny.yaml"), 0);
    cli_says(cli_out, "dense_1 ");
    cli_says(cli_out, " 6280 "); /* 784 x 8 + 8 */
    cli_says(cli_out, " 6370 "); /* and 8 x 10 + 10 */
    cli_says(cli_out, "ARENA");
    assert_int_equal(cli_run("summary tiny.yaml --dot"), 0);
    assert_true(strncmp(cli_out, "digraph ", 8) == 0);
    cli_says(cli_out, "\"dense_1\" -> \"dropout_1\";");
}

/* Wherever one is, models/demo.yaml is there, and what is not says so. */
static void test_models_it_came_with(void **state)
{
    (void)state;
    assert_int_equal(cli_run("summary models/demo.yaml"), 0);
    cli_says(cli_out, " 12810 ");
    cli_says(cli_err, "isocl: there is no models/demo.yaml here; taking /");
    assert_int_equal(cli_run("parity models/demo.yaml --devices cpu --steps 1 --quiet"), 0);
    assert_int_equal(cli_run("summary models/nothing.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "models/nothing.yaml: cannot be opened");
    assert_int_equal(cli_run("summary demo.yaml"), ISO_EXIT_FILE);
    assert_int_equal(cli_run("summary tiny.yaml"), 0);
    assert_int_equal(strlen(cli_err), 0);
}

static void test_parity(void **state)
{
    char cases[CLI_PATH];
    (void)state;
    assert_non_null(realpath("models/ops", cases));
    assert_int_equal(cli_run("parity --cases '%s' --ops dense --devices reference --quick", cases),
                     0);
    assert_true(cli_run("parity --cases '%s' --ops nonsense --devices reference", cases) != 0);
    cli_says(cli_err, "nonsense");
    assert_int_equal(cli_run("parity --cases '%s' --ops dens", cases), 2);
    cli_says(cli_err, "did you mean 'dense'?");
    assert_int_equal(cli_run("parity --cases '%s' --devices nonsense", cases), 2);
    assert_string_equal(cli_out, ""); /* no heading over nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_help_and_version),
        TEST(test_manual_and_completion),
        TEST(test_wrong_usage),
        TEST(test_faults),
        TEST(test_output_that_cannot_be_written),
        TEST(test_devices),
        TEST(test_doctor_and_help),
        TEST(test_summary),
        TEST(test_models_it_came_with),
        TEST(test_parity),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
