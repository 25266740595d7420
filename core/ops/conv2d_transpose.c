/* conv2d_transpose.c: parameters, shapes and cost of the transposed convolution. */
#include "conv2d_transpose.h"
#include "infer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_FILTERS_FIELD(struct iso_conv2d_transpose),
    ISO_WINDOW_FIELDS(struct iso_conv2d_transpose, "the kernel"),
    ISO_SHARED_FIELD(struct iso_conv2d_transpose, output_padding, ISO_FIELD_INT2, "-1", -1, 4096,
                     NULL,
                     "lines of the result below and to the right of what the kernel reaches, less "
                     "than strides; -1: as many as make it strides times as large"),
    ISO_DILATION_RATE_FIELD(struct iso_conv2d_transpose, "the kernel"),
    ISO_ACTIVATION_AND_BIAS_FIELDS(struct iso_conv2d_transpose, "output channel"),
    ISO_KERNEL_FIELDS(struct iso_conv2d_transpose, kernel),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_KERNEL_WEIGHTS(struct iso_conv2d_transpose, kernel),
    { 0 },
};

/* The size of the result along one axis, as Keras computes it. */
static int64_t result_size(const struct iso_conv2d_transpose *p, int axis, int64_t size)
{
    const int64_t stride = p->strides[axis], more = p->output_padding[axis];
    const int64_t span = (p->kernel_size[axis] - 1) * p->dilation_rate[axis] + 1;
    if (p->padding == ISO_PADDING_VALID) {
        const int64_t otherwise = span < stride ? stride - span : 0;
        return (size - 1) * stride + span + (more < 0 ? otherwise : more);
    }
    return more < 0 ? size * stride : (size - 1) * stride + span % 2 + more;
}

struct iso_shape iso_conv2d_transpose_result(const struct iso_conv2d_transpose *p,
                                             const struct iso_shape *x)
{
    return (struct iso_shape){
        4, { x->dim[0], result_size(p, 0, x->dim[1]), result_size(p, 1, x->dim[2]), p->filters }
    };
}

struct iso_conv2d iso_conv2d_transpose_conv2d(const struct iso_conv2d_transpose *p,
                                              const struct iso_shape *x)
{
    return (struct iso_conv2d){
        .filters = x->dim[3],
        .groups = 1,
        .kernel_size = { p->kernel_size[0], p->kernel_size[1] },
        .strides = { p->strides[0], p->strides[1] },
        .dilation_rate = { p->dilation_rate[0], p->dilation_rate[1] },
        .padding = p->padding,
        .winograd = ISO_WINOGRAD_OFF,
    };
}

static iso_rc check(const void *params)
{
    const struct iso_conv2d_transpose *p = params;
    if ((p->output_padding[0] < 0) != (p->output_padding[1] < 0))
        return iso_fail(ISO_EMODEL, "output_padding: give both numbers, or -1 for both");
    for (int i = 0; i < 2; i++)
        if (p->output_padding[i] >= p->strides[i])
            return iso_fail(ISO_EMODEL, "output_padding must be less than strides");
    return iso_check_steps(p->strides, p->dilation_rate);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_conv2d_transpose *p = params;
    *out = (struct iso_shapes){ .ny = 1, .nw = p->use_bias ? 2 : 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    const struct iso_shape y = iso_conv2d_transpose_result(p, x);
    const struct iso_conv2d conv = iso_conv2d_transpose_conv2d(p, x);
    const struct iso_window w = iso_conv2d_window(&conv, &y);
    if (w.h < 1 || w.w < 1 || w.oh != x->dim[1] || w.ow != x->dim[2])
        return iso_fail(ISO_ESHAPE,
                        "no convolution with this padding makes %lld x %lld of %lld x %lld pixels: "
                        "choose another output_padding",
                        (long long)x->dim[1], (long long)x->dim[2], (long long)w.h, (long long)w.w);
    out->y[0] = y;
    out->w[0] = (struct iso_shape){ 4, { w.kh, w.kw, p->filters, x->dim[3] } };
    if (p->use_bias)
        out->w[1] = (struct iso_shape){ 1, { p->filters } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_conv2d_transpose *p = params;
    const struct iso_shape y = iso_conv2d_transpose_result(p, x);
    const double taps = (double)(p->kernel_size[0] * p->kernel_size[1]);
    const double kernel = taps * (double)p->filters * (double)x->dim[3];
    const double products = (double)(x->dim[0] * x->dim[1] * x->dim[2]) * kernel;
    const double bytes =
        sizeof(float) * ((double)iso_shape_count(x) + (double)iso_shape_count(&y) + kernel);
    const int64_t terms = p->kernel_size[0] * p->kernel_size[1];
    if (pass == ISO_FORWARD) {
        *out = (struct iso_cost){ 2 * products, bytes, iso_product_chain(terms * x->dim[3]) };
        return;
    }
    const int64_t dx = iso_product_chain(terms * p->filters);
    const int64_t dw = iso_row_sum_chain(x->dim[0], x->dim[1] * x->dim[2]);
    const int64_t dbias = iso_row_sum_chain(y.dim[0], y.dim[1] * y.dim[2]);
    const int64_t rows = dw > dbias ? dw : dbias;
    *out = (struct iso_cost){ 4 * products, 2 * bytes, dx > rows ? dx : rows };
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_PRODUCTS,
      "kernel row, kernel column, input channel; not the taps that strides leave out" },
    { "dx", ISO_SUM_PRODUCTS, "kernel row, kernel column, filter" },
    { "dkernel", ISO_SUM_ROWS, "a pixel of x" },
    { "dbias", ISO_SUM_ROWS, "a pixel of y" },
    { 0 },
};

const struct iso_op_def iso_def_conv2d_transpose = {
    .doc = "transposed convolution of images: each pixel spreads over a window of the result",
    .topic = "layers",
    .params_size = sizeof(struct iso_conv2d_transpose),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .product = true,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .check = check,
};
