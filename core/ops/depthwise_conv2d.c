/* depthwise_conv2d.c: parameters, shapes and cost of the depthwise convolution. */
#include "depthwise_conv2d.h"
#include "infer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_WINDOW_FIELDS(struct iso_depthwise_conv2d, "the kernels"),
    ISO_DEPTH_MULTIPLIER_FIELD(struct iso_depthwise_conv2d,
                               "output channels for each input channel"),
    ISO_DILATION_RATE_FIELD(struct iso_depthwise_conv2d, "a kernel"),
    ISO_ACTIVATION_AND_BIAS_FIELDS(struct iso_depthwise_conv2d, "output channel"),
    ISO_KERNEL_FIELDS(struct iso_depthwise_conv2d, depthwise),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_KERNEL_WEIGHTS(struct iso_depthwise_conv2d, depthwise),
    { 0 },
};

struct iso_window iso_depthwise_conv2d_window(const struct iso_depthwise_conv2d *p,
                                              const struct iso_shape *x)
{
    return iso_window(x, p->kernel_size, p->strides, p->dilation_rate,
                      (enum iso_padding)p->padding);
}

static iso_rc check(const void *params)
{
    const struct iso_depthwise_conv2d *p = params;
    return iso_check_steps(p->strides, p->dilation_rate);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_depthwise_conv2d *p = params;
    *out = (struct iso_shapes){ .ny = 1, .nw = p->use_bias ? 2 : 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    const struct iso_window w = iso_depthwise_conv2d_window(p, x);
    ISO_TRY(iso_expect_fit(&w));
    ISO_TRY(iso_expect_countable(&(struct iso_shape){ 2, { w.c, p->depth_multiplier } }));
    out->y[0] = (struct iso_shape){ 4, { w.n, w.oh, w.ow, w.c * p->depth_multiplier } };
    out->w[0] = (struct iso_shape){ 4, { w.kh, w.kw, w.c, p->depth_multiplier } };
    if (p->use_bias)
        out->w[1] = (struct iso_shape){ 1, { w.c * p->depth_multiplier } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_depthwise_conv2d *p = params;
    const struct iso_window w = iso_depthwise_conv2d_window(p, x);
    const int64_t taps = w.kh * w.kw;
    const double y =
        (double)w.n * (double)w.oh * (double)w.ow * (double)w.c * (double)p->depth_multiplier;
    const double bytes = sizeof(float) * ((double)iso_shape_count(x) + y);
    if (pass == ISO_FORWARD) {
        *out = (struct iso_cost){ 2 * y * (double)taps, bytes, iso_product_chain(taps) };
        return;
    }
    const int64_t dx = iso_product_chain(taps * p->depth_multiplier);
    const int64_t dw = iso_row_sum_chain(w.n, w.oh * w.ow);
    *out = (struct iso_cost){ 4 * y * (double)taps, 2 * bytes, dx > dw ? dx : dw };
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_PRODUCTS, "kernel row, kernel column" },
    { "dx", ISO_SUM_PRODUCTS,
      "kernel row, kernel column, multiplier; not the taps that strides leave out" },
    { "dkernel, dbias", ISO_SUM_ROWS, "a pixel of y" },
    { 0 },
};

const struct iso_op_def iso_def_depthwise_conv2d = {
    .doc = "convolution of each channel by itself",
    .topic = "layers",
    .params_size = sizeof(struct iso_depthwise_conv2d),
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
