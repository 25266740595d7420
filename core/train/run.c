#include "run.h"

#include "history.h"
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct state {                         /* all that `state` keeps besides weights and slots */
    struct iso_run_settings settings;
    struct iso_fit_state fit;
    double best; /* of best.safetensors: larger is better; -INFINITY: none yet */
};
struct iso_run {
    struct iso_exec *exec;             /* borrowed */
    char folder[ISO_PATH], log_path[ISO_PATH];
    struct state state;
    struct iso_history *history;
    FILE *log;
};

/* ---- The state, as metadata of its file ---------------------------------------------------- */

enum { INTEGER, NUMBER, NUMBERS, TEXT_SIZE = 32 * ISO_METRICS };
struct member { const char *key; int type; size_t offset; };
#define MEMBER(type, name) { #name, type, offsetof(struct state, name) }
static const struct member members[] = {
    MEMBER(INTEGER, settings.seed),
    MEMBER(INTEGER, settings.batch),
    MEMBER(INTEGER, settings.limit),
    MEMBER(INTEGER, settings.rows),
    MEMBER(INTEGER, settings.validation_rows),
    MEMBER(INTEGER, settings.epochs),
    MEMBER(INTEGER, settings.steps),
    MEMBER(INTEGER, settings.fast),
    MEMBER(INTEGER, fit.epoch),
    MEMBER(INTEGER, fit.epoch_step),
    MEMBER(INTEGER, fit.step),
    MEMBER(INTEGER, fit.scores.rows),
    MEMBER(NUMBER, fit.scores.loss_sum),
    MEMBER(NUMBERS, fit.scores.metric_sum),        /* all ISO_METRICS of them */
    MEMBER(NUMBER, fit.seconds),
    MEMBER(NUMBER, best),
    MEMBER(INTEGER, fit.phase),
    MEMBER(INTEGER, fit.first_step),
    MEMBER(INTEGER, fit.plateau.watch.begun),
    MEMBER(INTEGER, fit.plateau.watch.wait),
    MEMBER(NUMBER, fit.plateau.watch.best),
    MEMBER(INTEGER, fit.plateau.cooldown),
    MEMBER(NUMBER, fit.plateau.rate),
    MEMBER(INTEGER, fit.stopping.watch.begun),
    MEMBER(INTEGER, fit.stopping.watch.wait),
    MEMBER(NUMBER, fit.stopping.watch.best),
    MEMBER(INTEGER, fit.stopping.stopped),
};
enum { MEMBERS = sizeof members / sizeof members[0], FIRST_OF_PHASES = MEMBERS - 11 };
_Static_assert(sizeof(uint64_t) == sizeof(int64_t), "the seed is kept as a signed number");

/* Numbers as %a: nothing is rounded. */
static void member_text(const struct member *m, const struct state *state, char text[TEXT_SIZE])
{
    const char *at = (const char *)state + m->offset;
    int n = 0;
    if (m->type == INTEGER)
        snprintf(text, TEXT_SIZE, "%" PRId64, *(const int64_t *)at);
    for (int i = 0; m->type != INTEGER && i < (m->type == NUMBER ? 1 : ISO_METRICS); i++)
        n += snprintf(text + n, (size_t)(TEXT_SIZE - n), i ? " %a" : "%a", ((const double *)at)[i]);
}

static void read_member(const struct member *m, const char *text, struct state *state)
{
    char *at = (char *)state + m->offset;
    if (m->type == INTEGER)
        *(int64_t *)at = strtoll(text, NULL, 10);
    for (int i = 0; m->type != INTEGER && i < (m->type == NUMBER ? 1 : ISO_METRICS); i++) {
        char *end;
        ((double *)at)[i] = strtod(text, &end);
        text = end;
    }
}

static iso_rc save_state(struct iso_run *run)
{
    char text[MEMBERS][TEXT_SIZE], version[16], path[ISO_PATH];
    const char *metadata[2 * MEMBERS + 3] = { "isocl.arithmetic", version };
    snprintf(version, sizeof version, "%d", ISO_ARITH_VERSION);
    for (int i = 0; i < MEMBERS; i++) {
        member_text(&members[i], &run->state, text[i]);
        metadata[2 + 2 * i] = members[i].key;
        metadata[3 + 2 * i] = text[i];
    }
    ISO_TRY(iso_path(path, run->folder, "state"));
    return iso_weights_save(run->exec, path, true, metadata);
}

static iso_rc parse_state(const struct iso_st_file *file, const char *path, struct state *out)
{
    const char *version = iso_st_metadata(file, "isocl.arithmetic");
    if (!version)
        return iso_fail(ISO_EDATA, "%s is not the state of a run", path);
    if (strtol(version, NULL, 10) != ISO_ARITH_VERSION)
        return iso_fail(ISO_EDATA,
                        "%s was made with arithmetic %.8s and this isocl has %d; train anew, or "
                        "resume it with the isocl that began it",
                        path, version, ISO_ARITH_VERSION);
    for (int i = 0; i < MEMBERS; i++) {
        const char *text = iso_st_metadata(file, members[i].key);
        if (!text && i >= FIRST_OF_PHASES)
            continue;                  /* a run from before there were phases is in the first */
        if (!text)
            return iso_fail(ISO_EDATA, "%s lacks %s; it cannot be resumed", path, members[i].key);
        read_member(&members[i], text, out);
    }
    const struct iso_fit_state *fit = &out->fit;
    if (out->settings.batch < 1 || out->settings.rows < 1 || fit->epoch < 0 || fit->epoch_step < 0
        || fit->step < 0 || fit->phase < 0 || fit->first_step < 0 || fit->first_step > fit->step)
        return iso_fail(ISO_EDATA, "%s holds impossible numbers; it cannot be resumed", path);
    return ISO_OK;
}

/* Opens the state file of folder and reads it; close *file with iso_st_close. */
static iso_rc open_state(const char *folder, char path[ISO_PATH], struct state *out,
                         struct iso_st_file **file)
{
    ISO_TRY(iso_path(path, folder, "state"));
    if (!iso_folder_exists(folder))
        return iso_fail(ISO_EIO, "there is no run %s to resume; check --out", folder);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return iso_fail(ISO_EIO,
                        "there is no %s, so nothing to resume: it is written at the end of each "
                        "epoch and by Ctrl-C; train anew with another --out",
                        path);
    ISO_TRY(iso_st_open(path, file));
    iso_rc rc = parse_state(*file, path, out);
    if (rc != ISO_OK)
        iso_st_close(*file);
    return rc;
}

iso_rc iso_run_read(const char *folder, struct iso_run_settings *settings,
                    struct iso_fit_state *fit)
{
    char path[ISO_PATH];
    struct state state;
    struct iso_st_file *file = NULL;
    ISO_TRY(open_state(folder, path, &state, &file));
    iso_st_close(file);
    *settings = state.settings;
    *fit = state.fit;
    return ISO_OK;
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* Makes runs/MODEL-NNN with the first number that is free. */
static iso_rc make_default_folder(const char *model, char folder[ISO_PATH])
{
    char name[64];
    snprintf(name, sizeof name, "%s", *model ? model : "model");
    for (char *c = name; *c; c++)
        if (strchr("/\\ \t\n", *c) || (c == name && *c == '.'))
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
    if (!folder)
        return make_default_folder(model, out);
    if (snprintf(out, ISO_PATH, "%s", folder) >= ISO_PATH)
        return iso_fail(ISO_EIO, "the path %.60s... is too long; use a shorter --out", folder);
    if (!iso_folder_empty(folder))
        return iso_fail(
            ISO_EIO,
            "%s is there and is not an empty folder; give --resume to go on with the run in "
            "it, or another --out",
            folder);
    return iso_folder_make(folder);
}

static iso_rc write_device(const struct iso_run *run)
{
    const struct iso_backend *backend = iso_exec_backend(run->exec);
    const struct iso_device *d = &backend->device;
    char path[ISO_PATH];
    ISO_TRY(iso_path(path, run->folder, "device.json"));
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:s, s:i}", "id", d->id,
                             "name", d->name, "platform", d->platform, "driver", d->driver, "mode",
                             backend->mode == ISO_MODE_EXACT ? "exact" : "fast", "exactness",
                             d->exactness == ISO_EXACT          ? "exact"
                             : d->exactness == ISO_EXACT_NORMAL ? "exact without subnormals"
                                                                : "inexact",
                             "memory", (json_int_t)d->memory, "units", d->units, "isocl",
                             ISO_VERSION, "arithmetic", ISO_ARITH_VERSION);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return iso_fail(ISO_EDEVICE,
                        "the device's name is not valid UTF-8, so device.json cannot be written");
    iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    return rc;
}

/* The log is locked while it is open, so that two programs cannot write into one run. Where the
 * file system has no locks, nothing guards it. */
static iso_rc open_log(struct iso_run *run)
{
    ISO_TRY(iso_path(run->log_path, run->folder, "log.txt"));
    run->log = fopen(run->log_path, "ae");
    if (!run->log)
        return iso_file_fail("write", run->log_path);
    if (flock(fileno(run->log), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return iso_fail(ISO_EIO,
                        "another isocl is training in %s; wait for it, or use another --out",
                        run->folder);
    return ISO_OK;
}

static iso_rc open_files(struct iso_run *run)
{
    const struct iso_graph *graph = iso_exec_graph(run->exec);
    const struct iso_fit_state *fit = &run->state.fit;
    ISO_TRY(open_log(run));
    ISO_TRY(write_device(run));
    return iso_history_open(run->folder, graph, fit->epoch, fit->step, &run->history);
}

static iso_rc start(struct iso_run *run, const char *folder)
{
    const struct iso_model *model = iso_exec_graph(run->exec)->model;
    char path[ISO_PATH];
    run->state.best = -INFINITY;
    ISO_TRY(make_folder(folder, model->name, run->folder));
    ISO_TRY(iso_path(path, run->folder, "model.yaml"));
    ISO_TRY(iso_file_write(path, model->text, model->text_size));
    return open_files(run);
}

static iso_rc resume(struct iso_run *run, const char *folder, struct iso_faults *faults)
{
    char path[ISO_PATH];
    struct iso_st_file *file = NULL;
    struct iso_run_settings settings = run->state.settings;
    ISO_TRY(open_state(folder, path, &run->state, &file));
    run->state.settings = settings;
    snprintf(run->folder, sizeof run->folder, "%s", folder);
    iso_rc rc = iso_weights_load(run->exec, file, folder, true, faults);
    iso_st_close(file);
    return rc == ISO_OK ? open_files(run) : rc;
}

static struct iso_run *new_run(struct iso_exec *exec, const struct iso_run_settings *settings)
{
    struct iso_run *run = iso_alloc(1, sizeof *run);
    if (run) {
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
    return run ? opened(start(run, folder), run, out) : ISO_ENOMEM;
}

iso_rc iso_run_resume(const char *folder, struct iso_exec *exec,
                      const struct iso_run_settings *settings, struct iso_faults *faults,
                      struct iso_run **out)
{
    struct iso_run *run = new_run(exec, settings);
    return run ? opened(resume(run, folder, faults), run, out) : ISO_ENOMEM;
}

/* Losses of two phases are not compared; metrics are. */
void iso_run_phase(struct iso_run *run, struct iso_exec *exec)
{
    run->exec = exec;
    iso_history_phase(run->history, iso_exec_graph(exec));
    if (iso_metric_first(iso_exec_graph(exec)) < 0)
        run->state.best = -INFINITY;
}

void iso_run_close(struct iso_run *run)
{
    if (!run)
        return;
    iso_history_close(run->history);
    if (run->log)
        fclose(run->log);
    free(run);
}

const char *iso_run_folder(const struct iso_run *run)
{
    return run->folder;
}

void iso_run_log(struct iso_run *run, const char *line)
{
    fprintf(run->log, "%s\n", line);
}

/* ---- Following the training ---------------------------------------------------------------- */

/* The validation's first metric that is one number; without one its loss; without validation the
 * epoch's loss. */
static double goodness(const struct iso_run *run, const struct iso_fit_epoch *epoch)
{
    const struct iso_graph *graph = iso_exec_graph(run->exec);
    const int first = iso_metric_first(graph);
    if (epoch->validated && first >= 0)
        return iso_scores_metric(graph, &epoch->validation, first);
    return -iso_scores_loss(epoch->validated ? &epoch->validation : &epoch->train);
}

static iso_rc save_weights(struct iso_run *run, const struct iso_fit_epoch *epoch)
{
    const struct iso_run_settings *s = &run->state.settings;
    const char *const metadata[] = { "model", iso_exec_graph(run->exec)->model->name, "isocl",
                                     ISO_VERSION, NULL };
    bool validates = s->validation_rows > 0 && s->steps == 0;
    char path[ISO_PATH];
    ISO_TRY(iso_path(path, run->folder, "weights.safetensors"));
    ISO_TRY(iso_weights_save(run->exec, path, false, metadata));
    const struct iso_training *training = &iso_exec_graph(run->exec)->model->training;
    if (epoch->to_restore && training->early_stopping.restore_best_weights) {
        ISO_TRY(iso_path(path, run->folder, "restore.safetensors"));
        ISO_TRY(iso_weights_save(run->exec, path, false, metadata));
    }
    if (epoch->validated != validates || !(goodness(run, epoch) > run->state.best))
        return ISO_OK;                 /* an epoch that broke off is not compared with whole ones */
    run->state.best = goodness(run, epoch);
    ISO_TRY(iso_path(path, run->folder, "best.safetensors"));
    return iso_weights_save(run->exec, path, false, metadata);
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *progress)
{
    struct iso_run *run = self;
    return iso_history_batches(run->history, progress->epoch, progress->batches,
                               progress->nbatches);
}

/* The state comes last: what it says is on the disk. */
static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    struct iso_run *run = self;
    run->state.fit = *state;
    ISO_TRY(iso_history_epoch(run->history, epoch));
    ISO_TRY(save_weights(run, epoch));
    errno = 0;
    if (fflush(run->log) != 0 || ferror(run->log))
        return iso_file_fail("write", run->log_path);
    return save_state(run);
}

iso_rc iso_run_restore(struct iso_run *run, struct iso_faults *faults)
{
    char path[ISO_PATH];
    struct iso_st_file *file = NULL;
    const struct iso_model *model = iso_exec_graph(run->exec)->model;
    const char *const metadata[] = { "model", model->name, "isocl", ISO_VERSION, NULL };
    ISO_TRY(iso_path(path, run->folder, "restore.safetensors"));
    if (!model->training.early_stopping.restore_best_weights || access(path, F_OK) != 0)
        return ISO_OK;                 /* no epoch has ended */
    ISO_TRY(iso_st_open(path, &file));
    iso_rc rc = iso_weights_load(run->exec, file, run->folder, false, faults);
    iso_st_close(file);
    ISO_TRY(rc);
    ISO_TRY(iso_path(path, run->folder, "weights.safetensors"));
    return iso_weights_save(run->exec, path, false, metadata);
}

struct iso_fit_listener iso_run_listener(struct iso_run *run)
{
    return (struct iso_fit_listener){ .self = run, .progress = on_progress, .epoch = on_epoch };
}
