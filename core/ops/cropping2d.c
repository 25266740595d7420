/* cropping2d.c: parameters, shapes and cost of cropping. */
#include "cropping2d.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "cropping", ISO_FIELD_SIDES, offsetof(struct iso_cropping2d, cropping), "0", 0, 4096, NULL,
      "lines to take off on all sides, or [above and below, left and right], or "
      "[[above, below], [left, right]]" },
    { 0 }
};

struct iso_frame iso_cropping2d_frame(const struct iso_cropping2d *p, const struct iso_shape *x)
{
    return (struct iso_frame){
        .n = x->dim[0],
        .h = x->dim[1] - p->cropping[0] - p->cropping[1],
        .w = x->dim[2] - p->cropping[2] - p->cropping[3],
        .c = x->dim[3],
        .oh = x->dim[1],
        .ow = x->dim[2],
        .top = p->cropping[0],
        .left = p->cropping[2],
    };
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    const struct iso_frame f = iso_cropping2d_frame(params, x);
    if (f.h < 1 || f.w < 1)
        return iso_fail(ISO_ESHAPE, "nothing is left of an image of %lld x %lld pixels",
                        (long long)f.oh, (long long)f.ow);
    out->y[0] = (struct iso_shape){ 4, { f.n, f.h, f.w, f.c } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_frame f = iso_cropping2d_frame(params, x);
    const double inside = (double)f.n * (double)f.h * (double)f.w * (double)f.c;
    iso_elementwise_cost(x, 0, 2, out);
    out->bytes =
        sizeof(float) * (inside + (pass == ISO_FORWARD ? inside : (double)iso_shape_count(x)));
}

const struct iso_op_def iso_def_cropping2d = {
    .doc = "takes lines off the sides of an image",
    .topic = "layers",
    .params_size = sizeof(struct iso_cropping2d),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
