/* up_sampling2d.c: parameters, shapes and cost of the enlargement of images. */
#include "up_sampling2d.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_up_sampling2d, member)
static const char *const interpolations[] = { "nearest", "bilinear", NULL };
static const struct iso_field fields[] = {
    { "size", ISO_FIELD_INT2, AT(size), "2", 1, 1024, NULL, "how many times as high, and as wide" },
    { "interpolation", ISO_FIELD_ENUM, AT(interpolation), "nearest", 0, 0, interpolations,
      "nearest: repeat each pixel; bilinear: lines between the middles of pixels" },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_up_sampling2d *p = params;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    if (x->dim[1] > INT32_MAX / 4 / p->size[0] || x->dim[2] > INT32_MAX / 4 / p->size[1])
        return iso_fail(ISO_ESHAPE, "size: the image would be too large");
    out->y[0] = (struct iso_shape){
        4, { x->dim[0], x->dim[1] * p->size[0], x->dim[2] * p->size[1], x->dim[3] }
    };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_up_sampling2d *p = params;
    const bool bilinear = p->interpolation == ISO_UP_BILINEAR;
    const int64_t area = p->size[0] * p->size[1], taps = bilinear ? 4 : 1;
    iso_elementwise_cost(x, (double)(2 * taps * area), (double)(area + 1), out);
    out->chain = iso_product_chain(pass == ISO_FORWARD ? taps : taps * area);
}

static const struct iso_sum_def sums[] = {
    { "y, bilinear", ISO_SUM_PRODUCTS, "row, column of x" },
    { "dx", ISO_SUM_PRODUCTS, "row, column of y; only those that read the pixel" },
    { 0 },
};

const struct iso_op_def iso_def_up_sampling2d = {
    .doc = "makes an image some times as high and as wide",
    .topic = "layers",
    .params_size = sizeof(struct iso_up_sampling2d),
    .fields = fields,
    .nx = 1,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
