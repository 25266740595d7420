/* unit_normalization.c: queues the division of rows by their lengths, and its gradient. */
#include "core/ops/unit_normalization.h"
#include "grids.h"

static const char program[] = "unit_normalization.cl";

struct layout {
    size_t rows;
    int64_t width;
    double epsilon;
};
static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_unit_normalization *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1];
    return (struct layout){ (size_t)(iso_shape_count(s) / width), width, p->epsilon };
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct layout l = layout_of(call);
    return opencl_launch(cl, program, "unit_normalization", opencl_row_grid(cl, l.rows),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                              arg_tensor(&call->saved[0]), arg_int(l.width), arg_uint(l.rows),
                              arg_real(l.epsilon)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct layout l = layout_of(call);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(cl, program, "unit_normalization_backward", opencl_row_grid(cl, l.rows),
                         ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->dy[0]),
                              arg_tensor(&call->saved[0]), arg_tensor(&call->dx[0]),
                              arg_int(l.width), arg_uint(l.rows), arg_real(l.epsilon),
                              arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_unit_normalization = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { program },
};
