/* pixel_colours.c: y = x with another hue or saturation (ISO_PIXEL_COLOURS in
 * core/arithmetic/hue.h), pixel by pixel, by a number that is drawn for each image. */
#include "core/ops/pixel_colours.h"
#include "reference.h"

typedef iso_real draw_number(iso_u32 word, iso_u32 other, iso_pixel_colours);
typedef iso_rgb change_pixel(iso_rgb, iso_real number, iso_pixel_colours);

static void images(const struct iso_call *call, draw_number *draw, change_pixel *change)
{
    const struct iso_shape *s = &call->x[0].shape;
    const iso_pixel_colours k = iso_pixel_colours_of(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    int64_t image = s->dim[1] * s->dim[2] * 3;
    for (int64_t n = 0; n < s->dim[0]; n++) {
        iso_u32x4 r = iso_philox((uint32_t)(call->first_row + n), call->step, call->layer,
                                 ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                                 (uint32_t)(call->seed >> 32));
        iso_real number = draw(r.v[0], r.v[1], k);
        for (int64_t e = n * image; e < (n + 1) * image; e += 3) {
            iso_rgb p = { { x[e], x[e + 1], x[e + 2] } };
            p = call->training ? change(p, number, k) : p;
            for (int c = 0; c < 3; c++)
                y[e + c] = p.v[c];
        }
    }
}

#define PIXEL_COLOURS(name, draw, change)                                        \
    static iso_rc name(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                            \
        (void)backend;                                                           \
        images(call, draw, change);                                              \
        return ISO_OK;                                                           \
    }                                                                            \
    const struct iso_kernel ISO_KERNEL(name) = { .forward = name };
ISO_PIXEL_COLOURS(PIXEL_COLOURS)
