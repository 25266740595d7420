/* cutmix.c: queues CutMix: the rectangles of all rows, and then what follows from them. */
#include "augmentation.h"
#include "core/ops/cutmix.h"

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(iso_cut) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t rows = s->dim[0];
    const bool images = s->ndim == 4;
    if (!call->training)
        return opencl_copy_images(be, call);
    ISO_TRY(opencl_draw_mixes(cl, "cutmix.cl", "cutmix_draw", call));
    return opencl_launch(cl, "cutmix.cl", "cutmix_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), arg_work(call, 0), arg_tensor(&call->y[0]),
                              arg_int(iso_shape_count(s) / rows), arg_uint((uint64_t)rows),
                              arg_uint((uint64_t)iso_cutmix_roll(call)),
                              arg_int(images ? s->dim[1] : 0), arg_int(images ? s->dim[2] : 1),
                              arg_int(images ? s->dim[3] : 1)));
}

const struct opencl_op opencl_cutmix = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { "cutmix.cl", "augmentation.cl" },
};
