/* window.h: the positions of a window (kernel or pool) on an image, as Keras defines 'valid' and
 * 'same'. */
#ifndef ISO_OP_WINDOW_H
#define ISO_OP_WINDOW_H
#include "core/iso.h"
enum iso_padding { ISO_PADDING_VALID, ISO_PADDING_SAME };
extern const char *const iso_padding_names[]; /* valid, same, NULL */
struct iso_window {
    int64_t n, h, w, c;             /* input */
    int64_t oh, ow;                 /* output; below 1 if the window does not fit */
    int64_t kh, kw, sh, sw, dh, dw; /* kernel size, strides, dilation */
    int64_t top, left;              /* padding before the image; the rest is after it */
};
/* The positions [begin, end) of an axis. */
struct iso_span {
    int64_t begin, end;
};
/* Returns the taps, along one axis of a window without dilation, that lie on the image: `at` is the
 * window's first position (may be negative), `taps` its length, `size` the image's. */
struct iso_span iso_window_taps(int64_t at, int64_t taps, int64_t size);
/* Returns the windows, along one axis and without dilation, that contain pixel i: `before` is the
 * padding before the image, `count` the number of windows. */
struct iso_span iso_window_holders(int64_t i, int64_t before, int64_t taps, int64_t stride,
                                   int64_t count);
/* Returns the window of a fully connected layer: `rows` images of one pixel with `in` channels. */
struct iso_window iso_window_of_pixel(int64_t rows, int64_t in);
/* Output row oy and tap ky read input row oy * sh + ky * dh - top. */
struct iso_window iso_window(const struct iso_shape *x, const int64_t kernel[2],
                             const int64_t strides[2], const int64_t dilation[2], enum iso_padding);
#endif
