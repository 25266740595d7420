/* test_cli_eval.c: evaluation and traces as a user runs them. */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_eval(void **state)
{
    char trained[65], evaluated[65];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    cli_hash(trained);
    assert_int_equal(cli_run("eval a --limit 120 --device reference"), 0);
    cli_hash(evaluated);
    assert_string_equal(trained, evaluated);
    cli_says(cli_out, "builtin:digits, test: 120 images");
    const char *scores = strstr(cli_out, "loss ");
    double loss, accuracy, history_loss = -1, history_accuracy = -1;
    assert_non_null(scores);
    assert_int_equal(sscanf(scores, "loss %lf  accuracy %lf", &loss, &accuracy), 2);
    cli_read("a/history.csv", cli_out);
    const char *last = strstr(cli_out, "\n2,");
    assert_non_null(last);
    assert_int_equal(
        sscanf(last, "\n2,%*f,%*f,%*f,%*f,%*f,%lf,%lf", &history_loss, &history_accuracy), 2);
    assert_true(loss - history_loss < 1e-6 && history_loss - loss < 1e-6);
    assert_true(accuracy - history_accuracy < 1e-6 && history_accuracy - accuracy < 1e-6);
    assert_int_equal(
        cli_run("eval tiny.yaml --weights a/best.safetensors --split train --limit 30 --json "
                "--device reference"),
        0);
    cli_says(cli_out, "\"rows\":30");
    assert_int_equal(cli_run("eval tiny.yaml --weights tiny.yaml --device reference"),
                     ISO_EXIT_FILE);
    assert_int_equal(cli_lines(cli_err), 1);
}

/* A class a line, their averages, and the matrix, whose numbers add up to the rows. */
static void test_eval_of_classes(void **state)
{
    static const char *const heads[] = { "class     precision     recall         f1       rows\n",
                                         "\nmacro ", "\nweighted ", "\nconfusion matrix: " };
    int rows = 0, read = 0, n;
    (void)state;
    cli_read("tiny.yaml", cli_out);
    *strstr(cli_out, "metrics:") = '\0';
    strcat(cli_out, "metrics: [f1, {recall: none}, confusion_matrix]\ntrain: {batch_size: 50}\n");
    cli_write("classes.yaml", cli_out);
    assert_int_equal(cli_run("train classes.yaml --device reference --limit 120 --epochs 1 "
                             "--out a"),
                     0);
    cli_says(cli_out, "  f1 0.");
    cli_says(cli_out, "  val_f1 0.");
    assert_null(strstr(cli_out, "recall")); /* no place on a line */
    assert_int_equal(cli_run("eval a --limit 120 --device reference"), 0);
    for (int i = 0; i < 4; i++)
        cli_says(cli_out, heads[i]);
    const char *at = strstr(strstr(cli_out, heads[3]), "\n0 ") + 1;
    for (int line = 0; line < 10; line++) {
        assert_int_equal(sscanf(at, "%d%n", &n, &read), 1);
        assert_int_equal(n, line);
        at += read;
        for (int i = 0; i < 10; i++, at += read) {
            assert_int_equal(sscanf(at, "%d%n", &n, &read), 1);
            rows += n;
        }
    }
    assert_int_equal(rows, 120);
    assert_int_equal(cli_run("eval a --limit 120 --device reference --json"), 0);
    cli_says(cli_out, "\"confusion_matrix\":[[");
    cli_says(cli_out, "\"recall_class\":[");
    cli_says(cli_out, "\"classes\":[{\"class\":0,\"rows\":");
    assert_int_equal(cli_lines(cli_out), 1);
}

static void test_weights_that_do_not_fit(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--steps 1 --out a --quiet"), 0);
    cli_read("tiny.yaml", cli_out);
    memcpy(strstr(cli_out, "units: 8"), "units: 9", 8);
    cli_write("wide.yaml", cli_out);
    assert_int_equal(cli_run("eval wide.yaml --weights a/weights.safetensors --device reference"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "dense_1/kernel has shape 784x8; the model has 784x9");
    cli_says(cli_err, "3 faults");
}

static void test_trace(void **state)
{
    char path[CLI_PATH];
    (void)state;
    assert_int_equal(
        cli_run("trace tiny.yaml --device reference --limit 20 --steps 2 --batch 4 --out "
                "t.safetensors"),
        0);
    cli_says(cli_out, "t.safetensors: ");
    cli_says(cli_out, " tensors of 2 steps in batches of 4");
    cli_path(path, "t.safetensors");
    assert_int_equal(access(path, R_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_eval),
        TEST(test_eval_of_classes),
        TEST(test_weights_that_do_not_fit),
        TEST(test_trace),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
