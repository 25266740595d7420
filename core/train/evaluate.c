/* evaluate.c: a model's scores on a data set, and the log that training reads, too. */
#include "fit_log.h"

#include "core/system/machine.h"

#include <stdlib.h>
#include <string.h>

static const double LOG_SECONDS = 0.25;

/* ---- The log ------------------------------------------------------------------------------- */

double *iso_fit_log_new(const struct iso_graph *g)
{
    return iso_alloc(ISO_FIT_LOG_STEPS * (size_t)g->columns, sizeof(double));
}

struct iso_fit_batch iso_fit_log_entry(const struct iso_graph *g, const double *log, int64_t i,
                                       int64_t rows)
{
    const double *entry = log + i * g->columns;
    struct iso_fit_batch batch = { .rows = rows, .loss = entry[g->values[g->loss].at] };
    for (int m = 0; m < g->model->nmetrics; m++) {
        const struct iso_value *v = &g->values[g->metric[m]];
        const bool mean = iso_ops[g->model->metrics[m].op].kind == ISO_LOSS;
        if (v->role == ISO_ROLE_SCALAR)
            batch.metric[m] = entry[v->at] * (mean ? (double)rows : 1);
    }
    return batch;
}

void iso_fit_log_add(struct iso_scores *scores, const struct iso_fit_batch *batch)
{
    scores->loss_sum += batch->loss * (double)batch->rows;
    for (int m = 0; m < ISO_METRICS; m++)
        scores->metric_sum[m] += batch->metric[m];
    scores->rows += batch->rows;
}

void iso_fit_pace_begin(struct iso_fit_pace *pace)
{
    *pace = (struct iso_fit_pace){ .interval = 1, .read_at = iso_clock() };
}

void iso_fit_pace_read(struct iso_fit_pace *pace, int64_t n)
{
    const double now = iso_clock(), each = (now - pace->read_at) / (double)n;
    const int64_t more = pace->interval * 4;
    const int64_t most = more < ISO_FIT_LOG_STEPS ? more : ISO_FIT_LOG_STEPS;
    pace->read_at = now;
    pace->interval = each * (double)most <= LOG_SECONDS ? most : (int64_t)(LOG_SECONDS / each);
    if (pace->interval < 1)
        pace->interval = 1;
}

/* ---- Evaluation ---------------------------------------------------------------------------- */

/* Adds n batches of the log to the scores; rows: of each batch. */
static void add_log(struct iso_scores *scores, const struct iso_graph *g, const double *log,
                    int64_t n, const int64_t *rows)
{
    for (int64_t i = 0; i < n; i++) {
        const struct iso_fit_batch batch = iso_fit_log_entry(g, log, i, rows[i]);
        iso_fit_log_add(scores, &batch);
    }
}

/* Computes this rank's batches [begin, end) into their rows of the log. */
static iso_rc score_share(struct iso_exec *exec, int which, int64_t rows, int64_t begin,
                          int64_t end, double *log)
{
    const struct iso_graph *g = iso_exec_graph(exec);
    for (int64_t i = begin, n = 0; i < end; i++) {
        const int64_t left = rows - i * g->batch;
        ISO_TRY(iso_exec_gather(exec, which, i * g->batch, left < g->batch ? left : g->batch));
        ISO_TRY(iso_exec_score(exec, n++));
        if (n == ISO_FIT_LOG_STEPS || i + 1 == end) {
            ISO_TRY(iso_exec_log(exec, n, log + (i + 1 - n) * g->columns));
            n = 0;
        }
    }
    return ISO_OK;
}

/* Each rank evaluates consecutive batches, and all add all batches' numbers in their order. */
static iso_rc score_with_ranks(struct iso_exec *exec, struct iso_ranks *ranks, int which,
                               int64_t rows, double *log, struct iso_scores *out)
{
    const struct iso_graph *g = iso_exec_graph(exec);
    const int64_t batches = (rows + g->batch - 1) / g->batch;
    size_t *at = iso_alloc((size_t)ranks->count + 1, sizeof *at);
    if (at == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i <= ranks->count; i++)
        at[i] = (size_t)(iso_ranks_first(ranks, batches, i) * g->columns) * sizeof *log;
    iso_rc rc = score_share(exec, which, rows, iso_ranks_first(ranks, batches, ranks->rank),
                            iso_ranks_first(ranks, batches, ranks->rank + 1), log);
    if (rc == ISO_OK)
        rc = iso_ranks_complete(ranks, log, at);
    for (int64_t i = 0; i < batches && rc == ISO_OK; i++) {
        const int64_t left = rows - i * g->batch, filled = left < g->batch ? left : g->batch;
        add_log(out, g, log + i * g->columns, 1, &filled);
    }
    free(at);
    ISO_TRY(rc);
    return iso_exec_counts(exec, which, &out->counts);
}

static iso_rc evaluate_with_ranks(struct iso_exec *exec, struct iso_ranks *ranks, int which,
                                  int64_t rows, struct iso_scores *out)
{
    const struct iso_graph *g = iso_exec_graph(exec);
    double *log = iso_alloc((size_t)((rows + g->batch - 1) / g->batch * g->columns), sizeof *log);
    iso_rc rc = log != NULL ? iso_exec_order(exec, which, NULL) : ISO_ENOMEM;
    memset(out, 0, sizeof *out);
    if (rc == ISO_OK)
        rc = iso_exec_clear_counts(exec);
    if (rc == ISO_OK)
        rc = score_with_ranks(exec, ranks, which, rows, log, out);
    free(log);
    return rc;
}

iso_rc iso_evaluate_with(struct iso_exec *exec, int which, int64_t rows, double *log,
                         const volatile sig_atomic_t *stop, struct iso_scores *out)
{
    const struct iso_graph *graph = iso_exec_graph(exec);
    struct iso_ranks *ranks = iso_exec_ranks(exec);
    if (ranks != NULL)
        return evaluate_with_ranks(exec, ranks, which, rows, out);
    int64_t filled[ISO_FIT_LOG_STEPS];
    struct iso_fit_pace pace;
    int64_t n = 0;
    memset(out, 0, sizeof *out);
    ISO_TRY(iso_exec_order(exec, which, NULL));
    ISO_TRY(iso_exec_clear_counts(exec));
    iso_fit_pace_begin(&pace);
    for (int64_t first = 0; first < rows && !(stop != NULL && *stop); first += graph->batch) {
        filled[n] = rows - first < graph->batch ? rows - first : graph->batch;
        ISO_TRY(iso_exec_gather(exec, which, first, filled[n]));
        ISO_TRY(iso_exec_score(exec, n));
        n++;
        if (n >= pace.interval || first + graph->batch >= rows) {
            ISO_TRY(iso_exec_log(exec, n, log));
            add_log(out, graph, log, n, filled);
            iso_fit_pace_read(&pace, n);
            n = 0;
        }
    }
    return iso_exec_counts(exec, which, &out->counts);
}

iso_rc iso_evaluate(struct iso_exec *exec, int which, int64_t rows, struct iso_scores *out)
{
    double *log = iso_fit_log_new(iso_exec_graph(exec));
    if (log == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_evaluate_with(exec, which, rows, log, NULL, out);
    free(log);
    return rc;
}
