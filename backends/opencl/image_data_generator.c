/* image_data_generator.c: queues random affine maps: one kernel draws those of all images, another
 * samples; then, if images are recoloured, one computes the change of each image's values, and
 * another applies it. */
#include "augmentation.h"
#include "core/ops/image_data_generator.h"

static const char program[] = "image_data_generator.cl";

/* Maps, then what becomes of the values. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const size_t each = sizeof(iso_affine) + sizeof(iso_recolour);
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * each : 0;
}

static iso_rc recolour(struct opencl *cl, const struct iso_call *call)
{
    const struct iso_shape *s = &call->y[0].shape;
    const iso_colour_ranges ranges = iso_colour_ranges_of(call);
    const size_t maps = (size_t)s->dim[0] * sizeof(iso_affine);
    const struct opencl_arg y = arg_tensor(&call->y[0]);
    const struct opencl_arg colours =
        arg_mem(call->workspace.mem, (call->workspace.offset + maps) / sizeof(float));
    const struct opencl_arg size = arg_int(s->dim[1] * s->dim[2] * s->dim[3]);
    const struct opencl_grid images = { { (size_t)s->dim[0], 1, 1 }, { ISO_LANES, 1, 1 }, true };
    ISO_TRY(opencl_launch(
        cl, program, "image_data_generator_colours", images,
        ARGS(y, colours, size, arg_struct(&ranges, sizeof ranges), ARG_RANDOM(call))));
    return opencl_launch(cl, program, "image_data_generator_recolour", opencl_image_grid(cl, call),
                         ARGS(y, colours, size));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_image_data_generator *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_affine_ranges ranges = iso_affine_ranges_of(call);
    const iso_axis rows = iso_axis_of(p->fill_mode, (iso_i32)s->dim[1]),
                   columns = iso_axis_of(p->fill_mode, (iso_i32)s->dim[2]);
    const struct opencl_arg maps =
        arg_mem(call->workspace.mem, call->workspace.offset / sizeof(iso_i64));
    if (!call->training)
        return opencl_copy_images(be, call);
    ISO_TRY(opencl_launch(cl, program, "image_data_generator_draw",
                          opencl_elements(cl, (size_t)s->dim[0]),
                          ARGS(maps, arg_uint(s->dim[0]), arg_struct(&ranges, sizeof ranges),
                               arg_int(s->dim[1]), arg_int(s->dim[2]), ARG_RANDOM(call))));
    ISO_TRY(opencl_launch(cl, program, "image_data_generator_forward", opencl_image_grid(cl, call),
                          ARGS(arg_tensor(&call->x[0]), maps, arg_tensor(&call->y[0]),
                               arg_struct(&rows, sizeof rows), arg_struct(&columns, sizeof columns),
                               arg_int(s->dim[3]), arg_real(p->cval))));
    return iso_recolours(p) ? recolour(cl, call) : ISO_OK;
}

const struct opencl_op opencl_image_data_generator = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { "image_data_generator.cl", "augmentation.cl" },
};
