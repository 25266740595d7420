/* augmentation.h: functions shared by the descriptors of augmentations. In their headers, the
 * number of an image is the index of its row in the whole step, iso_call.first_row + n. */
#ifndef ISO_OP_AUGMENTATION_H
#define ISO_OP_AUGMENTATION_H
#include "core/iso.h"

/* Names of enum iso_border, NULL-terminated. */
extern const char *const iso_border_names[];
/* Fails unless x is a batch of images of at most ISO_SIDE_MOST pixels per side. y has the shape of
 * x, whatever the params. */
iso_rc iso_augmentation_infer(const void *params, const struct iso_shape *x,
                              struct iso_shapes *out);
/* Fails if range[0] is above range[1], so that no number can be drawn; key is the field's name in
 * the message. */
iso_rc iso_check_draw(const char *key, const double range[2]);
/* The word auto, for the value_range of an augmentation: the range of the input's values. */
extern const char *const iso_value_range_words[];
/* Fails unless the first number is below the second or the range is auto. */
iso_rc iso_check_value_range(const double range[2]);
#endif
