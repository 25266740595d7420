/* gather_images.c: queues the gathering of a batch of images. */
#include "opencl.h"
#include "core/ops/gather_images.h"

static const char *const programs[] = {"gather_images.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_gather_images *p = call->params;
    size_t n = (size_t)iso_shape_count(&call->y[0].shape), rows = (size_t)call->y[0].shape.dim[0];
    return opencl_launch(cl, "gather_images.cl", "gather_images_forward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_uint(n), arg_uint(n / rows),
                              arg_long((uint64_t)call->first), arg_real(p->scale)));
}

const struct iso_kernel opencl_gather_images = {.supports = supports, .forward = forward};
