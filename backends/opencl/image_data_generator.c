/* image_data_generator.c: queues random affine maps: one kernel draws those of all images, another
 * samples. */
#include "augmentation.h"
#include "core/ops/image_data_generator.h"

static const char *const programs[] = {"image_data_generator.cl", "augmentation.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(iso_affine) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_image_data_generator *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_affine_ranges ranges = iso_affine_ranges_of(call);
    const struct opencl_arg maps =
        arg_mem(call->workspace.mem, call->workspace.offset / sizeof(iso_i64));
    if (!call->training) {
        return opencl_copy_images(be, call);
    }
    ISO_TRY(opencl_launch(cl, "image_data_generator.cl", "image_data_generator_draw",
                          opencl_elements(cl, (size_t)s->dim[0]),
                          ARGS(maps, arg_uint(s->dim[0]), arg_struct(&ranges, sizeof ranges),
                               arg_int(s->dim[1]), arg_int(s->dim[2]), ARG_RANDOM(call))));
    return opencl_launch(cl, "image_data_generator.cl", "image_data_generator_forward",
                         opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), maps, arg_tensor(&call->y[0]),
                              arg_int(s->dim[1]), arg_int(s->dim[2]), arg_int(s->dim[3]),
                              arg_int(p->fill_mode), arg_real(p->cval)));
}

const struct iso_kernel opencl_image_data_generator = {
    .supports = supports, .workspace = workspace, .forward = forward};
