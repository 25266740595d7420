/* conv2d_fast.c: queues the convolution as matrix products.
 *
 *   col = im2col(x) [rows, depth]      y = col kernel        dkernel = col^T dy
 *   dcol = dy kernel^T                 dx = col2im(dcol)
 *
 * over as many images at a time as the workspace holds. rows: output pixels, depth: taps *
 * channels. */
#include "conv2d_fast.h"

struct fast {
    struct iso_window v;
    size_t filters, depth, pixels; /* pixels: of one image's output */
    size_t images;                 /* at a time */
    struct opencl_window window;
};

static struct fast fast_of(const struct opencl *cl, const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    struct fast f = { .v = iso_conv2d_window(p, &call->x[0].shape), .filters = (size_t)p->filters };
    const struct iso_window *v = &f.v;
    f.depth = (size_t)(v->kh * v->kw * v->c);
    f.pixels = (size_t)(v->oh * v->ow);
    f.images = cl->most_work / (f.pixels * f.depth); /* one image's are the least */
    f.images = f.images < 1 ? 1 : f.images > (size_t)v->n ? (size_t)v->n : f.images;
    f.window = (struct opencl_window){ (iso_i32)v->h,   (iso_i32)v->w,  (iso_i32)v->c,
                                       (iso_i32)v->oh,  (iso_i32)v->ow, (iso_i32)v->kh,
                                       (iso_i32)v->kw,  (iso_i32)v->sh, (iso_i32)v->sw,
                                       (iso_i32)v->dh,  (iso_i32)v->dw, (iso_i32)v->top,
                                       (iso_i32)v->left };
    return f;
}

static struct opencl_product forward_product(const struct fast *f, size_t images)
{
    return (struct opencl_product){ false, false, images * f->pixels, f->filters, f->depth };
}

static struct opencl_product input_product(const struct fast *f, size_t images)
{
    return (struct opencl_product){ false, true, images * f->pixels, f->depth, f->filters };
}

static struct opencl_product kernel_product(const struct fast *f, size_t images)
{
    return (struct opencl_product){ true, false, f->depth, f->filters, images * f->pixels };
}

size_t opencl_conv2d_fast_work(const struct opencl *cl, const struct iso_call *call)
{
    struct fast f = fast_of(cl, call);
    return cl->clblast != NULL ? f.images * f.pixels * f.depth : 0;
}

void opencl_conv2d_fast_note(struct opencl *cl, const struct iso_call *call)
{
    struct fast f = fast_of(cl, call);
    const struct opencl_product products[] = { forward_product(&f, f.images),
                                               input_product(&f, f.images),
                                               kernel_product(&f, f.images) };
    for (int i = 0; i < 3; i++)
        opencl_clblast_note(cl, &products[i]);
}

/* For a window of one pixel with stride 1, x itself is the matrix of columns. */
static bool is_pointwise(const struct fast *f)
{
    const struct iso_window *v = &f->v;
    return v->kh * v->kw == 1 && v->sh * v->sw == 1;
}

static iso_rc im2col(struct opencl *cl, const struct fast *f, struct opencl_at x, size_t images,
                     struct opencl_at col)
{
    size_t n = images * f->pixels * f->depth;
    return opencl_launch(cl, "conv2d.cl", "conv2d_im2col", opencl_elements(cl, n),
                         ARGS(arg_mem(x.mem, x.at), arg_mem(col.mem, col.at), arg_uint(n),
                              arg_struct(&f->window, sizeof f->window)));
}

/* Floats of one image of x, and of y. */
static size_t x_size(const struct fast *f) { return (size_t)(f->v.h * f->v.w * f->v.c); }

static size_t y_size(const struct fast *f) { return f->pixels * f->filters; }

static size_t at_a_time(const struct fast *f, size_t first)
{
    size_t rest = (size_t)f->v.n - first;
    return rest < f->images ? rest : f->images;
}

iso_rc opencl_conv2d_fast_forward(struct opencl *cl, const struct iso_call *call, bool *done)
{
    struct fast f = fast_of(cl, call);
    struct opencl_product p = forward_product(&f, f.images);
    struct opencl_at x = opencl_at(&call->x[0]), y = opencl_at(&call->y[0]),
                     col = opencl_work(call, 0);
    *done = opencl_clblast_trusted(cl, &p);
    for (size_t first = 0, images; *done && first < (size_t)f.v.n; first += images) {
        images = at_a_time(&f, first);
        p = forward_product(&f, images);
        struct opencl_at from = { x.mem, x.at + first * x_size(&f) },
                         to = { y.mem, y.at + first * y_size(&f) };
        if (!is_pointwise(&f))
            ISO_TRY(im2col(cl, &f, from, images, col));
        ISO_TRY(opencl_clblast(cl, &p, is_pointwise(&f) ? from : col, opencl_at(&call->w[0]), to,
                               false));
    }
    if (*done && call->w[1].mem != NULL) {
        size_t n = (size_t)f.v.n * y_size(&f);
        ISO_TRY(opencl_launch(cl, "dense.cl", "dense_bias", opencl_elements(cl, n),
                              ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->w[1]), arg_uint(n),
                                   arg_uint(f.filters))));
    }
    return ISO_OK;
}

iso_rc opencl_conv2d_fast_input(struct opencl *cl, const struct iso_call *call, bool *done)
{
    struct fast f = fast_of(cl, call);
    struct opencl_product p = input_product(&f, f.images);
    struct opencl_at dx = opencl_at(&call->dx[0]), dy = opencl_at(&call->dy[0]),
                     col = opencl_work(call, 0);
    *done = opencl_clblast_trusted(cl, &p);
    for (size_t first = 0, images; *done && first < (size_t)f.v.n; first += images) {
        images = at_a_time(&f, first);
        p = input_product(&f, images);
        struct opencl_at from = { dy.mem, dy.at + first * y_size(&f) },
                         to = { dx.mem, dx.at + first * x_size(&f) };
        size_t n = images * x_size(&f);
        ISO_TRY(opencl_clblast(cl, &p, from, opencl_at(&call->w[0]), col, false));
        ISO_TRY(
            opencl_launch(cl, "conv2d.cl", "conv2d_col2im", opencl_elements(cl, n),
                          ARGS(arg_mem(col.mem, col.at), arg_mem(to.mem, to.at), arg_uint(n),
                               arg_struct(&f.window, sizeof f.window), arg_int(call->add_dx[0]))));
    }
    return ISO_OK;
}

iso_rc opencl_conv2d_fast_kernel(struct opencl *cl, const struct iso_call *call, bool *done)
{
    struct fast f = fast_of(cl, call);
    struct opencl_product p = kernel_product(&f, f.images);
    struct opencl_at x = opencl_at(&call->x[0]), dy = opencl_at(&call->dy[0]),
                     col = opencl_work(call, 0);
    *done = opencl_clblast_trusted(cl, &p);
    for (size_t first = 0, images; *done && first < (size_t)f.v.n; first += images) {
        images = at_a_time(&f, first);
        p = kernel_product(&f, images);
        struct opencl_at from = { x.mem, x.at + first * x_size(&f) },
                         with = { dy.mem, dy.at + first * y_size(&f) };
        if (!is_pointwise(&f))
            ISO_TRY(im2col(cl, &f, from, images, col));
        ISO_TRY(opencl_clblast(cl, &p, is_pointwise(&f) ? from : col, with, opencl_at(&call->dw[0]),
                               first > 0 || call->add_dw[0]));
    }
    return ISO_OK;
}
