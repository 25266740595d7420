#include "state.h"

#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Numbers as text ----------------------------------------------------------------------- */

enum { INTEGER, NUMBER, NUMBERS, TEXT, TEXT_SIZE = 32 * ISO_METRICS };
struct member {
    const char *key;
    int type;
    size_t offset, size;
};
#define AS(key, type, name)                                                                      \
    {                                                                                            \
        key, type, offsetof(struct iso_run_state, name), sizeof((struct iso_run_state *)0)->name \
    }
#define MEMBER(type, name) AS(#name, type, name)
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
    MEMBER(NUMBERS, fit.scores.metric_sum), /* all ISO_METRICS of them */
    MEMBER(NUMBER, fit.seconds),
    AS("best", NUMBER, best.goodness),
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
    MEMBER(TEXT, best.monitor),
    MEMBER(NUMBER, best.value),
    MEMBER(INTEGER, best.epoch),
    AS("isocl.model_sha256", TEXT, settings.model_sha256),
    AS("isocl.data_sha256", TEXT, settings.data_sha256),
};
/* The last ones came later; a state without them is of a run that has nothing to say there. */
enum { MEMBERS = sizeof members / sizeof members[0], FIRST_LATER = MEMBERS - 16 };
_Static_assert(sizeof(uint64_t) == sizeof(int64_t), "the seed is kept as a signed number");

/* Numbers as %a: nothing is rounded. */
static void member_text(const struct member *m, const struct iso_run_state *state,
                        char text[TEXT_SIZE])
{
    const char *at = (const char *)state + m->offset;
    const int numbers = m->type == NUMBER ? 1 : m->type == NUMBERS ? ISO_METRICS : 0;
    int n = 0;
    if (m->type == INTEGER)
        snprintf(text, TEXT_SIZE, "%" PRId64, *(const int64_t *)at);
    if (m->type == TEXT)
        snprintf(text, TEXT_SIZE, "%s", at);
    for (int i = 0; i < numbers; i++)
        n += snprintf(text + n, (size_t)(TEXT_SIZE - n), i ? " %a" : "%a", ((const double *)at)[i]);
}

static void read_member(const struct member *m, const char *text, struct iso_run_state *state)
{
    char *at = (char *)state + m->offset;
    const int numbers = m->type == NUMBER ? 1 : m->type == NUMBERS ? ISO_METRICS : 0;
    if (m->type == INTEGER)
        *(int64_t *)at = strtoll(text, NULL, 10);
    if (m->type == TEXT)
        snprintf(at, m->size, "%s", text);
    for (int i = 0; i < numbers; i++) {
        char *end;
        ((double *)at)[i] = strtod(text, &end);
        text = end;
    }
}

/* ---- Saving and reading -------------------------------------------------------------------- */

iso_rc iso_state_save(const char *folder, const struct iso_run_state *state, struct iso_exec *exec)
{
    char text[MEMBERS][TEXT_SIZE], version[16], path[ISO_PATH];
    const char *metadata[2 * MEMBERS + 3] = { "isocl.arithmetic", version };
    snprintf(version, sizeof version, "%d", ISO_ARITH_VERSION);
    for (int i = 0; i < MEMBERS; i++) {
        member_text(&members[i], state, text[i]);
        metadata[2 + 2 * i] = members[i].key;
        metadata[3 + 2 * i] = text[i];
    }
    ISO_TRY(iso_path(path, folder, "state"));
    return iso_weights_save(exec, path, true, metadata);
}

static iso_rc parse(const struct iso_st_file *file, const char *path, struct iso_run_state *out)
{
    const char *version = iso_st_metadata(file, "isocl.arithmetic");
    if (version == NULL)
        return iso_fail(ISO_EDATA, "%s is not the state of a run", path);
    out->settings.arithmetic = strtoll(version, NULL, 10);
    for (int i = 0; i < MEMBERS; i++) {
        const char *text = iso_st_metadata(file, members[i].key);
        if (text == NULL && i >= FIRST_LATER)
            continue;
        if (text == NULL)
            return iso_fail(ISO_EDATA, "%s lacks %s; it cannot be resumed", path, members[i].key);
        read_member(&members[i], text, out);
    }
    const struct iso_fit_state *fit = &out->fit;
    if (out->settings.batch < 1 || out->settings.rows < 1 || fit->epoch < 0 ||
        fit->epoch_step < 0 || fit->step < 0 || fit->phase < 0 || fit->first_step < 0 ||
        fit->first_step > fit->step)
        return iso_fail(ISO_EDATA, "%s holds impossible numbers; it cannot be resumed", path);
    return ISO_OK;
}

iso_rc iso_state_read(const char *folder, struct iso_run_state *out, struct iso_st_file **tensors)
{
    char path[ISO_PATH];
    struct iso_st_file *file = NULL;
    *out = (struct iso_run_state){ .best = { .goodness = 0 } };
    ISO_TRY(iso_path(path, folder, "state"));
    if (!iso_folder_exists(folder))
        return iso_fail(ISO_EIO, "there is no run %s to resume; check --out", folder);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return iso_fail(ISO_EIO,
                        "there is no %s, so nothing to resume: it is written when a run has begun; "
                        "train anew with another --out",
                        path);
    ISO_TRY(iso_st_open(path, &file));
    const iso_rc rc = parse(file, path, out);
    if (rc == ISO_OK && tensors != NULL)
        *tensors = file;
    else
        iso_st_close(file);
    return rc;
}

iso_rc iso_state_resumable(const char *folder, const struct iso_run_settings *settings)
{
    if (settings->arithmetic == ISO_ARITH_VERSION)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "the run %s was begun with arithmetic %" PRId64
                    " and this isocl has %d, which "
                    "gives other bits; train anew with another --out, or go on with it with the "
                    "isocl that began it",
                    folder, settings->arithmetic, ISO_ARITH_VERSION);
}
