/* api_training.c: a trainer (core/job/trainer.h), and the functions that it tells. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct callback {
    isocl_log_fn *told;
    void *self;
};
struct isocl_training {
    struct isocl_options options;
    struct iso_trainer trainer;
    struct iso_api_log log;
    struct callback on_phase, on_step, on_epoch;
    struct isocl_verified verified;
    volatile sig_atomic_t stop;
    bool run, ended; /* ended: run.json says how */
};

/* ---- What is told -------------------------------------------------------------------------- */

/* Begins a log of the phase that is trained. */
static iso_rc begin_log(struct isocl_training *t, int64_t epoch, int64_t step)
{
    ISO_TRY(iso_api_log_begin(&t->log, t->trainer.job.graph));
    t->log.log.epoch = epoch;
    t->log.log.epochs = t->trainer.settings.epochs;
    t->log.log.step = step;
    return ISO_OK;
}

static iso_rc tell(struct isocl_training *t, const struct callback *c, const char *whose)
{
    return iso_api_log_tell(&t->log, c->told, c->self, whose);
}

static iso_rc on_phase(void *self, const struct iso_trainer *trainer)
{
    struct isocl_training *t = self;
    ISO_TRY(begin_log(t, trainer->state.epoch + 1, trainer->state.step));
    return tell(t, &t->on_phase, "phases");
}

/* Tells of one step: the metrics that are a count of its rows. */
static iso_rc tell_step(struct isocl_training *t, const struct iso_fit_progress *p,
                        const struct iso_fit_batch *b)
{
    const struct iso_graph *g = t->trainer.job.graph;
    char name[ISO_NAME];
    ISO_TRY(begin_log(t, p->epoch, b->step + 1));
    t->log.log.seconds = p->seconds;
    iso_api_log_add(&t->log, "", "loss", b->loss);
    for (int m = 0; m < g->model->nmetrics; m++)
        if (g->values[g->metric[m]].role == ISO_ROLE_SCALAR)
            iso_api_log_add(&t->log, "", iso_metric_name(g, m, -1, name),
                            b->metric[m] / (double)b->rows);
    iso_api_log_add(&t->log, "", "learning_rate", b->learning_rate);
    return tell(t, &t->on_step, "steps");
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *p)
{
    struct isocl_training *t = self;
    for (int i = 0; i < p->nbatches && t->on_step.told != NULL; i++)
        ISO_TRY(tell_step(t, p, &p->batches[i]));
    return ISO_OK;
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *e, const struct iso_fit_state *state)
{
    struct isocl_training *t = self;
    ISO_TRY(begin_log(t, e->epoch, state->step));
    t->log.log.seconds = e->seconds;
    iso_api_log_scores(&t->log, "", t->trainer.job.graph, &e->train);
    if (e->validated)
        iso_api_log_scores(&t->log, "val_", t->trainer.job.graph, &e->validation);
    iso_api_log_add(&t->log, "", "learning_rate", e->learning_rate);
    return tell(t, &t->on_epoch, "epochs");
}

/* ---- Opening and ending ------------------------------------------------------------------ */

/* Writes how it ended to run.json; the message stays. */
static void end(struct isocl_training *t, iso_rc rc)
{
    char message[4096];
    snprintf(message, sizeof message, "%s", iso_error());
    iso_trainer_end(&t->trainer, rc);
    t->ended = true;
    if (rc != ISO_OK)
        iso_error_put(rc, message);
}

static struct iso_trainer_options trainer_options(struct isocl_training *t, const isocl_model *m)
{
    const struct isocl_options *o = &t->options;
    return (struct iso_trainer_options){ .job = iso_api_job(o, m != NULL ? m->text : NULL),
                                         .epochs = o->epochs,
                                         .steps = o->steps,
                                         .checkpoint_minutes = o->checkpoint_minutes,
                                         .weights = *o->weights ? o->weights : NULL,
                                         .run = *o->run ? o->run : NULL,
                                         .resume = o->resume,
                                         .command = o->command,
                                         .stop = &t->stop };
}

/* Returns what is wrong with the options, or NULL. */
static const char *find_contradiction(const struct isocl_options *o, const isocl_model *m)
{
    if (o->resume && !*o->run)
        return "the option resume needs the run's folder: the option run";
    if (!o->resume && m == NULL)
        return "a training needs a model, unless it goes on with a run: the option resume";
    if (o->resume && *o->weights)
        return "resume goes on with the run's own weights: leave the option weights out";
    if (o->epochs > 0 && o->steps > 0)
        return "the options epochs and steps exclude each other";
    return NULL;
}

static iso_rc open_trainer(struct isocl_training *t, const isocl_model *m)
{
    const char *contradiction = find_contradiction(&t->options, m);
    if (contradiction != NULL)
        return iso_fail(ISO_EUSAGE, "%s", contradiction);
    struct iso_trainer_options o = trainer_options(t, m);
    if (*t->options.verify)
        ISO_TRY(iso_verify_parse(t->options.verify, "the option verify", &o.verify));
    ISO_TRY(iso_trainer_open(&t->trainer, &o, m != NULL ? m->path : NULL));
    t->trainer.options.job.text = NULL; /* the model's, which may go */
    return iso_trainer_begin(&t->trainer);
}

isocl_rc isocl_training_open(const isocl_model *m, const isocl_options *options,
                             isocl_training **out)
{
    struct isocl_training *t = iso_alloc(1, sizeof *t);
    iso_rc rc = t != NULL ? iso_api_options(options, &t->options) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = (iso_rc)iso_api_end(open_trainer(t, m), &t->trainer.job.faults);
    if (rc == ISO_OK)
        *out = t;
    else if (t != NULL) {
        end(t, rc);
        isocl_training_free(t);
    }
    return iso_api_end(rc, NULL);
}

/* ---- Use ----------------------------------------------------------------------------------- */

void isocl_training_on_phase(isocl_training *t, isocl_log_fn *told, void *self)
{
    t->on_phase = (struct callback){ told, self };
}

void isocl_training_on_step(isocl_training *t, isocl_log_fn *told, void *self)
{
    t->on_step = (struct callback){ told, self };
}

void isocl_training_on_epoch(isocl_training *t, isocl_log_fn *told, void *self)
{
    t->on_epoch = (struct callback){ told, self };
}

isocl_rc isocl_training_run(isocl_training *t)
{
    const struct iso_trainer_listener listener = {
        .self = t,
        .phase = on_phase,
        .fit = { .self = t, .progress = on_progress, .epoch = on_epoch }
    };
    if (t->run)
        return iso_api_end(iso_fail(ISO_EUSAGE,
                                    "this training has run; open it again, with the "
                                    "option resume, to go on"),
                           NULL);
    t->run = true;
    const iso_rc rc =
        (iso_rc)iso_api_end(iso_trainer_run(&t->trainer, &listener), &t->trainer.job.faults);
    end(t, rc);
    return (isocl_rc)rc;
}

void isocl_training_stop(isocl_training *t) { t->stop = 1; }

int isocl_training_finished(const isocl_training *t)
{
    return iso_trainer_reached_goal(&t->trainer);
}

const char *isocl_training_folder(const isocl_training *t)
{
    return iso_run_folder(t->trainer.run);
}

const isocl_verified *isocl_training_verified(isocl_training *t)
{
    if (t->trainer.verifier == NULL)
        return NULL;
    const struct iso_verified v = iso_verifier_done(t->trainer.verifier);
    t->verified = (struct isocl_verified){ .device = v.device,
                                           .compared = t->trainer.settings.fast ? "bounds" : "bits",
                                           .strayed = v.strayed,
                                           .steps = v.steps,
                                           .seconds = v.seconds };
    return &t->verified;
}

isocl_rc isocl_training_hash(isocl_training *t, char hex[65])
{
    return iso_api_end(iso_exec_hash(t->trainer.job.exec, hex), NULL);
}

void isocl_training_free(isocl_training *t)
{
    if (t == NULL)
        return;
    if (!t->ended)
        end(t, ISO_OK);
    iso_trainer_close(&t->trainer);
    iso_api_log_free(&t->log);
    free(t);
}
