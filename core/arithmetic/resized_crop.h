/* resized_crop.h: a part of an image that is drawn and shown in another size, valid C11 and OpenCL
 * C 1.2 (core/ops/random_resized_crop.h). Places are those of sampling.h. */
#ifndef ISO_RESIZED_CROP_H
#define ISO_RESIZED_CROP_H

#ifndef __OPENCL_C_VERSION__
#include "random.h"
#include "sampling.h"
#endif

/* A part of an axis: pixel i of the result is at from + i step, held between first and last. */
typedef struct {
    iso_i64 from, step, first, last;
} iso_span;
typedef struct {
    iso_span rows, columns;
} iso_resized_crop;

/* The ranges from which a part is drawn: its share of the image's area, and the logarithm of its
 * width divided by its height, whose least and greatest values stand here themselves, too. */
typedef struct {
    iso_real area_from, area_span, log_from, log_span, ratio_least, ratio_most;
} iso_resized_ranges;

/* Try t takes the four words of Philox block ISO_RESIZED_TRIES image + t: area, ratio, row, column.
 */
#define ISO_RESIZED_TRIES 10

ISO_FN iso_i32 iso_rounded_side(iso_real side) { return (iso_i32)(side + ISO_R(0.5)); }

/* Returns the part of `size` pixels from `start` on as `wanted` pixels, whose middles lie evenly.
 */
ISO_FN iso_span iso_span_of(iso_i32 start, iso_i32 size, iso_i32 wanted)
{
    iso_span s;
    s.step = (iso_i64)size * ISO_PLACE_ONE / wanted;
    s.first = (iso_i64)start * ISO_PLACE_ONE;
    s.last = s.first + (iso_i64)(size - 1) * ISO_PLACE_ONE;
    s.from = s.first + (s.step - ISO_PLACE_ONE) / 2;
    return s;
}

ISO_FN iso_i64 iso_span_place(iso_span s, iso_i32 i)
{
    iso_i64 place = s.from + s.step * i;
    place = place < s.first ? s.first : place;
    return place > s.last ? s.last : place;
}

/* Draws the part of an image of h x w pixels that is shown as height x width: the first of ten
 * tries that fits; if none does, the largest one in the middle whose ratio is allowed, as
 * torchvision has it. Outside training, the whole image. */
ISO_FN iso_resized_crop iso_resized_draw(iso_resized_ranges g, iso_i32 h, iso_i32 w, iso_i32 height,
                                         iso_i32 width, iso_i32 training, iso_u32 image,
                                         iso_u32 step, iso_u32 layer, iso_u32 key0, iso_u32 key1)
{
    iso_i32 rows = h, columns = w, top = 0, left = 0, found = !training;
    iso_real high = (iso_real)h, wide = (iso_real)w;
    iso_resized_crop crop;
    for (iso_u32 t = 0; t < ISO_RESIZED_TRIES && !found; t++) {
        iso_u32x4 r = iso_philox(ISO_RESIZED_TRIES * image + t, step, layer,
                                 ISO_RANDOM_AUGMENTATION, key0, key1);
        iso_real area = high * wide * iso_draw(r.v[0], g.area_from, g.area_span);
        iso_real ratio = iso_exp(iso_draw(r.v[1], g.log_from, g.log_span));
        rows = iso_rounded_side(iso_sqrt(iso_div(area, ratio)));
        columns = iso_rounded_side(iso_sqrt(area * ratio));
        found = (rows > 0) & (rows <= h) & (columns > 0) & (columns <= w);
        top = (iso_i32)iso_mul_hi(r.v[2], (iso_u32)(h - rows + 1));
        left = (iso_i32)iso_mul_hi(r.v[3], (iso_u32)(w - columns + 1));
    }
    if (!found) {
        iso_i32 narrow = wide<high * g.ratio_least, broad = wide> high * g.ratio_most;
        rows = narrow ? iso_rounded_side(iso_div(wide, g.ratio_least)) : h;
        columns = broad ? iso_rounded_side(high * g.ratio_most) : w;
        top = (h - rows) / 2;
        left = (w - columns) / 2;
    }
    crop.rows = iso_span_of(top, rows, height);
    crop.columns = iso_span_of(left, columns, width);
    return crop;
}

#endif
