/* pixel_colours.c: queues random hue and random saturation (ISO_PIXEL_COLOURS in
 * core/arithmetic/hue.h). */
#include "augmentation.h"
#include "core/ops/pixel_colours.h"

static iso_rc images(struct iso_backend *be, const struct iso_call *call, const char *name)
{
    const struct iso_shape *s = &call->x[0].shape;
    const iso_pixel_colours k = iso_pixel_colours_of(call);
    const size_t pixels = (size_t)(s->dim[1] * s->dim[2]);
    if (!call->training)
        return opencl_copy_images(be, call);
    return opencl_launch(opencl_of(be), "pixel_colours.cl", name,
                         opencl_each_row(opencl_of(be), pixels, (size_t)s->dim[0]),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                              arg_int((int64_t)pixels), arg_struct(&k, sizeof k),
                              ARG_RANDOM(call)));
}

#define PIXEL_COLOURS(name, draw, change)                                             \
    static iso_rc name##_forward(struct iso_backend *be, const struct iso_call *call) \
    {                                                                                 \
        return images(be, call, #name "_forward");                                    \
    }                                                                                 \
    const struct opencl_op opencl_##name = {                                          \
        .kernel = { .supports = opencl_supports, .forward = name##_forward },         \
        .programs = { "pixel_colours.cl", "augmentation.cl" },                        \
    };
ISO_PIXEL_COLOURS(PIXEL_COLOURS)
