#include "reproduce.h"
#include "trainer_phases.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* ---- The run ------------------------------------------------------------------------------- */

static iso_rc epochs_done(const char *run, int64_t *epochs)
{
    char path[ISO_PATH];
    struct iso_run_settings settings;
    struct iso_fit_state state;
    *epochs = -1;
    ISO_TRY(iso_path(path, run, "state"));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_run_read(run, &settings, &state));
    ISO_TRY(iso_state_resumable(run, &settings));
    *epochs = state.epoch;
    return ISO_OK;
}

static iso_rc check_model(const struct iso_model *m, const char *run)
{
    char path[ISO_PATH];
    bool same;
    ISO_TRY(iso_path(path, run, "model.yaml"));
    ISO_TRY(iso_trainer_same_model(m->text, path, &same));
    if (same)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s is not the model file that the run %s was begun with; move that "
                    "run away, or use another --out",
                    m->file, run);
}

iso_rc iso_reproduction_find(const struct iso_model *m, const char *out, int64_t epochs,
                             struct iso_reproduction *r)
{
    r->goal = epochs > 0 ? epochs : iso_model_phase_end(m, m->nphases - 1);
    ISO_TRY(iso_path(r->run, out, m->name));
    ISO_TRY(epochs_done(r->run, &r->done));
    return r->done >= 0 ? check_model(m, r->run) : ISO_OK;
}

struct iso_trainer_options iso_reproduction_training(const struct iso_reproduction *r,
                                                     const struct iso_job_options *job)
{
    return (struct iso_trainer_options){ .job = *job,
                                         .epochs = r->goal,
                                         .steps = -1,
                                         .checkpoint_minutes = -1,
                                         .run = r->run,
                                         .resume = r->done >= 0,
                                         .command = "" };
}

/* ---- Figures ------------------------------------------------------------------------------- */

/* Scores of the run's last weights on the test data. */
static iso_rc add_test(struct iso_job *job, const struct iso_job_options *o, const char *run,
                       const struct iso_expect *e, struct iso_figures *t)
{
    char weights[ISO_PATH];
    struct iso_scores scores;
    ISO_TRY(iso_path(weights, run, "weights.safetensors"));
    ISO_TRY(iso_job_evaluate(job, weights, "test", o, &scores));
    const int first = iso_metric_first(job->graph);
    iso_figures_add(t, "test_accuracy", e->test_accuracy,
                    first >= 0 ? iso_scores_metric(job->graph, &scores, first) : NAN);
    iso_figures_add(t, "test_loss", e->test_loss, iso_scores_loss(&scores));
    return ISO_OK;
}

/* Adds figures that the history does not have: parameters, and scores on the test data after the
 * last phase. */
static iso_rc add_measured(struct iso_job *job, const struct iso_job_options *o, const char *run,
                           struct iso_figures *t)
{
    const int last = iso_job_last_phase(job);
    const struct iso_expect *e = &job->model->phases[last].expect;
    if (!isnan(e->parameters)) {
        ISO_TRY(
            iso_graph_build(job->model, last, job->model->batch_size, &job->faults, &job->graph));
        iso_figures_add(t, "parameters", e->parameters,
                        (double)iso_graph_parameters(job->graph, false));
        iso_job_close_exec(job);
    }
    return isnan(e->test_accuracy) && isnan(e->test_loss) ? ISO_OK : add_test(job, o, run, e, t);
}

/* Returns the epochs of a phase if `goal` epochs are trained in total. */
static int64_t planned_of(const struct iso_model *m, int phase, int64_t goal)
{
    const int64_t begin = phase ? iso_model_phase_end(m, phase - 1) : 0;
    const int64_t end = phase + 1 < m->nphases && goal > iso_model_phase_end(m, phase)
                            ? iso_model_phase_end(m, phase)
                            : goal;
    return end > begin ? end - begin : 0;
}

iso_rc iso_reproduction_figures(struct iso_job *job, const struct iso_reproduction *r,
                                const struct iso_job_options *o, struct iso_figures *t)
{
    const struct iso_model *m = job->model;
    for (int phase = 0; phase < m->nphases; phase++)
        ISO_TRY(iso_figures_add_phase(t, m, phase, r->run, planned_of(m, phase, r->goal)));
    return t->n > 0 ? add_measured(job, o, r->run, t) : ISO_OK;
}
