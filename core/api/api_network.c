/* api_network.c: a network that was trained, and what it says of rows. */
#include "api_network.h"

#include "core/train/fit.h"
#include "core/train/predict.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening ------------------------------------------------------------------------------- */

iso_rc iso_api_weights(const char *weights, char path[ISO_PATH])
{
    if (iso_folder_exists(weights))
        return iso_path(path, weights, "weights.safetensors");
    if (strlen(weights) >= ISO_PATH)
        return iso_path_too_long(weights);
    strcpy(path, weights);
    return ISO_OK;
}

static iso_rc open_network(struct isocl_network *n, const isocl_model *m, const char *weights)
{
    const struct iso_prediction_options o = {
        .job = iso_api_job(&n->options, m->text),
        .layer = *n->options.layer ? n->options.layer : NULL,
    };
    if (weights != NULL)
        ISO_TRY(iso_api_weights(weights, n->path));
    ISO_TRY(iso_job_model(&n->prediction.job, m->path, &o.job));
    return iso_prediction_network(&n->prediction, weights != NULL ? n->path : NULL, &o);
}

isocl_rc isocl_network_open(const isocl_model *m, const char *weights, const isocl_options *options,
                            isocl_network **out)
{
    struct isocl_network *n = iso_alloc(1, sizeof *n);
    iso_rc rc = n != NULL ? iso_api_options(options, &n->options) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = (iso_rc)iso_api_end(open_network(n, m, weights), &n->prediction.job.faults);
    if (rc == ISO_OK)
        *out = n;
    else
        isocl_network_free(n);
    return iso_api_end(rc, NULL);
}

void isocl_network_free(isocl_network *n)
{
    if (n == NULL)
        return;
    iso_prediction_close(&n->prediction);
    iso_api_log_free(&n->log);
    free(n);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static iso_rc put_rows(struct isocl_network *n, const char *split, const isocl_rows *rows)
{
    struct iso_job *job = &n->prediction.job;
    struct iso_job_options o = iso_api_job(&n->options, NULL);
    struct iso_dataset *set = NULL;
    const int i = iso_api_split(split);
    if (i < 0)
        return ISO_EUSAGE;
    o.labels_optional = true; /* evaluation checks them */
    if (rows != NULL)
        o.rows[i] = rows->set;
    ISO_TRY(iso_job_data(job, split, &o, &set));
    const iso_rc rc = iso_exec_data(job->exec, 1, set);
    struct iso_dataset *old = rc == ISO_OK ? job->data[1] : set;
    if (rc == ISO_OK)
        job->data[1] = set;
    iso_dataset_free(old);
    return rc;
}

isocl_rc isocl_network_rows(isocl_network *n, const char *split, const isocl_rows *rows,
                            int64_t *count)
{
    const iso_rc rc = put_rows(n, split, rows);
    if (rc == ISO_OK && count != NULL)
        *count = n->prediction.job.data[1]->rows;
    return iso_api_end(rc, &n->prediction.job.faults);
}

static iso_rc check_rows(const struct isocl_network *n, bool labels)
{
    const struct iso_dataset *set = n->prediction.job.data[1];
    if (set == NULL)
        return iso_fail(ISO_EUSAGE, "the network has no rows yet: isocl_network_rows");
    if (labels && set->labels == NULL && set->targets == NULL)
        return iso_fail(ISO_EUSAGE, "the rows have no labels, without which there are no scores");
    return ISO_OK;
}

static iso_rc evaluate(struct isocl_network *n, isocl_log_fn *told, void *self)
{
    struct iso_exec *exec = n->prediction.job.exec;
    const struct iso_graph *g = n->prediction.job.graph;
    struct iso_scores scores;
    ISO_TRY(check_rows(n, true));
    ISO_TRY(iso_evaluate(exec, 1, n->prediction.job.data[1]->rows, &scores));
    ISO_TRY(iso_api_log_begin(&n->log, g));
    iso_api_log_scores(&n->log, "", g, &scores);
    return iso_api_log_tell(&n->log, told, self, "scores");
}

isocl_rc isocl_network_evaluate(isocl_network *n, isocl_log_fn *told, void *self)
{
    return iso_api_end(evaluate(n, told, self), NULL);
}

int isocl_network_output(const isocl_network *n, int64_t dim[4])
{
    const struct iso_shape *s = &n->prediction.job.graph->values[n->prediction.value].shape;
    for (int i = 1; i < s->ndim; i++)
        dim[i - 1] = s->dim[i];
    return s->ndim - 1;
}

struct output {
    float *numbers;
    int64_t size; /* numbers in a row */
};

static iso_rc put_row(void *self, int64_t row, const float *numbers)
{
    const struct output *o = self;
    memcpy(o->numbers + row * o->size, numbers, (size_t)o->size * sizeof *numbers);
    return ISO_OK;
}

isocl_rc isocl_network_predict(isocl_network *n, float *out)
{
    const struct iso_job *job = &n->prediction.job;
    const int value = n->prediction.value;
    struct output o = { out, iso_predict_size(job->graph, value) };
    iso_rc rc = check_rows(n, false);
    if (rc == ISO_OK)
        rc = iso_predict_value(job->exec, 1, job->data[1]->rows, value, put_row, &o);
    return iso_api_end(rc, NULL);
}
