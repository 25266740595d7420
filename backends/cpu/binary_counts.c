/* binary_counts.c: y[c, 2 t + p] += 1 for each row whose target and prediction in column c are t
 * and p: 1 above a half, else 0. Units are a few parts of the columns, each of which one thread
 * counts. */
#include "core/ops/binary_counts.h"
#include "core/arithmetic/formulas.h"
#include "elements.h"

enum { UNIT = 4 }; /* columns */

struct work {
    const float *p, *t;      /* t NULL: targets are classes */
    const int32_t *class_of; /* [rows] */
    int32_t *y;
    int64_t rows, n;
};

static void count_columns(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, UNIT, w->n);
    (void)thread;
    for (int64_t r = 0; r < w->rows; r++)
        for (int64_t c = range.begin; c < range.end; c++) {
            const int64_t e = r * w->n + c;
            const int64_t target = w->t != NULL ? iso_single_class(w->t[e]) : w->class_of[r] == c;
            w->y[c * ISO_BINARY_KINDS + 2 * target + iso_single_class(w->p[e])]++;
        }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const bool sparse = call->x[1].dtype == ISO_I32;
    struct work work = {
        .p = iso_cpu_f32(&call->x[0]),
        .t = sparse ? NULL : iso_cpu_f32(&call->x[1]),
        .class_of = sparse ? iso_cpu_i32(&call->x[1]) : NULL,
        .y = iso_cpu_i32(&call->y[0]),
        .rows = call->x[0].shape.dim[0],
        .n = call->x[0].shape.dim[1],
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.n, UNIT), count_columns, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(binary_counts) = { .forward = forward };
