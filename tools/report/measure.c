#include "measured.h"

#include "core/train/fit.h"
#include "core/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Model and device ---------------------------------------------------------------------- */

/* Adds a confusion matrix, from which every score is computed, to a model without one, before any
 * graph is built. */
static iso_rc add_matrix(struct iso_measured *m)
{
    struct iso_model *model = m->job.model;
    struct iso_op_use use = { .op = ISO_OP_confusion_matrix };
    m->trained = *model;
    if (iso_model_targets(model))
        return ISO_OK;
    for (int i = 0; i < model->nmetrics; i++)
        if (model->metrics[i].op == use.op)
            return ISO_OK;
    if (model->nmetrics == ISO_METRICS)
        return ISO_OK;
    use.location = model->input_location;
    ISO_TRY(iso_params_default(use.op, &use.params));
    model->metrics[model->nmetrics++] = use;
    return ISO_OK;
}

static iso_rc open_model(struct iso_measured *m, const struct iso_told *t,
                         const struct iso_job_options *o, int *phase)
{
    struct iso_job *s = &m->job;
    ISO_TRY(iso_path(m->model_path, t->folder, "model.yaml"));
    ISO_TRY(iso_path(m->weights_path, t->folder, "weights.safetensors"));
    ISO_TRY(iso_path(m->best_path, t->folder, "best.safetensors"));
    if (t->best.epoch != t->state.epoch && access(m->best_path, R_OK) == 0)
        m->best_epoch = t->best.epoch;
    ISO_TRY(iso_job_model(s, m->model_path, o));
    const int last = s->model->nphases - 1;
    ISO_TRY(add_matrix(m));
    *phase = t->has_state && t->state.phase < last ? (int)t->state.phase : last;
    ISO_TRY(iso_graph_build(s->model, *phase, s->model->batch_size, &s->faults, &s->graph));
    m->parameters = iso_graph_parameters(s->graph, false);
    m->trainable = iso_graph_parameters(s->graph, true);
    return ISO_OK;
}

/* Opens the device of the run, if this machine has it; otherwise the best one, with a note. */
static iso_rc open_device(struct iso_measured *m, const struct iso_told *t,
                          struct iso_job_options *o)
{
    const bool asked = o->device != NULL;
    if (!asked && *t->device.id)
        o->device = t->device.id;
    if (o->mode == NULL && *t->device.mode)
        o->mode = t->device.mode;
    iso_rc rc = iso_job_backend(&m->job, o);
    if (rc != ISO_OK && !asked && o->device != NULL) {
        ISO_TRY(iso_measure_note(m, rc, m->device, ""));
        o->device = "auto";
        rc = iso_job_backend(&m->job, o);
    }
    if (rc != ISO_OK)
        return rc;
    const struct iso_device *d = &m->job.backend->device;
    const size_t n = strlen(m->device);
    if (*t->device.id && (strcmp(d->id, t->device.id) != 0 || strcmp(d->name, t->device.name) != 0))
        snprintf(m->device + n, ISO_NOTE - n,
                 "%sThe run was trained on %s (%s); what this report "
                 "measures, it measured on %s (%s).",
                 n ? ". " : "", t->device.id, t->device.name, d->id, d->name);
    return ISO_OK;
}

static iso_rc open_weights(struct iso_measured *m, int phase)
{
    const struct iso_exec_options options = { .seed = m->job.model->seed,
                                              .log_steps = ISO_FIT_LOG_STEPS };
    ISO_TRY(iso_job_exec(&m->job, phase, 0, &options));
    ISO_TRY(iso_job_weights(&m->job, m->weights_path));
    ISO_TRY(iso_job_classes(&m->job, m->weights_path));
    return iso_exec_hash(m->job.exec, m->hash);
}

/* ---- All of it ----------------------------------------------------------------------------- */

static iso_rc measure_on_device(struct iso_measured *m, const struct iso_job_options *o, int phase)
{
    ISO_TRY(iso_measure_note(m, open_weights(m, phase), m->no_weights,
                             "without weights there are no scores and no predictions"));
    if (!*m->no_weights)
        ISO_TRY(iso_measure_data(m, o));
    ISO_TRY(iso_measure_times(m, o, phase));
    ISO_TRY(iso_measure_parity(m));
    iso_job_close_exec(&m->job);
    return iso_graph_build(m->job.model, phase, m->job.model->batch_size, &m->job.faults,
                           &m->job.graph);
}

iso_rc iso_measure(const struct iso_told *t, const struct iso_measure_options *options,
                   struct iso_measured *m)
{
    static const char *const splits[ISO_SPLITS] = { "train", "validation", "test" };
    struct iso_job_options o = options->setup;
    int phase = 0;
    *m = (struct iso_measured){ .watched = options->watched };
    for (int i = 0; i < ISO_SPLITS; i++)
        m->split[i].name = splits[i];
    if (t->has_state) {
        o.seed = o.seed >= 0 ? o.seed : (int64_t)t->settings.seed;
        o.batch = o.batch > 0 ? o.batch : t->settings.batch;
        o.limit = o.limit > 0 ? o.limit : t->settings.limit;
    }
    ISO_TRY(iso_measure_note(m, open_model(m, t, &o, &phase), m->no_model,
                             "the history is shown without it"));
    if (*m->no_model || options->history || options->watched)
        return ISO_OK;
    ISO_TRY(iso_measure_note(m, open_device(m, t, &o), m->no_device,
                             "`isocl doctor` says what is there; --device chooses another"));
    return *m->no_device ? ISO_OK : measure_on_device(m, &o, phase);
}

static void free_rows(struct iso_shown_rows *r)
{
    free(r->pixels);
    free(r->probabilities);
}

void iso_measured_free(struct iso_measured *m)
{
    for (int i = 0; i < ISO_SPLITS; i++) {
        free(m->split[i].last.matrix);
        free(m->split[i].best.matrix);
    }
    for (int i = 0; i < m->naugmented; i++)
        free_rows(&m->augmented[i].rows);
    free_rows(&m->samples);
    free_rows(&m->predictions);
    iso_thresholds_free(&m->thresholds);
    iso_target_scores_free(&m->targets);
    free(m->class_names);
    free(m->nodes);
    free(m->parity);
    iso_job_free(&m->job);
}

const char *iso_class_text(const struct iso_measured *m, int class, char buf[16])
{
    if (m->class_names != NULL && class >= 0 && class < m->nclass_names)
        return m->class_names[class];
    snprintf(buf, 16, class < 0 ? "?" : "%d", class);
    return buf;
}
