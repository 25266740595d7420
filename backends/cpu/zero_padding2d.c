/* zero_padding2d.c: y = x in a frame of zeros; dx = the part of dy inside the frame. */
#include "copy_rows.h"
#include "frames.h"

struct work {
    const struct iso_frame *f;
    const float *x;
    float *y;
    int64_t unit_rows; /* rows of y in a unit */
};

static void frame_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_frame *f = w->f;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, f->n * f->oh);
    const size_t left = (size_t)(f->left * f->c), inside = (size_t)(f->w * f->c),
                 all = (size_t)(f->ow * f->c);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++) {
        const int64_t row = i % f->oh - f->top;
        float *y = w->y + i * f->ow * f->c;
        if (row < 0 || row >= f->h) {
            memset(y, 0, all * sizeof *y);
            continue;
        }
        memset(y, 0, left * sizeof *y);
        memcpy(y + left, w->x + (i / f->oh * f->h + row) * f->w * f->c, inside * sizeof *y);
        memset(y + left + inside, 0, (all - left - inside) * sizeof *y);
    }
}

/* Returns the copy between the images and the inside of the frame. */
static struct iso_row_copy copy_of(const struct iso_frame *f, bool in, bool add)
{
    const int64_t image = f->h * f->w * f->c, row = f->w * f->c;
    const int64_t framed_image = f->oh * f->ow * f->c, framed_row = f->ow * f->c;
    return (struct iso_row_copy){ .images = f->n,
                                  .rows = f->h,
                                  .width = row,
                                  .from_image = in ? image : framed_image,
                                  .from_row = in ? row : framed_row,
                                  .to_image = in ? framed_image : image,
                                  .to_row = in ? framed_row : row,
                                  .add = add };
}

void ISO_CPU(put_in_frame)(struct iso_backend *backend, const struct iso_frame *f, const float *x,
                           float *y, bool add)
{
    if (add) {
        struct iso_row_copy rows = copy_of(f, true, true);
        rows.from = x;
        rows.to = y + (f->top * f->ow + f->left) * f->c;
        ISO_CPU(copy_rows)(backend, &rows);
        return;
    }
    struct work work = { f, x, y, iso_cpu_unit_rows(f->ow * f->c) };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(f->n * f->oh, work.unit_rows), frame_rows,
                 &work);
}

void ISO_CPU(take_out_of_frame)(struct iso_backend *backend, const struct iso_frame *f,
                                const float *x, float *y, bool add)
{
    struct iso_row_copy rows = copy_of(f, false, add);
    rows.from = x + (f->top * f->ow + f->left) * f->c;
    rows.to = y;
    ISO_CPU(copy_rows)(backend, &rows);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    ISO_CPU(put_in_frame)(backend, &f, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    if (call->dx[0].mem != NULL)
        ISO_CPU(take_out_of_frame)(backend, &f, iso_cpu_f32(&call->dy[0]),
                                   iso_cpu_f32(&call->dx[0]), call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(zero_padding2d) = { .forward = forward, .backward = backward };
