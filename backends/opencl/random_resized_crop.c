/* random_resized_crop.c: queues random parts of images in one size: one kernel draws those of all
 * images, another shows them. */
#include "augmentation.h"
#include "core/ops/random_resized_crop.h"

static const char program[] = "random_resized_crop.cl";

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(iso_resized_crop) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_shape *from = &call->x[0].shape, *to = &call->y[0].shape;
    const iso_resized_ranges ranges = iso_resized_ranges_of(call);
    const struct opencl_arg parts =
        arg_mem(call->workspace.mem, call->workspace.offset / sizeof(iso_i64));
    ISO_TRY(opencl_launch(cl, program, "random_resized_crop_draw",
                          opencl_elements(cl, (size_t)from->dim[0]),
                          ARGS(parts, arg_uint(from->dim[0]), arg_struct(&ranges, sizeof ranges),
                               arg_int(from->dim[1]), arg_int(from->dim[2]), arg_int(to->dim[1]),
                               arg_int(to->dim[2]), arg_int(call->training), ARG_RANDOM(call))));
    return opencl_launch(cl, program, "random_resized_crop_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), parts, arg_tensor(&call->y[0]),
                              arg_int(from->dim[1]), arg_int(from->dim[2]), arg_int(to->dim[1]),
                              arg_int(to->dim[2]), arg_int(to->dim[3])));
}

const struct opencl_op opencl_random_resized_crop = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { "random_resized_crop.cl" },
};
