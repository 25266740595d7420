/* threshold_counts.c: y[t, k] += 1 for each element with target t whose prediction is above k
 * thresholds. Units are a few parts of the rows, which count for themselves; one thread adds. */
#include "core/ops/threshold_counts.h"
#include "elements.h"

enum { PARTS = 16, COUNTS = 2 * ISO_THRESHOLD_COLUMNS };

struct work {
    const float *p, *t;      /* t NULL: targets are classes */
    const int32_t *class_of; /* [rows] */
    int32_t *counts;         /* [PARTS, COUNTS] */
    int64_t rows, n, unit_rows;
};

static void count_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    int32_t *counts = w->counts + unit * COUNTS;
    (void)thread;
    memset(counts, 0, COUNTS * sizeof *counts);
    for (int64_t r = range.begin; r < range.end; r++)
        for (int64_t c = 0; c < w->n; c++) {
            const int64_t e = r * w->n + c;
            const bool yes = w->t != NULL ? w->t[e] != 0.0f : w->class_of[r] == c;
            counts[yes * ISO_THRESHOLD_COLUMNS + iso_thresholds_below(w->p[e])]++;
        }
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend, (void)call, (void)pass;
    return PARTS * COUNTS * sizeof(int32_t);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const bool sparse = call->x[1].dtype == ISO_I32;
    struct work work = {
        .p = iso_cpu_f32(&call->x[0]),
        .t = sparse ? NULL : iso_cpu_f32(&call->x[1]),
        .class_of = sparse ? iso_cpu_i32(&call->x[1]) : NULL,
        .counts = (int32_t *)(void *)iso_cpu_u8(&call->workspace),
        .rows = call->x[0].shape.dim[0],
        .n = call->x[0].shape.dim[1],
        .unit_rows = iso_ceil_div(call->x[0].shape.dim[0], PARTS),
    };
    const int64_t units = iso_ceil_div(work.rows, work.unit_rows);
    int32_t *y = iso_cpu_i32(&call->y[0]);
    iso_team_run(iso_cpu_team(backend), units, count_rows, &work);
    for (int64_t i = 0; i < units * COUNTS; i++)
        y[i % COUNTS] += work.counts[i];
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(threshold_counts) = { .workspace = workspace, .forward = forward };
