/* concatenate.c: y = the inputs' channels side by side, pixel by pixel; each dx = its part of
 * dy. */
#include "core/ops/concatenate.h"
#include "copy_rows.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    for (int i = 0; i < ISO_OPERANDS && call->x[i].mem != NULL; i++) {
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const struct iso_row_copy rows = {
            .from = iso_cpu_f32(&call->x[i]),
            .to = iso_cpu_f32(&call->y[0]) + s.at,
            .images = 1,
            .rows = s.rows,
            .width = s.width,
            .from_row = s.width,
            .to_row = s.stride,
        };
        ISO_CPU(copy_rows)(backend, &rows);
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (call->dx[i].mem == NULL)
            continue;
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const struct iso_row_copy rows = {
            .from = iso_cpu_f32(&call->dy[0]) + s.at,
            .to = iso_cpu_f32(&call->dx[i]),
            .images = 1,
            .rows = s.rows,
            .width = s.width,
            .from_row = s.stride,
            .to_row = s.width,
            .add = call->add_dx[i],
        };
        ISO_CPU(copy_rows)(backend, &rows);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(concatenate) = { .forward = forward, .backward = backward };
