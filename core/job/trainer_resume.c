/* train_resume.c: what `isocl train --resume` takes from the run that it goes on with, and what it
 * refuses to have otherwise. */
#include "train.h"
#include "core/file.h"

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

/* b: of the run. */
static iso_rc same_file(const char *a, const char *b)
{
    char *text_a = NULL, *text_b = NULL;
    size_t na = 0, nb = 0;
    iso_rc rc = iso_file_read(a, &text_a, &na);
    if (rc == ISO_OK)
        rc = iso_file_read(b, &text_b, &nb);
    if (rc == ISO_OK && !same_text(text_a, text_b))
        rc = iso_fail(
            ISO_EUSAGE,
            "%s is not the model file the run was begun with, which is %s; leave it out, or "
            "train anew",
            a, b);
    free(text_a);
    free(text_b);
    return rc;
}

iso_rc iso_train_read_run(struct training *t, const char *model)
{
    char found[ISO_PATH];
    struct train_options *o = t->options;
    ISO_TRY(iso_run_read(o->out, &t->settings, &t->state));
    ISO_TRY(iso_state_resumable(o->out, &t->settings));
    ISO_TRY(iso_path(t->path, o->out, "model.yaml"));
    if (model != NULL)
        ISO_TRY(same_file(iso_setup_path(model, found), t->path));
    ISO_TRY(keep(&o->setup.batch, -1, t->settings.batch, "batch"));
    ISO_TRY(keep(&o->setup.seed, -1, (int64_t)t->settings.seed, "seed"));
    ISO_TRY(keep(&o->setup.limit, 0, t->settings.limit, "limit"));
    const char *mode = t->settings.fast ? "fast" : "exact";
    if (o->setup.mode != NULL && strcmp(o->setup.mode, mode) != 0)
        return iso_fail(ISO_EUSAGE,
                        "the run was begun with --mode %s; leave --mode out, or train anew", mode);
    o->setup.mode = mode;
    if (o->epochs < 0 && o->steps < 0) {
        o->epochs = t->settings.epochs;
        o->steps = t->settings.steps;
    }
    return ISO_OK;
}
