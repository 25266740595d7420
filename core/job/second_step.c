#include "second_step.h"

#include "core/parity/step_lockstep.h"
#include "core/train/fit_log.h"
#include "core/train/learning_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool iso_second_is_fast(const struct iso_job *job)
{
    return job->backend->mode == ISO_MODE_FAST && job->backend->ops->fast != NULL;
}

/* ---- The state before a span --------------------------------------------------------------- */

static iso_rc open_exec(struct iso_second *s, const struct iso_job *job)
{
    const struct iso_exec_options o = { .training = true,
                                        .keep_all = iso_second_is_fast(job),
                                        .seed = job->model->seed,
                                        .log_steps = 1 };
    if (s->exec == NULL)
        ISO_TRY(iso_exec_new(job->graph, s->backend, &o, &s->exec));
    return iso_second_is_fast(job) && s->kept == NULL
               ? iso_exec_new(job->graph, job->backend, &o, &s->kept)
               : ISO_OK;
}

/* Copies the counts of data set 0, if the graph has any. */
static iso_rc copy_counts(struct iso_exec *e, double **out)
{
    const double *counts;
    const size_t n = (size_t)iso_exec_graph(e)->ncounts;
    free(*out);
    *out = NULL;
    ISO_TRY(iso_exec_counts(e, 0, &counts));
    if (counts == NULL)
        return ISO_OK;
    *out = iso_alloc(n, sizeof **out);
    if (*out == NULL)
        return ISO_ENOMEM;
    memcpy(*out, counts, n * sizeof **out);
    return ISO_OK;
}

iso_rc iso_second_begin(struct iso_second *s, struct iso_job *job, const struct iso_fit_state *at)
{
    ISO_TRY(open_exec(s, job));
    iso_carry_free(s->before);
    s->before = NULL;
    s->from = *at;
    s->ntold = 0;
    ISO_TRY(copy_counts(job->exec, &s->counts));
    return iso_carry_take(job->exec, true, &s->before);
}

static iso_rc give(const struct iso_second *s, struct iso_exec *e)
{
    ISO_TRY(iso_carry_give(s->before, e));
    return iso_exec_put_counts(e, s->counts);
}

iso_rc iso_second_restore(struct iso_second *s) { return give(s, s->exec); }

iso_rc iso_second_told(struct iso_second *s, const struct iso_fit_batch *batches, int64_t n)
{
    for (int64_t i = 0; i < n && s->before != NULL; i++) {
        if (batches[i].step < s->from.step)
            continue;
        if (s->ntold == s->room) {
            const int64_t room = 2 * s->room + 16;
            struct iso_fit_batch *more = realloc(s->told, (size_t)room * sizeof *more);
            if (more == NULL)
                return iso_fail(ISO_ENOMEM, "out of memory");
            s->told = more;
            s->room = room;
        }
        s->told[s->ntold++] = batches[i];
    }
    return ISO_OK;
}

static void free_rows(struct iso_dataset *rows)
{
    free(rows->images);
    free(rows->labels);
    free(rows->targets);
    *rows = (struct iso_dataset){ .rows = 0 };
}

void iso_second_close(struct iso_second *s)
{
    iso_exec_free(s->exec);
    iso_exec_free(s->kept);
    iso_carry_free(s->before);
    free(s->counts);
    free(s->told);
    free_rows(&s->rows); /* after the executor that borrows them */
    *s = (struct iso_second){ .backend = s->backend };
}

/* ---- A step -------------------------------------------------------------------------------- */

struct step { /* one of the span */
    const struct iso_fit_span *span;
    int64_t step, epoch_step, first, rows;
};

static struct step step_of(const struct iso_second *s, const struct iso_fit_span *span,
                           int64_t step)
{
    const int64_t batch = iso_exec_graph(s->exec)->batch;
    const int64_t epoch_step = s->from.epoch_step + step - s->from.step;
    const int64_t left = span->options->rows - epoch_step * batch;
    return (struct step){ span, step, epoch_step, epoch_step * batch, left < batch ? left : batch };
}

/* The number by which the optimizer counts it. */
static uint64_t own_count(const struct iso_second *s, const struct step *at)
{
    return (uint64_t)(at->step - s->from.first_step);
}

static iso_rc update(const struct iso_second *s, struct iso_exec *e, const struct step *at)
{
    const struct iso_training *t = iso_exec_graph(e)->training;
    const uint64_t count = own_count(s, at);
    return iso_exec_update(
        e, count, iso_training_rate(t, s->from.plateau.rate, at->span->epoch_steps, count));
}

/* Copies the rows of a batch, in its order, from the data set itself, wherever that is. */
static iso_rc copy_rows(struct iso_second *s, const struct iso_dataset *data, const struct step *at)
{
    const size_t size = iso_dataset_image_bytes(data), n = (size_t)at->rows;
    const int32_t *order = at->span->order + at->first;
    free_rows(&s->rows);
    s->rows = *data;
    s->rows.disk = NULL;
    s->rows.rows = at->rows;
    s->rows.images = iso_alloc(n, size);
    s->rows.labels = data->labels != NULL ? iso_alloc(n, sizeof *s->rows.labels) : NULL;
    const size_t targets = (size_t)data->classes * sizeof *data->targets;
    s->rows.targets = data->targets != NULL ? iso_alloc(n, targets) : NULL;
    if (s->rows.images == NULL || (data->labels != NULL && s->rows.labels == NULL) ||
        (data->targets != NULL && s->rows.targets == NULL))
        return ISO_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        ISO_TRY(iso_dataset_image(data, order[i], s->rows.images + i * size));
        if (data->labels != NULL)
            s->rows.labels[i] = data->labels[order[i]];
        if (data->targets != NULL)
            memcpy(s->rows.targets + i * (size_t)data->classes,
                   data->targets + order[i] * (int64_t)data->classes, targets);
    }
    return ISO_OK;
}

/* Fills the batch of an executor that does not have the data. */
static iso_rc fill(struct iso_second *s, struct iso_exec *e, const struct iso_dataset *data,
                   const struct step *at)
{
    ISO_TRY(copy_rows(s, data, at));
    ISO_TRY(iso_exec_data(e, 0, &s->rows));
    return iso_exec_gather(e, 0, 0, at->rows);
}

static iso_rc compute(struct iso_second *s, const struct iso_job *job, const struct step *at)
{
    ISO_TRY(fill(s, s->exec, job->data[0], at));
    ISO_TRY(iso_exec_train(s->exec, (uint64_t)at->step, 0));
    return update(s, s->exec, at);
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* Compares weights and slots bit for bit. */
static iso_rc compare_state(struct iso_exec *device, struct iso_exec *second,
                            struct iso_step_fault *out)
{
    struct iso_carried *got = NULL, *want = NULL;
    iso_rc rc = iso_carry_take(device, true, &got);
    if (rc == ISO_OK)
        rc = iso_carry_take(second, true, &want);
    for (int i = 0; rc == ISO_OK && i < iso_carried_count(want); i++) {
        const struct iso_carried_tensor a = iso_carried_tensor(got, i),
                                        b = iso_carried_tensor(want, i);
        if (!iso_step_fault_find(a.values, b.values, b.n, out))
            continue;
        snprintf(out->tensor, sizeof out->tensor, "%s", b.name);
        break;
    }
    iso_carry_free(got);
    iso_carry_free(want);
    return rc;
}

static iso_rc compare_counts(struct iso_exec *device, struct iso_exec *second,
                             struct iso_step_fault *out)
{
    const double *got, *want;
    ISO_TRY(iso_exec_counts(device, 0, &got));
    ISO_TRY(iso_exec_counts(second, 0, &want));
    if (got != NULL && iso_step_fault_find(got, want, iso_exec_graph(device)->ncounts, out))
        snprintf(out->tensor, sizeof out->tensor, "the metrics' counts");
    return ISO_OK;
}

/* Compares loss and metrics of a step with those that the device has logged, if it has. */
static iso_rc compare_log(const struct iso_second *s, const struct step *at,
                          struct iso_step_fault *out)
{
    const struct iso_graph *g = iso_exec_graph(s->exec);
    double want[1 + ISO_METRICS] = { 0 }, got[1 + ISO_METRICS] = { 0 };
    const int64_t i = at->step - s->from.step;
    double *log = iso_alloc((size_t)g->columns, sizeof *log);
    const iso_rc rc = log != NULL ? iso_exec_log(s->exec, 1, log) : ISO_ENOMEM;
    if (rc == ISO_OK && i < s->ntold) {
        const struct iso_fit_batch own = iso_fit_log_entry(g, log, 0, at->rows);
        got[0] = s->told[i].loss;
        want[0] = own.loss;
        memcpy(got + 1, s->told[i].metric, sizeof s->told[i].metric);
        memcpy(want + 1, own.metric, sizeof own.metric);
        if (iso_step_fault_find(got, want, 1 + g->model->nmetrics, out))
            snprintf(out->tensor, sizeof out->tensor, "%s", out->at == 0 ? "loss" : "the metrics");
    }
    free(log);
    return rc;
}

static bool differs(const struct iso_step_fault *f) { return *f->tensor != '\0'; }

/* Computes all steps again; *at: the last one, or the first whose loss or metrics differ. */
static iso_rc compare_exact(struct iso_second *s, struct iso_job *job,
                            const struct iso_fit_span *span, struct iso_step_fault *out)
{
    ISO_TRY(give(s, s->exec));
    for (int64_t i = s->from.step; i < span->state->step && !differs(out); i++) {
        const struct step at = step_of(s, span, i);
        ISO_TRY(compute(s, job, &at));
        ISO_TRY(compare_log(s, &at, out));
    }
    if (!differs(out))
        ISO_TRY(compare_state(job->exec, s->exec, out));
    return differs(out) ? ISO_OK : compare_counts(job->exec, s->exec, out);
}

/* ---- Where --------------------------------------------------------------------------------- */

/* Computes a step on both devices, call by call. */
static iso_rc part_step(struct iso_second *s, struct iso_exec *all, struct iso_job *job,
                        const struct step *at, struct iso_step_fault *out)
{
    struct iso_imprint *imprint = NULL;
    ISO_TRY(fill(s, all, job->data[0], at));
    ISO_TRY(iso_imprint_take(all, (uint64_t)at->step, &imprint));
    iso_rc rc = iso_exec_gather(job->exec, 0, at->first, at->rows);
    if (rc == ISO_OK)
        rc = iso_imprint_part(imprint, job->exec, (uint64_t)at->step, out);
    iso_imprint_free(imprint);
    ISO_TRY(rc);
    if (differs(out))
        return ISO_OK;
    ISO_TRY(update(s, all, at));
    ISO_TRY(update(s, job->exec, at));
    ISO_TRY(compare_state(job->exec, all, out));
    out->pass = "update";
    snprintf(out->op, sizeof out->op, "%s",
             iso_ops[iso_exec_graph(all)->training->optimizer.op].name);
    return ISO_OK;
}

/* Computes the span again on both devices, and stops at the first call that differs; *step: where.
 * An executor that keeps all values may need more memory than there is: then kernels are fused in
 * both, and a fault has the name of what they leave. */
static iso_rc part(struct iso_second *s, struct iso_job *job, const struct iso_fit_span *span,
                   struct iso_step_fault *out, int64_t *step)
{
    const struct iso_exec_options o = {
        .training = true, .keep_all = true, .seed = job->model->seed, .log_steps = 1
    };
    struct iso_exec *all = NULL;
    iso_rc rc = iso_exec_new(job->graph, s->backend, &o, &all);
    if (rc != ISO_OK)
        iso_error_clear();
    struct iso_exec *e = rc == ISO_OK ? all : s->exec;
    rc = iso_exec_order(job->exec, 0, span->order);
    if (rc == ISO_OK)
        rc = give(s, job->exec);
    if (rc == ISO_OK)
        rc = give(s, e);
    for (*step = s->from.step; rc == ISO_OK && *step < span->state->step; ++*step) {
        const struct step at = step_of(s, span, *step);
        rc = part_step(s, e, job, &at, out);
        if (differs(out))
            break;
    }
    iso_exec_free(all);
    return rc;
}

/* ---- A sentence ---------------------------------------------------------------------------- */

/* Writes what differs, and where: "conv2d_1 (conv2d), backward pass: ...". */
static void describe(const struct iso_second *s, const struct iso_step_fault *f, char *text,
                     size_t n)
{
    char numbers[160] = "";
    if (f->differ > 0)
        snprintf(numbers, sizeof numbers,
                 ", %lld of %lld numbers differ from %s's, first [%lld]: %.9g instead of %.9g",
                 (long long)f->differ, (long long)f->values, s->backend->device.id,
                 (long long)f->at, f->got, f->want);
    else if (f->values > 0)
        snprintf(numbers, sizeof numbers, ", [%lld]: %.9g instead of %.9g, beyond its bound",
                 (long long)f->at, f->got, f->want);
    snprintf(text, n, "%s%s%s%s%s%s%s%s", f->layer, *f->layer ? " (" : "", f->op,
             *f->layer ? ")" : "", *f->op ? ", " : "", f->pass != NULL ? f->pass : "",
             f->pass != NULL && *f->pass ? ": " : "", f->tensor);
    const size_t used = strlen(text);
    snprintf(text + used, n - used, "%s", numbers);
}

static void tell_where(const struct iso_second *s, const struct iso_job *job,
                       const struct iso_step_fault *f, int64_t step, char *what, size_t n)
{
    char text[700];
    describe(s, f, text, sizeof text);
    snprintf(what, n,
             "%s computes step %lld wrongly: %s; `isocl parity --ops %s --devices %s` tries the op",
             job->backend->device.id, (long long)step + 1, text, f->op, job->backend->device.id);
}

/* A fault that is not there any more: only what it has left is known. */
static void tell_transient(const struct iso_second *s, const struct iso_job *job,
                           const struct iso_step_fault *f, const struct iso_fit_span *span,
                           char *what, size_t n)
{
    char text[700], steps[64];
    const long long first = (long long)s->from.step + 1, last = (long long)span->state->step;
    describe(s, f, text, sizeof text);
    snprintf(steps, sizeof steps, first == last ? "step %lld" : "a step from %lld to %lld", first,
             last);
    snprintf(what, n,
             "%s has computed %s wrongly (%s), and computes it right now: a fault that comes and "
             "goes, as of memory or power",
             job->backend->device.id, steps, text);
}

/* ---- Both modes ---------------------------------------------------------------------------- */

static iso_rc look_exact(struct iso_second *s, struct iso_job *job, const struct iso_fit_span *span,
                         char *what, size_t n)
{
    struct iso_step_fault left = { .pass = NULL }, fault = { .pass = NULL };
    int64_t step;
    ISO_TRY(compare_exact(s, job, span, &left));
    if (!differs(&left))
        return ISO_OK;
    const iso_rc rc = part(s, job, span, &fault, &step);
    if (rc == ISO_OK && differs(&fault))
        tell_where(s, job, &fault, step, what, n);
    else if (rc == ISO_OK)
        tell_transient(s, job, &left, span, what, n);
    else
        tell_where(s, job, &left, span->state->step - 1, what, n);
    if (rc != ISO_OK)
        iso_error_clear(); /* the numbers that differ are what is to be told */
    return ISO_OK;
}

/* In fast mode: every op of the step within its bound on the device, on the device's own inputs;
 * and the step that was trained with the same bits as one whose values are all kept. */
static iso_rc look_fast(struct iso_second *s, struct iso_job *job, const struct iso_fit_span *span,
                        char *what, size_t n)
{
    struct iso_step_fault fault = { .pass = NULL }, left = { .pass = NULL };
    const struct step at = step_of(s, span, s->from.step);
    ISO_TRY(give(s, s->kept));
    ISO_TRY(fill(s, s->kept, job->data[0], &at));
    ISO_TRY(iso_step_lockstep(s->kept, s->backend, (uint64_t)at.step, &fault));
    if (differs(&fault)) {
        tell_where(s, job, &fault, at.step, what, n);
        return ISO_OK;
    }
    ISO_TRY(give(s, s->exec));
    ISO_TRY(fill(s, s->exec, job->data[0], &at));
    ISO_TRY(iso_step_hand_on(s->kept, s->exec));
    ISO_TRY(update(s, s->kept, &at));
    ISO_TRY(update(s, s->exec, &at));
    ISO_TRY(compare_state(s->kept, s->exec, &fault));
    fault.pass = "update";
    snprintf(fault.op, sizeof fault.op, "%s", iso_ops[job->graph->training->optimizer.op].name);
    if (differs(&fault)) {
        tell_where(s, job, &fault, at.step, what, n);
        return ISO_OK;
    }
    ISO_TRY(compare_state(job->exec, s->kept, &left));
    if (differs(&left))
        tell_transient(s, job, &left, span, what, n);
    return ISO_OK;
}

iso_rc iso_second_compare(struct iso_second *s, struct iso_job *job,
                          const struct iso_fit_span *span, char *what, size_t n)
{
    return iso_second_is_fast(job) ? look_fast(s, job, span, what, n)
                                   : look_exact(s, job, span, what, n);
}
