#include "run.h"

#include "histograms.h"
#include "history.h"
#include "not_finite.h"
#include "device_json.h"
#include "run_check.h"
#include "weights.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct iso_run {
    struct iso_exec *exec; /* borrowed */
    char folder[ISO_PATH], log_path[ISO_PATH];
    struct iso_run_state state;
    struct iso_history *history;
    FILE *log;
};

iso_rc iso_run_read(const char *folder, struct iso_run_settings *settings,
                    struct iso_fit_state *fit)
{
    struct iso_run_state state;
    struct iso_st_file *file = NULL;
    ISO_TRY(iso_state_read(folder, &state, &file));
    const iso_rc rc = iso_run_check_tensors(folder, "state", file, NULL);
    iso_st_close(file);
    *settings = state.settings;
    *fit = state.fit;
    return rc;
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* Makes runs/MODEL-NNN with the first number that is free. */
static iso_rc make_default_folder(const char *model, char folder[ISO_PATH])
{
    char name[64];
    snprintf(name, sizeof name, "%s", *model ? model : "model");
    for (char *c = name; *c; c++)
        if (strchr("/\\ \t\n", *c) != NULL || (c == name && *c == '.'))
            *c = '-';
    ISO_TRY(iso_folder_make("runs"));
    for (int i = 1; i < 1000000; i++) {
        snprintf(folder, ISO_PATH, "runs/%s-%03d", name, i);
        if (mkdir(folder, 0777) == 0)
            return ISO_OK;
        if (errno != EEXIST)
            return iso_file_fail("make the folder", folder);
    }
    return iso_fail(ISO_EIO, "every number of runs/%s is taken; give --out", name);
}

static iso_rc make_folder(const char *folder, const char *model, char out[ISO_PATH])
{
    if (folder == NULL)
        return make_default_folder(model, out);
    if (snprintf(out, ISO_PATH, "%s", folder) >= ISO_PATH)
        return iso_fail(ISO_EIO, "the path %.60s... is too long; use a shorter --out", folder);
    if (!iso_folder_empty(folder))
        return iso_fail(
            ISO_EIO,
            "%s exists and is not an empty folder; give --resume to continue the run in "
            "it, or another --out",
            folder);
    return iso_folder_make(folder);
}

/* The log is locked while it is open, so that two programs cannot write into one run. Where the
 * file system has no locks, nothing guards it. */
static iso_rc open_log(struct iso_run *run)
{
    ISO_TRY(iso_path(run->log_path, run->folder, "log.txt"));
    ISO_TRY(iso_file_may_replace(run->log_path)); /* a pipe would have to be waited for */
    run->log = fopen(run->log_path, "ae");
    if (run->log == NULL)
        return iso_file_fail("write", run->log_path);
    if (flock(fileno(run->log), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return iso_fail(ISO_EIO,
                        "another isocl is training in %s; wait for it, or use another --out",
                        run->folder);
    return ISO_OK;
}

static iso_rc open_history(struct iso_run *run)
{
    const struct iso_fit_state *fit = &run->state.fit;
    return iso_history_open(run->folder, iso_exec_graph(run->exec), fit->epoch, fit->step,
                            &run->history);
}

/* The state comes last: what it says is on the disk. */
static iso_rc start(struct iso_run *run, const char *folder)
{
    const struct iso_model *model = iso_exec_graph(run->exec)->model;
    char path[ISO_PATH];
    run->state.best.goodness = -INFINITY;
    ISO_TRY(make_folder(folder, model->name, run->folder));
    ISO_TRY(open_log(run));
    ISO_TRY(iso_path(path, run->folder, "model.yaml"));
    ISO_TRY(iso_file_write(path, model->text, model->text_size));
    ISO_TRY(iso_run_device_write(run->folder, iso_exec_backend(run->exec)));
    ISO_TRY(open_history(run));
    return iso_state_save(run->folder, &run->state, run->exec);
}

/* Sets the executor to the state, which is read only now that nobody else can change it. fit: where
 * the caller believes that the run stands. */
static iso_rc load_state(struct iso_run *run, const char *folder, const struct iso_fit_state *fit,
                         struct iso_faults *faults)
{
    struct iso_st_file *file = NULL;
    const struct iso_run_settings settings = run->state.settings;
    ISO_TRY(iso_state_read(folder, &run->state, &file));
    iso_rc rc = iso_run_check_tensors(folder, "state", file, NULL);
    if (rc == ISO_OK)
        rc = iso_state_resumable(folder, &run->state.settings);
    run->state.settings = settings;
    if (rc == ISO_OK && run->state.fit.step != fit->step)
        rc = iso_fail(ISO_EIO,
                      "another isocl has gone on with %s meanwhile; look at it, and "
                      "resume it again",
                      folder);
    if (rc == ISO_OK)
        rc = iso_weights_load(run->exec, file, folder, true, faults);
    iso_st_close(file);
    return rc;
}

iso_rc iso_run_follow(const char *folder, struct iso_exec *exec, const struct iso_fit_state *fit,
                      struct iso_faults *faults)
{
    struct iso_run run = { .exec = exec };
    return load_state(&run, folder, fit, faults);
}

static iso_rc resume(struct iso_run *run, const char *folder, const struct iso_fit_state *fit,
                     struct iso_faults *faults)
{
    snprintf(run->folder, sizeof run->folder, "%s", folder);
    ISO_TRY(open_log(run));
    ISO_TRY(load_state(run, folder, fit, faults));
    ISO_TRY(iso_folder_clean(folder));
    ISO_TRY(iso_run_device_write(run->folder, iso_exec_backend(run->exec)));
    ISO_TRY(iso_histograms_keep(folder, run->state.fit.epoch));
    return open_history(run);
}

static struct iso_run *new_run(struct iso_exec *exec, const struct iso_run_settings *settings)
{
    struct iso_run *run = iso_alloc(1, sizeof *run);
    if (run != NULL) {
        run->exec = exec;
        run->state.settings = *settings;
    }
    return run;
}

static iso_rc opened(iso_rc rc, struct iso_run *run, struct iso_run **out)
{
    if (rc != ISO_OK)
        iso_run_close(run);
    else
        *out = run;
    return rc;
}

iso_rc iso_run_start(const char *folder, struct iso_exec *exec,
                     const struct iso_run_settings *settings, struct iso_run **out)
{
    struct iso_run *run = new_run(exec, settings);
    return run != NULL ? opened(start(run, folder), run, out) : ISO_ENOMEM;
}

iso_rc iso_run_resume(const char *folder, struct iso_exec *exec,
                      const struct iso_run_settings *settings, const struct iso_fit_state *fit,
                      struct iso_faults *faults, struct iso_run **out)
{
    struct iso_run *run = new_run(exec, settings);
    return run != NULL ? opened(resume(run, folder, fit, faults), run, out) : ISO_ENOMEM;
}

void iso_run_close(struct iso_run *run)
{
    if (run == NULL)
        return;
    iso_history_close(run->history);
    if (run->log != NULL)
        fclose(run->log);
    free(run);
}

const char *iso_run_folder(const struct iso_run *run) { return run->folder; }

const char *iso_run_warning(const struct iso_run *run) { return iso_history_warning(run->history); }

void iso_run_log(struct iso_run *run, const char *line) { fprintf(run->log, "%s\n", line); }

/* ---- The best epoch ------------------------------------------------------------------------ */

/* The name of the number by which this epoch is compared with others: the one the model file says;
 * or the validation's first metric that is one number; without one its loss; without validation
 * the epoch's loss. */
static void name_monitor(const struct iso_graph *graph, bool validated, struct iso_run_best *best)
{
    const struct iso_checkpoint *checkpoint = &graph->model->checkpoint;
    const int first = iso_metric_first(graph);
    char label[ISO_NAME] = "loss";
    if (validated && first >= 0)
        iso_metric_name(graph, first, -1, label);
    if (checkpoint->given)
        snprintf(best->monitor, sizeof best->monitor, "%s", checkpoint->monitor.name);
    else
        snprintf(best->monitor, sizeof best->monitor, "%s%.50s", validated ? "validation_" : "",
                 label);
}

static bool rises(const struct iso_checkpoint *checkpoint, const char *name)
{
    struct iso_monitor monitor = { .name = "" };
    snprintf(monitor.name, sizeof monitor.name, "%s", name);
    return checkpoint->mode == ISO_MONITOR_AUTO ? iso_monitor_rises(&monitor)
                                                : checkpoint->mode == ISO_MONITOR_MAX;
}

static struct iso_run_best judge(const struct iso_run *run, const struct iso_fit_epoch *epoch)
{
    const struct iso_graph *graph = iso_exec_graph(run->exec);
    struct iso_run_best best = { .epoch = epoch->epoch };
    name_monitor(graph, epoch->validated, &best);
    best.value = iso_fit_number(graph, epoch, best.monitor);
    best.goodness = rises(&graph->model->checkpoint, best.monitor) ? best.value : -best.value;
    return best;
}

enum { SHARED = 8 }; /* words of metadata that all weights of a run have */

/* Sets them, in front of the others. */
static void share(const struct iso_run *run, const char *metadata[SHARED])
{
    const struct iso_run_settings *s = &run->state.settings;
    const char *const words[SHARED] = { "model",           iso_exec_graph(run->exec)->model->name,
                                        "isocl",           ISO_VERSION,
                                        iso_run_model_key, s->model_sha256,
                                        iso_run_data_key,  s->data_sha256 };
    memcpy(metadata, words, sizeof words);
}

static iso_rc save_best(struct iso_run *run, const struct iso_fit_epoch *epoch)
{
    const struct iso_run_settings *s = &run->state.settings;
    const struct iso_run_best best = judge(run, epoch);
    const bool validates = s->validation_rows > 0 && s->steps == 0;
    char path[ISO_PATH], value[32], number[32];
    if (epoch->validated != validates || !(best.goodness > run->state.best.goodness))
        return ISO_OK; /* one that broke off is not compared with whole ones */
    snprintf(value, sizeof value, "%.9g", best.value);
    snprintf(number, sizeof number, "%lld", (long long)best.epoch);
    const char *metadata[SHARED + 7] = {
        [SHARED] = "monitor", best.monitor, "value", value, "epoch", number, NULL
    };
    share(run, metadata);
    ISO_TRY(iso_path(path, run->folder, "best.safetensors"));
    ISO_TRY(iso_weights_save(run->exec, path, false, metadata));
    run->state.best = best;
    return ISO_OK;
}

/* Losses of two phases are not compared; metrics are. */
void iso_run_phase(struct iso_run *run, struct iso_exec *exec)
{
    run->exec = exec;
    iso_history_phase(run->history, iso_exec_graph(exec));
    if (strstr(run->state.best.monitor, "loss") != NULL)
        run->state.best = (struct iso_run_best){ .goodness = -INFINITY };
}

/* ---- Following the training ---------------------------------------------------------------- */

static iso_rc save_as(struct iso_run *run, const char *name)
{
    char path[ISO_PATH];
    const char *metadata[SHARED + 1] = { NULL };
    share(run, metadata);
    ISO_TRY(iso_path(path, run->folder, name));
    return iso_weights_save(run->exec, path, false, metadata);
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *progress)
{
    struct iso_run *run = self;
    return iso_history_batches(run->history, progress->epoch, progress->batches,
                               progress->nbatches);
}

/* The state comes last: what it says is on the disk. */
static iso_rc save_state(struct iso_run *run, const struct iso_fit_state *state)
{
    errno = 0;
    if (fflush(run->log) != 0 || ferror(run->log))
        return iso_file_fail("write", run->log_path);
    run->state.fit = *state;
    return iso_state_save(run->folder, &run->state, run->exec);
}

static iso_rc check_folder(const struct iso_run *run)
{
    if (iso_folder_exists(run->folder))
        return ISO_OK;
    return iso_fail(ISO_EIO,
                    "the run's folder %s is gone: moved or removed while it was trained "
                    "in; if it is elsewhere, go on with: isocl train --resume --out THERE",
                    run->folder);
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    struct iso_run *run = self;
    const struct iso_training *training = iso_exec_graph(run->exec)->training;
    ISO_TRY(check_folder(run));
    ISO_TRY(iso_history_epoch(run->history, epoch));
    if (epoch->trained)
        ISO_TRY(iso_histograms_add(run->folder, run->exec, epoch->epoch));
    ISO_TRY(save_as(run, "weights.safetensors"));
    if (epoch->to_restore && training->early_stopping.restore_best_weights)
        ISO_TRY(save_as(run, "restore.safetensors"));
    ISO_TRY(save_best(run, epoch));
    return save_state(run, state);
}

static iso_rc on_checkpoint(void *self, const struct iso_fit_state *state)
{
    struct iso_run *run = self;
    ISO_TRY(check_folder(run));
    ISO_TRY(iso_history_flush(run->history));
    ISO_TRY(save_as(run, "weights.safetensors"));
    return save_state(run, state);
}

iso_rc iso_run_go_back(struct iso_run *run, struct iso_exec *exec, const struct iso_fit_state *fit)
{
    run->exec = exec;
    return on_checkpoint(run, fit);
}

/* Goes back to the checkpoint and repeats the steps since. */
static iso_rc on_not_finite(void *self, const struct iso_fit_options *options,
                            const struct iso_fit_state *at, int64_t step,
                            struct iso_not_finite *out)
{
    struct iso_run *run = self;
    struct iso_run_state state;
    struct iso_st_file *file = NULL;
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    iso_rc rc = faults != NULL ? iso_state_read(run->folder, &state, &file) : ISO_ENOMEM;
    const bool same = rc == ISO_OK && state.fit.phase == at->phase && state.fit.epoch == at->epoch;
    if (same)
        rc = iso_weights_load(run->exec, file, run->folder, true, faults);
    if (same && rc == ISO_OK)
        rc = iso_not_finite_find(run->exec, options, &state.fit, step, out);
    iso_st_close(file);
    free(faults);
    return rc;
}

iso_rc iso_run_restore(struct iso_run *run, struct iso_faults *faults, bool *restored)
{
    char path[ISO_PATH];
    struct iso_st_file *file = NULL;
    const struct iso_training *training = iso_exec_graph(run->exec)->training;
    *restored = false;
    ISO_TRY(iso_path(path, run->folder, "restore.safetensors"));
    if (!training->early_stopping.restore_best_weights || access(path, F_OK) != 0)
        return ISO_OK; /* no epoch has ended */
    ISO_TRY(iso_st_open(path, &file));
    iso_rc rc = iso_run_check_tensors(run->folder, path, file, NULL);
    if (rc == ISO_OK)
        rc = iso_weights_load(run->exec, file, run->folder, false, faults);
    iso_st_close(file);
    *restored = rc == ISO_OK;
    return rc == ISO_OK ? save_as(run, "weights.safetensors") : rc;
}

iso_rc iso_run_keep_average(struct iso_run *run) { return save_as(run, "weights.safetensors"); }

struct iso_fit_listener iso_run_listener(struct iso_run *run)
{
    return (struct iso_fit_listener){ .self = run,
                                      .progress = on_progress,
                                      .epoch = on_epoch,
                                      .checkpoint = on_checkpoint,
                                      .not_finite = on_not_finite };
}
