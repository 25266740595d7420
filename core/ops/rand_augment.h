/* rand_augment.h: changes each image in a few ways that are drawn for it, as torchvision's
 * RandAugment does with a picture of bytes and nearest pixels. core/arithmetic/rand_augment.h has
 * the formulas and the draws (counter: num_ops image + change, step, index among the augmentations,
 * ISO_RANDOM_AUGMENTATION; key: seed). Values are first rounded to the nearest of the 256 levels
 * from black to white, which each channel may have its own of, and in the end levels become values
 * again. Outside training, images are copied. */
#ifndef ISO_OP_RAND_AUGMENT_H
#define ISO_OP_RAND_AUGMENT_H
#include "core/arithmetic/rand_augment.h"
#include "core/iso.h"

struct iso_rand_augment_params { /* x, y: REAL [n, h, w, 1 or 3] */
    int64_t num_ops, magnitude, num_magnitude_bins;
    struct iso_reals fill;         /* levels; one, or one for each channel */
    struct iso_reals black, white; /* values; the same; n 0: 0 and 1 */
};
/* scalars: the magnitudes as numbers of the changes */
enum {
    ISO_RAND_SHEAR,
    ISO_RAND_SINE, /* sine of the angle of rotations */
    ISO_RAND_COSINE,
    ISO_RAND_BLEND,
    ISO_RAND_BITS,    /* the mask of posterize */
    ISO_RAND_INVERTED /* the first level that solarize inverts */
};

/* Returns the magnitude of a change, between that of the first and of the last bin, as
 * torchvision's linspace has it: floats, counted from the nearer end. (Its own last bit depends on
 * the vectors of the machine, of which one is taken here.) */
static inline double iso_rand_magnitude(const struct iso_rand_augment_params *p, double first,
                                        double last)
{
    const int64_t bins = p->num_magnitude_bins, m = p->magnitude;
    const double from = (float)first, to = (float)last,
                 each = (float)((to - from) / (double)(bins - 1));
    return m < bins / 2 ? (double)(float)(from + (float)(each * (double)m))
                        : (double)(float)(to - (float)(each * (double)(bins - 1 - m)));
}

static inline double iso_rand_given(const struct iso_reals *given, int channel, double dflt)
{
    return given->n == 0 ? dflt : given->v[channel < given->n ? channel : 0];
}

/* Returns white less black of a channel. */
static inline double iso_rand_width(const struct iso_rand_augment_params *p, int channel)
{
    return iso_rand_given(&p->white, channel, 1) - iso_rand_given(&p->black, channel, 0);
}

static inline iso_of_channels iso_rand_channels(double a, double b, double c)
{
    return (iso_of_channels){ (iso_real)a, (iso_real)b, (iso_real)c };
}

/* Returns the numbers that the kernels need. The shares of blends are floats in the double
 * reference, too, so that it takes the same levels. */
static inline iso_rand_augment iso_rand_augment_of(const struct iso_call *call)
{
    const struct iso_rand_augment_params *p = call->params;
    const double *s = call->scalars, blend = s[ISO_RAND_BLEND];
    const double a = iso_rand_width(p, 0), b = iso_rand_width(p, 1), c = iso_rand_width(p, 2);
    const struct iso_shape *x = &call->x[0].shape;
    return (iso_rand_augment){
        .shear = (iso_i64)(s[ISO_RAND_SHEAR] * 0x1p40),
        .sine = (iso_i64)(s[ISO_RAND_SINE] * 0x1p40),
        .cosine = (iso_i64)(s[ISO_RAND_COSINE] * 0x1p40),
        .black = iso_rand_channels(iso_rand_given(&p->black, 0, 0), iso_rand_given(&p->black, 1, 0),
                                   iso_rand_given(&p->black, 2, 0)),
        .unit = iso_rand_channels(a / 255, b / 255, c / 255),
        .inverse = iso_rand_channels(255 / a, 255 / b, 255 / c),
        .fill = iso_rand_channels(iso_rand_given(&p->fill, 0, 0), iso_rand_given(&p->fill, 1, 0),
                                  iso_rand_given(&p->fill, 2, 0)),
        .more = (float)(1 + blend),
        .more_other = (float)(1 - (1 + blend)),
        .less = (float)(1 - blend),
        .less_other = (float)(1 - (1 - blend)),
        .rows = (iso_i32)iso_rand_magnitude(p, 0, 150.0 / 331 * (double)x->dim[1]),
        .columns = (iso_i32)iso_rand_magnitude(p, 0, 150.0 / 331 * (double)x->dim[2]),
        .bits = (iso_i32)s[ISO_RAND_BITS],
        .inverted = (iso_i32)s[ISO_RAND_INVERTED],
        .changes = (iso_i32)p->num_ops,
        .channels = (iso_i32)x->dim[3],
    };
}
#endif
