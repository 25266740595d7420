/* gather_images.c: queues the gathering of a batch of images, and of their targets. */
#include "opencl.h"
#include "core/ops/gather_images.h"
#include "core/ops/gather_labels.h"

enum { ELEMENTS = 4 }; /* elements per work-item, if they have the same factor */

/* Columns of a target, 0: it is a class, -1: none is wanted. */
static int64_t columns_of(const struct iso_gather_labels *labels)
{
    return labels == NULL ? -1 : labels->one_hot ? labels->classes - labels->from : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_gather_images *p = call->params;
    const struct iso_gather_labels *labels = call->labels;
    const struct iso_shape *shape = &call->y[0].shape;
    const size_t rows = (size_t)shape->dim[0], size = (size_t)iso_shape_count(shape) / rows;
    const size_t channels = (size_t)shape->dim[shape->ndim - 1];
    const bool one = channels == 1 || channels > ISO_REALS; /* factor for all */
    const size_t each = one ? ELEMENTS : channels;
    struct opencl_arg number[2 * ISO_REALS]; /* the factors of channels, then the offsets */
    for (int i = 0; i < 2 * ISO_REALS; i++)
        number[i] = arg_real(call->scalars[one ? i & ISO_REALS : i]);
    return opencl_launch(cl, "gather_images.cl", "gather_images_forward",
                         opencl_each_row(cl, opencl_ceil(size, each), rows),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_uint(size), arg_uint(each),
                              arg_uint(p->reverse && !one), arg_long((uint64_t)call->first),
                              number[0], number[1], number[2], number[3], number[4], number[5],
                              number[6], number[7], arg_optional(&call->x[2], &call->x[1]),
                              arg_optional(&call->y[1], &call->y[0]), arg_int(columns_of(labels)),
                              arg_int(labels != NULL ? labels->from : 0)));
}

const struct opencl_op opencl_gather_images = {
    .kernel = { .supports = opencl_supports, .fuses_labels = true, .forward = forward },
    .programs = { "gather_images.cl" },
};
