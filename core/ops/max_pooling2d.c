/* max_pooling2d.c: parameters, shapes and cost of max pooling. */
#include "infer.h"
#include "max_pooling2d.h"

#define AT(member) offsetof(struct iso_max_pooling2d, member)
static const struct iso_field fields[] = {
    { "pool_size", ISO_FIELD_INT2, AT(pool_size), "2", 1, 4096, NULL,
      "height and width of the window" },
    { "strides", ISO_FIELD_INT2, AT(strides), "0", 0, 4096, NULL,
      "steps of the window, down and right; 0: the pool size" },
    { "padding", ISO_FIELD_ENUM, AT(padding), "valid", 0, 0, iso_padding_names,
      "valid: none; same: windows may hang over the border, where nothing is read" },
    { 0 }
};

struct iso_window iso_max_pooling2d_window(const struct iso_max_pooling2d *p,
                                           const struct iso_shape *x)
{
    int64_t strides[2], dilation[2] = { 1, 1 };
    for (int i = 0; i < 2; i++)
        strides[i] = p->strides[i] != 0 ? p->strides[i] : p->pool_size[i];
    return iso_window(x, p->pool_size, strides, dilation, (enum iso_padding)p->padding);
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_max_pooling2d *p = params;
    *out = (struct iso_shapes){ .ny = 1, .nsaved = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    struct iso_window w = iso_max_pooling2d_window(p, x);
    if (w.oh < 1 || w.ow < 1)
        return iso_fail(ISO_ESHAPE, "the window %lldx%lld does not fit %lldx%lld "
                        "(use a smaller pool_size or padding: same)",
                        (long long)w.kh, (long long)w.kw, (long long)w.h, (long long)w.w);
    out->y[0] = out->saved[0] = (struct iso_shape){ 4, { w.n, w.oh, w.ow, w.c } };
    out->saved_dtype[0] = ISO_I32;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    struct iso_window w = iso_max_pooling2d_window(params, x);
    double results = (double)w.n * (double)w.oh * (double)w.ow * (double)w.c;
    double flops = pass == ISO_FORWARD ? (double)(w.kh * w.kw) : 1;
    *out = (struct iso_cost){ flops * results,
                              sizeof(float) * ((double)iso_shape_count(x) + 2 * results), 1 };
    if (pass == ISO_BACKWARD)          /* a pixel's gradient: a sum over its windows */
        out->chain = ((w.kh + w.sh - 1) / w.sh) * ((w.kw + w.sw - 1) / w.sw);
}

static const char *const saved[] = { "argmax", NULL };

const struct iso_op_def iso_def_max_pooling2d = {
    .doc = "the largest value in each window of an image",
    .section = "layers",
    .params_size = sizeof(struct iso_max_pooling2d),
    .fields = fields,
    .nx = 1,
    .saved = saved,
    .infer = infer,
    .cost = cost,
};
