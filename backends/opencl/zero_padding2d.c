/* zero_padding2d.c: queues zero padding. */
#include "copy_rows.h"
#include "frames.h"

/* Returns the element of a framed image at which its inside begins. */
static int64_t inside(const struct iso_frame *f) { return (f->top * f->ow + f->left) * f->c; }

/* Returns the copy between the images and the inside of the frame. */
static struct opencl_rows copy_of(const struct iso_frame *f, bool in, bool add)
{
    const iso_i32 row = (iso_i32)(f->w * f->c), image = (iso_i32)f->h * row;
    const iso_i32 framed_row = (iso_i32)(f->ow * f->c), framed_image = (iso_i32)f->oh * framed_row;
    return (struct opencl_rows){ .rows = (iso_i32)f->h,
                                 .width = row,
                                 .from_image = in ? image : framed_image,
                                 .from_row = in ? row : framed_row,
                                 .to_image = in ? framed_image : image,
                                 .to_row = in ? framed_row : row,
                                 .add = add };
}

iso_rc opencl_put_in_frame(struct opencl *cl, const struct iso_frame *f, const struct iso_tensor *x,
                           const struct iso_tensor *y, bool add)
{
    if (add) {
        const struct opencl_rows rows = copy_of(f, true, true);
        return opencl_copy_rows(cl, &rows, f->n, x, 0, y, inside(f));
    }
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)(f->ow * f->c), (size_t)f->oh);
    grid.groups[2] = (size_t)f->n;
    return opencl_launch(cl, "zero_padding2d.cl", "zero_padding2d_forward", grid,
                         ARGS(arg_tensor(x), arg_tensor(y), arg_int(f->h), arg_int(f->w * f->c),
                              arg_int(f->oh), arg_int(f->ow * f->c), arg_int(f->top),
                              arg_int(f->left * f->c)));
}

iso_rc opencl_take_out_of_frame(struct opencl *cl, const struct iso_frame *f,
                                const struct iso_tensor *x, const struct iso_tensor *y, bool add)
{
    const struct opencl_rows rows = copy_of(f, false, add);
    return opencl_copy_rows(cl, &rows, f->n, x, inside(f), y, 0);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    return opencl_put_in_frame(opencl_of(be), &f, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_take_out_of_frame(opencl_of(be), &f, &call->dy[0], &call->dx[0], call->add_dx[0]);
}

const struct opencl_op opencl_zero_padding2d = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { OPENCL_FRAME_PROGRAMS },
};
