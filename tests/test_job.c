/* test_job.c: a program that has the library trains, stops, resumes, evaluates and predicts as the
 * commands do, to the same bits. */
#include "core/job/prediction.h"
#include "core/job/trainer.h"
#include "core/train/fit.h"
#include "core/train/predict.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* 3 steps an epoch; what the frozen layers give is computed once. */
static const char yaml[] =
    "model: job\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train, count: 120}\n"
    "  validation: {dataset: 'builtin:digits', split: test, count: 60}\n"
    "input: {shape: [28, 28, 1], scale: 1/255, mean: auto, std: auto}\n"
    "layers:\n"
    "  - max_pooling2d: 4\n"
    "  - conv2d: {filters: 2, kernel_size: 3, activation: relu, trainable: false}\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu}\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, seed: 3, keep_features: true}\n"
    "phases:\n%s";
/* Another loss, weights shuffled before it, and an end that goes back to the best epoch. */
static const char two_losses[] =
    "  - {name: first, epochs: 2, schedule: {step_decay: {period: 1}}}\n"
    "  - {name: second, epochs: 4, loss: mean_squared_error, shuffle_weights: true, keep_slots: "
    "true,\n"
    "     keep_steps: true, early_stopping: {monitor: validation_accuracy, patience: 1,\n"
    "     min_delta: 0.5, restore_best_weights: true}}\n";

enum { TOLD = 1024 };
struct told {        /* the calls of a listener, in order */
    char text[TOLD]; /* p: a phase, f: features, e: an epoch, s: saved, r: restored */
    volatile sig_atomic_t stop;
    int64_t stop_after; /* steps; 0: never */
};

static char folder[FOLDER];

static int setup(void **state)
{
    (void)state;
    iso_error_clear();
    return folder_make(folder, "job");
}

static int teardown(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static const char *path_of(const char *name, char path[ISO_PATH])
{
    assert_int_equal(iso_path(path, folder, name), ISO_OK);
    return path;
}

static void tell(void *self, const char *what)
{
    struct told *t = self;
    assert_true(strlen(t->text) + strlen(what) < TOLD);
    strcat(t->text, what);
}

static iso_rc on_phase(void *self, const struct iso_trainer *t)
{
    char text[40];
    snprintf(text, sizeof text, "p%s ", t->job.graph->training->name);
    tell(self, text);
    return ISO_OK;
}

static iso_rc on_features(void *self, const struct iso_trainer *t, const struct iso_kept *kept)
{
    (void)t;
    tell(self, kept == NULL ? "f" : "F ");
    return ISO_OK;
}

static iso_rc on_saved(void *self, const struct iso_fit_state *state)
{
    (void)state;
    tell(self, "s ");
    return ISO_OK;
}

static iso_rc on_restored(void *self, const struct iso_trainer *t)
{
    (void)t;
    tell(self, "r");
    return ISO_OK;
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    (void)epoch, (void)state;
    tell(self, "e");
    return ISO_OK;
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *p)
{
    struct told *t = self;
    const int64_t step = p->nbatches > 0 ? p->batches[p->nbatches - 1].step + 1 : 0;
    if (t->stop_after > 0 && step >= t->stop_after)
        t->stop = 1;
    return ISO_OK;
}

/* Trains to the end, or until the listener stops it; hex: of the weights. Returns true if the goal
 * was reached. */
static bool train(const char *model, const char *run, bool resume, struct told *told, char hex[65])
{
    static struct iso_trainer t;
    struct iso_trainer_options o = ISO_TRAINER_DEFAULTS;
    const struct iso_trainer_listener listener = {
        .self = told,
        .phase = on_phase,
        .features = on_features,
        .saved = on_saved,
        .restored = on_restored,
        .fit = { .self = told, .progress = on_progress, .epoch = on_epoch },
    };
    memset(&t, 0, sizeof t);
    o.job.device = "reference";
    o.run = run;
    o.resume = resume;
    o.stop = &told->stop;
    iso_rc rc = iso_trainer_open(&t, &o, model);
    if (rc == ISO_OK)
        rc = iso_trainer_begin(&t);
    if (rc == ISO_OK)
        rc = iso_trainer_run(&t, &listener);
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
    const bool done = iso_trainer_reached_goal(&t);
    assert_int_equal(iso_exec_hash(t.job.exec, hex), ISO_OK);
    iso_trainer_end(&t, rc);
    iso_trainer_close(&t);
    return done;
}

static void write_model(const char *phases, char path[ISO_PATH])
{
    char text[sizeof yaml + sizeof two_losses];
    const int n = snprintf(text, sizeof text, yaml, phases);
    assert_true(n > 0 && n < (int)sizeof text);
    assert_int_equal(iso_file_write(path_of("job.yaml", path), text, (size_t)n), ISO_OK);
}

static void listeners_are_called_in_order(void **state)
{
    struct told told = { .text = "" };
    char model[ISO_PATH], run[ISO_PATH], hex[65];
    (void)state;
    write_model(two_losses, model);
    assert_true(train(model, path_of("whole", run), false, &told, hex));
    assert_string_equal(told.text, "pfirst fF es es psecond fF es es r");
}

/* A phase that changes nothing ends with the weights of the one before it. */
static void a_phase_begins_with_the_weights_before_it(void **state)
{
    char model[ISO_PATH], run[ISO_PATH], one[65], two[65];
    struct told told = { .text = "" };
    (void)state;
    write_model("  - {name: first, epochs: 2}\n", model);
    assert_true(train(model, path_of("one", run), false, &told, one));
    write_model(
        "  - {name: first, epochs: 2}\n"
        "  - {name: still, epochs: 1, optimizer: {sgd: {learning_rate: 1e-35}}}\n",
        model);
    assert_true(train(model, path_of("two", run), false, &told, two));
    assert_string_equal(one, two);
}

/* Stopped after every so many steps, and gone on with. */
static void a_training_in_pieces_ends_alike(void **state)
{
    char model[ISO_PATH], run[ISO_PATH], whole[65], hex[65];
    struct told none = { .text = "" };
    (void)state;
    write_model(two_losses, model);
    assert_true(train(model, path_of("whole", run), false, &none, whole));
    path_of("pieces", run);
    int pieces = 0;
    for (bool done = false; !done; pieces++) {
        struct told told = { .stop_after = 1 + 4 * pieces };
        assert_true(pieces < 20);
        done = train(pieces > 0 ? NULL : model, run, pieces > 0, &told, hex);
    }
    assert_true(pieces > 2);
    assert_string_equal(whole, hex);
}

static iso_rc sum_row(void *self, const struct iso_predicted *p)
{
    int *right = self;
    *right += iso_predicted_class(p) == p->label;
    return ISO_OK;
}

/* The share of right predictions is the accuracy. */
static void evaluation_and_prediction_agree(void **state)
{
    static struct iso_job job;
    static struct iso_prediction p;
    struct told told = { .text = "" };
    struct iso_job_options o = ISO_JOB_DEFAULTS;
    struct iso_scores scores;
    char model[ISO_PATH], weights[ISO_PATH], run[ISO_PATH], hex[65];
    int right = 0;
    (void)state;
    memset(&job, 0, sizeof job);
    memset(&p, 0, sizeof p);
    write_model(two_losses, model);
    assert_true(train(model, path_of("run", run), false, &told, hex));
    o.device = "reference";
    assert_int_equal(iso_job_files(run, NULL, false, model, weights), ISO_OK);
    assert_int_equal(iso_job_model(&job, model, &o), ISO_OK);
    assert_int_equal(iso_job_evaluate(&job, weights, "validation", &o, &scores), ISO_OK);
    assert_ptr_equal(job.graph->training, &job.model->phases[1]);
    const struct iso_prediction_options predict = { .job = o, .split = "validation" };
    assert_int_equal(iso_prediction_open(&p, model, weights, &predict), ISO_OK);
    assert_int_equal(iso_predict(p.job.exec, 1, p.job.data[1]->rows, sum_row, &right), ISO_OK);
    assert_int_equal(p.job.data[1]->rows, 60);
    assert_true(iso_scores_metric(job.graph, &scores, 0) == right / 60.0);
    iso_prediction_close(&p);
    iso_job_free(&job);
}

/* Everything that was opened is closed, and nothing is written. */
static void a_training_that_cannot_begin_leaves_nothing(void **state)
{
    static struct iso_trainer t;
    struct iso_trainer_options o = ISO_TRAINER_DEFAULTS;
    char model[ISO_PATH], run[ISO_PATH];
    (void)state;
    memset(&t, 0, sizeof t);
    write_model(two_losses, model);
    o.job.device = "reference";
    o.run = path_of("none", run);
    o.resume = true;
    assert_int_equal(iso_trainer_open(&t, &o, model), ISO_EIO);
    assert_non_null(strstr(iso_error(), "there is no run"));
    iso_trainer_end(&t, ISO_EIO);
    iso_trainer_close(&t);
    assert_int_equal(access(run, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(listeners_are_called_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_phase_begins_with_the_weights_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_training_in_pieces_ends_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(evaluation_and_prediction_agree, setup, teardown),
        cmocka_unit_test_setup_teardown(a_training_that_cannot_begin_leaves_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
