/* zero_padding2d.c: parameters, shapes and cost of zero padding. */
#include "infer.h"
#include "zero_padding2d.h"

static const struct iso_field fields[] = {
    { "padding", ISO_FIELD_SIDES, offsetof(struct iso_zero_padding2d, padding), "1", 0, 4096, NULL,
      "lines of zeros on all sides, or [above and below, left and right], or "
      "[[above, below], [left, right]]" },
    { 0 }
};

struct iso_frame iso_zero_padding2d_frame(const struct iso_zero_padding2d *p,
                                          const struct iso_shape *x)
{
    return (struct iso_frame){
        .n = x->dim[0],
        .h = x->dim[1],
        .w = x->dim[2],
        .c = x->dim[3],
        .oh = x->dim[1] + p->padding[0] + p->padding[1],
        .ow = x->dim[2] + p->padding[2] + p->padding[3],
        .top = p->padding[0],
        .left = p->padding[2],
    };
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    const struct iso_frame f = iso_zero_padding2d_frame(params, x);
    out->y[0] = (struct iso_shape){ 4, { f.n, f.oh, f.ow, f.c } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_frame f = iso_zero_padding2d_frame(params, x);
    const double whole = (double)f.n * (double)f.oh * (double)f.ow * (double)f.c;
    iso_elementwise_cost(x, 0, 2, out);
    if (pass == ISO_FORWARD)
        out->bytes = sizeof(float) * ((double)iso_shape_count(x) + whole);
}

const struct iso_op_def iso_def_zero_padding2d = {
    .doc = "adds a frame of zeros to an image",
    .topic = "layers",
    .params_size = sizeof(struct iso_zero_padding2d),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
