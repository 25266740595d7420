/* verifier.c: when steps are computed again, and what happens then. second_step.c computes them. */
#include "verifier.h"

#include "core/system/machine.h"
#include "second_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct iso_verifier {
    struct iso_verify how;
    struct iso_job *job;
    struct iso_run *run;
    struct iso_second second;
    struct iso_fit_watch watch;
    int64_t next;       /* the step before which a span begins; -1: the first one */
    double began;       /* iso_clock at the first step; 0: not yet */
    double spent, last; /* seconds spent on verification; on its last span */
    int64_t sure;       /* all of the first steps up to this one were right */
    struct iso_verified done;
    char what[1200]; /* was wrong; "": nothing */
    bool strayed;    /* the run stands before that */
};

/* ---- What is wanted ------------------------------------------------------------------------ */

/* Reads the number N of "<before>N"; returns 0 where the text is something else. */
static int64_t number_after(const char *text, const char *before)
{
    const size_t n = strlen(before);
    char *end;
    if (strncmp(text, before, n) != 0 || text[n] < '0' || text[n] > '9')
        return 0;
    const long long number = strtoll(text + n, &end, 10);
    return *end == '\0' && number < INT64_MAX / 2 ? number : 0;
}

/* Reads "2%" as 0.02; returns 0 where the text is something else. */
static double share_of(const char *text)
{
    char *end;
    const double percent = strtod(text, &end);
    return strcmp(end, "%") == 0 && percent > 0 && percent <= 100 ? percent / 100 : 0;
}

iso_rc iso_verify_parse(const char *text, const char *option, struct iso_verify *out)
{
    const int64_t one = number_after(text, "1/"), replay = number_after(text, "replay/");
    const double share = share_of(text);
    *out = (struct iso_verify){ .kind = ISO_VERIFY_NONE };
    if (one > 0)
        *out = (struct iso_verify){ .kind = ISO_VERIFY_ONE, .every = one };
    else if (replay > 0)
        *out = (struct iso_verify){ .kind = ISO_VERIFY_REPLAY, .every = replay };
    else if (share > 0)
        *out = (struct iso_verify){ .kind = ISO_VERIFY_SHARE, .share = share };
    if (out->kind != ISO_VERIFY_NONE)
        return ISO_OK;
    return iso_fail(ISO_EUSAGE,
                    "%s %.40s: it is 1/N (one step in N), replay/N (every step, N at once) "
                    "or P%% (of the time), such as 1/100, replay/100 or 2%%",
                    option, text);
}

const char *iso_verify_text(const struct iso_verify *v, char buf[ISO_VERIFY_TEXT])
{
    if (v->kind == ISO_VERIFY_SHARE)
        snprintf(buf, ISO_VERIFY_TEXT, "%g%%", 100 * v->share);
    else
        snprintf(buf, ISO_VERIFY_TEXT, "%s/%lld", v->kind == ISO_VERIFY_REPLAY ? "replay" : "1",
                 (long long)v->every);
    return buf;
}

static bool begins(void *self, const struct iso_fit_state *state)
{
    const struct iso_verifier *v = self;
    if (v->how.kind == ISO_VERIFY_REPLAY || v->next < 0)
        return true;
    if (v->how.kind == ISO_VERIFY_ONE)
        return state->step >= v->next;
    const double all = iso_clock() - v->began;
    return v->spent + v->last <= v->how.share * (all + v->last);
}

static bool ends(void *self, const struct iso_fit_state *state)
{
    const struct iso_verifier *v = self;
    return v->how.kind != ISO_VERIFY_REPLAY || state->step - v->second.from.step >= v->how.every;
}

/* ---- A span -------------------------------------------------------------------------------- */

static iso_rc begin(void *self, const struct iso_fit_state *state)
{
    struct iso_verifier *v = self;
    const double now = iso_clock();
    if (v->next < 0) {
        v->began = now;
        v->sure = state->step;
    }
    v->next = state->step + v->how.every;
    ISO_TRY(iso_second_begin(&v->second, v->job, state));
    v->last = iso_clock() - now;
    return ISO_OK;
}

/* Writes which steps before the one that was wrong may be wrong as well, or nothing. */
static const char *doubts(const struct iso_verifier *v, char *text, size_t n)
{
    const long long from = (long long)v->sure + 1, to = (long long)v->second.from.step;
    *text = '\0';
    if (from < to)
        snprintf(text, n, ", though steps %lld to %lld were not computed again", from, to);
    if (from == to)
        snprintf(text, n, ", though step %lld was not computed again", to);
    return text;
}

/* Saves the state before the span, which the other device holds; adds how to go on. */
static iso_rc go_back(struct iso_verifier *v, const char *what)
{
    const char *device = v->job->backend->device.id;
    char saved[512] = "", why[256], doubt[96];
    const struct iso_fit_state *from = &v->second.from;
    iso_rc rc = v->run != NULL ? iso_second_restore(&v->second) : ISO_OK;
    if (rc == ISO_OK && v->run != NULL)
        rc = iso_run_go_back(v->run, v->second.exec, from);
    v->strayed = rc == ISO_OK && v->run != NULL;
    if (rc != ISO_OK)
        snprintf(saved, sizeof saved, "; the state before it cannot be saved: %s",
                 iso_error_take(why, sizeof why));
    else if (v->run != NULL)
        snprintf(saved, sizeof saved,
                 "; the run stands after step %lld, before it went wrong%s; to see it again: isocl "
                 "train --resume --out %.200s --device %s --verify 1/1",
                 (long long)from->step, doubts(v, doubt, sizeof doubt), iso_run_folder(v->run),
                 device);
    return iso_fail(ISO_EPARITY, "%s%s", what, saved);
}

static iso_rc end(void *self, const struct iso_fit_span *span)
{
    struct iso_verifier *v = self;
    const double now = iso_clock();
    const iso_rc rc = iso_second_compare(&v->second, v->job, span, v->what, sizeof v->what);
    v->last += iso_clock() - now;
    v->spent += v->last;
    ISO_TRY(rc);
    if (*v->what != '\0')
        return go_back(v, v->what);
    v->done.steps += span->state->step - v->second.from.step;
    v->done.spans++;
    v->sure = span->state->step;
    return ISO_OK;
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *p)
{
    struct iso_verifier *v = self;
    return iso_second_told(&v->second, p->batches, p->nbatches);
}

/* ---- Opening ------------------------------------------------------------------------------- */

iso_rc iso_verifier_new(const struct iso_verify *how, struct iso_job *job,
                        struct iso_verifier **out)
{
    const char *device = strcmp(job->backend->ops->name, "cpu") == 0 ? "reference" : "cpu";
    if (how->kind == ISO_VERIFY_REPLAY && iso_second_is_fast(job))
        return iso_fail(ISO_EUNSUP,
                        "--verify replay/N needs exact mode: in fast mode the roundings of many "
                        "steps have no bound; --verify 1/N compares single steps");
    struct iso_verifier *v = iso_alloc(1, sizeof *v);
    if (v == NULL)
        return ISO_ENOMEM;
    v->how = *how;
    v->job = job;
    v->next = -1;
    v->watch = (struct iso_fit_watch){ v, begins, ends, begin, end };
    const iso_rc rc = iso_backend_open(device, ISO_MODE_EXACT, 0, &v->second.backend);
    if (rc != ISO_OK) {
        free(v);
        return rc;
    }
    *out = v;
    return ISO_OK;
}

void iso_verifier_close_phase(struct iso_verifier *v)
{
    if (v != NULL)
        iso_second_close(&v->second);
}

void iso_verifier_free(struct iso_verifier *v)
{
    if (v == NULL)
        return;
    iso_second_close(&v->second);
    iso_backend_close(v->second.backend);
    free(v);
}

const struct iso_fit_watch *iso_verifier_watch(struct iso_verifier *v)
{
    return v != NULL ? &v->watch : NULL;
}

struct iso_fit_listener iso_verifier_listener(struct iso_verifier *v)
{
    return (struct iso_fit_listener){ .self = v, .progress = v != NULL ? on_progress : NULL };
}

void iso_verifier_run(struct iso_verifier *v, struct iso_run *run) { v->run = run; }

const struct iso_fit_state *iso_verifier_strayed(const struct iso_verifier *v)
{
    return v != NULL && v->strayed ? &v->second.from : NULL;
}

struct iso_verified iso_verifier_done(const struct iso_verifier *v)
{
    struct iso_verified done = v->done;
    done.seconds = v->spent;
    done.device = v->second.backend->device.id;
    done.strayed = v->what;
    return done;
}
