#include "metric.h"

struct work {
    const float *prediction, *one_hot; /* one_hot NULL: targets are classes */
    const int32_t *target;
    const void *params;
    int64_t *result; /* one per row */
    int64_t rows, n, unit_rows;
    ISO_CPU(row_metric) *metric;
};

int64_t ISO_CPU(row_class)(const float *x, int64_t n)
{
    int64_t best = 0;
    if (n == 1)
        return iso_single_class(x[0]);
    for (int64_t i = 1; i < n; i++)
        best = iso_beats(x[i], x[best]) ? i : best;
    return best;
}

static void measure_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const int64_t at = r * w->n;
        const struct iso_cpu_row row = {
            .prediction = w->prediction + at,
            .n = w->n,
            .params = w->params,
            .target = w->one_hot != NULL ? ISO_CPU(row_class)(w->one_hot + at, w->n) : w->target[r],
        };
        w->result[r] = w->metric(&row);
    }
}

size_t ISO_CPU(metric_workspace)(struct iso_backend *backend, const struct iso_call *call,
                                 enum iso_pass pass)
{
    (void)backend, (void)pass;
    return (size_t)call->x[0].shape.dim[0] * sizeof(int64_t);
}

const int64_t *ISO_CPU(metric_rows)(struct iso_backend *backend, const struct iso_call *call,
                                    ISO_CPU(row_metric) *metric)
{
    const bool sparse = call->x[1].dtype == ISO_I32;
    struct work work = {
        .prediction = iso_cpu_f32(&call->x[0]),
        .one_hot = sparse ? NULL : iso_cpu_f32(&call->x[1]),
        .target = sparse ? iso_cpu_i32(&call->x[1]) : NULL,
        .params = call->params,
        .result = (int64_t *)(void *)iso_cpu_u8(&call->workspace),
        .rows = call->x[0].shape.dim[0],
        .n = call->x[0].shape.dim[1],
        .unit_rows = iso_cpu_unit_rows(call->x[0].shape.dim[1]),
        .metric = metric,
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.rows, work.unit_rows), measure_rows,
                 &work);
    return work.result;
}

iso_rc ISO_CPU(metric_sum)(struct iso_backend *backend, const struct iso_call *call,
                           ISO_CPU(row_metric) *metric)
{
    const int64_t *result = ISO_CPU(metric_rows)(backend, call, metric);
    int64_t sum = 0;
    for (int64_t r = 0; r < call->x[0].shape.dim[0]; r++)
        sum += result[r];
    *iso_cpu_f32(&call->y[0]) = (float)sum;
    return ISO_OK;
}
