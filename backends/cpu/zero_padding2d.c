/* zero_padding2d.c: y = x in a frame of zeros; dx = the part of dy inside the frame. */
#include "core/ops/zero_padding2d.h"
#include "copy_rows.h"

struct work {
    struct iso_frame f;
    const float *x;
    float *y;
    int64_t unit_rows; /* rows of y in a unit */
};

static void frame_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_frame *f = &w->f;
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

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .f = iso_zero_padding2d_frame(call->params, &call->x[0].shape),
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
    };
    const struct iso_frame *f = &work.f;
    work.unit_rows = iso_cpu_unit_rows(f->ow * f->c);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(f->n * f->oh, work.unit_rows), frame_rows,
                 &work);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    const struct iso_row_copy rows = {
        .from = iso_cpu_f32(&call->dy[0]) + (f.top * f.ow + f.left) * f.c,
        .to = iso_cpu_f32(&call->dx[0]),
        .images = f.n,
        .rows = f.h,
        .width = f.w * f.c,
        .from_image = f.oh * f.ow * f.c,
        .from_row = f.ow * f.c,
        .to_image = f.h * f.w * f.c,
        .to_row = f.w * f.c,
        .add = call->add_dx[0],
    };
    if (rows.to != NULL)
        ISO_CPU(copy_rows)(backend, &rows);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(zero_padding2d) = { .forward = forward, .backward = backward };
