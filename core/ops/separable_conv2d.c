/* separable_conv2d.c: parameters, and shapes and cost from those of its two convolutions. */
#include "infer.h"
#include "separable_conv2d.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_FILTERS_FIELD(struct iso_separable_conv2d),
    ISO_WINDOW_FIELDS(struct iso_separable_conv2d, "the depthwise kernels"),
    ISO_DILATION_RATE_FIELD(struct iso_separable_conv2d, "a depthwise kernel"),
    ISO_DEPTH_MULTIPLIER_FIELD(struct iso_separable_conv2d,
                               "channels between the two convolutions for each input channel"),
    ISO_ACTIVATION_AND_BIAS_FIELDS(struct iso_separable_conv2d, "output channel"),
    ISO_INITIALIZER_FIELD(struct iso_separable_conv2d, depthwise, "glorot_uniform",
                          "depthwise kernel"),
    ISO_INITIALIZER_FIELD(struct iso_separable_conv2d, pointwise, "glorot_uniform",
                          "pointwise kernel"),
    ISO_INITIALIZER_FIELD(struct iso_separable_conv2d, bias, "zeros", "bias"),
    ISO_REGULARIZER_FIELD(struct iso_separable_conv2d, depthwise, "the depthwise kernel"),
    ISO_REGULARIZER_FIELD(struct iso_separable_conv2d, pointwise, "the pointwise kernel"),
    ISO_REGULARIZER_FIELD(struct iso_separable_conv2d, bias, "the bias"),
    { 0 }
};
static const struct iso_weight_def weights[] = {
    ISO_TRAINED_WEIGHT(struct iso_separable_conv2d, depthwise, "depthwise_kernel"),
    ISO_TRAINED_WEIGHT(struct iso_separable_conv2d, pointwise, "pointwise_kernel"),
    ISO_TRAINED_WEIGHT(struct iso_separable_conv2d, bias, "bias"),
    { 0 }
};
static const char *const saved[] = { "middle", NULL };

struct iso_depthwise_conv2d iso_separable_conv2d_depthwise(const struct iso_separable_conv2d *p)
{
    return (struct iso_depthwise_conv2d){
        .kernel_size = { p->kernel_size[0], p->kernel_size[1] },
        .strides = { p->strides[0], p->strides[1] },
        .dilation_rate = { p->dilation_rate[0], p->dilation_rate[1] },
        .depth_multiplier = p->depth_multiplier,
        .padding = p->padding,
    };
}

struct iso_conv2d iso_separable_conv2d_pointwise(const struct iso_separable_conv2d *p)
{
    return (struct iso_conv2d){
        .groups = 1,
        .filters = p->filters,
        .kernel_size = { 1, 1 },
        .strides = { 1, 1 },
        .dilation_rate = { 1, 1 },
        .padding = ISO_PADDING_VALID,
        .use_bias = p->use_bias,
    };
}

static iso_rc check(const void *params)
{
    const struct iso_separable_conv2d *p = params;
    return iso_check_steps(p->strides, p->dilation_rate);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_separable_conv2d *p = params;
    const struct iso_depthwise_conv2d depthwise = iso_separable_conv2d_depthwise(p);
    const struct iso_conv2d pointwise = iso_separable_conv2d_pointwise(p);
    struct iso_shapes first, second;
    ISO_TRY(iso_ops[ISO_OP_depthwise_conv2d].def->infer(&depthwise, x, &first));
    ISO_TRY(iso_ops[ISO_OP_conv2d].def->infer(&pointwise, &first.y[0], &second));
    *out = (struct iso_shapes){ .ny = 1,
                                .nw = p->use_bias ? 3 : 2,
                                .nsaved = 1,
                                .y = { second.y[0] },
                                .saved = { first.y[0] },
                                .w = { first.w[0], second.w[0], second.w[1] } };
    return ISO_OK;
}

/* A gradient comes through the pointwise chain of one term a filter before the depthwise one
 * begins its own, the longer of one over taps and one over rows. The pointwise kernel's gradient
 * sums the same rows and has nothing before it, so that it is never the longest. */
static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_separable_conv2d *p = params;
    const struct iso_depthwise_conv2d depthwise = iso_separable_conv2d_depthwise(p);
    const struct iso_conv2d pointwise = iso_separable_conv2d_pointwise(p);
    const struct iso_window w = iso_depthwise_conv2d_window(&depthwise, x);
    const struct iso_shape middle = { 4, { w.n, w.oh, w.ow, w.c * p->depth_multiplier } };
    struct iso_cost first, second;
    iso_ops[ISO_OP_depthwise_conv2d].def->cost(&depthwise, x, pass, &first);
    iso_ops[ISO_OP_conv2d].def->cost(&pointwise, &middle, pass, &second);
    *out = (struct iso_cost){
        .flops = first.flops + second.flops,
        .bytes = first.bytes + second.bytes,
        .chain = first.chain + (pass == ISO_FORWARD ? second.chain : iso_product_chain(p->filters)),
    };
}

static const struct iso_sum_def sums[] = {
    { "result of the depthwise part", ISO_SUM_PRODUCTS, "kernel row, kernel column" },
    { "y", ISO_SUM_PRODUCTS, "channel of the depthwise part" },
    { "gradient of the depthwise part", ISO_SUM_PRODUCTS, "filter" },
    { "dx", ISO_SUM_PRODUCTS,
      "kernel row, kernel column, multiplier; not the taps that strides leave out" },
    { "ddepthwise_kernel, dpointwise_kernel, dbias", ISO_SUM_ROWS, "a pixel of y" },
    { 0 },
};

const struct iso_op_def iso_def_separable_conv2d = {
    .doc = "convolution of each channel by itself, then one of 1x1 that mixes the channels",
    .topic = "layers",
    .params_size = sizeof(struct iso_separable_conv2d),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .saved = saved,
    .product = true,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .check = check,
};
