/* test_resume.c: a training that was stopped and taken up again ends with the weights and the
 * history of one that was not, whatever changes the learning rate, the gradients or the weights. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* 3 steps an epoch, 6 epochs. A normalization's moving statistics are state, too. */
static const char yaml[] =
    "model: resume\n"
    "data: {train: {dataset: builtin:digits, split: train},\n"
    "       validation: {dataset: builtin:digits, split: test}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu, kernel_regularizer: l2}\n"
    "  - batch_normalization\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy, f1]\n"
    "train: {batch_size: 50, epochs: 6, seed: 3, shards: %d}\n"
    "%s\n";
static const char *const variants[] = {
    "optimizer: {sgd: {momentum: 0.9, nesterov: true}}\n"
    "schedule: {inverse_time_decay: 0.1}",
    "optimizer: {rmsprop: {centered: true, momentum: 0.5, decay: 0.1, clipnorm: 0.5}}\n"
    "schedule: {step_decay: {period: 2, warmup_steps: 4}}",
    "optimizer: {adam: {amsgrad: true, global_clipnorm: 0.5}}\n"
    "schedule: {cosine_annealing: {period: 2, t_mul: 2, max: 0.01, min: 0.001}}",
    "optimizer: {adamw: {clipvalue: 0.01}}\n"
    "schedule: {exponential_decay: {decay_rate: 0.5, decay_steps: 4, staircase: true}}",
    "optimizer: {adamax: {learning_rate: 0.01}}\n"
    "schedule: {cosine_decay: {decay_steps: 12, alpha: 0.1}}",
    "optimizer: {nadam: {learning_rate: 0.01}}\n"
    "schedule: {constant: {warmup_steps: 7, warmup_from: 0.001}}",
    "optimizer: {adagrad: {learning_rate: 0.01}}\n"
    "schedule: {reduce_lr_on_plateau: {monitor: loss, patience: 0, min_delta: 0.2}}",
    "optimizer: {adadelta: {learning_rate: 1}}\n"
    "schedule: {reduce_lr_on_plateau: {monitor: validation_accuracy, patience: 1, cooldown: 1}}",
    "optimizer: {adam: {learning_rate: 0.03}}\n"
    "early_stopping: {monitor: validation_accuracy, min_delta: 0.1, patience: 2,\n"
    "                 restore_best_weights: true}", /* ends after epoch 3 */
};
#define RUN "train resume.yaml --device reference --limit 120 --quiet "

/* Before, within and at the end of epochs. --steps leaves validation out, so that no epoch may end
 * under it. */
static void train_in_pieces(const char *run)
{
    static const char *const stops[] = { "--epochs 2", "--steps 8", "--epochs 4", "--steps 13",
                                         "--epochs 6" };
    assert_int_equal(cli_run(RUN "--steps 2 --out %s", run), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            cli_run("train --resume --out %s %s --device reference --quiet", run, stops[i]), 0);
}

static void resumed_runs_end_alike(void **state)
{
    static char history[CLI_OUTPUT], resumed[CLI_OUTPUT], text[sizeof yaml + 256];
    (void)state;
    for (int v = 0; v < (int)(sizeof variants / sizeof *variants); v++) {
        char whole[32], pieces[32], hash[65], other[65];
        snprintf(whole, sizeof whole, "whole-%d", v);
        snprintf(pieces, sizeof pieces, "pieces-%d", v);
        snprintf(text, sizeof text, yaml, 1 << v % 3, variants[v]);
        cli_write("resume.yaml", text);
        if (cli_run(RUN "--out %s", whole) != 0)
            fail_msg("%s\n%s", variants[v], cli_err);
        cli_hash(hash);
        cli_history(whole, history);
        train_in_pieces(pieces);
        cli_hash(other);
        cli_history(pieces, resumed);
        if (strcmp(hash, other) != 0 || strcmp(resumed, history) != 0)
            fail_msg("in pieces, with\n%s:\n%s\nnot\n%s", variants[v], resumed, history);
    }
}

/* A run of another arithmetic is read by all commands, and only not gone on with. */
static void older_runs_are_read_only(void **state)
{
    static const char *const reads[] = {
        "eval a --limit 50 --device reference",
        "predict a --limit 5 --device reference --split test",
        "report a --out a.html",
        "export a --out a.h5",
        "runs a",
        "runs a b",
        "summary a/model.yaml",
        "train tiny.yaml --device reference --limit 50 --epochs 1 --out c --quiet "
        "--weights a/weights.safetensors",
    };
    char before[65], after[65];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet --epochs 1"), 0);
    cli_hash(before);
    assert_int_equal(cli_run(TRAIN "--out b --quiet --epochs 1"), 0);
    cli_age("a");
    for (int i = 0; i < (int)(sizeof reads / sizeof *reads); i++) {
        if (cli_run("%s", reads[i]) != 0)
            fail_msg("isocl %s: %s", reads[i], cli_err);
        assert_true(strstr(cli_err, "arithmetic") == NULL);
        if (i == 0)
            cli_hash(after);
        if (strcmp(reads[i], "runs a b") == 0)
            cli_says(cli_out, "arithmetic: 1 in a");
    }
    assert_string_equal(before, after);
    assert_int_equal(cli_run("train --resume --out a --epochs 2 --device reference"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "the run a was begun with arithmetic 1 and this isocl has 2");
    cli_says(cli_err, "train anew with another --out");
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(resumed_runs_end_alike),
                                        TEST(older_runs_are_read_only) };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
