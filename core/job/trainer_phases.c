/* trainer_phases.c: a training's phases, one after the other on the same weights. */
#include "trainer_phases.h"

#include "core/train/carry.h"

iso_rc iso_trainer_open_phase(struct iso_trainer *t, int phase)
{
    const struct iso_exec_options options = { .training = true,
                                              .seed = t->job.model->seed,
                                              .log_steps = ISO_FIT_LOG_STEPS,
                                              .compare_every = t->options.ranks != NULL
                                                                   ? t->options.verify.every
                                                                   : 0,
                                              .ranks = t->options.ranks,
                                              .threads = t->options.job.threads };
    return iso_job_exec(&t->job, phase, 0, &options);
}

iso_rc iso_trainer_put_data(struct iso_trainer *t)
{
    struct iso_job *job = &t->job;
    ISO_TRY(iso_exec_data(job->exec, 0, job->data[0]));
    return job->data[1] != NULL ? iso_exec_data(job->exec, 1, job->data[1]) : ISO_OK;
}

struct iso_exec_traffic iso_trainer_traffic(const struct iso_trainer *t)
{
    struct iso_exec_traffic sum = t->traffic;
    if (t->job.exec == NULL)
        return sum;
    const struct iso_exec_traffic m = iso_exec_traffic(t->job.exec);
    sum.steps += m.steps;
    sum.planned.sent += m.planned.sent;
    sum.planned.received += m.planned.received;
    sum.counted.sent += m.counted.sent;
    sum.counted.received += m.counted.received;
    sum.compared += m.compared;
    sum.seconds += m.seconds;
    sum.waited += m.waited;
    sum.comparing += m.comparing;
    return sum;
}

static iso_rc begin_phase(struct iso_trainer *t, int phase, const struct iso_carried *carried)
{
    iso_verifier_close_phase(t->verifier);
    t->traffic = iso_trainer_traffic(t); /* the executor goes now */
    ISO_TRY(iso_trainer_open_phase(t, phase));
    ISO_TRY(iso_trainer_put_data(t));
    ISO_TRY(iso_exec_initialize(t->job.exec));
    ISO_TRY(iso_carry_give(carried, t->job.exec));
    return t->job.graph->training->shuffle_weights ? iso_shuffle_weights(t->job.exec, phase)
                                                   : ISO_OK;
}

/* From the phase that has ended to another one, on the same weights. */
static iso_rc next_phase(struct iso_trainer *t, int phase)
{
    const struct iso_training *next = &t->job.model->phases[phase];
    struct iso_carried *carried = NULL;
    ISO_TRY(iso_exec_finish_average(t->job.exec));
    ISO_TRY(iso_exec_collect(t->job.exec, true));
    ISO_TRY(iso_carry_take(t->job.exec, next->keep_slots, &carried));
    const iso_rc rc = begin_phase(t, phase, carried);
    iso_carry_free(carried);
    ISO_TRY(rc);
    t->state.phase = phase;
    t->state.plateau = (struct iso_plateau){ 0 };
    if (!next->keep_steps)
        t->state.first_step = t->state.step;
    if (t->run != NULL)
        iso_run_phase(t->run, t->job.exec);
    return ISO_OK;
}

static iso_rc tell_phase(const struct iso_trainer *t, const struct iso_trainer_listener *l)
{
    return l->phase != NULL ? l->phase(l->self, t) : ISO_OK;
}

static iso_rc tell_features(const struct iso_trainer *t, const struct iso_trainer_listener *l,
                            const struct iso_kept *kept)
{
    return l->features != NULL ? l->features(l->self, t, kept) : ISO_OK;
}

static iso_rc keep_features(struct iso_trainer *t, const struct iso_trainer_listener *l)
{
    struct iso_exec *e = t->job.exec;
    const struct iso_kept *kept = iso_exec_kept(e);
    if (!t->job.model->keep_features || kept->nodes > 0)
        return ISO_OK;
    if (t->job.graph->training->unfreezes && !iso_exec_keeps(e))
        return ISO_OK; /* each batch computes what changes now */
    ISO_TRY(tell_features(t, l, NULL));
    ISO_TRY(iso_exec_keep(e, t->run != NULL ? iso_run_folder(t->run) : NULL));
    return tell_features(t, l, kept);
}

/* ---- Saved --------------------------------------------------------------------------------- */

/* A listener that comes after the one that saves. */
static iso_rc after_epoch(void *self, const struct iso_fit_epoch *epoch,
                          const struct iso_fit_state *state)
{
    const struct iso_trainer_listener *l = self;
    (void)epoch;
    return l->saved(l->self, state);
}

static iso_rc after_checkpoint(void *self, const struct iso_fit_state *state)
{
    const struct iso_trainer_listener *l = self;
    return l->saved(l->self, state);
}

/* ---- Training ------------------------------------------------------------------------------ */

bool iso_trainer_reached_goal(const struct iso_trainer *t)
{
    if (t->state.stopping.stopped)
        return true;
    return t->settings.steps ? t->state.step >= t->settings.steps
                             : t->state.epoch >= t->settings.epochs;
}

static bool stopped(const struct iso_trainer *t)
{
    const int64_t last = t->options.last_step;
    return iso_fit_told_to_stop(t->job.exec, t->options.stop) || (last && t->state.step >= last);
}

static iso_rc train_phases(struct iso_trainer *t, const struct iso_trainer_listener *l,
                           struct iso_fit_options *fit)
{
    const struct iso_model *model = t->job.model;
    ISO_TRY(tell_phase(t, l));
    while (!iso_trainer_reached_goal(t) && !stopped(t)) {
        const int phase = iso_model_phase_at(model, t->state.epoch);
        if (phase != t->state.phase) {
            ISO_TRY(next_phase(t, phase));
            ISO_TRY(tell_phase(t, l));
        }
        ISO_TRY(keep_features(t, l));
        fit->until = phase + 1 < model->nphases ? iso_model_phase_end(model, phase) : 0;
        ISO_TRY(iso_fit(t->job.exec, fit, &t->state));
    }
    return iso_trainer_reached_goal(t) ? iso_exec_finish_average(t->job.exec) : ISO_OK;
}

/* Takes the state to which a device that strayed was set back. */
static iso_rc went_back(struct iso_trainer *t, iso_rc rc)
{
    const struct iso_fit_state *strayed = iso_verifier_strayed(t->verifier);
    if (strayed != NULL)
        t->state = *strayed;
    return rc;
}

/* Trains on a rank that has no run, and tells nobody. */
static iso_rc train_alongside(struct iso_trainer *t, struct iso_fit_options *fit)
{
    const struct iso_trainer_listener nobody = { .self = NULL };
    return train_phases(t, &nobody, fit);
}

iso_rc iso_trainer_run(struct iso_trainer *t, const struct iso_trainer_listener *listener)
{
    struct iso_trainer_listener l = *listener;
    const double minutes = t->options.checkpoint_minutes;
    const struct iso_fit_listener listeners[] = {
        l.fit,
        t->run != NULL ? iso_run_listener(t->run) : (struct iso_fit_listener){ .self = NULL },
        iso_image_sums_listener(&t->sums),
        iso_verifier_listener(t->verifier),
        { .self = &l, .epoch = after_epoch, .checkpoint = after_checkpoint },
    };
    struct iso_fit_options fit = {
        .epochs = t->settings.epochs,
        .steps = t->settings.steps,
        .last_step = t->options.last_step,
        .rows = t->settings.rows,
        .validation_rows = t->settings.validation_rows,
        .seed = t->settings.seed,
        .checkpoint_seconds = 60 * (minutes >= 0 ? minutes : t->job.model->checkpoint_minutes),
        .stop = t->options.stop,
        .listeners = listeners,
        .nlisteners = t->run != NULL ? 4 + (l.saved != NULL) : 0,
        .watch = iso_verifier_watch(t->verifier),
    };
    bool restored = false;
    if (t->run == NULL)
        return train_alongside(t, &fit);
    if (t->verifier != NULL)
        iso_verifier_run(t->verifier, t->run);
    ISO_TRY(went_back(t, train_phases(t, &l, &fit)));
    if (iso_trainer_reached_goal(t) && t->job.graph->training->average.use_ema)
        ISO_TRY(iso_run_keep_average(t->run));
    if (iso_trainer_reached_goal(t))
        ISO_TRY(iso_run_restore(t->run, &t->job.faults, &restored));
    return restored && l.restored != NULL ? l.restored(l.self, t) : ISO_OK;
}
