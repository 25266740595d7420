/* window.h: how a window (kernel or pool) lies on an image, as Keras defines 'valid' and 'same'. */
#ifndef ISO_OP_WINDOW_H
#define ISO_OP_WINDOW_H
#include "../iso.h"
enum iso_padding { ISO_PADDING_VALID, ISO_PADDING_SAME };
extern const char *const iso_padding_names[];          /* valid, same, NULL */
struct iso_window {
    int64_t n, h, w, c;                /* input */
    int64_t oh, ow;                    /* output; below 1 when the window does not fit */
    int64_t kh, kw, sh, sw, dh, dw;    /* kernel size, strides, dilation */
    int64_t top, left;                 /* padding before; the rest of it lies after */
};
/* Output row oy and tap ky read input row oy * sh + ky * dh - top. */
struct iso_window iso_window(const struct iso_shape *x, const int64_t kernel[2],
                             const int64_t strides[2], const int64_t dilation[2], enum iso_padding);
#endif
