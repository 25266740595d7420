/* random_resized_crop.c: y(i, j) = x(row, column), bilinear, where a part of the image that is
 * drawn for each gives the place. Units are bands of rows of one image; each draws the image's part
 * anew. */
#include "core/ops/random_resized_crop.h"
#include "sampling.h"
#include "words.h"

struct work {
    const float *x;
    float *y;
    iso_resized_ranges ranges;
    iso_axis rows, columns;
    int64_t height, width, channels, band, bands; /* rows of a band; bands of an image */
    bool training;
    struct iso_cpu_random random;
};

/* The places of n pixels, from `first` on, `next` from one to the next. */
ISO_CPU_INLINE void walk(iso_span s, int64_t first, int next, int n, struct iso_strip *restrict r)
{
    for (int j = 0; j < n; j++)
        iso_cpu_place(r, j, iso_span_place(s, (int32_t)first + j * next));
}

static void show_row(const struct work *w, const iso_resized_crop *crop, int64_t i, const float *x,
                     float *y)
{
    struct iso_strip rows, columns; /* rows: the same taps for all pixels */
    const int most = (int)iso_min64(ISO_CPU_STRIP, w->width);
    walk(crop->rows, i, 0, most, &rows);
    iso_cpu_taps(w->rows, most, &rows);
    for (int64_t j = 0; j < w->width; j += ISO_CPU_STRIP) {
        const int n = (int)iso_min64(ISO_CPU_STRIP, w->width - j);
        walk(crop->columns, j, 1, n, &columns);
        iso_cpu_taps(w->columns, n, &columns);
        iso_cpu_sample(x, w->columns.size, (int32_t)w->channels, &rows, &columns, 0, n,
                       y + (i * w->width + j) * w->channels);
    }
}

static void show(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_random *s = &w->random;
    const int64_t image = unit / w->bands;
    const struct iso_range range = iso_cpu_range(unit % w->bands, w->band, w->height);
    const iso_resized_crop crop = iso_resized_draw(
        w->ranges, w->rows.size, w->columns.size, (int32_t)w->height, (int32_t)w->width,
        w->training, iso_cpu_row_block(s, image, 1), s->step, s->layer, s->key[0], s->key[1]);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        show_row(w, &crop, i, w->x + image * w->rows.size * w->columns.size * w->channels,
                 w->y + image * w->height * w->width * w->channels);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    enum { COST = 4 }; /* cost of a pixel, in simple elements */
    const struct iso_shape *from = &call->x[0].shape, *to = &call->y[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .ranges = iso_resized_ranges_of(call),
        .rows = iso_axis_of(ISO_BORDER_NEAREST, (iso_i32)from->dim[1]),
        .columns = iso_axis_of(ISO_BORDER_NEAREST, (iso_i32)from->dim[2]),
        .height = to->dim[1],
        .width = to->dim[2],
        .channels = to->dim[3],
        .band = iso_cpu_unit_rows(to->dim[2] * to->dim[3] * COST),
        .training = call->training,
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    work.bands = iso_ceil_div(to->dim[1], work.band);
    iso_team_run(iso_cpu_team(backend), to->dim[0] * work.bands, show, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(random_resized_crop) = { .forward = forward };
