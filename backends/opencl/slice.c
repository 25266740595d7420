/* slice.c: queues the copy of some channels, and its gradient. */
#include "core/ops/slice.h"
#include "copy_rows.h"
#include "cpu_shape.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_slice_params *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1];
    const struct opencl_rows rows = { .rows = (iso_i32)(iso_shape_count(s) / width),
                                      .width = (iso_i32)p->size,
                                      .from_row = (iso_i32)width,
                                      .to_row = (iso_i32)p->size };
    return opencl_copy_rows(opencl_of(be), &rows, 1, &call->x[0], p->start, &call->y[0], 0);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_slice_params *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const size_t n = (size_t)iso_shape_count(s);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(cl, "slice.cl", "slice_backward", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]), arg_uint(n),
                              arg_uint((uint64_t)s->dim[s->ndim - 1]), arg_uint((uint64_t)p->start),
                              arg_uint((uint64_t)p->size), arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_slice = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "copy_rows.cl", "slice.cl" },
};
