/* test_printable.c: names from outside do not command the terminal, wherever they come from. */
#include "cli.h"
#include "core/printable.h"

#include <stdio.h>
#include <string.h>

/* NOLINTBEGIN(misc-misleading-bidirectional): such text is what is tested */

/* An escape, a line break, C1's escape, a mark that turns the direction, and no UTF-8. */
#define BAD                \
    "a\x1b[2Jb\nc\xc2\x9b" \
    "d\xe2\x80\xae"        \
    "e\xff"                \
    "f"
#define SHOWN "a?[2Jb?c?d?e?f"

static void controls_become_question_marks(void **state)
{
    static const char *const texts[][2] = {
        { BAD, SHOWN },
        { "caf\xc3\xa9 \xe7\x8c\xab \xf0\x9f\x90\x88",
          "caf\xc3\xa9 \xe7\x8c\xab \xf0\x9f\x90\x88" },
        { "\t\r\x7f", "???" },
        { "\xe2\x80\xa8\xe2\x81\xa7\xef\xbb\xbf", "???" }, /* a separator, an isolate, a BOM */
        { "\xc0\xaf\xed\xa0\x80\xf5", "??????" },          /* too long, a surrogate, too large */
        { "x\xe2\x80", "x??" },                            /* cut off */
    };
    char buf[64];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(iso_shown(texts[i][0], buf, sizeof buf), texts[i][1]);
    assert_string_equal(iso_printable(strcpy(buf, "a\nb\x1b"), true), "a\nb?");
    assert_int_equal(iso_shown_width("caf\xc3\xa9 \xe7\x8c\xab"), 6);
    iso_fail(ISO_EDATA, "%s", BAD);
    assert_string_equal(iso_error(), SHOWN);
    iso_error_clear();
}

/* Fails if the last command's output has a control or a mark of direction. */
static void nothing_raw(void)
{
    static char text[CLI_OUTPUT];
    const char *const outputs[] = { cli_out, cli_err };
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%s", outputs[i]);
        assert_string_equal(iso_printable(text, true), outputs[i]);
    }
}

static void rename_tensor(struct iso_st_file *file)
{
    file->tensors[0].name = "a\x1b[2Jb\nc\xe2\x80\xae";
}

static void names_of_tensors_are_shown(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 1 --out run"), 0);
    cli_change("run/weights.safetensors", rename_tensor);
    assert_int_equal(cli_run("eval run --device reference --limit 20"), ISO_EXIT_FILE);
    nothing_raw();
    cli_says(cli_err, "a?[2Jb?c? is not in the model");
}

static void names_of_classes_are_shown(void **state)
{
    static char table[CLI_OUTPUT];
    size_t n = 0;
    (void)state;
    for (int r = 0; r < 40; r++) {
        n += (size_t)snprintf(table + n, sizeof table - n, "%s",
                              r % 2 ? "\"a\x1b[2Jb\xc2\x9b\xe2\x80\xae\"" : "caf\xc3\xa9");
        for (int i = 0; i < 4; i++)
            n += (size_t)snprintf(table + n, sizeof table - n, ",%d", r + i);
        n += (size_t)snprintf(table + n, sizeof table - n, "\n");
    }
    cli_write("table.csv", table);
    cli_write("table.yaml",
              "model: table\ndata: {train: {dataset: 'csv:table.csv'}}\n"
              "input: {shape: [4], scale: 1/255}\nlayers:\n"
              "  - dense: {units: 2, activation: softmax}\n"
              "loss: categorical_crossentropy\nmetrics: [accuracy, f1]\n"
              "optimizer: sgd\ntrain: {batch_size: 10, epochs: 1}\n");
    if (cli_run("train table.yaml --device reference --out run") != 0)
        fail_msg("%s", cli_err);
    nothing_raw();
    assert_int_equal(cli_run("eval run --device reference --split train"), 0);
    nothing_raw();
    cli_says(cli_out, "a?[2Jb??");
    assert_int_equal(cli_run("predict run --device reference --split train --limit 4"), 0);
    nothing_raw();
    cli_says(cli_out, "\n0    caf\xc3\xa9       "); /* as wide as "predicted", in characters */
}

static void names_of_devices_and_runs_are_shown(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 1 --out a"), 0);
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 1 --out b"), 0);
    cli_write("a/device.json",
              "{\"id\": \"cpu\", \"name\": \"x\\u001b[2J\\ny\\u202e\", \"mode\": "
              "\"exact\\u001b\"}");
    cli_write("b/run.json",
              "{\"model\": \"m\\u001b[2J\\n\", \"model_sha256\": \"x\", \"commands\": "
              "[{\"machine\": \"y\\u001b[2J\", \"device\": {\"driver\": \"\\u009bz\"}}]}");
    assert_int_equal(cli_run("runs a b"), 0);
    nothing_raw();
    cli_says(cli_out, "cpu is x?[2J?y?");
    assert_int_equal(cli_run("eval b --device reference --limit 20"), ISO_EXIT_FILE);
    nothing_raw();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(controls_become_question_marks),
        TEST(names_of_tensors_are_shown),
        TEST(names_of_classes_are_shown),
        TEST(names_of_devices_and_runs_are_shown),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
/* NOLINTEND(misc-misleading-bidirectional) */
