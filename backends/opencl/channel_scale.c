/* channel_scale.c: queues layer_scale and prelu: a kernel over elements each way, and sums over
 * rows for the factors' gradient. */
#include "channel_scale.h"
#include "cpu_shape.h"
#include "sums.h"

static const char program[] = "channel_scale.cl";

static struct iso_rows rows_of(const struct iso_bn_rows *r)
{
    return (struct iso_rows){ r->rows, r->per_image };
}

size_t opencl_channel_scale_workspace(struct iso_backend *be, const struct iso_call *call,
                                      enum iso_pass pass)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    (void)be;
    return pass == ISO_FORWARD
               ? 0
               : opencl_sum_rows_work(rows_of(&r), (size_t)r.channels) * sizeof(cl_float);
}

iso_rc opencl_channel_scale_forward(struct opencl *cl, const struct iso_call *call,
                                    enum iso_channel_factor kind)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const size_t n = (size_t)(r.rows * r.channels);
    return opencl_launch(cl, program, "channel_scale_forward", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                              arg_tensor(&call->y[0]), arg_uint(n), arg_uint((uint64_t)r.channels),
                              arg_int(kind)));
}

static iso_rc factor_gradient(struct opencl *cl, const struct iso_call *call,
                              const struct iso_bn_rows *r, enum iso_channel_factor kind)
{
    const struct iso_rows rows = rows_of(r);
    const struct opencl_at work = opencl_work(call, 0);
    const bool add = call->add_dw[0], only = opencl_only_block(rows);
    const size_t cols = (size_t)r->channels;
    ISO_TRY(opencl_launch(cl, program, "channel_scale_products",
                          opencl_block_grid(cl, cols, (size_t)iso_group_count(rows)),
                          ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]),
                               arg_at(opencl_blocks_to(rows, work, &call->dw[0])),
                               arg_int(r->channels), arg_int(r->rows), arg_int(r->per_image),
                               arg_int(kind), arg_int(only), arg_int(only && add))));
    return opencl_add_blocks(cl, rows, cols, work, &call->dw[0], add);
}

iso_rc opencl_channel_scale_backward(struct opencl *cl, const struct iso_call *call,
                                     enum iso_channel_factor kind)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const size_t n = (size_t)(r.rows * r.channels);
    if (call->dx[0].mem != NULL)
        ISO_TRY(opencl_launch(cl, program, "channel_scale_backward", opencl_runs(cl, n),
                              ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                                   arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]), arg_uint(n),
                                   arg_uint((uint64_t)r.channels), arg_int(kind),
                                   arg_int(call->add_dx[0]))));
    return call->dw[0].mem != NULL ? factor_gradient(cl, call, &r, kind) : ISO_OK;
}
