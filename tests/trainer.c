#include "trainer.h"
#include "datasets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char tiny[] =
    "model: tiny\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train}\n"
    "  validation: {dataset: 'builtin:digits', split: test}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: %d, activation: relu%s}\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: %s\n"
    "train: {batch_size: 50, epochs: 3, seed: 1}\n";

char trainer_folder[FOLDER];
const char *trainer_metrics = "[accuracy]", *trainer_hidden = "";

int trainer_setup(void **state)
{
    (void)state;
    iso_error_clear();
    return folder_make(trainer_folder, "train");
}

int trainer_teardown(void **state)
{
    (void)state;
    iso_alloc_fail_after(-1);
    return folder_remove(trainer_folder);
}

const char *trainer_path(const char *name)
{
    static char path[ISO_PATH];
    assert_int_equal(iso_path(path, trainer_folder, name), ISO_OK);
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

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    struct trainer *t = self;
    (void)state;
    assert_true(t->nepochs < MOST);
    t->epochs[t->nepochs++] = *epoch;
    return ISO_OK;
}

void trainer_open(struct trainer *t, int units, uint64_t seed)
{
    static struct iso_faults faults;
    char text[2048];
    snprintf(text, sizeof text, tiny, units, trainer_hidden, trainer_metrics);
    memset(t, 0, sizeof *t);
    memset(&faults, 0, sizeof faults);
    assert_int_equal(iso_file_write(trainer_path("tiny.yaml"), text, strlen(text)), ISO_OK);
    assert_int_equal(iso_model_load(trainer_path("tiny.yaml"), &faults, &t->model), ISO_OK);
    t->model->seed = seed;
    assert_int_equal(iso_backend_open("reference", ISO_MODE_EXACT, 0, &t->backend), ISO_OK);
    assert_int_equal(iso_graph_build(t->model, 0, BATCH, &faults, &t->graph), ISO_OK);
    const struct iso_exec_options options = { .training = true,
                                              .seed = seed,
                                              .log_steps = ISO_FIT_LOG_STEPS };
    assert_int_equal(iso_exec_new(t->graph, t->backend, &options, &t->exec), ISO_OK);
    assert_int_equal(load_dataset("builtin:digits", "train", NULL, 0, ROWS, &t->train), ISO_OK);
    assert_int_equal(
        load_dataset("builtin:digits", "test", NULL, 0, VALIDATION_ROWS, &t->validation), ISO_OK);
    assert_int_equal(iso_exec_data(t->exec, 0, t->train), ISO_OK);
    assert_int_equal(iso_exec_data(t->exec, 1, t->validation), ISO_OK);
    assert_int_equal(iso_exec_initialize(t->exec), ISO_OK);
}

void trainer_close(struct trainer *t)
{
    iso_exec_free(t->exec);
    iso_dataset_free(t->train);
    iso_dataset_free(t->validation);
    iso_graph_free(t->graph);
    iso_backend_close(t->backend);
    iso_model_free(t->model);
}

iso_rc trainer_fit(struct trainer *t, int64_t epochs, int64_t steps, struct iso_run *run)
{
    struct iso_fit_listener listeners[3] = {
        { .self = t, .progress = on_progress, .epoch = on_epoch }
    };
    if (run != NULL)
        listeners[1] = iso_run_listener(run);
    listeners[2] = t->more;
    const struct iso_fit_options options = {
        .epochs = epochs,
        .steps = steps,
        .rows = ROWS,
        .validation_rows = VALIDATION_ROWS,
        .seed = t->model->seed,
        .checkpoint_seconds = t->checkpoint_seconds,
        .stop = &t->stop,
        .listeners = listeners,
        .nlisteners = 3,
    };
    return iso_fit(t->exec, &options, &t->state);
}

void trainer_hash(struct trainer *t, char hex[65])
{
    assert_int_equal(iso_exec_hash(t->exec, hex), ISO_OK);
    assert_int_equal(strlen(hex), 64);
}
