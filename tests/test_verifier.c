/* test_verifier.c: a training that another device computes again notices what goes wrong, and
 * accuses nobody else. */
#include "cli.h"
#include "lie.h"
#include "page_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two phases, images that are augmented and mixed, moving statistics, dropout, weights of classes,
 * a schedule, counts of metrics, a frozen layer. %s: more of `train:`. */
static const char rich[] =
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train, count: 100}\n"
    "  validation: {dataset: 'builtin:digits', split: test, count: 40}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "augmentation: [{random_crop: {height: 28, width: 28, padding: 2}}, {mixup: {alpha: 0.4}}]\n"
    "layers:\n"
    "  - conv2d: {filters: 4, kernel_size: 3, strides: 2, kernel_regularizer: {l2: 0.01}}\n"
    "  - batch_normalization: {momentum: 0.9}\n"
    "  - activation: relu\n"
    "  - conv2d: {filters: 5, kernel_size: 3, activation: relu, trainable: false}\n"
    "  - max_pooling2d: 2\n"
    "  - flatten\n"
    "  - dropout: 0.3\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "class_weight: {1: 3, 4: 0.5}\n"
    "metrics: [accuracy, confusion_matrix]\n"
    "train: {batch_size: 15, seed: 3%s}\n"
    "phases:\n"
    "  - {name: first, epochs: 2, optimizer: {adam: {learning_rate: 0.01}}}\n"
    "  - {name: second, epochs: 1, optimizer: {sgd: {momentum: 0.9, global_clipnorm: 1}},\n"
    "     schedule: {cosine_annealing: {period: 3, max: 0.006, min: 0.001, t_mul: 1}}}\n";

/* The first layers are never trained, and their results are kept in place of the images. */
static const char kept[] =
    "data: {train: {dataset: 'builtin:digits', split: train, count: 90}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {filters: 4, kernel_size: 3, strides: 2, activation: relu, trainable: false}\n"
    "  - flatten\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: adam\n"
    "train: {batch_size: 20, epochs: 2, seed: 3, keep_features: true}\n";

static void write_rich(const char *more)
{
    char text[sizeof rich + 64];
    snprintf(text, sizeof text, rich, more);
    cli_write("rich.yaml", text);
}

static void trains_clean(const char *arguments, const char *verified)
{
    if (cli_run("train %s", arguments) != 0)
        fail_msg("%s: %s%s", arguments, cli_out, cli_err);
    cli_says(cli_out, verified);
    cli_says(cli_out, ": 0 bits differ");
}

/* 7 steps an epoch, the last of 10 rows. */
static void clean_trainings_are_not_accused(void **state)
{
    static const char *const more[] = { "", ", shards: 4" };
    char plain[65], verified[65];
    (void)state;
    for (int i = 0; i < 2; i++) {
        write_rich(more[i]);
        assert_int_equal(cli_run("train rich.yaml --device cpu"), 0);
        cli_hash(plain);
        trains_clean("rich.yaml --device cpu --verify 1/1", "verified   21 steps");
        cli_hash(verified);
        assert_string_equal(plain, verified);
        trains_clean("rich.yaml --device cpu --verify 1/5", "verified   5 steps");
        trains_clean("rich.yaml --device cpu --verify replay/4", "verified   21 steps");
        trains_clean("rich.yaml --device reference --verify 1/4", "on cpu");
    }
    cli_write("kept.yaml", kept);
    trains_clean("kept.yaml --device cpu --verify 1/2", "verified   5 steps");
    trains_clean("kept.yaml --device cpu --verify replay/100", "verified   10 steps");
}

static void a_resumed_training_is_verified(void **state)
{
    static char said[CLI_OUTPUT];
    char whole[65], resumed[65];
    (void)state;
    write_rich("");
    trains_clean("rich.yaml --device cpu --verify 1/2", "on reference");
    cli_hash(whole);
    assert_int_equal(cli_run("train rich.yaml --device cpu --epochs 1 --verify 1/2 --out r"), 0);
    trains_clean("--resume --out r --device cpu --epochs 3 --verify replay/3",
                 "verified   14 steps");
    cli_hash(resumed);
    assert_string_equal(whole, resumed);
    /* 4 of the first 7 steps, and all 14 of the others. */
    cli_read("r/run.json", said);
    cli_says(said, "\"wanted\": \"1/2\"");
    cli_says(said, "\"wanted\": \"replay/3\"");
    cli_says(said, "\"device\": \"reference\"");
    cli_says(said, "\"compared\": \"bits\"");
    cli_says(said, "\"strayed\": null");
    assert_int_equal(cli_run("runs r"), 0);
    cli_says(cli_out,
             "\nr was verified: 18 of 21 steps computed again on reference: the same bits\n");
    assert_int_equal(cli_run("runs r --json"), 0);
    cli_says(cli_out, "\"verified\":\"18 of 21 steps computed again on reference: the same bits\"");
    assert_int_equal(cli_run("report r --history"), 0);
    cli_read("r/report.html", said);
    assert_string_equal(page_row(said, "summary", "Verified", 0),
                        "18 of 21 steps computed again on reference: the same bits");
}

static void options_are_explained(void **state)
{
    static const char *const bad[] = { "1/0", "2/5", "replay/x", "0%%", "101%%", "1/3x", "often" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(cli_run("train tiny.yaml --verify '%s'", bad[i]), ISO_EXIT_USAGE);
        cli_says(cli_err, "1/100, replay/100 or 2%");
    }
    assert_int_equal(cli_run("help train"), 0);
    cli_says(cli_out, "such as a flipped bit");
}

#ifdef ISO_HAVE_OPENCL
static int tear_down(void **state)
{
    tell_truth();
    unsetenv("LIAR_AFTER");
    unsetenv("LIAR_ONCE");
    return cli_teardown(state);
}
#define CASE(name) cmocka_unit_test_setup_teardown(name, cli_setup, tear_down)

static const char tiny_run[] = "train tiny.yaml --device opencl:pocl --limit 120 --batch 3";

/* Has the device asked for known answers while it tells the truth; the verdict is kept. Otherwise
 * it would already lie in these. */
static void ask_for_answers(void)
{
    if (cli_run("%s --steps 1 --verify 1/100", tiny_run) != 0)
        fail_msg("%s%s", cli_out, cli_err);
}

/* Trains with the fault from the launch after `after` on. */
static int train_with(const char *fault, int after, const char *arguments)
{
    char text[16];
    snprintf(text, sizeof text, "%d", after);
    setenv("LIAR_AFTER", text, 1);
    lie(fault);
    const int code = cli_run("%s %s", tiny_run, arguments);
    tell_truth();
    return code;
}

/* The number after "step " in the error. */
static int step_named(void)
{
    const char *at = strstr(cli_err, "computes step ");
    if (at == NULL)
        fail_msg("no step is named: %s", cli_err);
    return atoi(at + strlen("computes step "));
}

/* A kernel that runs once a step, and more only in validations, which are left out here. */
static void a_device_that_goes_wrong_is_noticed_within_n_steps(void **state)
{
    static const struct {
        const char *fault, *names;
    } faults[] = {
        { "wrong:adam_update", "adam, update: " },
        { "skip:adam_update", "adam, update: " },
        { "wrong:*crossentropy_narrow_backward", "backward pass: d/" },
        { "skip:gather_images_forward", "gather_images, filling of the batch: input" },
    };
    (void)state;
    if (!lie_has_pocl())
        return;
    ask_for_answers();
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (int after = 7; after < 24; after += 8) {
            char out[32];
            snprintf(out, sizeof out, "r%zu-%d", i, after);
            char arguments[96];
            snprintf(arguments, sizeof arguments, "--steps 40 --verify 1/10 --out %s", out);
            if (train_with(faults[i].fault, after, arguments) != ISO_EXIT_DIFFERS)
                fail_msg("%s after %d: %s%s", faults[i].fault, after, cli_out, cli_err);
            cli_says(cli_err, faults[i].names);
            const int step = step_named();
            assert_in_range(step, after + 1, after + 10);
            assert_int_equal(cli_run("verify %s", out), 0);
            assert_int_equal(cli_run("train --resume --out %s --device cpu --quiet", out), 0);
        }
}

static void the_command_shows_it_again(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    ask_for_answers();
    assert_int_equal(train_with("wrong:adam_update", 13, "--steps 40 --verify 1/10 --out r"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_err, "isocl train --resume --out r --device opencl:0.0 --verify 1/1");
    cli_says(cli_err, "isocl train --resume --out r --device cpu");
    cli_says(cli_err, "isocl parity --ops adam --devices opencl:0.0");
    setenv("LIAR_AFTER", "8", 1); /* the known answers are right once more */
    lie("wrong:adam_update");
    assert_int_equal(cli_run("train --resume --out r --device opencl:0.0 --verify 1/1"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_err, "adam, update: ");
}

/* One wrong number in one launch. Nothing is lost: the run goes on from the state before. */
static void replay_notices_a_single_fault(void **state)
{
    char hash[65], again[65];
    static const char *const faults[] = { "wrong:adam_update", "skip:adam_update",
                                          "wrong:*crossentropy_narrow_backward" };
    static char said[CLI_OUTPUT];
    char once[CLI_PATH], file[64];
    (void)state;
    if (!lie_has_pocl())
        return;
    ask_for_answers();
    assert_int_equal(cli_run("train tiny.yaml --device cpu --limit 120 --batch 3 --steps 40"), 0);
    cli_hash(hash);
    cli_path(once, "once");
    setenv("LIAR_ONCE", once, 1);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        unlink(once);
        if (train_with(faults[i], 17, "--steps 40 --verify replay/10") != ISO_EXIT_DIFFERS)
            fail_msg("%s: %s%s", faults[i], cli_out, cli_err);
        cli_says(cli_err, "a step from 11 to 20 wrongly");
        cli_says(cli_err, "comes and goes");
        cli_says(cli_err, "the run stands after step 10, before it went wrong; to see");
        snprintf(file, sizeof file, "runs/tiny-%03zu/run.json", i + 3);
        cli_read(file, said);
        cli_says(said, "\"wanted\": \"replay/10\"");
        cli_says(said, "\"steps\": 10,");
        cli_says(said, "\"strayed\": \"");
        assert_int_equal(cli_run("runs runs/tiny-%03zu", i + 3), 0);
        cli_says(cli_out,
                 "was verified: 10 of 10 steps computed again on cpu: the same bits; but "
                 "once: ");
        cli_says(cli_out, "a step from 11 to 20 wrongly");
        assert_int_equal(cli_run("train --resume --out runs/tiny-%03zu --device cpu", i + 3), 0);
        cli_hash(again);
        assert_string_equal(hash, again);
    }
}

static void fast_mode_is_held_to_its_bounds(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    if (cli_run("%s --steps 12 --mode fast --verify 1/3", tiny_run) != 0)
        fail_msg("%s%s", cli_out, cli_err);
    cli_says(cli_out, "verified   4 steps");
    cli_says(cli_out, "every op within its bound");
    assert_int_equal(train_with("wrong:adam_update", 11, "--steps 40 --mode fast --verify 1/5"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_err, "adam, update: ");
    assert_int_equal(train_with("wrong:categorical_crossentropy_narrow", 11,
                                "--steps 40 --mode fast --verify 1/5"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_err, "forward pass: ");
    assert_int_equal(cli_run("%s --mode fast --verify replay/5", tiny_run), ISO_EXIT_DEVICE);
    cli_says(cli_err, "needs exact mode");
}

static void known_answers_are_asked_before_the_first_step(void **state)
{
    char cache[CLI_PATH];
    (void)state;
    if (!lie_has_pocl())
        return;
    assert_int_equal(cli_run("%s --epochs 1 --verify 1/100", tiny_run), 0);
    cli_path(cache, "cache"); /* there is no verdict in it */
    setenv("XDG_CACHE_HOME", cache, 1);
    const int code = train_with("wrong:adam_update", 0, "--verify 1/100 --out r");
    unsetenv("XDG_CACHE_HOME");
    assert_int_equal(code, ISO_EXIT_DIFFERS);
    cli_says(cli_err, "does not know the right answers: adam, case ");
    assert_int_not_equal(access("r", F_OK), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clean_trainings_are_not_accused),
        TEST(a_resumed_training_is_verified),
        TEST(options_are_explained),
#ifdef ISO_HAVE_OPENCL
        CASE(a_device_that_goes_wrong_is_noticed_within_n_steps),
        CASE(the_command_shows_it_again),
        CASE(replay_notices_a_single_fault),
        CASE(fast_mode_is_held_to_its_bounds),
        CASE(known_answers_are_asked_before_the_first_step),
#endif
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
