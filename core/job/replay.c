#include "replay.h"

#include "trainer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay {
    const char *run, *model; /* the folder to be replayed, and its model file */
    const struct iso_replay_options *options;
    struct iso_trainer trainer;
    char weights[ISO_PATH], initial[65];
    char scratch[ISO_PATH]; /* the folder of the second training; "": none */
};

/* ---- The folder ---------------------------------------------------------------------------- */

static iso_rc make_scratch(char path[ISO_PATH])
{
    const char *tmp = getenv("TMPDIR");
    ISO_TRY(iso_path(path, tmp != NULL && *tmp ? tmp : "/tmp", "isocl-verify-XXXXXX"));
    if (mkdtemp(path) != NULL)
        return ISO_OK;
    const iso_rc rc = iso_file_fail("make the folder", path);
    *path = '\0';
    return rc;
}

static void remove_scratch(const char *path)
{
    DIR *list = *path ? opendir(path) : NULL;
    char file[ISO_PATH];
    if (list == NULL)
        return;
    for (const struct dirent *d = readdir(list); d != NULL; d = readdir(list))
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
            snprintf(file, sizeof file, "%s/%s", path, d->d_name) < (int)sizeof file)
            unlink(file);
    closedir(list);
    rmdir(path);
}

/* ---- Training ------------------------------------------------------------------------------ */

static iso_rc check_mode(const struct replay *r, const struct iso_run_settings *s)
{
    if (!s->fast)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s was trained in fast mode, whose bits no device promises twice; only runs "
                    "of exact mode can be replayed",
                    r->run);
}

static iso_rc find_options(struct replay *r, struct iso_trainer_options *out)
{
    struct iso_run_settings settings;
    struct iso_fit_state fit;
    ISO_TRY(iso_run_read(r->run, &settings, &fit));
    ISO_TRY(iso_state_resumable(r->run, &settings));
    ISO_TRY(check_mode(r, &settings));
    ISO_TRY(iso_about_initial(r->run, r->weights, r->initial));
    ISO_TRY(make_scratch(r->scratch));
    *out = (struct iso_trainer_options)ISO_TRAINER_DEFAULTS;
    out->job.device = r->options->device;
    out->job.data = r->options->data;
    out->job.threads = r->options->threads;
    out->job.progress = r->options->progress;
    out->job.mode = "exact";
    out->job.batch = settings.batch;
    out->job.seed = (int64_t)settings.seed;
    out->job.limit = settings.limit;
    out->epochs = settings.steps > 0 ? -1 : settings.epochs;
    out->steps = settings.steps > 0 ? settings.steps : -1;
    out->last_step = fit.step;
    out->weights = *r->weights ? r->weights : NULL;
    out->run = r->scratch;
    out->command = "isocl verify --replay";
    out->stop = r->options->stop;
    return ISO_OK;
}

static iso_rc check_initial(const struct replay *r)
{
    const char *now = r->trainer.about.initial;
    if (!*r->initial || strcmp(now, r->initial) == 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s began with weights of SHA-256 %.12s..., and %s has %.12s... now; put back "
                    "the weights of then",
                    r->run, r->initial, *r->weights ? r->weights : "the model file", now);
}

static iso_rc train(struct replay *r)
{
    static const struct iso_trainer_listener nobody = { .self = NULL };
    struct iso_trainer_options options;
    struct iso_trainer *t = &r->trainer;
    ISO_TRY(find_options(r, &options));
    ISO_TRY(iso_trainer_open(t, &options, r->model));
    ISO_TRY(iso_about_check(r->run, &t->about));
    ISO_TRY(iso_trainer_begin(t));
    ISO_TRY(check_initial(r));
    ISO_TRY(iso_trainer_run(t, &nobody));
    if (r->options->stop != NULL && *r->options->stop)
        return iso_fail(ISO_EUSAGE, "stopped after step %lld", (long long)t->state.step);
    return ISO_OK;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static bool same(const struct iso_st_tensor *a, const struct iso_st_tensor *b)
{
    return b != NULL && a->type == b->type && iso_st_bytes(a) == iso_st_bytes(b) &&
           memcmp(a->data, b->data, (size_t)iso_st_bytes(a)) == 0;
}

/* Counts of metrics are left out: those of a stopped validation are not repeated. */
static void compare(const struct iso_st_file *a, const struct iso_st_file *b, const char *name,
                    struct iso_replayed *out)
{
    for (int i = 0; i < a->n && !*out->differs; i++) {
        if (a->tensors[i].type == ISO_ST_I32)
            continue;
        out->tensors++;
        if (same(&a->tensors[i], iso_st_find(b, a->tensors[i].name)))
            continue;
        snprintf(out->differs, sizeof out->differs, "%s", a->tensors[i].name);
        snprintf(out->file, sizeof out->file, "%s", name);
    }
}

static iso_rc compare_file(const struct replay *r, const char *name, struct iso_replayed *out)
{
    char path[ISO_PATH];
    struct iso_st_file *old = NULL, *new = NULL;
    ISO_TRY(iso_path(path, r->run, name));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    iso_rc rc = iso_st_open(path, &old);
    if (rc == ISO_OK)
        rc = iso_path(path, r->scratch, name);
    if (rc == ISO_OK)
        rc = iso_st_open(path, &new);
    if (rc == ISO_OK)
        compare(old, new, name, out);
    iso_st_close(old);
    iso_st_close(new);
    return rc;
}

static iso_rc replay(struct replay *r, struct iso_replayed *out)
{
    ISO_TRY(train(r));
    out->steps = r->trainer.state.step;
    iso_job_where(r->trainer.job.backend, out->where, sizeof out->where);
    ISO_TRY(compare_file(r, "state", out));
    ISO_TRY(compare_file(r, "weights.safetensors", out));
    return compare_file(r, "best.safetensors", out);
}

iso_rc iso_replay(const char *folder, const char *model, const struct iso_replay_options *options,
                  struct iso_replayed *out)
{
    struct replay *r = iso_alloc(1, sizeof *r);
    *out = (struct iso_replayed){ .steps = 0 };
    if (r == NULL)
        return ISO_ENOMEM;
    r->run = folder;
    r->model = model;
    r->options = options;
    const iso_rc rc = replay(r, out);
    iso_trainer_close(&r->trainer);
    remove_scratch(r->scratch);
    free(r);
    return rc;
}
