/* random_resized_crop.c: parameters, shapes, cost and scalars of a random part of each image. */
#include "augmentation.h"
#include "infer.h"
#include "random_resized_crop.h"

#define AT(member) offsetof(struct iso_random_resized_crop, member)
static const struct iso_field fields[] = {
    { "height", ISO_FIELD_INT, AT(height), "0", 0, ISO_SIDE_MOST, NULL,
      "rows of the result; 0: as many as the image has" },
    { "width", ISO_FIELD_INT, AT(width), "0", 0, ISO_SIDE_MOST, NULL,
      "columns of the result; 0: as many as the image has" },
    { "scale", ISO_FIELD_REAL2, AT(scale), "[0.08, 1]", 1e-6, 1, NULL,
      "the part's share of the image's area, drawn between two numbers" },
    { "ratio", ISO_FIELD_REAL2, AT(ratio), "[3/4, 4/3]", 1e-3, 1000, NULL,
      "the part's width divided by its height; its logarithm is drawn evenly between two numbers" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_random_resized_crop *p = params;
    ISO_TRY(iso_check_draw("scale", p->scale));
    return iso_check_draw("ratio", p->ratio);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_random_resized_crop *p = params;
    ISO_TRY(iso_augmentation_infer(params, x, out));
    if (p->height > 0)
        out->y[0].dim[1] = p->height;
    if (p->width > 0)
        out->y[0].dim[2] = p->width;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 12, 2, out); /* three interpolations of two fma each */
}

/* The logarithms are those of core/arithmetic/arith.h, which are the same on every machine. */
static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_random_resized_crop *p = params;
    const iso_real from = iso_log((iso_real)p->ratio[0]), to = iso_log((iso_real)p->ratio[1]);
    (void)step;
    out[ISO_RESIZED_AREA_SPAN] = p->scale[1] - p->scale[0];
    out[ISO_RESIZED_LOG_FROM] = (double)from;
    out[ISO_RESIZED_LOG_SPAN] = (double)(to - from);
}

const struct iso_op_def iso_def_random_resized_crop = {
    .doc =
        "shows a random part of each image in one size, bilinear, like torchvision's "
        "RandomResizedCrop without antialiasing; in evaluation, the whole image in that size",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_random_resized_crop),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
