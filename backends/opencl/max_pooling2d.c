/* max_pooling2d.c: queues max pooling. */
#include "opencl.h"
#include "core/ops/max_pooling2d.h"

enum { CPU_CHUNK = 16 };               /* CHUNK in clkernels/max_pooling2d.cl */

static const char *const programs[] = {"max_pooling2d.cl", NULL};

/* struct pool of clkernels/max_pooling2d.cl. Every member is an int there. */
struct pool {
    cl_int h, w, c, oh, ow, kh, kw, sh, sw, top, left;
    cl_int pixels, want_tap, add;
};

static struct pool pool_of(const struct iso_call *call)
{
    struct iso_window v = iso_max_pooling2d_window(call->params, &call->x[0].shape);
    return (struct pool){(cl_int)v.h,
                         (cl_int)v.w,
                         (cl_int)v.c,
                         (cl_int)v.oh,
                         (cl_int)v.ow,
                         (cl_int)v.kh,
                         (cl_int)v.kw,
                         (cl_int)v.sh,
                         (cl_int)v.sw,
                         (cl_int)v.top,
                         (cl_int)v.left,
                         0,
                         0,
                         0};
}

static struct opencl_grid grid_of(const struct opencl *cl, const struct pool *g)
{
    size_t chunk = cl->shape == OPENCL_SHAPE_CPU ? CPU_CHUNK : 1;
    return opencl_elements(cl, (size_t)g->pixels * opencl_ceil((size_t)g->c, chunk));
}

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct pool g = pool_of(call);
    g.pixels = (cl_int)(iso_shape_count(&call->y[0].shape) / g.c);
    g.want_tap = call->saved[0].mem != NULL;
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_forward", grid_of(cl, &g),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                              arg_optional(&call->saved[0], &call->y[0]),
                              arg_struct(&g, sizeof g)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct pool g = pool_of(call);
    if (!call->dx[0].mem) {
        return ISO_OK;
    }
    g.pixels = (cl_int)(iso_shape_count(&call->x[0].shape) / g.c);
    g.add = call->add_dx[0];
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_backward", grid_of(cl, &g),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->saved[0]),
                              arg_tensor(&call->dx[0]), arg_struct(&g, sizeof g)));
}

const struct iso_kernel opencl_max_pooling2d = {
    .supports = supports, .forward = forward, .backward = backward};
