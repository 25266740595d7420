/* up_sampling2d.c: queues the enlargement of images, a kernel over elements each way. */
#include "core/ops/up_sampling2d.h"
#include "cpu_shape.h"

static const char program[] = "up_sampling2d.cl";

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_up_sampling2d *p = call->params;
    const int64_t *d = call->x[0].shape.dim;
    const size_t n = (size_t)iso_shape_count(&call->y[0].shape);
    struct opencl *cl = opencl_of(be);
    return opencl_launch(cl, program, "up_sampling2d_forward", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n),
                              arg_int(d[1]), arg_int(d[2]), arg_int(d[3]), arg_int(p->size[0]),
                              arg_int(p->size[1]), arg_int(p->interpolation)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_up_sampling2d *p = call->params;
    const int64_t *d = call->x[0].shape.dim;
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    struct opencl *cl = opencl_of(be);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(cl, program, "up_sampling2d_backward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]), arg_uint(n),
                              arg_int(d[1]), arg_int(d[2]), arg_int(d[3]), arg_int(p->size[0]),
                              arg_int(p->size[1]), arg_int(p->interpolation),
                              arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_up_sampling2d = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "up_sampling2d.cl" },
};
