/* zero_padding2d.c: y = x in a frame of zeros; dx = the part of dy inside the frame. */
#include "frames.h"

/* Returns the first number of a row of the image in the frame. */
static int64_t inside(const struct iso_frame *f, int64_t n, int64_t row)
{
    return ((n * f->oh + f->top + row) * f->ow + f->left) * f->c;
}

void ISO_KERNEL(put_in_frame)(const struct iso_frame *f, const iso_real *x, iso_real *y, bool add)
{
    if (!add)
        ref_zero(y, f->n * f->oh * f->ow * f->c);
    for (int64_t n = 0; n < f->n; n++)
        for (int64_t row = 0; row < f->h; row++, x += f->w * f->c)
            ref_store(y + inside(f, n, row), x, f->w * f->c, add);
}

void ISO_KERNEL(take_out_of_frame)(const struct iso_frame *f, const iso_real *x, iso_real *y,
                                   bool add)
{
    for (int64_t n = 0; n < f->n; n++)
        for (int64_t row = 0; row < f->h; row++, y += f->w * f->c)
            ref_store(y, x + inside(f, n, row), f->w * f->c, add);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    (void)backend;
    ISO_KERNEL(put_in_frame)(&f, ref_real(&call->x[0]), ref_real(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    (void)backend;
    if (call->dx[0].mem != NULL)
        ISO_KERNEL(take_out_of_frame)(&f, ref_real(&call->dy[0]), ref_real(&call->dx[0]),
                                      call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(zero_padding2d) = { .forward = forward, .backward = backward };
