/* import_window.c: how a window of ONNX's lies on an image: isocl's padding, or a frame. */
#include "import_build.h"
#include "core/ops/zero_padding2d.h"

#include <string.h>

/* Padding of the sides, before and behind, of a window that isocl calls same. */
static void same_pads(const struct iso_shape *x, const struct iso_onnx_window *p, int64_t pads[4])
{
    const struct iso_window w =
        iso_window(x, p->kernel, p->strides, p->dilations, ISO_PADDING_SAME);
    const int64_t below = (w.oh - 1) * w.sh + (w.kh - 1) * w.dh + 1 - w.h - w.top;
    const int64_t right = (w.ow - 1) * w.sw + (w.kw - 1) * w.dw + 1 - w.w - w.left;
    const int64_t same[4] = { w.top, w.left, below > 0 ? below : 0, right > 0 ? right : 0 };
    memcpy(pads, same, sizeof same);
}

static iso_rc read_pads(const struct iso_onnx_importer *im, const struct iso_shape *x,
                        struct iso_onnx_window *p)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, "auto_pad");
    const char *by = a != NULL ? a->text : "NOTSET";
    int64_t swap;
    memset(p->pads, 0, sizeof p->pads);
    if (strcmp(by, "SAME_UPPER") == 0 || strcmp(by, "SAME_LOWER") == 0)
        same_pads(x, p, p->pads);
    else if (strcmp(by, "VALID") != 0)
        ISO_TRY(iso_onnx_get_ints(im, "pads", 4, p->pads));
    for (int i = 0; i < 2 && strcmp(by, "SAME_LOWER") == 0; i++) {
        swap = p->pads[i];
        p->pads[i] = p->pads[i + 2];
        p->pads[i + 2] = swap;
    }
    for (int i = 0; i < 4; i++)
        if (p->pads[i] < 0 || p->pads[i] > 4096)
            return iso_onnx_refuse(im, "attribute pads: %lld lines", (long long)p->pads[i]);
    return ISO_OK;
}

/* With ceil_mode the last window may hang over the end: that is padding, too. */
static void round_up(const struct iso_shape *x, struct iso_onnx_window *p)
{
    for (int i = 0; i < 2; i++) {
        const int64_t span = (p->kernel[i] - 1) * p->dilations[i] + 1;
        const int64_t free = x->dim[1 + i] + p->pads[i] + p->pads[i + 2] - span;
        const int64_t rest = free > 0 ? free % p->strides[i] : 0;
        /* A window that would begin behind the image and its first padding is left out. */
        const int64_t next = free - rest + p->strides[i];
        if (rest > 0 && next < x->dim[1 + i] + p->pads[i])
            p->pads[i + 2] += p->strides[i] - rest;
    }
}

/* True if isocl's valid or same is this padding; else a frame of zeros must come first. */
static void choose_padding(const struct iso_shape *x, struct iso_onnx_window *p)
{
    static const int64_t none[4] = { 0 };
    int64_t same[4];
    same_pads(x, p, same);
    p->framed = memcmp(p->pads, none, sizeof none) != 0 && memcmp(p->pads, same, sizeof same) != 0;
    p->padding = p->framed || memcmp(p->pads, none, sizeof none) == 0 ? ISO_PADDING_VALID
                                                                      : ISO_PADDING_SAME;
}

iso_rc iso_onnx_read_window(const struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                            struct iso_onnx_window *p)
{
    for (int i = 0; i < 2; i++)
        p->strides[i] = p->dilations[i] = 1;
    ISO_TRY(iso_onnx_get_ints(im, "kernel_shape", 2, p->kernel));
    ISO_TRY(iso_onnx_get_ints(im, "strides", 2, p->strides));
    ISO_TRY(iso_onnx_get_ints(im, "dilations", 2, p->dilations));
    for (int i = 0; i < 2; i++)
        if (p->kernel[i] < 1 || p->kernel[i] > 4096 || p->strides[i] < 1 || p->strides[i] > 4096 ||
            p->dilations[i] < 1 || p->dilations[i] > 4096)
            return iso_onnx_refuse(im,
                                   "attributes kernel_shape, strides, dilations: numbers from "
                                   "1 to 4096 are understood");
    ISO_TRY(read_pads(im, &x->shape, p));
    if (iso_onnx_get_int(im, "ceil_mode", 0) != 0)
        round_up(&x->shape, p);
    choose_padding(&x->shape, p);
    return ISO_OK;
}

iso_rc iso_onnx_add_frame(struct iso_onnx_importer *im, const struct iso_onnx_window *p,
                          struct iso_onnx_known *x)
{
    const struct iso_onnx_known *from = x;
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_zero_padding2d, "", 1, &from);
    if (l == NULL)
        return ISO_ENOMEM;
    int64_t *sides = ((struct iso_zero_padding2d *)l->params)->padding;
    const int64_t given[4] = { p->pads[0], p->pads[2], p->pads[1], p->pads[3] };
    memcpy(sides, given, sizeof given);
    x->layer = (int)(l - im->layers);
    x->shape.dim[1] += sides[0] + sides[1];
    x->shape.dim[2] += sides[2] + sides[3];
    l->shape = x->shape;
    return ISO_OK;
}
