/* image_data_generator.c: y(i, j) = x(row, column), bilinear, where an affine map that is drawn for
 * each image gives the place.
 *
 * Units are bands of rows of one image; each draws the image's map anew, which costs as much as a
 * few dozen pixels. Values are changed afterwards, where that is wanted, an image to a unit, since
 * the least and the greatest of them matter. */
#include "core/ops/image_data_generator.h"
#include "sampling.h"
#include "words.h"

struct work {
    const float *x;
    float *y, cval;
    iso_affine_ranges ranges;
    iso_colour_ranges colours;
    iso_axis rows, columns;
    int32_t channels;
    int64_t images, band, bands; /* rows of a band; bands of an image */
    struct iso_cpu_random random;
};

/* The places of n pixels from (row, column) on, `next` from one to the next. */
ISO_CPU_INLINE void walk(iso_i64 place, iso_i64 next, int n, struct iso_strip *restrict r)
{
    for (int j = 0; j < n; j++, place += next)
        iso_cpu_place(r, j, place);
}

static void sample_row(const struct work *w, const iso_affine *map, int64_t i, const float *x,
                       float *y)
{
    struct iso_strip rows, columns;
    for (int32_t j = 0; j < w->columns.size; j += ISO_CPU_STRIP) {
        const int n = (int)iso_min64(ISO_CPU_STRIP, w->columns.size - j);
        walk(map->row[0] + map->row[1] * i + map->row[2] * j, map->row[2], n, &rows);
        walk(map->column[0] + map->column[1] * i + map->column[2] * j, map->column[2], n, &columns);
        iso_cpu_taps(w->rows, n, &rows);
        iso_cpu_taps(w->columns, n, &columns);
        iso_cpu_sample(x, w->columns.size, w->channels, &rows, &columns, w->cval, n,
                       y + (i * w->columns.size + j) * w->channels);
    }
}

static void sample(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const int64_t image = unit / w->bands;
    const struct iso_range range = iso_cpu_range(unit % w->bands, w->band, w->rows.size);
    const int64_t at = image * w->rows.size * w->columns.size * w->channels;
    const struct iso_cpu_random *s = &w->random;
    const iso_affine map = iso_affine_draw(w->ranges, w->rows.size, w->columns.size,
                                           iso_cpu_row_block(s, image, 1), s->step, s->layer,
                                           s->key[0], s->key[1]);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        sample_row(w, &map, i, w->x + at, w->y + at);
}

static void recolour(void *data, int64_t image, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_random *s = &w->random;
    const int64_t size = (int64_t)w->rows.size * w->columns.size * w->channels;
    float *y = w->y + image * size;
    iso_levels extent = iso_levels_of_none();
    (void)thread;
    for (int64_t e = 0; e < size; e++)
        extent = iso_levels_with(extent, y[e]);
    const iso_recolour c = iso_recolour_draw(w->colours, extent, iso_cpu_row_block(s, image, 1),
                                             s->step, s->layer, s->key[0], s->key[1]);
    for (int64_t e = 0; e < size; e++)
        y[e] = iso_recoloured(c, y[e]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    enum { COST = 4 }; /* cost of a pixel, in simple elements */
    const struct iso_image_data_generator *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .cval = (float)p->cval,
        .ranges = iso_affine_ranges_of(call),
        .colours = iso_colour_ranges_of(call),
        .rows = iso_axis_of(p->fill_mode, (iso_i32)s->dim[1]),
        .columns = iso_axis_of(p->fill_mode, (iso_i32)s->dim[2]),
        .channels = (int32_t)s->dim[3],
        .images = s->dim[0],
        .band = iso_cpu_unit_rows(s->dim[2] * s->dim[3] * COST),
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (!call->training) {
        iso_cpu_copy(call);
        return ISO_OK;
    }
    work.bands = iso_ceil_div(s->dim[1], work.band);
    iso_team_run(iso_cpu_team(backend), work.images * work.bands, sample, &work);
    if (iso_recolours(p))
        iso_team_run(iso_cpu_team(backend), work.images, recolour, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(image_data_generator) = { .forward = forward };
