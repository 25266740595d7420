/* augmentation.h: what the augmentations of this backend share. */
#ifndef ISO_OPENCL_AUGMENTATION_H
#define ISO_OPENCL_AUGMENTATION_H
#include "opencl.h"

/* y = x, outside of training. */
iso_rc opencl_copy_images(struct iso_backend *, const struct iso_call *);
/* Work-items along the first axis take an image's elements of y, the second axis the images. */
struct opencl_grid opencl_image_grid(const struct opencl *, const struct iso_call *);
#endif
