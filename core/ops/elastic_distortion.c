/* elastic_distortion.c: parameters, shapes, cost and scalars of elastic distortion. */
#include "augmentation.h"
#include "elastic_distortion.h"
#include "infer.h"

/* The first names of enum iso_border. */
static const char *const smoothing_modes[] = { "nearest", "constant", "reflect", NULL };

#define AT(member) offsetof(struct iso_elastic_distortion, member)
static const struct iso_field fields[] = {
    { "alpha", ISO_FIELD_REAL2, AT(alpha), NULL, 0, 1e4, NULL,
      "from and to: factor of the smoothed fields, drawn for each image" },
    { "sigma", ISO_FIELD_REAL, AT(sigma), NULL, 0.1, 16, NULL,
      "standard deviation, in pixels, of the filter that smooths the fields" },
    { "smoothing_mode", ISO_FIELD_ENUM, AT(smoothing_mode), "constant", 0, 0, smoothing_modes,
      "numbers beyond the border of a field for the filter: the last number, 0, or the mirrored "
      "field" },
    { "fill_mode", ISO_FIELD_ENUM, AT(fill_mode), "reflect", 0, 0, iso_border_names,
      "pixels beyond the border of the image, as in SciPy 1.6: the last pixel, cval, the mirrored "
      "image, or the image repeated" },
    { "cval", ISO_FIELD_REAL, AT(cval), "0", 0, 0, NULL,
      "value beyond the border with fill_mode: constant, after the input's scale" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_elastic_distortion *p = params;
    return iso_check_draw("alpha", p->alpha);
}

/* Counts two fields, each smoothed along two axes, and three interpolations of two fma each. */
static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_elastic_distortion *p = params;
    const double taps = 2 * (double)(int64_t)(4 * p->sigma + 0.5) + 1;
    const double channels = x->ndim == 4 ? (double)x->dim[3] : 1;
    (void)pass;
    iso_elementwise_cost(x, 12 + 8 * taps / channels, 2, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_elastic_distortion *p = params;
    (void)step;
    out[ISO_ELASTIC_ALPHA_FROM] = p->alpha[0];
    out[ISO_ELASTIC_ALPHA_SPAN] = p->alpha[1] - p->alpha[0];
}

static const struct iso_sum_def sums[] = {
    { "smoothed fields", ISO_SUM_CHAIN, "taps of the filter, along a column, then along a row" },
    { 0 },
};

const struct iso_op_def iso_def_elastic_distortion = {
    .doc = "moves the pixels of each image along smooth random fields, as if on rubber",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_elastic_distortion),
    .fields = fields,
    .nx = 1,
    .random = true,
    .sums = sums,
    .infer = iso_augmentation_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
