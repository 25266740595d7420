/* gather_rows.c: y[r] = x[order[first + r]], a row of any number of elements. */
#include "elements.h"

struct work {
    const float *x;
    const int32_t *order;
    float *y;
    int64_t rows, size, unit_rows; /* size: elements of a row */
};

static void gather(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        memcpy(w->y + r * w->size, w->x + w->order[r] * w->size, (size_t)w->size * sizeof *w->y);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t rows = call->y[0].shape.dim[0], size = iso_shape_count(&call->y[0].shape) / rows;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .order = iso_cpu_i32(&call->x[1]) + call->first,
        .y = iso_cpu_f32(&call->y[0]),
        .rows = rows,
        .size = size,
        .unit_rows = iso_cpu_unit_rows(size),
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), gather, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gather_rows) = { .forward = forward };
