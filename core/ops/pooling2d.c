/* pooling2d.c: params, shapes and cost that the poolings share. */
#include "infer.h"
#include "pooling2d.h"

#define AT(member) offsetof(struct iso_pooling2d, member)
const struct iso_field iso_pooling2d_fields[] = {
    { "pool_size", ISO_FIELD_INT2, AT(pool_size), "2", 1, 4096, NULL,
      "height and width of the window" },
    { "strides", ISO_FIELD_INT2, AT(strides), "0", 0, 4096, NULL,
      "strides of the window, down and right; 0: the pool size" },
    { "padding", ISO_FIELD_ENUM, AT(padding), "valid", 0, 0, iso_padding_names,
      "valid: none; same: windows may extend over the border; pixels there are ignored" },
    { 0 }
};
const struct iso_field iso_global_pooling2d_fields[] = { { "keepdims", ISO_FIELD_BOOL, AT(keepdims),
                                                           "false", 0, 0, NULL,
                                                           "keep height and width, as 1 and 1" },
                                                         { 0 } };

static bool whole_image(const struct iso_pooling2d *p) { return p->pool_size[0] == 0; }

struct iso_window iso_pooling2d_window(const struct iso_pooling2d *p, const struct iso_shape *x)
{
    const int64_t *size = whole_image(p) ? &x->dim[1] : p->pool_size;
    int64_t strides[2], dilation[2] = { 1, 1 };
    for (int i = 0; i < 2; i++)
        strides[i] = p->strides[i] != 0 ? p->strides[i] : size[i];
    return iso_window(x, size, strides, dilation, (enum iso_padding)p->padding);
}

iso_rc iso_pooling2d_infer(const struct iso_pooling2d *p, const struct iso_shape *x, bool argmax,
                           struct iso_shapes *out)
{
    *out = (struct iso_shapes){ .ny = 1, .nsaved = argmax ? 1 : 0 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    const struct iso_window w = iso_pooling2d_window(p, x);
    if (w.oh < 1 || w.ow < 1)
        return iso_fail(ISO_ESHAPE,
                        "the window %lldx%lld does not fit %lldx%lld "
                        "(use a smaller pool_size or padding: same)",
                        (long long)w.kh, (long long)w.kw, (long long)w.h, (long long)w.w);
    out->y[0] = (struct iso_shape){ 4, { w.n, w.oh, w.ow, w.c } };
    if (whole_image(p) && !p->keepdims)
        out->y[0] = (struct iso_shape){ 2, { w.n, w.c } };
    if (argmax) {
        out->saved[0] = out->y[0];
        out->saved_dtype[0] = ISO_I32;
    }
    return iso_expect_all_countable(out);
}

/* Forward's longest sum is over a window, backward's over the windows that hold a pixel. */
void iso_pooling2d_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                        struct iso_cost *out)
{
    const struct iso_window w = iso_pooling2d_window(params, x);
    double results = (double)w.n * (double)w.oh * (double)w.ow * (double)w.c;
    double flops = pass == ISO_FORWARD ? (double)(w.kh * w.kw) : 1;
    *out = (struct iso_cost){ flops * results,
                              sizeof(float) * ((double)iso_shape_count(x) + 2 * results),
                              w.kh * w.kw };
    if (pass == ISO_BACKWARD)
        out->chain = ((w.kh + w.sh - 1) / w.sh) * ((w.kw + w.sw - 1) / w.sw);
}
