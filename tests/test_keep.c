/* test_keep.c: features of layers that are not trained, kept: the same bits as when they are
 * computed for each batch, from fewer kernel calls. */
#include "cli.h"
#include "trainer.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* %s: of the layers below, of the branch, of the head's dropout; keep_features. */
static const char yaml[] =
    "model: keep\n"
    "data: {train: {dataset: builtin:digits, split: train},\n"
    "       validation: {dataset: builtin:digits, split: test}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {name: a, filters: 4, kernel_size: 5, strides: 3, activation: relu, %s}\n"
    "  - batch_normalization: {name: n, moving_mean_initializer: {constant: 0.1}, %s}\n"
    "  - conv2d: {name: b, filters: 4, kernel_size: 3, padding: same, activation: elu, %s}\n"
    "  - add: {inputs: [n, b]}\n"
    "  - max_pooling2d: 2\n"
    "  - flatten\n"
    "  - dropout: 0.25\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: [accuracy]\n"
    "class_weight: {3: 2}\n"
    "train: {batch_size: 50, epochs: 3, seed: 3, keep_features: %s}\n";
#define FROZEN "trainable: false"
#define TRAINED "trainable: true"

static void write_model(const char *name, const char *a, const char *n, const char *b,
                        const char *keep)
{
    char text[sizeof yaml + 128];
    snprintf(text, sizeof text, yaml, a, n, b, keep);
    cli_write(name, text);
}

/* 120 rows: the last batch of an epoch is smaller. */
static void train(const char *name, const char *device, char hex[65])
{
    if (cli_run("train %s --device %s --mode exact --limit 120", name, device) != 0)
        fail_msg("%s on %s: %s", name, device, cli_err);
    cli_hash(hex);
}

static void the_same_bits(const char *a, const char *n, const char *b, const char *said)
{
    static const char *const devices[] = { "reference", "cpu", "opencl:pocl" };
    char computed[65], kept[65];
    write_model("computed.yaml", a, n, b, "false");
    write_model("kept.yaml", a, n, b, "true");
    train("computed.yaml", "reference", computed);
    for (int i = 0; i < 3; i++) {
        if (i == 2 && cli_run("train kept.yaml --device opencl:pocl --steps 1") != 0) {
            print_message("  %s: left out: %s", devices[i], cli_err);
            continue;
        }
        train("kept.yaml", devices[i], kept);
        cli_says(cli_out, said);
        assert_string_equal(computed, kept);
    }
}

static void kept_features_change_no_bit(void **state)
{
    (void)state;
    the_same_bits(FROZEN, FROZEN, FROZEN, "240 rows of 64 numbers kept (0.1 MiB), flatten_1/y on");
}

/* A value that both branches read is kept if one of them is trained. */
static void values_with_several_readers_are_kept(void **state)
{
    (void)state;
    the_same_bits(FROZEN, FROZEN, TRAINED, "240 rows of 256 numbers kept (0.2 MiB), n/y on");
}

static void a_stopped_run_keeps_them_anew(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    write_model("kept.yaml", FROZEN, FROZEN, FROZEN, "true");
    train("kept.yaml", "reference", whole);
    assert_int_equal(cli_run("train kept.yaml --device reference --limit 120 --steps 4 --out part"),
                     0);
    assert_int_equal(cli_run("train --resume --out part --epochs 3 --device cpu"), 0);
    cli_hash(resumed);
    assert_string_equal(whole, resumed);
    assert_int_equal(cli_run("eval part --device reference --limit 20"), 0);
}

static void nothing_to_keep_is_a_fault(void **state)
{
    (void)state;
    write_model("kept.yaml", TRAINED, FROZEN, FROZEN, "true");
    assert_int_equal(cli_run("train kept.yaml --device reference --limit 120"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is nothing to keep");
}

/* ---- In a file ------------------------------------------------------------------------------- */

enum { UNITS = 32, TOO_MANY = ROWS * UNITS * 4 - 1 }; /* bytes that the training features exceed */

static void open_frozen(struct trainer *t)
{
    trainer_hidden = ", trainable: false";
    trainer_open(t, UNITS, 7);
    trainer_hidden = "";
}

static void finish(struct trainer *t, char hex[65])
{
    assert_int_equal(trainer_fit(t, 3, 0, NULL), ISO_OK);
    trainer_hash(t, hex);
    trainer_close(t);
}

/* Those of the validation fit the device, whose images stream in the end, too. */
static void too_many_features_lie_in_a_file(void **state)
{
    struct trainer t;
    char computed[65], kept[65];
    (void)state;
    open_frozen(&t);
    finish(&t, computed);
    for (int images = 0; images < 2; images++) {
        open_frozen(&t);
        t.backend->max_alloc = TOO_MANY;
        if (images)
            assert_int_equal(iso_exec_data(t.exec, 0, t.train), ISO_OK);
        assert_int_equal(iso_exec_streams(t.exec, 0), images);
        assert_int_equal(iso_exec_keep(t.exec, trainer_folder), ISO_OK);
        assert_true(iso_exec_streams(t.exec, 0) && !iso_exec_streams(t.exec, 1));
        assert_int_equal(iso_exec_kept(t.exec)->rows, ROWS + VALIDATION_ROWS);
        assert_int_equal(remove(trainer_path("tiny.yaml")), 0);
        assert_true(iso_folder_empty(trainer_folder));
        finish(&t, kept);
        assert_string_equal(computed, kept);
    }
}

static void a_full_disk_is_reported(void **state)
{
    struct trainer t;
    struct rlimit limit, less;
    (void)state;
    open_frozen(&t);
    t.backend->max_alloc = TOO_MANY;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    less = limit;
    less.rlim_cur = 10000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    const iso_rc rc = iso_exec_keep(t.exec, trainer_folder);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, ISO_EIO);
    cli_says(iso_error(), "cannot make room in");
    cli_says(iso_error(), "File too large; make room, or use another folder");
    iso_error_clear();
    assert_int_equal(iso_exec_keep(t.exec, "/none"), ISO_EIO);
    cli_says(iso_error(), "cannot write /none: No such file");
    iso_error_clear();
    assert_int_equal(iso_exec_keep(t.exec, trainer_folder), ISO_OK);
    trainer_close(&t);
}

#define IN_FILE(name) cmocka_unit_test_setup_teardown(name, trainer_setup, trainer_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kept_features_change_no_bit),        TEST(values_with_several_readers_are_kept),
        TEST(a_stopped_run_keeps_them_anew),      TEST(nothing_to_keep_is_a_fault),
        IN_FILE(too_many_features_lie_in_a_file), IN_FILE(a_full_disk_is_reported),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
