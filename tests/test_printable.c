/* test_printable.c: names from outside do not command the terminal, wherever they come from. */
#include "cli.h"
#include "core/text/printable.h"
#include "lie.h"

#include <stdio.h>
#include <stdlib.h>
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

/* A file of weights whose numbers are of a strange kind. */
static void types_of_tensors_are_shown(void **state)
{
    static const char header[] =
        "{\"a\":{\"dtype\":\"F\\u001b[2J\\n\\u202e\",\"shape\":[1],"
        "\"data_offsets\":[0,4]}}";
    char bytes[8 + sizeof header + 3] = { (char)(sizeof header - 1) };
    (void)state;
    memcpy(bytes + 8, header, sizeof header - 1);
    cli_write_bytes("a.safetensors", bytes, sizeof bytes);
    assert_int_equal(cli_run("eval tiny.yaml --weights a.safetensors --device reference"),
                     ISO_EXIT_FILE);
    nothing_raw();
    cli_says(cli_err, "F?[2J??");
}

/* Replaces a name in a file by one as long. */
static void rename_in(const char *name, const char *from, const char *to)
{
    static char text[CLI_OUTPUT];
    const size_t n = cli_read(name, text), length = strlen(from);
    int found = 0;
    assert_int_equal(strlen(to), length);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(text + i, from, length) == 0) {
            memcpy(text + i, to, length);
            found++;
        }
    assert_true(found > 0);
    cli_write_bytes(name, text, n);
}

static void names_in_networks_are_shown(void **state)
{
    static const char *const files[] = { "network.onnx", "network.h5" };
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 1 --out run"), 0);
    for (int i = 0; i < 2; i++) {
        if (cli_run("export run --out %s", files[i]) != 0) {
            cli_says(cli_err, "was built without");
            continue;
        }
        rename_in(files[i], "dense_1", "d\x1b[2J\n\xff");
        cli_run("import %s --model i%d.yaml --out i.safetensors", files[i], i);
        nothing_raw();
        cli_run("import %s tiny.yaml --out i.safetensors", files[i]);
        nothing_raw();
    }
}

/* Classes are folders here, and one has a file that is no picture. */
static void names_of_files_are_shown(void **state)
{
    char line[3 * CLI_PATH];
    static const char *const commands[] = { "check pets", "new pets --out n.yaml",
                                            "train n.yaml --device reference --epochs 1 --out r",
                                            "predict r --split train --device reference" };
    (void)state;
    snprintf(line, sizeof line,
             "cp -r tests/readers/pets %s && cd %s/pets && "
             "name=$(printf 'a\\033[2J\\nb\\342\\200\\256\\377') && "
             "mv train/cat \"train/$name\" && mv test/cat \"test/$name\" && "
             "echo no picture >\"train/$name/$name.png\"",
             cli_folder, cli_folder);
    assert_int_equal(system(line), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cli_run("%s", commands[i]);
        nothing_raw();
        if (strstr(cli_out, "a?[2J") == NULL && strstr(cli_err, "a?[2J") == NULL)
            fail_msg("%s: %s%s", commands[i], cli_out, cli_err);
    }
}

#ifdef ISO_HAVE_OPENCL
static void names_of_drivers_are_shown(void **state)
{
    static const char *const lies[][2] = {
        { "build-fails:gather_images_forward",
          "train tiny.yaml --limit 20 --device opencl:pocl --steps 1" },
        { "names:*", "devices" },
        { "names:*", "doctor" },
        { "names:*", "certify opencl:pocl --quick --ops flatten,sgd" },
    };
    (void)state;
    if (!lie_has_pocl())
        return;
    setenv("XDG_CACHE_HOME", cli_folder, 1); /* or nothing would be built */
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        lie(lies[i][0]);
        cli_run("%s", lies[i][1]);
        tell_truth();
        nothing_raw();
        if (strstr(cli_out, "?[2J") == NULL && strstr(cli_err, "?[2J") == NULL)
            fail_msg("%s: %s%s", lies[i][1], cli_out, cli_err);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(controls_become_question_marks), TEST(names_of_tensors_are_shown),
        TEST(names_of_classes_are_shown),     TEST(names_of_devices_and_runs_are_shown),
        TEST(types_of_tensors_are_shown),     TEST(names_in_networks_are_shown),
        TEST(names_of_files_are_shown),
#ifdef ISO_HAVE_OPENCL
        TEST(names_of_drivers_are_shown),
#endif
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
/* NOLINTEND(misc-misleading-bidirectional) */
