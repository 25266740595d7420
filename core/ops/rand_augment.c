/* rand_augment.c: parameters, shapes, cost and magnitudes of RandAugment. */
#include "rand_augment.h"
#include "augmentation.h"
#include "infer.h"

#include <inttypes.h>

#define AT(member) offsetof(struct iso_rand_augment_params, member)
static const struct iso_field fields[] = {
    { "num_ops", ISO_FIELD_INT, AT(num_ops), "2", 1, 16, NULL,
      "changes of an image, one after the other" },
    { "magnitude", ISO_FIELD_INT, AT(magnitude), "9", 0, 1000, NULL,
      "how much they change, below num_magnitude_bins" },
    { "num_magnitude_bins", ISO_FIELD_INT, AT(num_magnitude_bins), "31", 2, 1001, NULL,
      "number of magnitudes, the last of which is the greatest change" },
    { "fill", ISO_FIELD_REALS, AT(fill), "0", 0, 255, NULL,
      "the level, from 0 to 255, of pixels that move in from outside, or one for each channel" },
    { "black", ISO_FIELD_REALS, AT(black), "auto", -1e6, 1e6, iso_value_range_words,
      "the value of level 0, after the input's scale, mean and std, or one for each channel; auto: "
      "that of the byte 0" },
    { "white", ISO_FIELD_REALS, AT(white), "auto", -1e6, 1e6, iso_value_range_words,
      "the value of level 255; auto: that of the byte 255" },
    { 0 }
};

static iso_rc check_levels(const struct iso_rand_augment_params *p)
{
    const double least = 1e-6; /* narrower levels would be lost in rounding */
    if ((p->black.n == 0) != (p->white.n == 0))
        return iso_fail(ISO_EMODEL, "black and white are either both auto or both given");
    for (int c = 0; c < p->black.n || c < p->white.n; c++)
        if (!(iso_rand_width(p, c) >= least))
            return iso_fail(ISO_EMODEL, "white must be above black, by %g or more", least);
    for (int c = 0; c < p->fill.n; c++)
        if (p->fill.v[c] != (double)(int)p->fill.v[c])
            return iso_fail(ISO_EMODEL, "fill: a level is a whole number from 0 to 255");
    return ISO_OK;
}

static iso_rc check(const void *params)
{
    const struct iso_rand_augment_params *p = params;
    if (p->magnitude >= p->num_magnitude_bins)
        return iso_fail(ISO_EMODEL,
                        "magnitude %" PRId64 " is not below num_magnitude_bins, which is %" PRId64,
                        p->magnitude, p->num_magnitude_bins);
    return check_levels(p);
}

static iso_rc expect_channels(const char *key, const struct iso_reals *given, int64_t channels)
{
    if (given->n > 1 && given->n != channels)
        return iso_fail(ISO_ESHAPE, "%s has %d numbers, but images have %" PRId64 " channel%s", key,
                        given->n, channels, channels == 1 ? "" : "s");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_rand_augment_params *p = params;
    ISO_TRY(iso_augmentation_infer(params, x, out));
    if (x->dim[3] != 1 && x->dim[3] != 3)
        return iso_fail(ISO_ESHAPE,
                        "expects images of 1 channel or of 3, red, green and blue, not of %" PRId64,
                        x->dim[3]);
    ISO_TRY(expect_channels("fill", &p->fill, x->dim[3]));
    ISO_TRY(expect_channels("black", &p->black, x->dim[3]));
    return expect_channels("white", &p->white, x->dim[3]);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_rand_augment_params *p = params;
    (void)pass;
    iso_elementwise_cost(x, 2 + 4 * (double)p->num_ops, 2 + (double)p->num_ops / 2, out);
}

/* Rounds the quarters of the magnitudes to the nearest whole number, halves to the even one. */
static int fewer_bits(const struct iso_rand_augment_params *p)
{
    const int64_t quarters = 8 * p->magnitude, bins = p->num_magnitude_bins - 1; /* twice */
    const int64_t below = quarters / 2 / bins, rest = quarters - 2 * below * bins;
    return (int)(below + (rest > bins || (rest == bins && below % 2 == 1)));
}

/* Sine and cosine are those of core/arithmetic/arith.h, which are the same on every machine. */
static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_rand_augment_params *p = params;
    const iso_real angle = (iso_real)(iso_rand_magnitude(p, 0, 30) * 0.017453292519943295);
    const double threshold = iso_rand_magnitude(p, 255, 0);
    (void)step;
    out[ISO_RAND_SHEAR] = iso_rand_magnitude(p, 0, 0.3);
    out[ISO_RAND_SINE] = (double)iso_sin(angle);
    out[ISO_RAND_COSINE] = (double)iso_cos(angle);
    out[ISO_RAND_BLEND] = iso_rand_magnitude(p, 0, 0.9);
    out[ISO_RAND_BITS] = 256 - (double)(1 << fewer_bits(p));
    out[ISO_RAND_INVERTED] = (int)threshold + ((int)threshold < threshold);
}

const struct iso_op_def iso_def_rand_augment = {
    .doc =
        "changes each image num_ops times in one of 14 ways that are drawn for it (shears, shifts, "
        "rotation, brightness, colour, contrast, sharpness, posterize, solarize, autocontrast, "
        "equalize or none), like torchvision's RandAugment with nearest pixels: on whole levels "
        "from 0 to 255, to which values are rounded before and which become values again after",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_rand_augment_params),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
