#include "fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The log is read about this often: a read waits for the device. */
static const double LOG_SECONDS = 0.25;

struct fit {
    struct iso_exec *exec;
    const struct iso_fit_options *options;
    struct iso_fit_state *state;
    int64_t batch, epoch_steps;
    int32_t *order;                    /* [rows] */
    double *log;                       /* [ISO_FIT_LOG_STEPS, columns] */
    struct iso_fit_batch *batches;     /* [ISO_FIT_LOG_STEPS] */
    int64_t interval;                  /* steps between two reads of the log */
    double read_at, began; /* iso_clock at the last read, and when the epoch began or went on */
};

double iso_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Steps of the log ---------------------------------------------------------------------- */

static double *new_log(const struct iso_graph *g)
{
    return iso_alloc(ISO_FIT_LOG_STEPS * (size_t)g->columns, sizeof(double));
}

/* One step's entry of the log, as a batch of so many rows. */
static struct iso_fit_batch read_entry(const struct iso_graph *g, const double *entry, int64_t rows)
{
    struct iso_fit_batch batch = { .rows = rows, .loss = entry[g->values[g->loss].at] };
    for (int m = 0; m < g->model->nmetrics; m++) {
        const struct iso_value *v = &g->values[g->metric[m]];
        if (v->role == ISO_ROLE_SCALAR)
            batch.metric[m] = entry[v->at];
    }
    return batch;
}

static void add_batch(struct iso_scores *scores, const struct iso_fit_batch *batch)
{
    scores->loss_sum += batch->loss * (double)batch->rows;
    for (int m = 0; m < ISO_METRICS; m++)
        scores->metric_sum[m] += batch->metric[m];
    scores->rows += batch->rows;
}

/* ---- Evaluation ---------------------------------------------------------------------------- */

/* Adds n batches of the log to the scores; rows: of each batch. */
static void add_log(struct iso_scores *scores, const struct iso_graph *g, const double *log,
                    int64_t n, const int64_t *rows)
{
    for (int64_t i = 0; i < n; i++) {
        const struct iso_fit_batch batch = read_entry(g, log + i * g->columns, rows[i]);
        add_batch(scores, &batch);
    }
}

static iso_rc evaluate(struct iso_exec *exec, int which, int64_t rows, double *log,
                       struct iso_scores *out)
{
    const struct iso_graph *graph = iso_exec_graph(exec);
    int64_t filled[ISO_FIT_LOG_STEPS];
    int64_t n = 0;
    memset(out, 0, sizeof *out);
    ISO_TRY(iso_exec_order(exec, which, NULL));
    ISO_TRY(iso_exec_clear_counts(exec));
    for (int64_t first = 0; first < rows; first += graph->batch) {
        filled[n] = rows - first < graph->batch ? rows - first : graph->batch;
        ISO_TRY(iso_exec_gather(exec, which, first, filled[n]));
        ISO_TRY(iso_exec_forward(exec, false, 0, n));
        n++;
        if (n == ISO_FIT_LOG_STEPS || first + graph->batch >= rows) {
            ISO_TRY(iso_exec_log(exec, n, log));
            add_log(out, graph, log, n, filled);
            n = 0;
        }
    }
    return iso_exec_counts(exec, which, &out->counts);
}

iso_rc iso_evaluate(struct iso_exec *exec, int which, int64_t rows, struct iso_scores *out)
{
    double *log = new_log(iso_exec_graph(exec));
    if (!log)
        return ISO_ENOMEM;
    iso_rc rc = evaluate(exec, which, rows, log, out);
    free(log);
    return rc;
}

/* ---- Training ------------------------------------------------------------------------------ */

static int64_t batch_rows(const struct fit *fit, int64_t epoch_step)
{
    int64_t left = fit->options->rows - epoch_step * fit->batch;
    return left < fit->batch ? left : fit->batch;
}

/* The learning rate that this step used. */
static double rate_of(const struct fit *fit, int64_t step)
{
    return iso_exec_rate(fit->exec, (uint64_t)(step - fit->state->first_step));
}

static iso_rc not_finite(const struct fit *fit, int64_t step, double loss)
{
    return iso_fail(ISO_EDATA,
                    "epoch %lld, step %lld: the loss is %s; try a smaller learning_rate "
                    "(it is %g), smaller initial weights, or a smaller scale of the input",
                    (long long)fit->state->epoch + 1, (long long)step + 1,
                    isnan(loss) ? "not a number" : "infinite",
                    rate_of(fit, step));
}

/* Tells the listeners of the last n steps. */
static iso_rc tell_progress(const struct fit *fit, int n)
{
    const struct iso_fit_options *o = fit->options;
    struct iso_fit_progress progress = {
        .epoch = fit->state->epoch + 1, .epochs = o->steps ? 0 : o->epochs,
        .rows = fit->state->scores.rows, .epoch_rows = o->rows,
        .seconds = fit->state->seconds + iso_clock() - fit->began,
        .scores = fit->state->scores, .batches = fit->batches, .nbatches = n,
    };
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].progress)
            ISO_TRY(o->listeners[i].progress(o->listeners[i].self, &progress));
    return ISO_OK;
}

/* Reads the log of the last n steps, checks it and adds it to the epoch's scores. */
static iso_rc read_log(struct fit *fit, int64_t n)
{
    const struct iso_graph *graph = iso_exec_graph(fit->exec);
    struct iso_fit_state *state = fit->state;
    if (n == 0)
        return ISO_OK;
    ISO_TRY(iso_exec_log(fit->exec, n, fit->log));
    ISO_TRY(iso_exec_counts(fit->exec, 0, &state->scores.counts));
    for (int64_t i = 0; i < n; i++) {
        struct iso_fit_batch *batch = &fit->batches[i];
        *batch = read_entry(graph, fit->log + i * graph->columns,
                            batch_rows(fit, state->epoch_step - n + i));
        batch->step = state->step - n + i;
        batch->learning_rate = rate_of(fit, batch->step);
        if (!isfinite(batch->loss))
            return not_finite(fit, batch->step, batch->loss);
        add_batch(&state->scores, batch);
    }
    double now = iso_clock(), each = (now - fit->read_at) / (double)n;
    fit->read_at = now;
    int64_t most = fit->interval * 4 < ISO_FIT_LOG_STEPS ? fit->interval * 4 : ISO_FIT_LOG_STEPS;
    fit->interval = each * (double)most <= LOG_SECONDS ? most : (int64_t)(LOG_SECONDS / each);
    if (fit->interval < 1)
        fit->interval = 1;
    return tell_progress(fit, (int)n);
}

static iso_rc one_step(struct fit *fit, int64_t slot)
{
    struct iso_fit_state *state = fit->state;
    uint64_t step = (uint64_t)state->step;
    ISO_TRY(iso_exec_gather(fit->exec, 0, state->epoch_step * fit->batch,
                            batch_rows(fit, state->epoch_step)));
    ISO_TRY(iso_exec_forward(fit->exec, true, step, slot));
    ISO_TRY(iso_exec_backward(fit->exec, step));
    ISO_TRY(iso_exec_update(fit->exec, step - (uint64_t)state->first_step));
    state->step++;
    state->epoch_step++;
    return ISO_OK;
}

static bool stopped(const struct fit *fit)
{
    return (fit->options->stop && *fit->options->stop) || fit->state->stopping.stopped
        || (fit->options->steps && fit->state->step >= fit->options->steps);
}

/* Runs the epoch's steps from state->epoch_step on, to its end or until stopped. */
static iso_rc train_epoch(struct fit *fit)
{
    struct iso_fit_state *state = fit->state;
    int64_t slot = 0;
    iso_shuffle(fit->options->seed, (uint32_t)state->epoch, fit->order, fit->options->rows);
    ISO_TRY(iso_exec_order(fit->exec, 0, fit->order));
    if (state->epoch_step == 0)
        ISO_TRY(iso_exec_clear_counts(fit->exec));
    ISO_TRY(iso_exec_counts(fit->exec, 0, &state->scores.counts));
    fit->began = fit->read_at = iso_clock();
    while (state->epoch_step < fit->epoch_steps && !stopped(fit)) {
        ISO_TRY(one_step(fit, slot));
        slot++;
        if (slot >= fit->interval) {
            ISO_TRY(read_log(fit, slot));
            slot = 0;
        }
    }
    ISO_TRY(read_log(fit, slot));
    state->seconds += iso_clock() - fit->began;
    return ISO_OK;
}

/* The epoch's number of this name; NaN when it has none. */
static double monitored(const struct fit *fit, const struct iso_fit_epoch *epoch,
                        const struct iso_monitor *monitor)
{
    static const char prefix[] = "validation_";
    const struct iso_graph *g = iso_exec_graph(fit->exec);
    const bool validation = strncmp(monitor->name, prefix, sizeof prefix - 1) == 0;
    const char *name = monitor->name + (validation ? sizeof prefix - 1 : 0);
    const struct iso_scores *scores = validation ? &epoch->validation : &epoch->train;
    char label[ISO_NAME];
    if (validation && !epoch->validated)
        return NAN;
    if (strcmp(name, "loss") == 0)
        return iso_scores_loss(scores);
    for (int m = 0; m < g->model->nmetrics; m++)
        if (iso_metric_values(g, m) == 1 && strcmp(iso_metric_name(g, m, -1, label), name) == 0)
            return iso_scores_metric(g, scores, m);
    return NAN;
}

/* What follows from a whole epoch: a smaller rate, or the end. */
static void conclude(struct fit *fit, struct iso_fit_epoch *epoch)
{
    const struct iso_model *model = iso_exec_graph(fit->exec)->model;
    const struct iso_training *training = &model->training;
    const struct iso_schedule *schedule = &training->schedule;
    const struct iso_early_stopping *stopping = &training->early_stopping;
    struct iso_fit_state *state = fit->state;
    const int phase = (int)state->phase;
    const int64_t begin = phase > 0 ? iso_model_phase_end(model, phase - 1) : 0;
    double value = NAN;
    if (schedule->kind == ISO_RATE_PLATEAU)
        value = monitored(fit, epoch, &schedule->monitor);
    if (!isnan(value)) {
        const struct iso_op_use *use = &training->optimizer;
        const double given = *iso_op_learning_rate(use->op, use->params);
        iso_plateau_epoch(schedule, value, state->plateau.rate > 0 ? state->plateau.rate : given,
                          &state->plateau);
        iso_exec_set_plateau(fit->exec, state->plateau.rate);
    }
    value = stopping->given ? monitored(fit, epoch, &stopping->monitor) : NAN;
    if (!isnan(value))
        epoch->to_restore =
            iso_stopping_epoch(stopping, state->epoch - begin, value, &state->stopping);
    epoch->stopped = state->stopping.stopped != 0;
}

/* Validates a whole epoch, counts it as done and tells the listeners. */
static iso_rc end_epoch(struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    struct iso_fit_state *state = fit->state;
    if (state->epoch_step == 0)        /* stopped before its first step */
        return ISO_OK;
    struct iso_fit_epoch epoch = {
        .epoch = state->epoch + 1, .epochs = o->steps ? 0 : o->epochs,
        .phase = iso_exec_graph(fit->exec)->model->training.name,
        .whole = state->epoch_step == fit->epoch_steps, .train = state->scores,
        .images_per_second = state->seconds > 0 ? (double)state->scores.rows / state->seconds : 0,
        .learning_rate = rate_of(fit, state->step - 1),
    };
    double began = iso_clock();
    if (epoch.whole && !o->steps && o->validation_rows > 0) {
        ISO_TRY(iso_evaluate(fit->exec, 1, o->validation_rows, &epoch.validation));
        epoch.validated = true;
    }
    epoch.seconds = state->seconds + iso_clock() - began;
    if (epoch.whole) {
        conclude(fit, &epoch);
        *state = (struct iso_fit_state){ .epoch = state->epoch + 1, .step = state->step,
                                         .phase = state->phase, .first_step = state->first_step,
                                         .plateau = state->plateau, .stopping = state->stopping };
    }
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].epoch)
            ISO_TRY(o->listeners[i].epoch(o->listeners[i].self, &epoch, state));
    return ISO_OK;
}

static iso_rc train(struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    fit->order = iso_alloc((size_t)o->rows, sizeof *fit->order);
    fit->log = new_log(iso_exec_graph(fit->exec));
    fit->batches = iso_alloc(ISO_FIT_LOG_STEPS, sizeof *fit->batches);
    if (!fit->order || !fit->log || !fit->batches)
        return ISO_ENOMEM;
    while ((o->steps || fit->state->epoch < o->epochs) &&
           (!o->until || fit->state->epoch < o->until) && !stopped(fit)) {
        ISO_TRY(train_epoch(fit));
        ISO_TRY(end_epoch(fit));
    }
    return ISO_OK;
}

iso_rc iso_fit(struct iso_exec *exec, const struct iso_fit_options *options,
               struct iso_fit_state *state)
{
    const struct iso_graph *graph = iso_exec_graph(exec);
    struct fit fit = {
        .exec = exec, .options = options, .state = state, .batch = graph->batch, .interval = 1,
        .epoch_steps = (options->rows + graph->batch - 1) / graph->batch,
    };
    if (options->rows < 1)
        return iso_fail(ISO_EDATA, "the training data has no rows");
    if (state->epoch_step < 0 || state->epoch_step >= fit.epoch_steps)
        return iso_fail(ISO_EDATA,
                        "step %lld of an epoch that has %lld cannot be resumed; train anew",
                        (long long)state->epoch_step, (long long)fit.epoch_steps);
    iso_exec_set_plateau(exec, state->plateau.rate);
    iso_rc rc = train(&fit);
    free(fit.order);
    free(fit.log);
    free(fit.batches);
    return rc;
}
