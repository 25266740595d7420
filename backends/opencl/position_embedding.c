/* position_embedding.c: queues the sum with the embeddings, a copy of its gradient, and the row
 * sums of the embeddings'. */
#include "core/ops/position_embedding.h"
#include "copy_rows.h"
#include "cpu_shape.h"
#include "sums.h"

static struct iso_rows rows_of(const struct iso_call *call)
{
    return (struct iso_rows){ call->x[0].shape.dim[0], 1 };
}

static size_t size_of(const struct iso_call *call)
{
    return (size_t)(iso_shape_count(&call->x[0].shape) / call->x[0].shape.dim[0]);
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD
               ? 0
               : opencl_sum_rows_work(rows_of(call), size_of(call)) * sizeof(cl_float);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    return opencl_launch(cl, "position_embedding.cl", "position_embedding", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                              arg_tensor(&call->y[0]), arg_uint(n), arg_uint(size_of(call))));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const iso_i32 size = (iso_i32)size_of(call);
    const struct opencl_rows copy = { .rows = (iso_i32)call->x[0].shape.dim[0],
                                      .width = size,
                                      .from_row = size,
                                      .to_row = size,
                                      .add = call->add_dx[0] };
    if (call->dx[0].mem != NULL)
        ISO_TRY(opencl_copy_rows(cl, &copy, 1, &call->dy[0], 0, &call->dx[0], 0));
    if (call->dw[0].mem == NULL)
        return ISO_OK;
    return opencl_sum_rows(cl, &call->dy[0], rows_of(call), (size_t)size, opencl_work(call, 0),
                           &call->dw[0], call->add_dw[0]);
}

const struct opencl_op opencl_position_embedding = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { "position_embedding.cl", "copy_rows.cl", "sums.cl", "sums_cpu.cl" },
};
