/* slice.c: y = some channels of x; dx = dy there, and 0 in the others. */
#include "core/ops/slice.h"
#include "copy_rows.h"

struct layout {
    int64_t rows, width, start, size;
};

static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_slice_params *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1];
    return (struct layout){ iso_shape_count(s) / width, width, p->start, p->size };
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const struct iso_row_copy rows = { .from = iso_cpu_f32(&call->x[0]) + l.start,
                                       .to = iso_cpu_f32(&call->y[0]),
                                       .images = 1,
                                       .rows = l.rows,
                                       .width = l.size,
                                       .from_row = l.width,
                                       .to_row = l.size };
    ISO_CPU(copy_rows)(backend, &rows);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    float *dx = iso_cpu_f32(&call->dx[0]);
    if (dx == NULL)
        return ISO_OK;
    if (!call->add_dx[0])
        memset(dx, 0, (size_t)(l.rows * l.width) * sizeof *dx);
    const struct iso_row_copy rows = { .from = iso_cpu_f32(&call->dy[0]),
                                       .to = dx + l.start,
                                       .images = 1,
                                       .rows = l.rows,
                                       .width = l.size,
                                       .from_row = l.size,
                                       .to_row = l.width,
                                       .add = call->add_dx[0] };
    ISO_CPU(copy_rows)(backend, &rows);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(slice) = { .forward = forward, .backward = backward };
