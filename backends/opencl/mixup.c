/* mixup.c: queues mixup: the shares of all rows, and then what follows from them. */
#include "augmentation.h"
#include "core/ops/mixup.h"

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows;
    if (!call->training)
        return opencl_copy_images(be, call);
    ISO_TRY(opencl_draw_mixes(cl, "mixup.cl", "mixup_shares", call));
    return opencl_launch(cl, "mixup.cl", "mixup_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), arg_work(call, 0), arg_tensor(&call->y[0]),
                              arg_int(size), arg_uint(rows), arg_uint(iso_mixup_roll(call))));
}

const struct opencl_op opencl_mixup = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { "mixup.cl", "augmentation.cl" },
};
