/* gather_images.c: y[r] = data[order[first + r]] * scale, one product per element. */
#include "../../core/ops/gather_images.h"
#include "elements.h"

struct work {
    const uint8_t *data;
    const int32_t *order;
    float *y, scale;
    int64_t rows, size, unit_rows;     /* size: elements of an image */
};

static void convert(const uint8_t *restrict x, float scale, int64_t n, float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)x[i] * scale;
}

static void gather(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_part part = iso_cpu_part(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t r = part.begin; r < part.end; r++)
        convert(w->data + w->order[r] * w->size, w->scale, w->size, w->y + r * w->size);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_images *p = call->params;
    const int64_t rows = call->y[0].shape.dim[0], size = iso_shape_count(&call->y[0].shape) / rows;
    struct work work = {
        .data = iso_cpu_u8(&call->x[0]), .order = iso_cpu_i32(&call->x[1]) + call->first,
        .y = iso_cpu_f32(&call->y[0]), .scale = (float)p->scale,
        .rows = rows, .size = size, .unit_rows = iso_cpu_unit_rows(size),
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), gather, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gather_images) = { .forward = forward };
