#include "fit_log.h"

#include "core/data/shuffle.h"
#include "core/system/machine.h"
#include "finite.h"
#include "learning_rate.h"
#include "warnings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words that ranks say to each other with every step, for after it: stop, because one of them was
 * told to; read the log, and save, because it is time on rank 0. */
enum { SAY_STOP = 1, SAY_READ = 2, SAY_SAVE = 4 };

struct fit {
    struct iso_exec *exec;
    struct iso_ranks *ranks; /* NULL: this training has none */
    const struct iso_fit_options *options;
    struct iso_fit_state *state;
    int64_t batch, epoch_steps;
    int32_t *order;                /* [rows] */
    double *log;                   /* [ISO_FIT_LOG_STEPS, columns] */
    struct iso_fit_batch *batches; /* [ISO_FIT_LOG_STEPS] */
    struct iso_fit_pace pace;
    double began;    /* iso_clock when the epoch began or went on */
    double saved_at; /* and when listeners last saved */
    struct iso_watcher *watcher;
    bool span; /* one has begun (fit_listener.h) */
};

/* ---- Training ------------------------------------------------------------------------------ */

static int64_t batch_rows(const struct fit *fit, int64_t epoch_step)
{
    int64_t left = fit->options->rows - epoch_step * fit->batch;
    return left < fit->batch ? left : fit->batch;
}

/* The learning rate that the update of step `step` is given. */
static double scheduled_rate(const struct fit *fit, int64_t step)
{
    const struct iso_fit_state *state = fit->state;
    return iso_training_rate(iso_exec_graph(fit->exec)->training, state->plateau.rate,
                             fit->epoch_steps, (uint64_t)(step - state->first_step));
}

/* The learning rate that it used, after the optimizer's own decay. */
static double rate_of(const struct fit *fit, int64_t step)
{
    return iso_training_rate_used(iso_exec_graph(fit->exec)->training, scheduled_rate(fit, step),
                                  (uint64_t)(step - fit->state->first_step));
}

/* Tells the listeners. */
static iso_rc warn(void *self, const struct iso_warning *warning)
{
    const struct iso_fit_options *o = ((const struct fit *)self)->options;
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].warning != NULL)
            ISO_TRY(o->listeners[i].warning(o->listeners[i].self, warning));
    return ISO_OK;
}

/* Writes where step `step` first had a number that is not finite: " (first d/dense_1/kernel, in the
 * backward pass of step 3)", or nothing where that cannot be found. */
static void locate(struct fit *fit, int64_t step, struct iso_not_finite *first, char *text,
                   size_t n)
{
    const struct iso_fit_options *o = fit->options;
    iso_rc rc = ISO_OK;
    if (fit->ranks != NULL) /* the others have ended, and would be needed */
        return;
    for (int i = 0; i < o->nlisteners && rc == ISO_OK; i++)
        if (o->listeners[i].not_finite != NULL)
            rc = o->listeners[i].not_finite(o->listeners[i].self, o, fit->state, step, first);
    if (rc != ISO_OK)
        iso_error_clear(); /* the training's own failure is the one to be told */
    if (rc == ISO_OK && *first->tensor)
        snprintf(text, n, " (first %s, %s of step %lld)", first->tensor, first->where,
                 (long long)first->step);
}

/* Ends the training with an error that names the tensor that is not finite after this step, counted
 * from 0. */
static iso_rc not_finite(struct fit *fit, int64_t step, const char *what)
{
    struct iso_not_finite first = { .where = "" };
    struct iso_warning w = { .kind = "not_finite",
                             .epoch = fit->state->epoch + 1,
                             .step = step + 1 };
    char where[2 * ISO_NAME] = "";
    const double rate = rate_of(fit, step);
    locate(fit, step, &first, where, sizeof where);
    memcpy(w.layer, first.layer, sizeof w.layer);
    snprintf(w.text, sizeof w.text,
             "epoch %lld, step %lld: %s%s; try a smaller learning_rate (it "
             "is %g), smaller initial weights, or a smaller scale of the input",
             (long long)w.epoch, (long long)w.step, what, where, rate);
    ISO_TRY(warn(fit, &w));
    return iso_fail(ISO_EDATA, "%s", w.text);
}

/* Fails unless the weights are finite, so that what listeners save can be gone on with. */
static iso_rc check_weights(struct fit *fit)
{
    const char *weight;
    char what[2 * ISO_NAME];
    ISO_TRY(iso_not_finite_weight(fit->exec, &weight));
    if (weight == NULL)
        return ISO_OK;
    snprintf(what, sizeof what, "%s is not finite", weight);
    return not_finite(fit, fit->state->step - 1, what);
}

/* Tells the listeners of the last n steps. */
static iso_rc tell_progress(const struct fit *fit, int n)
{
    const struct iso_fit_options *o = fit->options;
    struct iso_fit_progress progress = {
        .epoch = fit->state->epoch + 1,
        .epochs = o->steps ? 0 : o->epochs,
        .rows = fit->state->scores.rows,
        .epoch_rows = o->rows,
        .seconds = fit->state->seconds + iso_clock() - fit->began,
        .scores = fit->state->scores,
        .batches = fit->batches,
        .nbatches = n,
    };
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].progress != NULL)
            ISO_TRY(o->listeners[i].progress(o->listeners[i].self, &progress));
    return ISO_OK;
}

/* Ends the span, if one has begun. */
static iso_rc judge_span(struct fit *fit)
{
    const struct iso_fit_watch *w = fit->options->watch;
    const struct iso_fit_span span = {
        .options = fit->options,
        .state = fit->state,
        .order = fit->order,
        .epoch_steps = fit->epoch_steps,
    };
    if (!fit->span)
        return ISO_OK;
    fit->span = false;
    const iso_rc rc = w->end(w->self, &span);
    fit->pace.read_at = iso_clock();
    return rc;
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
        *batch = iso_fit_log_entry(graph, fit->log, i, batch_rows(fit, state->epoch_step - n + i));
        batch->step = state->step - n + i;
        batch->learning_rate = rate_of(fit, batch->step);
        if (!isfinite(batch->loss))
            ISO_TRY(judge_span(fit)); /* a device that strays is the better reason */
        if (!isfinite(batch->loss))
            return not_finite(fit, batch->step,
                              isnan(batch->loss) ? "the loss is not a number"
                                                 : "the loss is infinite");
        iso_watcher_step(fit->watcher, batch->loss);
        iso_fit_log_add(&state->scores, batch);
    }
    iso_fit_pace_read(&fit->pace, n);
    return tell_progress(fit, (int)n);
}

static iso_rc one_step(struct fit *fit, int64_t log_row)
{
    struct iso_fit_state *state = fit->state;
    uint64_t step = (uint64_t)state->step;
    ISO_TRY(iso_exec_gather(fit->exec, 0, state->epoch_step * fit->batch,
                            batch_rows(fit, state->epoch_step)));
    ISO_TRY(iso_exec_train(fit->exec, step, log_row));
    ISO_TRY(iso_exec_update(fit->exec, step - (uint64_t)state->first_step,
                            scheduled_rate(fit, state->step)));
    state->step++;
    state->epoch_step++;
    return ISO_OK;
}

/* Time spent on the epoch so far goes to the state. */
static void add_seconds(struct fit *fit)
{
    const double now = iso_clock();
    fit->state->seconds += now - fit->began;
    fit->began = now;
}

static bool time_to_save(const struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    return o->checkpoint_seconds > 0 && iso_clock() - fit->saved_at >= o->checkpoint_seconds;
}

/* Within an epoch; the epoch's end saves by itself. */
static iso_rc save(struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    if (fit->state->epoch_step == fit->epoch_steps)
        return ISO_OK;
    ISO_TRY(check_weights(fit));
    add_seconds(fit);
    ISO_TRY(iso_exec_collect(fit->exec, false));
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].checkpoint != NULL)
            ISO_TRY(o->listeners[i].checkpoint(o->listeners[i].self, fit->state));
    iso_exec_release(fit->exec);
    fit->saved_at = iso_clock();
    return ISO_OK;
}

bool iso_fit_told_to_stop(const struct iso_exec *e, const volatile sig_atomic_t *stop)
{
    const struct iso_ranks *ranks = iso_exec_ranks(e);
    return ranks != NULL ? (ranks->heard & SAY_STOP) != 0 : stop != NULL && *stop;
}

static bool stopped(const struct fit *fit)
{
    return iso_fit_told_to_stop(fit->exec, fit->options->stop) || fit->state->stopping.stopped ||
           (fit->options->steps && fit->state->step >= fit->options->steps) ||
           (fit->options->last_step && fit->state->step >= fit->options->last_step);
}

/* Begins a span where one is wanted; reads the log of *log_row steps before. */
static iso_rc begin_span(struct fit *fit, int64_t *log_row)
{
    const struct iso_fit_watch *w = fit->options->watch;
    if (w == NULL || fit->span || !w->begins(w->self, fit->state))
        return ISO_OK;
    ISO_TRY(read_log(fit, *log_row));
    *log_row = 0;
    add_seconds(fit);
    ISO_TRY(w->begin(w->self, fit->state));
    fit->span = true;
    fit->pace.read_at = iso_clock();
    return ISO_OK;
}

/* Ends a span whose last step was the last one. */
static iso_rc end_span(struct fit *fit, int64_t *log_row)
{
    const struct iso_fit_watch *w = fit->options->watch;
    if (!fit->span || !w->ends(w->self, fit->state))
        return ISO_OK;
    ISO_TRY(read_log(fit, *log_row));
    *log_row = 0;
    return judge_span(fit);
}

/* Says, before a step, what this rank wants after it. */
static void say(struct fit *fit, int64_t log_row)
{
    const bool first = fit->ranks->rank == 0, save_it = time_to_save(fit);
    fit->ranks->say = fit->options->stop != NULL && *fit->options->stop ? SAY_STOP : 0;
    if (first && (save_it || log_row + 1 >= fit->pace.interval))
        fit->ranks->say |= SAY_READ;
    if (first && save_it)
        fit->ranks->say |= SAY_SAVE;
}

/* Returns what is to be done after a step. log_rows 0: the log has been read. */
static int wanted(const struct fit *fit, int64_t log_rows)
{
    if (fit->ranks != NULL)
        return (int)fit->ranks->heard;
    if (log_rows > 0 && log_rows < fit->pace.interval)
        return 0;
    return (log_rows > 0 ? SAY_READ : 0) | (time_to_save(fit) ? SAY_SAVE : 0);
}

/* Runs the epoch's steps from state->epoch_step on, to its end or until stopped. */
static iso_rc train_epoch(struct fit *fit)
{
    struct iso_fit_state *state = fit->state;
    const int64_t first = state->epoch_step;
    int64_t log_row = 0;
    iso_shuffle(fit->options->seed, (uint32_t)state->epoch, fit->order, fit->options->rows);
    ISO_TRY(iso_exec_order(fit->exec, 0, fit->order));
    if (state->epoch_step == 0)
        ISO_TRY(iso_exec_clear_counts(fit->exec));
    ISO_TRY(iso_exec_counts(fit->exec, 0, &state->scores.counts));
    fit->began = iso_clock();
    fit->pace.read_at = fit->began;
    while (state->epoch_step < fit->epoch_steps && !stopped(fit)) {
        ISO_TRY(begin_span(fit, &log_row));
        if (fit->ranks != NULL)
            say(fit, log_row);
        ISO_TRY(one_step(fit, log_row));
        log_row++;
        ISO_TRY(end_span(fit, &log_row));
        const int after = wanted(fit, log_row);
        if (after & SAY_READ) {
            ISO_TRY(read_log(fit, log_row));
            log_row = 0;
        }
        if (after & SAY_SAVE)
            ISO_TRY(save(fit));
    }
    ISO_TRY(read_log(fit, log_row));
    ISO_TRY(judge_span(fit));
    add_seconds(fit);
    if (state->epoch_step == first) /* no step was left of it, or none was wanted */
        return ISO_OK;
    ISO_TRY(check_weights(fit));
    return state->epoch_step == fit->epoch_steps ? iso_watcher_values(fit->watcher) : ISO_OK;
}

double iso_fit_number(const struct iso_graph *g, const struct iso_fit_epoch *epoch,
                      const char *column)
{
    static const char prefix[] = "validation_";
    const bool validation = strncmp(column, prefix, sizeof prefix - 1) == 0;
    const char *name = column + (validation ? sizeof prefix - 1 : 0);
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

/* Draws the conclusions from a whole epoch: a smaller rate, or the end. */
static void conclude(struct fit *fit, struct iso_fit_epoch *epoch)
{
    const struct iso_graph *graph = iso_exec_graph(fit->exec);
    const struct iso_model *model = graph->model;
    const struct iso_training *training = graph->training;
    const struct iso_schedule *schedule = &training->schedule;
    const struct iso_early_stopping *stopping = &training->early_stopping;
    struct iso_fit_state *state = fit->state;
    const int phase = (int)state->phase;
    const int64_t begin = phase > 0 ? iso_model_phase_end(model, phase - 1) : 0;
    double value = NAN;
    if (schedule->kind == ISO_RATE_PLATEAU)
        value = iso_fit_number(graph, epoch, schedule->monitor.name);
    if (!isnan(value)) {
        const struct iso_op_use *use = &training->optimizer;
        const double given = *iso_op_learning_rate(use->op, use->params);
        iso_plateau_epoch(schedule, value, state->plateau.rate > 0 ? state->plateau.rate : given,
                          &state->plateau);
    }
    value = stopping->given ? iso_fit_number(graph, epoch, stopping->monitor.name) : NAN;
    if (!isnan(value))
        epoch->to_restore =
            iso_stopping_epoch(stopping, state->epoch - begin, value, &state->stopping);
    epoch->stopped = state->stopping.stopped != 0;
}

/* Validates an epoch whose steps are done. If the training is stopped meanwhile, a resumed run
 * repeats the validation from the beginning; so the counts of the epoch's steps are restored on the
 * device. */
static iso_rc validate(struct fit *fit, struct iso_fit_epoch *epoch)
{
    const struct iso_fit_options *o = fit->options;
    if (o->steps || o->validation_rows == 0)
        return ISO_OK;
    ISO_TRY(
        iso_evaluate_with(fit->exec, 1, o->validation_rows, fit->log, o->stop, &epoch->validation));
    epoch->validated = epoch->validation.rows == o->validation_rows;
    if (epoch->validated)
        return ISO_OK;
    epoch->whole = false;
    epoch->validation = (struct iso_scores){ 0 };
    return iso_exec_put_counts(fit->exec, epoch->train.counts);
}

/* Validates an epoch whose steps are done, counts it as done and tells the listeners; tells them
 * of one that was stopped, too. */
static iso_rc end_epoch(struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    struct iso_fit_state *state = fit->state;
    if (state->epoch_step == 0) /* stopped before its first step */
        return ISO_OK;
    struct iso_fit_epoch epoch = {
        .epoch = state->epoch + 1,
        .epochs = o->steps ? 0 : o->epochs,
        .phase = iso_exec_graph(fit->exec)->training->name,
        .trained = state->epoch_step == fit->epoch_steps,
        .train = state->scores,
        .images_per_second = state->seconds > 0 ? (double)state->scores.rows / state->seconds : 0,
        .learning_rate = rate_of(fit, state->step - 1),
    };
    double began = iso_clock();
    epoch.whole = epoch.trained;
    if (epoch.trained)
        ISO_TRY(validate(fit, &epoch));
    epoch.seconds = state->seconds + iso_clock() - began;
    if (epoch.whole) {
        conclude(fit, &epoch);
        *state = (struct iso_fit_state){ .epoch = state->epoch + 1,
                                         .step = state->step,
                                         .phase = state->phase,
                                         .first_step = state->first_step,
                                         .plateau = state->plateau,
                                         .stopping = state->stopping };
    }
    ISO_TRY(iso_exec_collect(fit->exec, false));
    for (int i = 0; i < o->nlisteners; i++)
        if (o->listeners[i].epoch != NULL)
            ISO_TRY(o->listeners[i].epoch(o->listeners[i].self, &epoch, state));
    iso_exec_release(fit->exec);
    fit->saved_at = iso_clock();
    return epoch.whole ? iso_watcher_epoch(fit->watcher, &epoch, state->step, warn, fit) : ISO_OK;
}

static iso_rc train(struct fit *fit)
{
    const struct iso_fit_options *o = fit->options;
    fit->order = iso_alloc((size_t)o->rows, sizeof *fit->order);
    fit->log = iso_fit_log_new(iso_exec_graph(fit->exec));
    fit->batches = iso_alloc(ISO_FIT_LOG_STEPS, sizeof *fit->batches);
    if (fit->order == NULL || fit->log == NULL || fit->batches == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_watcher_new(fit->exec, &fit->watcher));
    fit->saved_at = iso_clock();
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
        .exec = exec,
        .ranks = iso_exec_ranks(exec),
        .options = options,
        .state = state,
        .batch = graph->batch,
        .epoch_steps = (options->rows + graph->batch - 1) / graph->batch,
    };
    if (options->rows < 1)
        return iso_fail(ISO_EDATA, "the training data has no rows");
    if (state->epoch_step < 0 || state->epoch_step > fit.epoch_steps)
        return iso_fail(ISO_EDATA,
                        "step %lld of an epoch that has %lld cannot be resumed; train anew",
                        (long long)state->epoch_step, (long long)fit.epoch_steps);
    iso_fit_pace_begin(&fit.pace);
    iso_rc rc = train(&fit);
    free(fit.order);
    free(fit.log);
    free(fit.batches);
    iso_watcher_free(fit.watcher);
    return rc;
}
