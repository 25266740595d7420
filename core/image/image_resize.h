/* image_resize.h: images of other sizes, in whole numbers: the same on every machine.
 *
 * Every pixel of the result is a weighted mean of the file's pixels, first along a row, then along
 * a column. Weights are 22-bit fractions of their sum. With bilinear   they fall from 1 at the
 * pixel's own place to 0 one pixel away, of the file's pixels where the result is larger, of the
 * result's where it is smaller: Pillow's BILINEAR, TensorFlow's with antialias. With antialias
 * false one pixel of the file's, always. box        they are 1 for the pixels whose middle lies in
 * the result's pixel: Pillow's BOX. area       they are the shares of the file's pixels that lie in
 * the result's: TensorFlow's AREA. nearest    one pixel counts, the one in which the middle lies.
 * As in Pillow 13, bilinear with antialias and box have bytes between the two, and go along the
 * columns first where the image gets lower by more than twice the pixels by which it gets narrower;
 * the others keep 7 more bits. What lies outside the image has no weight.
 *
 * Where the sides have another ratio than those of the result, aspect_ratio says what is done:
 *   crop       the middle of the image is taken, as much as has the ratio: Keras's
 *              crop_to_aspect_ratio
 *   pad        black is added on both sides of the shorter one: Keras's pad_to_aspect_ratio
 *   squash     the image gets the other ratio. */
#ifndef ISO_IMAGE_RESIZE_H
#define ISO_IMAGE_RESIZE_H
#include "core/iso.h"
#include "image_options.h"

/* to: its geometry is given, channels as from's; pixels are written. */
iso_rc iso_image_resize(const struct iso_image *from, const struct iso_image *to,
                        const struct iso_image_options *);
#endif
