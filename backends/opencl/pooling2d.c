/* pooling2d.c: a pooling's window as the kernels take it. */
#include "pooling2d.h"

struct opencl_pool opencl_pool_of(const struct iso_call *call, const struct iso_tensor *result)
{
    struct iso_window v = iso_pooling2d_window(call->params, &call->x[0].shape);
    return (struct opencl_pool){
        .h = (iso_i32)v.h,
        .w = (iso_i32)v.w,
        .c = (iso_i32)v.c,
        .oh = (iso_i32)v.oh,
        .ow = (iso_i32)v.ow,
        .kh = (iso_i32)v.kh,
        .kw = (iso_i32)v.kw,
        .sh = (iso_i32)v.sh,
        .sw = (iso_i32)v.sw,
        .top = (iso_i32)v.top,
        .left = (iso_i32)v.left,
        .per_sh = opencl_reciprocal(v.sh, v.h + v.kh),
        .per_sw = opencl_reciprocal(v.sw, v.w + v.kw),
        .images = (iso_i32)v.n,
        .pixels = (iso_i32)(iso_shape_count(&result->shape) / v.c / v.n),
    };
}

struct opencl_grid opencl_pool_grid(const struct opencl *cl, const struct opencl_pool *g)
{
    return opencl_pixel_grid(cl, (size_t)g->c, (size_t)g->pixels, (size_t)g->images);
}
