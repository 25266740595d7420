/* test_changes.c: what --set and --phase make of a model file, and how their faults are told. */
#include "cli.h"
#include "core/job/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char network[] =
    "# a comment\n"
    "data: {train: {dataset: 'builtin:digits', split: train},\n"
    "       validation: {dataset: 'builtin:digits', split: test}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "blocks:\n"
    "  pair: {parameters: {units: 4}, layers: [dense: {units: $units}, activation: relu]}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: &wide {units: 8, activation: relu}\n"
    "  - dense: *wide\n"
    "  - dropout: 0.25\n"
    "  - pair\n"
    "  - dense: {units: 10, activation: softmax, name: head}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: adam\n"
    "train: {batch_size: 50}\n";
static const char phases[] =
    "phases:\n"
    "  - {name: warm, optimizer: {sgd: {learning_rate: 0.1}}, epochs: 1}\n"
    "  - {optimizer: {sgd: {learning_rate: 0.01}}, epochs: 2, keep_slots: true}\n";

/* Loads the text with settings, which NULL ends; returns the model, or NULL with the faults. */
static struct iso_model *load(const char *text, const char *phase, const char *const *settings,
                              struct iso_job *job)
{
    char path[CLI_PATH];
    struct iso_job_options options = ISO_JOB_DEFAULTS;
    cli_write("m.yaml", text);
    cli_path(path, "m.yaml");
    options.phase = phase;
    for (int i = 0; settings != NULL && settings[i] != NULL; i++)
        options.set.text[options.set.n++] = settings[i];
    *job = (struct iso_job){ .model = NULL };
    const iso_rc rc = iso_job_model(job, path, &options);
    assert_int_equal(rc, job->faults.count > 0 ? ISO_EMODEL : ISO_OK);
    return job->model;
}

static void check(const char *setting, const char *expected)
{
    struct iso_job job;
    const char *const settings[] = { setting, NULL };
    const struct iso_model *m = load(network, NULL, settings, &job);
    if (m == NULL || strstr(m->text, expected) == NULL)
        fail_msg("%s: '%s' is not in:\n%s%s", setting, expected, m != NULL ? m->text : "",
                 job.faults.list[0].text);
    iso_job_free(&job);
}

static void a_value_goes_where_its_keys_lead(void **state)
{
    (void)state;
    check("train.batch_size=7", "train: {batch_size: 7}");
    check("train.epochs=3", "train: {batch_size: 50, epochs: 3}");
    check("optimizer.learning_rate=0.5", "optimizer:\n  adam: {learning_rate: 0.5}");
    check("optimizer.adam.beta_1=0.5", "optimizer:\n  adam: {beta_1: 0.5}");
    check("optimizer={sgd: {momentum: 0.9}}", "optimizer:\n  sgd: {momentum: 0.9}");
    check("early_stopping.patience=3", "early_stopping: {patience: 3}");
    check("layers.3.rate=0.5", "- dropout: {rate: 0.5}");
    check("layers.head.use_bias=false", "name: head, use_bias: false}");
    check("layers.3=null", "- pair\n");
    check("layers.pair.units=6", "- pair: {units: 6}");
    check("blocks.pair.parameters.units=5", "parameters: {units: 5}");
    check("layers.1.kernel_initializer.constant=0.1",
          "activation: relu, kernel_initializer: {constant: 0.1}}");
    check("model=other", "model: other");
}

/* Two layers share one mapping by an alias. */
static void an_alias_is_not_changed_with_what_it_shows(void **state)
{
    (void)state;
    check("layers.dense_1.units=3",
          "- dense: {units: 3, activation: relu}\n"
          "- dense: {units: 8, activation: relu}\n");
    check("layers.dense_2.units=3",
          "- dense: {units: 8, activation: relu}\n"
          "- dense: {units: 3, activation: relu}\n");
}

static void refuse(const char *setting, const char *expected)
{
    struct iso_job job;
    const char *const settings[] = { setting, NULL };
    assert_null(load(network, NULL, settings, &job));
    assert_int_equal(job.faults.count, 1);
    assert_string_equal(job.faults.list[0].location.file + strlen("--set "), setting);
    if (strstr(job.faults.list[0].text, expected) == NULL)
        fail_msg("%s: '%s' is not in '%s'", setting, expected, job.faults.list[0].text);
    iso_job_free(&job);
}

static void a_fault_names_the_setting(void **state)
{
    (void)state;
    refuse("train.epoch=3", "unknown key 'epoch' (did you mean 'epochs'?)");
    refuse("trian.epochs=3", "unknown section 'trian' (did you mean 'train'?)");
    refuse("optimizer.lerning_rate=3", "(did you mean 'learning_rate'?)");
    refuse("layers.hed.units=3", "there is no 'hed' in this list (did you mean 'head'?)");
    refuse("layers.dense.units=3", "there is no 'dense' in this list"); /* there are two */
    refuse("layers.6.units=3", "there is no item 6: the list has 6, from 0 to 5");
    refuse("train.batch_size.x=3", "'batch_size' has no keys: what stands there is '50'");
    refuse("train.batch_size=x", "expected a whole number, found 'x'");
    refuse("train.batch_size", "expected KEY=VALUE");
    refuse("=3", "expected KEY=VALUE");
    refuse("train..x=3", "expected KEY=VALUE");
    refuse("train.batch_size=", "there is no value after '='");
    refuse("train.batch_size=[1", "YAML: ");
}

static void check_phase(const char *phase, const char *there, const char *gone)
{
    char text[sizeof network + sizeof phases];
    struct iso_job job;
    snprintf(text, sizeof text, "%s%s", network, phases);
    char *optimizer = strstr(text, "optimizer: adam\n");
    memmove(optimizer, optimizer + strlen("optimizer: adam\n"),
            strlen(optimizer + strlen("optimizer: adam\n")) + 1);
    const struct iso_model *m = load(text, phase, NULL, &job);
    if (there == NULL) {
        assert_null(m);
        if (strstr(job.faults.list[0].text, gone) == NULL)
            fail_msg("'%s' is not in '%s'", gone, job.faults.list[0].text);
    } else {
        assert_non_null(m);
        assert_int_equal(m->nphases, 1);
        assert_string_equal(m->phases[0].name, there);
        assert_null(strstr(m->text, gone));
    }
    iso_job_free(&job);
}

static void one_phase_is_kept(void **state)
{
    (void)state;
    check_phase("warm", "warm", "0.01");
    check_phase("1", "warm", "0.01");
    check_phase("2", "phase_2", "keep_slots");
    check_phase("phase_2", "phase_2", "warm");
    check_phase("3", NULL, "the phases have the numbers 1 to 2");
    check_phase("wram", NULL, "(did you mean 'warm'?)");
}

/* The numbers of `mean: auto` must find their place in the text that the settings make. */
static void what_is_measured_finds_its_place(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    cli_read("tiny.yaml", text);
    char *scale = strstr(text, ", scale: 1/255}");
    memcpy(scale, ", std: auto}   ", strlen(", scale: 1/255}"));
    cli_write("auto.yaml", text);
    assert_int_equal(
        cli_run("train auto.yaml --set train.epochs=1 --set input.mean=auto --limit 50 "
                "--quiet --device cpu --out a"),
        0);
    cli_read("a/model.yaml", text);
    cli_says(text, "\n  mean: ");
    cli_says(text, "train: {batch_size: 50, epochs: 1, seed: 1}");
    if (strstr(text, "auto") != NULL)
        fail_msg("auto is still in:\n%s", text);
}

/* The same network, set or written: the same bits; and a run goes on with what was set. */
static void a_set_model_is_the_written_one(void **state)
{
    static char text[CLI_OUTPUT];
    char set[65], written[65];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --set layers.dense_1.units=9 --epochs 1 --out a"), 0);
    assert_int_equal(cli_run("train --resume --out a --epochs 2 --quiet --device reference"), 0);
    cli_hash(set);
    cli_read("tiny.yaml", text);
    memcpy(strstr(text, "units: 8"), "units: 9", 8);
    cli_write("tiny.yaml", text);
    assert_int_equal(cli_run(TRAIN "--quiet --out b"), 0);
    cli_hash(written);
    assert_string_equal(set, written);
    assert_int_equal(cli_run("train --resume --out a --set train.epochs=3"), ISO_EXIT_USAGE);
    cli_says(cli_err, "leave --set and --phase out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_goes_where_its_keys_lead), TEST(an_alias_is_not_changed_with_what_it_shows),
        TEST(a_fault_names_the_setting),        TEST(one_phase_is_kept),
        TEST(what_is_measured_finds_its_place), TEST(a_set_model_is_the_written_one),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
