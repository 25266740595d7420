/* image_data_generator.c: y(i, j) = x(row, column), bilinear, where an affine map that is drawn for
 * each image gives the place; then, where it is wanted, its values are shifted and made brighter.
 * The map, borders and weights: core/arithmetic/sampling.h; values: core/arithmetic/recolour.h. */
#include "core/ops/image_data_generator.h"
#include "reference.h"

static void sample(const iso_real *x, const iso_affine *map, const iso_axis *rows,
                   const iso_axis *columns, int64_t channels, iso_real cval, iso_real *y)
{
    int64_t line = columns->size * channels;
    for (int64_t i = 0; i < rows->size; i++)
        for (int64_t j = 0; j < columns->size; j++) {
            iso_tap r = iso_tap_of(*rows, map->row[0] + map->row[1] * i + map->row[2] * j);
            iso_tap c =
                iso_tap_of(*columns, map->column[0] + map->column[1] * i + map->column[2] * j);
            const iso_real *above = x + r.low * line, *below = x + r.high * line;
            for (int64_t k = 0; k < channels; k++) {
                int64_t left = c.low * channels + k, right = c.high * channels + k;
                iso_real value = iso_bilinear(above[left], above[right], below[left], below[right],
                                              r.share, c.share);
                y[i * line + j * channels + k] = r.inside && c.inside ? value : cval;
            }
        }
}

/* y, which is sampled already, with other values. */
static void recolour(const struct iso_call *call, int64_t image, int64_t size, iso_real *y)
{
    iso_levels extent = iso_levels_of_none();
    for (int64_t e = 0; e < size; e++)
        extent = iso_levels_with(extent, y[e]);
    iso_recolour c = iso_recolour_draw(iso_colour_ranges_of(call), extent, (uint32_t)image,
                                       call->step, call->layer, (uint32_t)call->seed,
                                       (uint32_t)(call->seed >> 32));
    for (int64_t e = 0; e < size; e++)
        y[e] = iso_recoloured(c, y[e]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_image_data_generator *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_axis rows = iso_axis_of(p->fill_mode, (iso_i32)s->dim[1]);
    const iso_axis columns = iso_axis_of(p->fill_mode, (iso_i32)s->dim[2]);
    const iso_affine_ranges ranges = iso_affine_ranges_of(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    int64_t image = s->dim[1] * s->dim[2] * s->dim[3];
    (void)backend;
    for (int64_t e = 0; !call->training && e < s->dim[0] * image; e++)
        y[e] = x[e];
    for (int64_t n = 0; call->training && n < s->dim[0]; n++) {
        iso_affine map = iso_affine_draw(ranges, rows.size, columns.size,
                                         (uint32_t)(call->first_row + n), call->step, call->layer,
                                         (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
        sample(x + n * image, &map, &rows, &columns, s->dim[3], (iso_real)p->cval, y + n * image);
        if (iso_recolours(p))
            recolour(call, call->first_row + n, image, y + n * image);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(image_data_generator) = { .forward = forward };
