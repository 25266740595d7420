/* conv2d.c: parameters, shapes and cost of the two-dimensional convolution. */
#include "core/arithmetic/winograd.h"
#include "conv2d.h"
#include "infer.h"
#include "shared_fields.h"

static const char *const winograd_names[] = { "auto", "off", NULL };

static const struct iso_field fields[] = {
    ISO_FILTERS_FIELD(struct iso_conv2d),
    ISO_WINDOW_FIELDS(struct iso_conv2d, "the kernel"),
    ISO_DILATION_RATE_FIELD(struct iso_conv2d, "the kernel"),
    ISO_ACTIVATION_AND_BIAS_FIELDS(struct iso_conv2d, "output channel"),
    ISO_SHARED_FIELD(struct iso_conv2d, groups, ISO_FIELD_INT, "1", 1, 1 << 24, NULL,
                     "groups of neighbouring channels and filters; a filter sees those of its own"),
    ISO_KERNEL_FIELDS(struct iso_conv2d, kernel),
    ISO_SHARED_FIELD(struct iso_conv2d, winograd, ISO_FIELD_ENUM, "auto", 0, 0, winograd_names,
                     "auto: Winograd's algorithm if it is faster; off: direct sums"),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_KERNEL_WEIGHTS(struct iso_conv2d, kernel),
    { 0 },
};

struct iso_window iso_conv2d_window(const struct iso_conv2d *p, const struct iso_shape *x)
{
    return iso_window(x, p->kernel_size, p->strides, p->dilation_rate,
                      (enum iso_padding)p->padding);
}

enum iso_algorithm iso_conv2d_algorithm(const struct iso_conv2d *p, const struct iso_shape *x)
{
    const struct iso_window w = iso_conv2d_window(p, x);
    const bool square = w.kh == w.kw && (w.kh == 3 || w.kh == 5);
    const bool plain = w.sh == 1 && w.sw == 1 && w.dh == 1 && w.dw == 1;
    if (p->groups > 1 || p->winograd == ISO_WINOGRAD_OFF || !square || !plain ||
        w.c < ISO_WINOGRAD_CHANNELS || p->filters < ISO_WINOGRAD_CHANNELS)
        return ISO_DIRECT;
    const int64_t tile = ISO_WINOGRAD_TILE(w.kh);
    const int64_t tiles = ((w.oh + tile - 1) / tile) * ((w.ow + tile - 1) / tile);
    const int64_t direct = w.kh * w.kw * w.oh * w.ow, products = ISO_WINOGRAD_POINTS * tiles;
    return 2 * direct >= 3 * products ? ISO_WINOGRAD : ISO_DIRECT;
}

static enum iso_algorithm algorithm(const void *params, const struct iso_shape *x)
{
    return iso_conv2d_algorithm(params, x);
}

static iso_rc check(const void *params)
{
    const struct iso_conv2d *p = params;
    return iso_check_steps(p->strides, p->dilation_rate);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_conv2d *p = params;
    *out = (struct iso_shapes){ .ny = 1, .nw = p->use_bias ? 2 : 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    struct iso_window w = iso_conv2d_window(p, x);
    ISO_TRY(iso_expect_fit(&w));
    if (w.c % p->groups != 0 || p->filters % p->groups != 0)
        return iso_fail(ISO_ESHAPE,
                        "%lld groups do not divide %lld channels and %lld filters evenly",
                        (long long)p->groups, (long long)w.c, (long long)p->filters);
    out->y[0] = (struct iso_shape){ 4, { w.n, w.oh, w.ow, p->filters } };
    out->w[0] = (struct iso_shape){ 4, { w.kh, w.kw, w.c / p->groups, p->filters } };
    if (p->use_bias)
        out->w[1] = (struct iso_shape){ 1, { p->filters } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_conv2d *p = params;
    struct iso_window w = iso_conv2d_window(p, x);
    double pixels = (double)w.n * (double)w.oh * (double)w.ow, taps = (double)(w.kh * w.kw);
    const int64_t in = w.c / p->groups;
    double products = pixels * taps * (double)in * (double)p->filters;
    double bytes = sizeof(float) * ((double)iso_shape_count(x) + pixels * (double)p->filters +
                                    taps * (double)in * (double)p->filters);
    if (pass == ISO_FORWARD) {
        *out = (struct iso_cost){ 2 * products, bytes, iso_product_chain(w.kh * w.kw * in) };
        return;
    }
    const int64_t dx = iso_product_chain(w.kh * w.kw * (p->filters / p->groups));
    const int64_t dw = iso_row_sum_chain(w.n, w.oh * w.ow);
    *out = (struct iso_cost){ 4 * products, 2 * bytes, dx > dw ? dx : dw };
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_PRODUCTS, "kernel row, kernel column, channel of the group" },
    { "dx", ISO_SUM_PRODUCTS,
      "kernel row, kernel column, filter of the group; not the taps that strides leave out" },
    { "dkernel, dbias", ISO_SUM_ROWS, "a pixel of y" },
    { "y, dx at a point of Winograd's algorithm", ISO_SUM_PRODUCTS,
      "channel, of dx filter; in blocks of 64" },
    { "dkernel at a point of Winograd's algorithm", ISO_SUM_ROWS, "a tile of y" },
    { 0 },
};

const struct iso_op_def iso_def_conv2d = {
    .doc = "two-dimensional convolution of images",
    .topic = "layers",
    .params_size = sizeof(struct iso_conv2d),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .product = true,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .algorithm = algorithm,
    .check = check,
};
