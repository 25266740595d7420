/* augmentation.c: functions shared by the augmentations of this backend. */
#include "augmentation.h"

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
