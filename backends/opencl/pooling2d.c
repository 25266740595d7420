/* pooling2d.c: a pooling's window as the kernels take it. */
#include "pooling2d.h"

enum { CPU_CHUNK = 16 }; /* CHUNK in clkernels/pooling2d.h */

struct opencl_pool opencl_pool_of(const struct iso_call *call, const struct iso_tensor *result)
{
    struct iso_window v = iso_pooling2d_window(call->params, &call->x[0].shape);
    return (struct opencl_pool){
        .h = (cl_int)v.h,
        .w = (cl_int)v.w,
        .c = (cl_int)v.c,
        .oh = (cl_int)v.oh,
        .ow = (cl_int)v.ow,
        .kh = (cl_int)v.kh,
        .kw = (cl_int)v.kw,
        .sh = (cl_int)v.sh,
        .sw = (cl_int)v.sw,
        .top = (cl_int)v.top,
        .left = (cl_int)v.left,
        .pixels = (cl_int)(iso_shape_count(&result->shape) / v.c),
    };
}

struct opencl_grid opencl_pool_grid(const struct opencl *cl, const struct opencl_pool *g)
{
    size_t chunk = cl->shape == OPENCL_SHAPE_CPU ? CPU_CHUNK : 1;
    return opencl_elements(cl, (size_t)g->pixels * opencl_ceil((size_t)g->c, chunk));
}
