/* window.c: how a window lies on an image. */
#include "window.h"

const char *const iso_padding_names[] = { "valid", "same", NULL };

/* One axis: the number of window positions, and how much padding lies before the image. */
static int64_t positions(int64_t size, int64_t span, int64_t stride, enum iso_padding padding,
                         int64_t *before)
{
    *before = 0;
    if (padding == ISO_PADDING_VALID)
        return size >= span ? (size - span) / stride + 1 : 0;
    int64_t count = (size + stride - 1) / stride;
    int64_t missing = (count - 1) * stride + span - size;
    *before = missing > 0 ? missing / 2 : 0;
    return count;
}

struct iso_window iso_window(const struct iso_shape *x, const int64_t kernel[2],
                             const int64_t strides[2], const int64_t dilation[2],
                             enum iso_padding padding)
{
    struct iso_window w = {
        .n = x->dim[0], .h = x->dim[1], .w = x->dim[2], .c = x->dim[3],
        .kh = kernel[0], .kw = kernel[1],
        .sh = strides[0], .sw = strides[1],
        .dh = dilation[0], .dw = dilation[1],
    };
    w.oh = positions(w.h, (w.kh - 1) * w.dh + 1, w.sh, padding, &w.top);
    w.ow = positions(w.w, (w.kw - 1) * w.dw + 1, w.sw, padding, &w.left);
    return w;
}
