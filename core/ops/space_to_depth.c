/* space_to_depth.c: parameters, shapes and cost of blocks of pixels that become channels. */
#include "space_to_depth.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "block_size", ISO_FIELD_INT, offsetof(struct iso_space_to_depth, block_size), "2", 1, 4096,
      NULL, "height and width of a block" },
    { 0 },
};

/* A line of blocks is [a, w, (b, c)] in x and [w, a, (b, c)] in y; lines follow each other. */
struct iso_permutation iso_space_to_depth_layout(const struct iso_space_to_depth *p,
                                                 const struct iso_shape *x, bool back)
{
    const int64_t size = p->block_size, across = x->dim[2] / size, inner = size * x->dim[3];
    const int64_t outer = back ? size : across, other = back ? across : size;
    return (struct iso_permutation){
        .dim = { x->dim[0] * (x->dim[1] / size), outer, other, inner },
        .stride = { across * size * inner, inner, outer * inner, 1 },
    };
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const int64_t size = ((const struct iso_space_to_depth *)params)->block_size;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of images)"));
    if (x->dim[1] % size != 0 || x->dim[2] % size != 0)
        return iso_fail(
            ISO_ESHAPE, "blocks of %lld x %lld pixels do not divide an image of %lld x %lld evenly",
            (long long)size, (long long)size, (long long)x->dim[1], (long long)x->dim[2]);
    out->y[0] = (struct iso_shape){
        4, { x->dim[0], x->dim[1] / size, x->dim[2] / size, x->dim[3] * size * size }
    };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_space_to_depth = {
    .doc =
        "each block of pixels becomes one with the channels of all, as TensorFlow's "
        "nn.space_to_depth gives it",
    .topic = "layers",
    .params_size = sizeof(struct iso_space_to_depth),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
