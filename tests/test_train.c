/* test_train.c: the training loop, run folders, resuming and weight files, on the reference. */
#define _XOPEN_SOURCE 700              /* nftw */
#include "core/ops/adam.h"
#include "core/train/run.h"
#include "core/train/weights.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 230, VALIDATION_ROWS = 60, BATCH = 50, EPOCH_STEPS = 5, MOST = 64 };
static const char tiny[] =
    "model: tiny\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train}\n"
    "  validation: {dataset: 'builtin:digits', split: test}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: %d, activation: relu}\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: %s}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, epochs: 3, seed: 1}\n";

static char folder[64];                /* made anew for each test */

struct trainer {
    struct iso_model *model;
    struct iso_backend *backend;
    struct iso_graph *graph;
    struct iso_exec *exec;
    struct iso_dataset *train, *validation;
    struct iso_fit_state state;
    /* what the listener saw */
    struct iso_fit_batch batches[MOST]; int nbatches;
    struct iso_fit_epoch epochs[MOST]; int nepochs;
    volatile sig_atomic_t stop; int64_t stop_after;    /* steps; 0: never */
};

/* ---- Fixtures ------------------------------------------------------------------------------ */

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/isocl-test-train-XXXXXX");
    iso_error_clear();
    return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
    (void)s, (void)type, (void)ftw;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    iso_alloc_fail_after(-1);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char path[ISO_PATH];
    assert_int_equal(iso_path(path, folder, name), ISO_OK);
    return path;
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *progress)
{
    struct trainer *t = self;
    for (int i = 0; i < progress->nbatches; i++) {
        assert_true(t->nbatches < MOST);
        t->batches[t->nbatches++] = progress->batches[i];
        if (t->stop_after && progress->batches[i].step + 1 >= t->stop_after)
            t->stop = 1;
    }
    return ISO_OK;
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch, const struct iso_fit_state *state)
{
    struct trainer *t = self;
    (void)state;
    assert_true(t->nepochs < MOST);
    t->epochs[t->nepochs++] = *epoch;
    return ISO_OK;
}

static void open_trainer(struct trainer *t, int units, const char *learning_rate, uint64_t seed)
{
    static struct iso_faults faults;
    char text[2048];
    snprintf(text, sizeof text, tiny, units, learning_rate);
    memset(t, 0, sizeof *t);
    memset(&faults, 0, sizeof faults);
    assert_int_equal(iso_file_write(in_folder("tiny.yaml"), text, strlen(text)), ISO_OK);
    assert_int_equal(iso_model_load(in_folder("tiny.yaml"), &faults, &t->model), ISO_OK);
    t->model->seed = seed;
    assert_int_equal(iso_backend_open("reference", ISO_MODE_EXACT, 0, &t->backend), ISO_OK);
    assert_int_equal(iso_graph_build(t->model, BATCH, &faults, &t->graph), ISO_OK);
    const struct iso_exec_options options = { .training = true, .seed = seed, .log_steps = ISO_FIT_LOG_STEPS };
    assert_int_equal(iso_exec_new(t->graph, t->backend, &options, &t->exec), ISO_OK);
    assert_int_equal(iso_dataset_load("builtin:digits", "train", NULL, 0, ROWS, &t->train), ISO_OK);
    assert_int_equal(iso_dataset_load("builtin:digits", "test", NULL, 0, VALIDATION_ROWS, &t->validation), ISO_OK);
    assert_int_equal(iso_exec_data(t->exec, 0, t->train), ISO_OK);
    assert_int_equal(iso_exec_data(t->exec, 1, t->validation), ISO_OK);
    assert_int_equal(iso_exec_initialize(t->exec), ISO_OK);
}

static void close_trainer(struct trainer *t)
{
    iso_dataset_free(t->train);
    iso_dataset_free(t->validation);
    iso_exec_free(t->exec);
    iso_graph_free(t->graph);
    iso_backend_close(t->backend);
    iso_model_free(t->model);
}

/* Trains to a goal of epochs or steps; run NULL: kept nowhere. */
static iso_rc fit(struct trainer *t, int64_t epochs, int64_t steps, struct iso_run *run)
{
    struct iso_fit_listener listeners[2] = { { .self = t, .progress = on_progress, .epoch = on_epoch } };
    if (run)
        listeners[1] = iso_run_listener(run);
    const struct iso_fit_options options = {
        .epochs = epochs, .steps = steps, .rows = ROWS, .validation_rows = VALIDATION_ROWS,
        .seed = t->model->seed, .stop = &t->stop, .listeners = listeners, .nlisteners = run ? 2 : 1,
    };
    return iso_fit(t->exec, &options, &t->state);
}

static void hash_of(struct trainer *t, char hex[65])
{
    assert_int_equal(iso_exec_hash(t->exec, hex), ISO_OK);
    assert_int_equal(strlen(hex), 64);
}

/* ---- The loop ------------------------------------------------------------------------------ */

static void test_loss_falls(void **state)
{
    struct trainer t;
    (void)state;
    open_trainer(&t, 16, "0.01", 1);
    assert_int_equal(fit(&t, 3, 0, NULL), ISO_OK);
    assert_int_equal(t.nepochs, 3);
    assert_int_equal(t.state.step, 3 * EPOCH_STEPS);
    double first = iso_scores_loss(&t.epochs[0].train), last = iso_scores_loss(&t.epochs[2].train);
    assert_true(last < 0.8 * first);
    assert_true(t.epochs[2].validated);
    assert_true(iso_scores_loss(&t.epochs[2].validation) < iso_scores_loss(&t.epochs[0].validation));
    assert_true(iso_scores_metric(&t.epochs[2].train, 0) > iso_scores_metric(&t.epochs[0].train, 0));
    assert_int_equal(t.epochs[0].validation.rows, VALIDATION_ROWS);
    assert_true(t.epochs[0].learning_rate == 0.01);
    close_trainer(&t);
}

/* The last batch is smaller, and an epoch's loss is the mean over its rows. */
static void test_rows_are_weighted(void **state)
{
    struct trainer t;
    double sum = 0, correct = 0;
    (void)state;
    open_trainer(&t, 16, "0.01", 1);
    assert_int_equal(fit(&t, 1, 0, NULL), ISO_OK);
    assert_int_equal(t.nbatches, EPOCH_STEPS);
    for (int i = 0; i < t.nbatches; i++) {
        assert_int_equal(t.batches[i].step, i);
        assert_int_equal(t.batches[i].rows, i + 1 < EPOCH_STEPS ? BATCH : ROWS - (EPOCH_STEPS - 1) * BATCH);
        sum += t.batches[i].loss * (double)t.batches[i].rows;
        correct += t.batches[i].metric[0];
    }
    assert_int_equal(t.epochs[0].train.rows, ROWS);
    assert_true(iso_scores_loss(&t.epochs[0].train) == sum / ROWS);
    assert_true(iso_scores_metric(&t.epochs[0].train, 0) == correct / ROWS);
    assert_true(correct > 0);
    close_trainer(&t);
}

static void train_and_hash(uint64_t seed, char hex[65])
{
    struct trainer t;
    open_trainer(&t, 8, "0.01", seed);
    assert_int_equal(fit(&t, 2, 0, NULL), ISO_OK);
    hash_of(&t, hex);
    close_trainer(&t);
}

static void test_same_seed_same_bits(void **state)
{
    char a[65], b[65], c[65];
    (void)state;
    train_and_hash(1, a);
    train_and_hash(1, b);
    train_and_hash(2, c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

static void test_steps_count_in_all(void **state)
{
    struct trainer t;
    (void)state;
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(fit(&t, 1, EPOCH_STEPS + 2, NULL), ISO_OK);
    assert_int_equal(t.state.step, EPOCH_STEPS + 2);
    assert_int_equal(t.state.epoch, 1);
    assert_int_equal(t.state.epoch_step, 2);
    assert_int_equal(t.nepochs, 2);
    assert_true(t.epochs[0].whole && !t.epochs[0].validated);
    assert_true(!t.epochs[1].whole && !t.epochs[1].validated);
    assert_int_equal(t.epochs[1].train.rows, 2 * BATCH);
    assert_int_equal(fit(&t, 1, EPOCH_STEPS + 2, NULL), ISO_OK);       /* nothing is left to do */
    assert_int_equal(t.nepochs, 2);
    close_trainer(&t);
}

static void test_loss_that_is_not_finite(void **state)
{
    struct trainer t;
    (void)state;
    open_trainer(&t, 8, "0.01", 1);
    ((struct iso_adam *)t.model->optimizer.params)->learning_rate = 1e30;
    assert_int_equal(fit(&t, 3, 0, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "epoch 1, step "));
    assert_non_null(strstr(iso_error(), "smaller learning_rate (it is 1e+30)"));
    close_trainer(&t);
}

/* ---- Weight files -------------------------------------------------------------------------- */

static void test_weights_come_back(void **state)
{
    static struct iso_faults faults;
    struct iso_st_file *file = NULL;
    struct trainer t;
    char before[65], after[65];
    (void)state;
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(fit(&t, 1, 0, NULL), ISO_OK);
    hash_of(&t, before);
    assert_int_equal(iso_weights_save(t.exec, in_folder("w"), false, NULL), ISO_OK);
    assert_int_equal(iso_exec_initialize(t.exec), ISO_OK);
    hash_of(&t, after);
    assert_string_not_equal(before, after);
    assert_int_equal(iso_st_open(in_folder("w"), &file), ISO_OK);
    assert_int_equal(file->n, 4);
    assert_int_equal(iso_weights_load(t.exec, file, "w", false, &faults), ISO_OK);
    hash_of(&t, after);
    assert_string_equal(before, after);
    iso_st_close(file);
    close_trainer(&t);
}

static bool has_fault(const struct iso_faults *faults, const char *text)
{
    for (int i = 0; i < faults->count; i++)
        if (strstr(faults->list[i].text, text))
            return true;
    return false;
}

static void test_weights_that_do_not_fit(void **state)
{
    static struct iso_faults faults;
    struct iso_st_file *file = NULL;
    struct trainer t;
    char before[65], after[65];
    (void)state;
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(iso_weights_save(t.exec, in_folder("w"), true, NULL), ISO_OK);
    close_trainer(&t);
    open_trainer(&t, 9, "0.01", 1);
    hash_of(&t, before);
    assert_int_equal(iso_st_open(in_folder("w"), &file), ISO_OK);
    assert_int_equal(iso_weights_load(t.exec, file, "w", false, &faults), ISO_EDATA);
    assert_true(has_fault(&faults, "dense_1/kernel has shape 784x8; the model has 784x9"));
    assert_true(has_fault(&faults, "dense_1/bias has shape 8; the model has 9"));
    assert_true(has_fault(&faults, "dense_2/kernel has shape 8x10; the model has 9x10"));
    assert_true(has_fault(&faults, "dense_2/bias/momentum is not in the model"));
    hash_of(&t, after);
    assert_string_equal(before, after);
    iso_st_close(file);
    close_trainer(&t);
}

/* ---- Run folders --------------------------------------------------------------------------- */

static struct iso_run *start_run(struct trainer *t, const char *name)
{
    const struct iso_run_settings settings = { .seed = 1, .batch = BATCH, .rows = ROWS, .epochs = 3,
                                               .validation_rows = VALIDATION_ROWS };
    struct iso_run *run = NULL;
    assert_int_equal(iso_run_start(in_folder(name), t->exec, &settings, &run), ISO_OK);
    return run;
}

static void assert_same_file(const char *a, const char *b)
{
    char *text_a = NULL, *text_b = NULL;
    size_t na, nb;
    assert_int_equal(iso_file_read(in_folder(a), &text_a, &na), ISO_OK);
    assert_int_equal(iso_file_read(in_folder(b), &text_b, &nb), ISO_OK);
    assert_true(na > 0);
    assert_int_equal(na, nb);
    assert_memory_equal(text_a, text_b, na);
    free(text_a);
    free(text_b);
}

static void train_whole(const char *name, char hex[65])
{
    struct trainer t;
    open_trainer(&t, 8, "0.01", 1);
    struct iso_run *run = start_run(&t, name);
    assert_int_equal(fit(&t, 3, 0, run), ISO_OK);
    hash_of(&t, hex);
    iso_run_close(run);
    close_trainer(&t);
}

/* A run that stops after some steps, as if by Ctrl-C. */
static void train_part(const char *name, int64_t steps)
{
    struct trainer t;
    open_trainer(&t, 8, "0.01", 1);
    struct iso_run *run = start_run(&t, name);
    t.stop_after = steps;
    assert_int_equal(fit(&t, 3, 0, run), ISO_OK);
    assert_true(t.state.step >= steps && t.state.step < 3 * EPOCH_STEPS);
    iso_run_close(run);
    close_trainer(&t);
}

static void resume(const char *name, char hex[65])
{
    static struct iso_faults faults;
    struct iso_run_settings settings;
    struct iso_run *run = NULL;
    struct trainer t;
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(iso_run_read(in_folder(name), &settings, &t.state), ISO_OK);
    assert_int_equal(settings.batch, BATCH);
    assert_int_equal(settings.rows, ROWS);
    assert_int_equal(iso_run_resume(in_folder(name), t.exec, &settings, &faults, &run), ISO_OK);
    assert_int_equal(fit(&t, settings.epochs, 0, run), ISO_OK);
    hash_of(&t, hex);
    iso_run_close(run);
    close_trainer(&t);
}

static void test_resumed_run_ends_the_same(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    train_whole("whole", whole);
    for (int64_t steps = 1; steps <= 2 * EPOCH_STEPS; steps += 3) {
        char name[32], file[64];
        snprintf(name, sizeof name, "part%d", (int)steps);
        train_part(name, steps);
        resume(name, resumed);
        assert_string_equal(whole, resumed);
        snprintf(file, sizeof file, "%s/weights.safetensors", name);
        assert_same_file("whole/weights.safetensors", file);
        snprintf(file, sizeof file, "%s/best.safetensors", name);
        assert_same_file("whole/best.safetensors", file);
        snprintf(file, sizeof file, "%s/batches.csv", name);
        assert_same_file("whole/batches.csv", file);
    }
}

/* What was written after the state was saved is cut away. */
static void test_resume_cuts_the_files_back(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    train_whole("whole", whole);
    train_part("part", 2);
    FILE *f = fopen(in_folder("part/batches.csv"), "a");
    assert_non_null(f);
    fputs("900,7,50,1,1\n901,7,5", f);
    assert_int_equal(fclose(f), 0);
    resume("part", resumed);
    assert_string_equal(whole, resumed);
    assert_same_file("whole/batches.csv", "part/batches.csv");
}

static int lines_of(const char *name)
{
    char *text = NULL;
    size_t n;
    int lines = 0;
    assert_int_equal(iso_file_read(in_folder(name), &text, &n), ISO_OK);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    free(text);
    return lines;
}

static void test_run_folder(void **state)
{
    static const char columns[] =
        "epoch,seconds,images_per_second,learning_rate,loss,accuracy,validation_loss,validation_accuracy\n1,";
    static const char *const files[] = { "run/device.json", "run/log.txt", "run/state", "run/weights.safetensors",
                                         "run/best.safetensors" };
    char hex[65], *text = NULL;
    size_t n;
    (void)state;
    train_whole("run", hex);
    assert_same_file("tiny.yaml", "run/model.yaml");
    assert_int_equal(iso_file_read(in_folder("run/history.csv"), &text, &n), ISO_OK);
    assert_true(strncmp(text, columns, strlen(columns)) == 0);
    free(text);
    assert_int_equal(lines_of("run/history.csv"), 1 + 3);
    assert_int_equal(lines_of("run/batches.csv"), 1 + 3 * EPOCH_STEPS);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_int_equal(access(in_folder(files[i]), R_OK), 0);
}

static void test_folders_that_are_taken(void **state)
{
    const struct iso_run_settings settings = { .batch = BATCH, .rows = ROWS, .epochs = 1 };
    struct iso_run *run = NULL;
    struct trainer t;
    char back[ISO_PATH];
    (void)state;
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(iso_run_start(folder, t.exec, &settings, &run), ISO_EIO);
    assert_non_null(strstr(iso_error(), "--resume"));
    iso_error_clear();
    assert_non_null(getcwd(back, sizeof back));
    assert_int_equal(chdir(folder), 0);
    for (int i = 1; i <= 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "runs/tiny-%03d", i);
        assert_int_equal(iso_run_start(NULL, t.exec, &settings, &run), ISO_OK);
        assert_string_equal(iso_run_folder(run), name);
        iso_run_close(run);
    }
    assert_int_equal(chdir(back), 0);
    close_trainer(&t);
}

static void test_states_that_are_broken(void **state)
{
    struct iso_run_settings settings;
    struct iso_fit_state fit_state;
    struct trainer t;
    (void)state;
    assert_int_equal(iso_run_read(in_folder("nowhere"), &settings, &fit_state), ISO_EIO);
    assert_non_null(strstr(iso_error(), "check --out"));
    iso_error_clear();
    assert_int_equal(iso_run_read(folder, &settings, &fit_state), ISO_EIO);
    iso_error_clear();
    open_trainer(&t, 8, "0.01", 1);
    assert_int_equal(iso_weights_save(t.exec, in_folder("state"), true, NULL), ISO_OK);
    assert_int_equal(iso_run_read(folder, &settings, &fit_state), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "is not the state of a run"));
    iso_error_clear();
    assert_int_equal(iso_file_write(in_folder("state"), "rubbish", 7), ISO_OK);
    assert_true(iso_run_read(folder, &settings, &fit_state) != ISO_OK);
    assert_true(*iso_error() != '\0');
    close_trainer(&t);
}

/* Every allocation that can fail fails once: an error each time, and never a crash. */
static void test_memory_runs_out(void **state)
{
    const struct iso_run_settings settings = { .batch = BATCH, .rows = ROWS, .epochs = 1 };
    int failed = 0;
    (void)state;
    for (long n = 0;; n++) {
        struct iso_run *run = NULL;
        struct trainer t;
        char name[32];
        snprintf(name, sizeof name, "run%ld", n);
        open_trainer(&t, 8, "0.01", 1);
        const char *path = in_folder(name);
        iso_alloc_fail_after(n);
        iso_rc rc = iso_run_start(path, t.exec, &settings, &run);
        if (rc == ISO_OK)
            rc = fit(&t, 1, 0, run);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || rc == ISO_ENOMEM);
        failed += rc == ISO_ENOMEM;
        iso_error_clear();
        iso_run_close(run);
        close_trainer(&t);
        if (rc == ISO_OK)
            break;
    }
    assert_true(failed >= 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_loss_falls), TEST(test_rows_are_weighted), TEST(test_same_seed_same_bits),
        TEST(test_steps_count_in_all), TEST(test_loss_that_is_not_finite), TEST(test_weights_come_back),
        TEST(test_weights_that_do_not_fit), TEST(test_run_folder), TEST(test_resumed_run_ends_the_same),
        TEST(test_resume_cuts_the_files_back), TEST(test_folders_that_are_taken),
        TEST(test_states_that_are_broken), TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
