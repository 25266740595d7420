/* test_run.c: run folders, and that a resumed run ends with the bits of one that never stopped. */
#include "core/train/weights.h"
#include "trainer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Run folders --------------------------------------------------------------------------- */

static struct iso_run *start_run(struct trainer *t, const char *name)
{
    const struct iso_run_settings settings = {
        .seed = 1, .batch = BATCH, .rows = ROWS, .epochs = 3, .validation_rows = VALIDATION_ROWS
    };
    struct iso_run *run = NULL;
    assert_int_equal(iso_run_start(trainer_path(name), t->exec, &settings, &run), ISO_OK);
    return run;
}

static void assert_same_file(const char *a, const char *b)
{
    char *text_a = NULL, *text_b = NULL;
    size_t na, nb;
    assert_int_equal(iso_file_read(trainer_path(a), &text_a, &na), ISO_OK);
    assert_int_equal(iso_file_read(trainer_path(b), &text_b, &nb), ISO_OK);
    assert_true(na > 0);
    assert_int_equal(na, nb);
    assert_memory_equal(text_a, text_b, na);
    free(text_a);
    free(text_b);
}

static void train_whole(const char *name, char hex[65])
{
    struct trainer t;
    trainer_open(&t, 8, 1);
    struct iso_run *run = start_run(&t, name);
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    trainer_hash(&t, hex);
    iso_run_close(run);
    trainer_close(&t);
}

/* A run that stops after some steps, as if by Ctrl-C. */
static void train_some(const char *name, int64_t steps)
{
    struct trainer t;
    trainer_open(&t, 8, 1);
    struct iso_run *run = start_run(&t, name);
    t.stop_after = steps;
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    assert_true(t.state.step >= steps && t.state.step < 3 * EPOCH_STEPS);
    iso_run_close(run);
    trainer_close(&t);
}

static void resume(const char *name, char hex[65])
{
    static struct iso_faults faults;
    struct iso_run_settings settings;
    struct iso_run *run = NULL;
    struct trainer t;
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_run_read(trainer_path(name), &settings, &t.state), ISO_OK);
    assert_int_equal(settings.batch, BATCH);
    assert_int_equal(settings.rows, ROWS);
    assert_int_equal(iso_run_resume(trainer_path(name), t.exec, &settings, &t.state, &faults, &run),
                     ISO_OK);
    assert_int_equal(trainer_fit(&t, settings.epochs, 0, run), ISO_OK);
    trainer_hash(&t, hex);
    iso_run_close(run);
    trainer_close(&t);
}

static void test_resumed_run_ends_the_same(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    train_whole("whole", whole);
    for (int64_t steps = 1; steps <= 2 * EPOCH_STEPS; steps += 3) {
        char name[32], file[64];
        snprintf(name, sizeof name, "part%d", (int)steps);
        train_some(name, steps);
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

/* A run's history without the columns of the clock, which are the second and the third. */
static void read_history(const char *name, char *out, size_t size)
{
    char *text = NULL;
    size_t n, used = 0;
    int column = 0;
    assert_int_equal(iso_file_read(trainer_path(name), &text, &n), ISO_OK);
    for (const char *c = text; *c && used + 1 < size; c++) {
        column = *c == '\n' ? 0 : column + (*c == ',');
        if (column != 1 && column != 2)
            out[used++] = *c;
    }
    out[used] = '\0';
    free(text);
}

/* A kernel that presses Ctrl-C in a batch of a validation, counted over all of them. */
static struct {
    struct trainer *t;
    int batch, batches;
} pressing;
static iso_rc press(struct iso_backend *backend, const struct iso_call *call)
{
    if (!call->training && ++pressing.batches == pressing.batch)
        pressing.t->stop = 1;
    return backend->ops->kernels[ISO_OP_categorical_crossentropy]->forward(backend, call);
}

/* Validations have two batches; the stop comes in one of the second epoch, or there is none. */
static void train_until(const char *name, int batch)
{
    static const struct iso_kernel *kernels[ISO_OP_COUNT];
    static struct iso_kernel loss;
    struct trainer t;
    trainer_open(&t, 8, 1);
    loss = *t.backend->kernels[ISO_OP_categorical_crossentropy];
    loss.forward = press;
    memcpy(kernels, t.backend->kernels, sizeof kernels);
    kernels[ISO_OP_categorical_crossentropy] = &loss;
    t.backend->kernels = kernels;
    pressing.t = &t;
    pressing.batch = batch;
    pressing.batches = 0;
    struct iso_run *run = start_run(&t, name);
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    if (batch) {
        assert_int_equal(pressing.batches, batch);
        assert_int_equal(t.state.epoch, 1);
        assert_int_equal(t.state.step, 2 * EPOCH_STEPS);
        assert_int_equal(t.state.epoch_step, EPOCH_STEPS);
        assert_true(!t.epochs[1].whole && !t.epochs[1].validated);
    }
    iso_run_close(run);
    trainer_close(&t);
}

/* F1 counts over an epoch, on the device, where the validation counts, too. */
static void test_stopped_in_its_validation(void **state)
{
    static char whole[4096], resumed[4096];
    char hex[65], other[65];
    (void)state;
    trainer_metrics = "[accuracy, f1]";
    train_until("whole", 0);
    assert_int_equal(pressing.batches, 3 * 2);
    read_history("whole/history.csv", whole, sizeof whole);
    train_until("part", 3);
    resume("part", hex);
    train_whole("other", other);
    assert_string_equal(hex, other);
    read_history("part/history.csv", resumed, sizeof resumed);
    assert_string_equal(resumed, whole);
    assert_same_file("whole/batches.csv", "part/batches.csv");
    assert_same_file("whole/best.safetensors", "part/best.safetensors");
    trainer_metrics = "[accuracy]";
}

/* Lines written after the state was saved are removed. */
static void test_resume_cuts_the_files_back(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    train_whole("whole", whole);
    train_some("part", 2);
    FILE *f = fopen(trainer_path("part/batches.csv"), "a");
    assert_non_null(f);
    fputs("900,7,50,1,1\n901,7,5", f);
    assert_int_equal(fclose(f), 0);
    resume("part", resumed);
    assert_string_equal(whole, resumed);
    assert_same_file("whole/batches.csv", "part/batches.csv");
}

static void copy_file(const char *from, const char *to)
{
    char *bytes = NULL;
    size_t n;
    assert_int_equal(iso_file_read(trainer_path(from), &bytes, &n), ISO_OK);
    assert_int_equal(iso_file_write(trainer_path(to), bytes, n), ISO_OK);
    free(bytes);
}

/* Called after the run's own listener has saved: keeps what a program killed here would leave. */
static iso_rc keep_a_copy(void *self, const struct iso_fit_state *state)
{
    static const char *const files[] = { "state", "history.csv", "batches.csv", "model.yaml" };
    char from[64], to[64];
    (void)self;
    if (state->step != 1)
        return ISO_OK;
    assert_int_equal(iso_folder_make(trainer_path("copy")), ISO_OK);
    for (int i = 0; i < 4; i++) {
        snprintf(from, sizeof from, "run/%s", files[i]);
        snprintf(to, sizeof to, "copy/%s", files[i]);
        copy_file(from, to);
    }
    return ISO_OK;
}

/* Checkpoints as often as can be change no bit, and a run goes on from one of them. */
static void test_checkpoints_within_an_epoch(void **state)
{
    char whole[65], hex[65];
    struct trainer t;
    (void)state;
    train_whole("whole", whole);
    trainer_open(&t, 8, 1);
    t.checkpoint_seconds = 1e-9;
    t.more = (struct iso_fit_listener){ .checkpoint = keep_a_copy };
    struct iso_run *run = start_run(&t, "run");
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    trainer_hash(&t, hex);
    iso_run_close(run);
    trainer_close(&t);
    assert_string_equal(whole, hex);
    resume("copy", hex);
    assert_string_equal(whole, hex);
    assert_same_file("whole/batches.csv", "copy/batches.csv");
    assert_same_file("whole/weights.safetensors", "copy/weights.safetensors");
}

/* The weights that the model file asks for are kept, and the file names the monitor. */
static void test_best_by_a_monitor(void **state)
{
    static const char *const monitors[][3] = {
        { "[accuracy]\ncheckpoint: {monitor: loss, mode: max}", "loss", "1" },
        { "[accuracy]\ncheckpoint: {monitor: loss}", "loss", "3" },
        { "[accuracy]\ncheckpoint: validation_loss", "validation_loss", "3" },
        { "[accuracy]", "validation_accuracy", NULL },
    };
    struct iso_run_state kept;
    char hex[65], name[32];
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct iso_st_file *file = NULL;
        trainer_metrics = monitors[i][0];
        snprintf(name, sizeof name, "best%d", i);
        train_whole(name, hex);
        assert_int_equal(iso_state_read(trainer_path(name), &kept, NULL), ISO_OK);
        assert_string_equal(kept.best.monitor, monitors[i][1]);
        strcat(name, "/best.safetensors");
        assert_int_equal(iso_st_open(trainer_path(name), &file), ISO_OK);
        assert_string_equal(iso_st_metadata(file, "monitor"), monitors[i][1]);
        if (monitors[i][2] != NULL)
            assert_string_equal(iso_st_metadata(file, "epoch"), monitors[i][2]);
        const double value = strtod(iso_st_metadata(file, "value"), NULL);
        assert_true(value > 0.999 * kept.best.value && value < 1.001 * kept.best.value);
        iso_st_close(file);
    }
    trainer_metrics = "[accuracy]";
}

/* Temporary files of a killed writer are removed when the run is resumed; other files stay. */
static void test_leftovers_are_removed(void **state)
{
    char hex[65];
    (void)state;
    train_some("part", 2);
    assert_int_equal(iso_file_write(trainer_path("part/state.tmp-123"), "x", 1), ISO_OK);
    assert_int_equal(iso_file_write(trainer_path("part/notes.tmp-b"), "x", 1), ISO_OK);
    resume("part", hex);
    assert_int_not_equal(access(trainer_path("part/state.tmp-123"), F_OK), 0);
    assert_int_equal(access(trainer_path("part/notes.tmp-b"), F_OK), 0);
}

/* The state that was looked at is not the one that is there any more. */
static void test_a_run_that_went_on_meanwhile(void **state)
{
    static struct iso_faults faults;
    struct iso_run_settings settings;
    struct iso_run *run = NULL;
    struct trainer t;
    (void)state;
    train_some("part", 2);
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_run_read(trainer_path("part"), &settings, &t.state), ISO_OK);
    t.state.step--;
    assert_int_equal(
        iso_run_resume(trainer_path("part"), t.exec, &settings, &t.state, &faults, &run), ISO_EIO);
    assert_non_null(strstr(iso_error(), "another isocl has gone on with"));
    trainer_close(&t);
}

static int lines_of(const char *name)
{
    char *text = NULL;
    size_t n;
    int lines = 0;
    assert_int_equal(iso_file_read(trainer_path(name), &text, &n), ISO_OK);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    free(text);
    return lines;
}

static void test_run_folder(void **state)
{
    static const char columns[] =
        "epoch,seconds,images_per_second,learning_rate,loss,accuracy,"
        "validation_loss,validation_accuracy\n1,";
    static const char *const files[] = { "run/device.json", "run/log.txt", "run/state",
                                         "run/weights.safetensors", "run/best.safetensors" };
    char hex[65], *text = NULL;
    size_t n;
    (void)state;
    train_whole("run", hex);
    assert_same_file("tiny.yaml", "run/model.yaml");
    assert_int_equal(iso_file_read(trainer_path("run/history.csv"), &text, &n), ISO_OK);
    assert_true(strncmp(text, columns, strlen(columns)) == 0);
    free(text);
    assert_int_equal(lines_of("run/history.csv"), 1 + 3);
    assert_int_equal(lines_of("run/batches.csv"), 1 + 3 * EPOCH_STEPS);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_int_equal(access(trainer_path(files[i]), R_OK), 0);
}

static void test_folders_that_are_taken(void **state)
{
    const struct iso_run_settings settings = { .batch = BATCH, .rows = ROWS, .epochs = 1 };
    struct iso_run *run = NULL;
    struct trainer t;
    char back[ISO_PATH];
    (void)state;
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_run_start(trainer_folder, t.exec, &settings, &run), ISO_EIO);
    assert_non_null(strstr(iso_error(), "--resume"));
    iso_error_clear();
    assert_non_null(getcwd(back, sizeof back));
    assert_int_equal(chdir(trainer_folder), 0);
    for (int i = 1; i <= 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "runs/tiny-%03d", i);
        assert_int_equal(iso_run_start(NULL, t.exec, &settings, &run), ISO_OK);
        assert_string_equal(iso_run_folder(run), name);
        iso_run_close(run);
    }
    assert_int_equal(chdir(back), 0);
    trainer_close(&t);
}

static void test_states_that_are_broken(void **state)
{
    struct iso_run_settings settings;
    struct iso_fit_state fit_state;
    struct trainer t;
    (void)state;
    assert_int_equal(iso_run_read(trainer_path("nowhere"), &settings, &fit_state), ISO_EIO);
    assert_non_null(strstr(iso_error(), "check --out"));
    iso_error_clear();
    assert_int_equal(iso_run_read(trainer_folder, &settings, &fit_state), ISO_EIO);
    iso_error_clear();
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_weights_save(t.exec, trainer_path("state"), true, NULL), ISO_OK);
    assert_int_equal(iso_run_read(trainer_folder, &settings, &fit_state), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "is not the state of a run"));
    iso_error_clear();
    assert_int_equal(iso_file_write(trainer_path("state"), "rubbish", 7), ISO_OK);
    assert_true(iso_run_read(trainer_folder, &settings, &fit_state) != ISO_OK);
    assert_true(*iso_error() != '\0');
    trainer_close(&t);
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
        trainer_open(&t, 8, 1);
        const char *path = trainer_path(name);
        iso_alloc_fail_after(n);
        iso_rc rc = iso_run_start(path, t.exec, &settings, &run);
        if (rc == ISO_OK)
            rc = trainer_fit(&t, 1, 0, run);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || rc == ISO_ENOMEM);
        failed += rc == ISO_ENOMEM;
        iso_error_clear();
        iso_run_close(run);
        trainer_close(&t);
        if (rc == ISO_OK)
            break;
    }
    assert_true(failed >= 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, trainer_setup, trainer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_resumed_run_ends_the_same),
        TEST(test_stopped_in_its_validation),
        TEST(test_resume_cuts_the_files_back),
        TEST(test_checkpoints_within_an_epoch),
        TEST(test_best_by_a_monitor),
        TEST(test_leftovers_are_removed),
        TEST(test_a_run_that_went_on_meanwhile),
        TEST(test_run_folder),
        TEST(test_folders_that_are_taken),
        TEST(test_states_that_are_broken),
        TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
