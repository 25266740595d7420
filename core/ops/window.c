/* window.c: the positions of a window on an image. */
#include "window.h"

const char *const iso_padding_names[] = { "valid", "same", NULL };

/* Computes, for one axis, the number of window positions and the padding before the image. */
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
        .n = x->dim[0],
        .h = x->dim[1],
        .w = x->dim[2],
        .c = x->dim[3],
        .kh = kernel[0],
        .kw = kernel[1],
        .sh = strides[0],
        .sw = strides[1],
        .dh = dilation[0],
        .dw = dilation[1],
    };
    w.oh = positions(w.h, (w.kh - 1) * w.dh + 1, w.sh, padding, &w.top);
    w.ow = positions(w.w, (w.kw - 1) * w.dw + 1, w.sw, padding, &w.left);
    return w;
}

struct iso_window iso_window_of_pixel(int64_t rows, int64_t in)
{
    return (struct iso_window){ .n = rows,
                                .h = 1,
                                .w = 1,
                                .c = in,
                                .oh = 1,
                                .ow = 1,
                                .kh = 1,
                                .kw = 1,
                                .sh = 1,
                                .sw = 1,
                                .dh = 1,
                                .dw = 1 };
}

struct iso_span iso_window_taps(int64_t at, int64_t taps, int64_t size)
{
    return (struct iso_span){ at < 0 ? -at : 0, at + taps > size ? size - at : taps };
}

struct iso_span iso_window_holders(int64_t i, int64_t before, int64_t taps, int64_t stride,
                                   int64_t count)
{
    const int64_t at = i + before, first = at - taps + 1, end = at / stride + 1;
    return (struct iso_span){ first > 0 ? (first + stride - 1) / stride : 0,
                              end < count ? end : count };
}
