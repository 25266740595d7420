/* augmentation.c: functions shared by the augmentations of this backend. */
#include "augmentation.h"
#include "core/ops/mixup.h"

iso_rc opencl_copy_images(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    return opencl_launch(cl, "augmentation.cl", "augmentation_copy", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n)));
}

struct opencl_grid opencl_image_grid(const struct opencl *cl, const struct iso_call *call)
{
    const int64_t rows = call->y[0].shape.dim[0], count = iso_shape_count(&call->y[0].shape);
    return opencl_each_row(cl, (size_t)(count / rows), (size_t)rows);
}

iso_rc opencl_draw_mixes(struct opencl *cl, const char *program, const char *kernel,
                         const struct iso_call *call)
{
    const struct iso_mixup *p = call->params;
    const size_t rows = (size_t)call->x[0].shape.dim[0];
    return opencl_launch(cl, program, kernel, opencl_elements(cl, rows),
                         ARGS(arg_work(call, 0), arg_uint(rows), arg_int(p->per_image),
                              arg_real(call->scalars[ISO_MIXUP_INVERSE]), ARG_RANDOM(call)));
}
