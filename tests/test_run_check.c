/* test_run_check.c: a run's files are used as the training wrote them, or not at all. */
#include "cli.h"
#include "core/train/run_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Small files, two phases, augmentation, and a validation. */
static const char yaml[] =
    "model: small # a comment\n"
    "data:\n"
    "  train: {dataset: builtin:digits, split: train}\n"
    "  validation: {dataset: builtin:digits, split: test}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "augmentation:\n"
    "  - random_brightness: {factor: [-0.1, 0.1]}\n"
    "layers:\n"
    "  - average_pooling2d: {pool_size: 7, strides: 7}\n"
    "  - flatten\n"
    "  - dense: {units: 4, activation: relu}\n"
    "  - dropout: 0.25\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: sparse_categorical_crossentropy\n"
    "metrics: [accuracy]\n"
    "optimizer: {sgd: {learning_rate: 0.05, momentum: 0.9}}\n"
    "phases:\n"
    "  - {name: first, epochs: 1}\n"
    "  - {name: second, epochs: 1, optimizer: {adam: {learning_rate: 0.002}}}\n"
    "train: {batch_size: 20, seed: 3, checkpoint_minutes: 30}\n";
static char text[CLI_OUTPUT];

static void train(const char *run)
{
    cli_write("small.yaml", yaml);
    if (cli_run("train small.yaml --device reference --limit 60 --quiet --out %s", run) != 0)
        fail_msg("%s", cli_err);
}

static iso_rc check(const char *run)
{
    static struct iso_faults faults;
    static char model[ISO_PATH];
    char folder[CLI_PATH];
    cli_path(folder, run);
    faults.count = 0;
    return iso_run_check(folder, model, &faults, NULL, NULL);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

/* Does what every reader of a run's weights and state does first. */
static iso_rc open_checked(const char *path)
{
    struct iso_st_file *file = NULL;
    char folder[CLI_PATH];
    cli_path(folder, "run");
    iso_rc rc = iso_st_open(path, &file);
    if (rc == ISO_OK)
        rc = iso_run_check_tensors(folder, path, file, NULL);
    iso_st_close(file);
    return rc;
}

static void put(FILE *file, size_t at, char c)
{
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(c, file), (unsigned char)c);
    assert_int_equal(fflush(file), 0);
}

static void flip_every_byte(const char *name)
{
    char path[CLI_PATH];
    const size_t n = cli_read(name, text);
    cli_path(path, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_true(n > 1000);
    for (size_t i = 0; i < n; i++) {
        put(file, i, (char)(text[i] ^ 1 << i % 8));
        if (open_checked(path) == ISO_OK)
            fail_msg("bit %zu of byte %zu of %s may be wrong", i % 8, i, name);
        put(file, i, text[i]);
    }
    fclose(file);
    assert_int_equal(open_checked(path), ISO_OK);
}

static void a_flipped_bit_of_any_byte_is_refused(void **state)
{
    (void)state;
    train("run");
    assert_int_equal(check("run"), ISO_OK);
    flip_every_byte("run/weights.safetensors");
    flip_every_byte("run/state");
    assert_int_equal(check("run"), ISO_OK);
}

/* Flips a bit in the data of a file. */
static void flip(const char *name)
{
    const size_t n = cli_read(name, text);
    text[n - 3] ^= 8;
    cli_write_bytes(name, text, n);
}

/* Returns true if the last command could do nothing, as ONNX is not in this program. */
static bool without_onnx(void) { return strstr(cli_err, "was built without ONNX") != NULL; }

static void all_commands_refuse(int code, const char *words)
{
    static const char *const commands[] = {
        "eval run --device reference --limit 20",
        "predict run --device reference --split test --limit 2",
        "export run --out run.onnx",
        "report run --history",
    };
    for (int i = 0; i < 4; i++) {
        const int ended = cli_run("%s", commands[i]);
        if (without_onnx())
            continue;
        if (ended != code || strstr(cli_err, words) == NULL)
            fail_msg("isocl %s: not '%s' but: %s%s", commands[i], words, cli_err, cli_out);
        assert_string_equal(cli_out, "");
    }
}

static void commands_refuse_changed_weights(void **state)
{
    (void)state;
    train("run");
    flip("run/weights.safetensors");
    all_commands_refuse(ISO_EXIT_FILE, "run/weights.safetensors: is not as it was written");
    flip("run/state");
    assert_int_equal(cli_run("train --resume --out run --epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "run/state: is not as it was written");
}

/* ---- Values of the model file -------------------------------------------------------------- */

/* Changes a letter or a digit to the next one. */
static bool change(char *c)
{
    static const char order[] = "0123456789012abcdefghijklmnopqrstuvwxyzab";
    const char *at = *c != '\0' ? strchr(order, *c) : NULL;
    if (at == NULL)
        return false;
    *c = at[1];
    return true;
}

static void changed_values_are_refused(void **state)
{
    int edits = 0;
    (void)state;
    train("run");
    const size_t n = cli_read("run/model.yaml", text);
    for (size_t i = 0; i < n; i++) {
        const char was = text[i];
        if (i > 13 && i < 25) /* the comment */
            continue;
        if (!change(&text[i]))
            continue;
        cli_write_bytes("run/model.yaml", text, n);
        if (check("run") == ISO_OK)
            fail_msg("the model file may be another from its byte %zu on: %.30s", i, text + i);
        text[i] = was;
        edits++;
    }
    assert_true(edits >= 200);
}

static void the_model_file_is_named_and_the_way_to_change_it(void **state)
{
    (void)state;
    train("run");
    const size_t n = cli_read("run/model.yaml", text);
    char *rate = strstr(text, "0.002");
    assert_non_null(rate);
    rate[4] = '3';
    cli_write_bytes("run/model.yaml", text, n);
    all_commands_refuse(ISO_EXIT_FILE,
                        "run/model.yaml has other values than the run was trained "
                        "with");
    assert_int_equal(cli_run("train --resume --out run --epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "isocl train run/model.yaml --set KEY=VALUE");
    rate[4] = '2';
    memcpy(strstr(text, "comment"), "COMMENT", 7);
    cli_write_bytes("run/model.yaml", text, n);
    assert_int_equal(cli_run("eval run --device reference --limit 20"), 0);
    assert_int_equal(
        cli_run("train run/model.yaml --set train.seed=4 --device reference --limit 20 "
                "--quiet --out other"),
        0);
}

/* ---- Hashes that are missing or of something else ------------------------------------------ */

static void without(const char *name, const char *key)
{
    const size_t n = cli_read(name, text);
    char *at = NULL;
    for (size_t i = 0; i + strlen(key) < n && at == NULL; i++)
        at = memcmp(text + i, key, strlen(key)) == 0 ? text + i : NULL;
    assert_non_null(at);
    *at = 'X';
    cli_write_bytes(name, text, n);
}

static void missing_hashes_are_refused_in_a_run_and_told_elsewhere(void **state)
{
    (void)state;
    train("run");
    without("run/weights.safetensors", "isocl.sha256");
    all_commands_refuse(ISO_EXIT_FILE,
                        "run was trained by an older isocl, and has no SHA-256 of "
                        "weights.safetensors");
    const size_t n = cli_read("run/weights.safetensors", text);
    cli_write_bytes("copy.safetensors", text, n);
    assert_int_equal(cli_run("eval small.yaml --weights copy.safetensors --device reference "
                             "--limit 20"),
                     0);
    cli_says(cli_err, "copy.safetensors has no SHA-256 of its own");
    train("b");
    without("b/run.json", "model_sha256");
    assert_int_equal(cli_run("train --resume --out b --epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "b was trained by an older isocl, and has no SHA-256 of its model file");
}

static void files_of_another_run_are_refused(void **state)
{
    (void)state;
    train("run");
    assert_int_equal(cli_run("train small.yaml --device reference --limit 50 --quiet --out b"), 0);
    const size_t n = cli_read("b/weights.safetensors", text);
    cli_write_bytes("run/weights.safetensors", text, n);
    all_commands_refuse(ISO_EXIT_FILE,
                        "weights.safetensors and the data of run.json do not belong together");
}

static void break_weight(struct iso_st_file *file)
{
    ((uint8_t *)(uintptr_t)file->tensors[0].data)[3] = 0x7f; /* 2^127 and more, or not a number */
    ((uint8_t *)(uintptr_t)file->tensors[0].data)[2] = 0xff;
}

static void weights_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    train("run");
    cli_change("run/weights.safetensors", break_weight);
    for (int i = 0; i < 3; i++) {
        static const char *const commands[] = {
            "eval run --device reference --limit 20",
            "predict run --device reference --split test --limit 2",
            "export run --out run.onnx",
        };
        const int ended = cli_run("%s", commands[i]);
        if (without_onnx())
            continue;
        assert_int_equal(ended, ISO_EXIT_FILE);
        cli_says(cli_err, "weights.safetensors: element 0 of dense_1/bias is not finite");
        assert_string_equal(cli_out, "");
    }
}

/* ---- Training again ------------------------------------------------------------------------ */

static void change_slot(struct iso_st_file *file)
{
    ((uint8_t *)(uintptr_t)file->tensors[1].data)[0] ^= 1; /* m or v of dense_1/bias */
}

static void a_replay_ends_with_the_same_bits(void **state)
{
    (void)state;
    train("run");
    assert_int_equal(cli_run("verify run --replay --device cpu"), 0);
    cli_says(cli_out, "replay equal: 20 tensors, after 6 steps  exact  cpu");
    assert_int_equal(cli_run("train small.yaml --device cpu --limit 60 --steps 4 --quiet --out b "
                             "--weights run/weights.safetensors"),
                     0);
    assert_int_equal(cli_run("verify b --replay --device reference"), 0);
    cli_says(cli_out, "after 4 steps");
}

/* Even where all hashes fit. */
static void a_replay_finds_other_bits(void **state)
{
    (void)state;
    train("run");
    cli_change("run/state", change_slot);
    assert_int_equal(cli_run("verify run"), 0);
    assert_int_equal(cli_run("verify run --replay --device reference"), ISO_EXIT_DIFFERS);
    cli_says(cli_out, "replay differs: dense_1/bias/");
    flip("run/state");
    assert_int_equal(cli_run("verify run --replay --device reference"), ISO_EXIT_FILE);
    cli_says(cli_err, "run/state: is not as it was written");
    assert_int_equal(cli_run("verify nowhere"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no run nowhere");
}

static void a_replay_needs_the_weights_of_then(void **state)
{
    (void)state;
    train("run");
    assert_int_equal(cli_run("train small.yaml --device reference --limit 60 --quiet --out b "
                             "--weights run/weights.safetensors"),
                     0);
    cli_change("run/weights.safetensors", change_slot);
    assert_int_equal(cli_run("verify b --replay --device reference"), ISO_EXIT_FILE);
    cli_says(cli_err, "put back the weights of then");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_flipped_bit_of_any_byte_is_refused),
        TEST(commands_refuse_changed_weights),
        TEST(changed_values_are_refused),
        TEST(the_model_file_is_named_and_the_way_to_change_it),
        TEST(missing_hashes_are_refused_in_a_run_and_told_elsewhere),
        TEST(files_of_another_run_are_refused),
        TEST(weights_that_are_not_finite_are_refused),
        TEST(a_replay_ends_with_the_same_bits),
        TEST(a_replay_finds_other_bits),
        TEST(a_replay_needs_the_weights_of_then),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
