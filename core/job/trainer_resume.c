/* trainer_resume.c: resumes a run: takes settings from the run, and refuses options that contradict
 * it. */
#include "trainer_phases.h"

#include <stdlib.h>
#include <string.h>

/* A resumed run keeps what its numbers depend on; an option that says otherwise is refused. */
static iso_rc keep(int64_t *option, int64_t unset, int64_t value, const char *name)
{
    if (*option != unset && *option != value)
        return iso_fail(ISO_EUSAGE,
                        "the run was begun with --%s %lld; leave --%s out, or train anew", name,
                        (long long)value, name);
    *option = value;
    return ISO_OK;
}

static iso_rc keep_mode(struct iso_job_options *o, bool fast)
{
    const char *mode = fast ? "fast" : "exact";
    if (o->mode != NULL && strcmp(o->mode, mode) != 0)
        return iso_fail(ISO_EUSAGE,
                        "the run was begun with --mode %s; leave --mode out, or train anew", mode);
    o->mode = mode;
    return ISO_OK;
}

/* True if b is a, but for the lists of numbers that a run's file has in place of `auto`. */
static bool same_text(const char *a, const char *b)
{
    for (; *a || *b; a++, b++) {
        if (*a == *b)
            continue;
        if (strncmp(a, "auto", 4) != 0 || *b != '[' || strchr(b, ']') == NULL)
            return false;
        a += 3;
        b = strchr(b, ']');
    }
    return true;
}

iso_rc iso_trainer_same_model(const char *text, const char *run_path, bool *same)
{
    char *own = NULL;
    size_t n = 0;
    ISO_TRY(iso_file_read(run_path, &own, &n));
    *same = same_text(text, own);
    free(own);
    return ISO_OK;
}

/* given: its text; NULL: it is in the file. */
static iso_rc check_model(const char *path, const char *given, const char *run_path)
{
    char *text = NULL;
    size_t n = 0;
    bool same = false;
    if (given == NULL)
        ISO_TRY(iso_file_read(path, &text, &n));
    const iso_rc rc = iso_trainer_same_model(given != NULL ? given : text, run_path, &same);
    free(text);
    if (rc != ISO_OK || same)
        return rc;
    return iso_fail(
        ISO_EUSAGE,
        "%s is not the model file the run was begun with, which is %s; leave it out, or "
        "train anew",
        path, run_path);
}

iso_rc iso_trainer_read_run(struct iso_trainer *t, const char *model, char path[ISO_PATH])
{
    struct iso_trainer_options *o = &t->options;
    ISO_TRY(iso_run_read(o->run, &t->settings, &t->state));
    ISO_TRY(iso_state_resumable(o->run, &t->settings));
    ISO_TRY(iso_path(path, o->run, "model.yaml"));
    if (model != NULL)
        ISO_TRY(check_model(model, o->job.text, path));
    ISO_TRY(keep(&o->job.batch, -1, t->settings.batch, "batch"));
    ISO_TRY(keep(&o->job.seed, -1, (int64_t)t->settings.seed, "seed"));
    ISO_TRY(keep(&o->job.limit, 0, t->settings.limit, "limit"));
    ISO_TRY(keep_mode(&o->job, t->settings.fast != 0));
    if (o->epochs < 0 && o->steps < 0) {
        o->epochs = t->settings.epochs;
        o->steps = t->settings.steps;
    }
    return ISO_OK;
}
