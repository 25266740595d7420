/* measure_data.c: scores, samples and predictions of a trained model on its data. */
#include "measured.h"

#include "core/ops/activation.h"
#include "core/train/fit.h"
#include "core/train/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 25, MISTAKES = 10, PREDICTIONS = 15 };

/* ---- Rows ---------------------------------------------------------------------------------- */

/* Room for n rows of the data set's images. */
static iso_rc new_rows(struct iso_shown_rows *r, const struct iso_dataset *d, int n)
{
    *r = (struct iso_shown_rows){ .n = n, .size = { d->height, d->width, d->channels } };
    r->pixels = iso_alloc((size_t)n, iso_dataset_image_bytes(d));
    return r->pixels != NULL ? ISO_OK : ISO_ENOMEM;
}

/* A file's path is made absolute, so that a page can lead to it from anywhere. */
static void name_row(struct iso_shown_rows *r, int i, const struct iso_dataset *d, int64_t row)
{
    char buf[ISO_SHOWN_NAME];
    const char *name = iso_dataset_row_name(d, row, buf, sizeof buf);
    char *whole = NULL;
    r->files = d->row_files || (d->disk != NULL && name != NULL && strchr(name, '/') != NULL);
    if (r->files && name != NULL)
        whole = realpath(name, NULL);
    snprintf(r->name[i], sizeof r->name[i], "%s", whole != NULL ? whole : name != NULL ? name : "");
    free(whole);
}

static iso_rc copy_row(struct iso_shown_rows *r, int i, const struct iso_dataset *d, int64_t row)
{
    r->row[i] = row;
    iso_shown_row_truth(r, i, d, row);
    name_row(r, i, d, row);
    return iso_dataset_image(d, row, r->pixels + (size_t)i * iso_dataset_image_bytes(d));
}

static iso_rc take_samples(struct iso_measured *m, const struct iso_dataset *d)
{
    const int n = d->rows < SAMPLES ? (int)d->rows : SAMPLES;
    ISO_TRY(new_rows(&m->samples, d, n));
    for (int i = 0; i < n; i++)
        ISO_TRY(copy_row(&m->samples, i, d, i));
    return ISO_OK;
}

static iso_rc take_names(struct iso_measured *m, const struct iso_dataset *d)
{
    if (d->class_names == NULL || m->class_names != NULL)
        return ISO_OK;
    m->class_names = iso_alloc((size_t)d->classes, sizeof *m->class_names);
    if (m->class_names == NULL)
        return ISO_ENOMEM;
    memcpy(m->class_names, d->class_names, (size_t)d->classes * sizeof *m->class_names);
    m->nclass_names = d->classes;
    return ISO_OK;
}

/* ---- Predictions --------------------------------------------------------------------------- */

struct answer {
    int64_t row;
    int label, predicted;
    float sure;
    float *probabilities;
};
struct answers { /* sort key: rows with larger ones are shown first */
    struct answer list[PREDICTIONS + 1];
    int n;
    bool surest_first;
    int classes;
};
struct picked {
    struct answers wrong, right;
    struct iso_thresholds *thresholds;
};

/* Inserts an answer among those kept, in order; the last one may be dropped. */
static void keep(struct answers *a, const struct answer *new, const float *probabilities)
{
    float *memory = a->list[a->n].probabilities;
    int at = a->n;
    while (at > 0 &&
           (a->surest_first ? new->sure > a->list[at - 1].sure : new->sure < a->list[at - 1].sure))
        at--;
    if (at == PREDICTIONS)
        return;
    memmove(a->list + at + 1, a->list + at, (size_t)(a->n - at) * sizeof *a->list);
    a->list[at] = *new;
    a->list[at].probabilities = memory;
    memcpy(memory, probabilities, (size_t)a->classes * sizeof *memory);
    a->n += a->n < PREDICTIONS;
}

static iso_rc told_of(void *self, const struct iso_predicted *p)
{
    struct picked *picked = self;
    struct answer a = { .row = p->row, .label = p->label, .predicted = iso_predicted_class(p) };
    a.sure = p->probabilities[a.predicted];
    iso_thresholds_add(picked->thresholds, p->label, p->probabilities);
    keep(a.predicted == a.label ? &picked->right : &picked->wrong, &a, p->probabilities);
    return ISO_OK;
}

static iso_rc new_answers(struct answers *a, int classes, bool surest_first)
{
    *a = (struct answers){ .surest_first = surest_first, .classes = classes };
    float *all = iso_alloc((size_t)classes * (PREDICTIONS + 1), sizeof *all);
    for (int i = 0; all != NULL && i <= PREDICTIONS; i++)
        a->list[i].probabilities = all + (size_t)i * (size_t)classes;
    return all != NULL ? ISO_OK : ISO_ENOMEM;
}

/* Frees the one buffer that new_answers made. Its first piece moves about in the list. */
static void free_answers(struct answers *a)
{
    float *first = a->list[0].probabilities;
    for (int i = 1; i <= PREDICTIONS; i++)
        if (a->list[i].probabilities < first)
            first = a->list[i].probabilities;
    free(first);
}

static iso_rc show(struct iso_shown_rows *r, const struct picked *p, const struct iso_dataset *d)
{
    const int spare =
        PREDICTIONS - (p->right.n < PREDICTIONS - MISTAKES ? p->right.n : PREDICTIONS - MISTAKES);
    const int wrong = p->wrong.n < spare ? p->wrong.n : spare;
    const int right = p->right.n < PREDICTIONS - wrong ? p->right.n : PREDICTIONS - wrong;
    const int classes = p->wrong.classes;
    ISO_TRY(new_rows(r, d, wrong + right));
    r->classes = classes;
    r->probabilities = iso_alloc((size_t)(wrong + right) * (size_t)classes + 1, sizeof(float));
    if (r->probabilities == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < wrong + right; i++) {
        const struct answer *a = i < wrong ? &p->wrong.list[i] : &p->right.list[i - wrong];
        ISO_TRY(copy_row(r, i, d, a->row));
        r->predicted[i] = a->predicted;
        memcpy(r->probabilities + (size_t)i * (size_t)classes, a->probabilities,
               (size_t)classes * sizeof(float));
    }
    return ISO_OK;
}

/* Predicts the rows of the data that is on the device as set 1. */
static iso_rc predict(struct iso_measured *m, const struct iso_dataset *d)
{
    const int classes = (int)m->job.graph->classes;
    struct picked p = { .thresholds = &m->thresholds };
    iso_rc rc = new_answers(&p.wrong, classes, true);
    const iso_rc second = new_answers(&p.right, classes, false);
    rc = rc == ISO_OK ? second : rc;
    if (rc == ISO_OK)
        rc = iso_thresholds_new(&m->thresholds, classes);
    if (rc == ISO_OK)
        rc = iso_predict(m->job.exec, 1, d->rows, told_of, &p);
    if (rc == ISO_OK)
        rc = show(&m->predictions, &p, d);
    free_answers(&p.wrong);
    free_answers(&p.right);
    return rc;
}

struct scoring {
    struct iso_target_scores *scores;
    const struct iso_dataset *data;
};

static iso_rc told_numbers(void *self, int64_t row, const float *numbers)
{
    const struct scoring *s = self;
    iso_target_scores_add(s->scores, s->data->targets + row * s->data->classes, numbers);
    return ISO_OK;
}

/* Compares the numbers predicted for rows with targets. */
static iso_rc predict_targets(struct iso_measured *m, const struct iso_dataset *d)
{
    const struct iso_graph *g = m->job.graph;
    struct scoring s = { &m->targets, d };
    ISO_TRY(iso_target_scores_new(&m->targets, d->classes,
                                  iso_ops[g->training->loss.op].def->absorbs != ISO_LINEAR));
    return iso_predict_value(m->job.exec, 1, d->rows, g->output, told_numbers, &s);
}

/* ---- Splits -------------------------------------------------------------------------------- */

static iso_rc copy_matrix(struct iso_split *s, const struct iso_graph *g,
                          const struct iso_scores *scores, double **matrix)
{
    const int value = iso_graph_find(g, iso_ops[ISO_OP_confusion_matrix].name);
    if (value < 0)
        return ISO_OK;
    const size_t n = (size_t)iso_shape_count(&g->values[value].shape);
    s->classes = g->values[value].shape.dim[0];
    *matrix = iso_alloc(n, sizeof **matrix);
    if (*matrix == NULL)
        return ISO_ENOMEM;
    memcpy(*matrix, scores->counts + g->values[value].at, n * sizeof **matrix);
    return ISO_OK;
}

static void describe(struct iso_split *s, const struct iso_dataset *d)
{
    s->rows = d->rows;
    snprintf(s->data, sizeof s->data, "%.200s, %s%s%s", d->name, d->split, *d->part ? ", " : "",
             d->part);
}

static iso_rc score(struct iso_measured *m, struct iso_split *s, struct iso_split_scores *out)
{
    struct iso_scores scores;
    ISO_TRY(iso_evaluate(m->job.exec, 1, s->rows, &scores));
    out->known = true;
    out->loss = iso_scores_loss(&scores);
    return copy_matrix(s, m->job.graph, &scores, &out->matrix);
}

/* Scores the best weights, and goes back to the last ones. */
static iso_rc score_best(struct iso_measured *m, struct iso_split *s)
{
    if (m->best_epoch == 0)
        return ISO_OK;
    ISO_TRY(iso_job_weights(&m->job, m->best_path));
    ISO_TRY(score(m, s, &s->best));
    return iso_job_weights(&m->job, m->weights_path);
}

/* Measures one split: its scores, and the rows to show. */
static iso_rc measure_split(struct iso_measured *m, struct iso_split *s,
                            const struct iso_job_options *o, struct iso_dataset **data)
{
    char what[64];
    snprintf(what, sizeof what, "scoring the %s data", s->name);
    iso_measure_tell(what);
    ISO_TRY(iso_job_data(&m->job, s->name, o, data));
    describe(s, *data);
    ISO_TRY(take_names(m, *data));
    ISO_TRY(iso_exec_data(m->job.exec, 1, *data));
    ISO_TRY(score_best(m, s));
    ISO_TRY(score(m, s, &s->last));
    if (strcmp(s->name, "train") == 0)
        ISO_TRY(take_samples(m, *data));
    if (m->predictions.n > 0 || m->targets.of != NULL)
        return ISO_OK;
    m->predicted_split = s->name;
    return (*data)->targets != NULL ? predict_targets(m, *data) : predict(m, *data);
}

iso_rc iso_measure_data(struct iso_measured *m, const struct iso_job_options *o)
{
    /* Takes the test data first, so that predictions are made on them if there are any. */
    for (int i = ISO_SPLITS - 1; i >= 0; i--) {
        struct iso_dataset *data = NULL;
        struct iso_split *s = &m->split[i];
        iso_rc rc = iso_measure_note(m, measure_split(m, s, o, &data), s->missing, "");
        if (rc == ISO_OK && i == 0 && data != NULL)
            rc = iso_measure_augmented(m, data);
        iso_dataset_free(data);
        ISO_TRY(rc);
    }
    return ISO_OK;
}
