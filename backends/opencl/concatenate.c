/* concatenate.c: queues the copies of each input's channels, and of their gradients. */
#include "core/ops/concatenate.h"
#include "copy_rows.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    for (int i = 0; i < ISO_OPERANDS && call->x[i].mem != NULL; i++) {
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const struct opencl_rows rows = { .rows = (iso_i32)s.rows,
                                          .width = (iso_i32)s.width,
                                          .from_row = (iso_i32)s.width,
                                          .to_row = (iso_i32)s.stride };
        ISO_TRY(opencl_copy_rows(opencl_of(be), &rows, 1, &call->x[i], 0, &call->y[0], s.at));
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (call->dx[i].mem == NULL)
            continue;
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const struct opencl_rows rows = { .rows = (iso_i32)s.rows,
                                          .width = (iso_i32)s.width,
                                          .from_row = (iso_i32)s.stride,
                                          .to_row = (iso_i32)s.width,
                                          .add = call->add_dx[i] };
        ISO_TRY(opencl_copy_rows(opencl_of(be), &rows, 1, &call->dy[0], s.at, &call->dx[i], 0));
    }
    return ISO_OK;
}

const struct opencl_op opencl_concatenate = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "copy_rows.cl" },
};
