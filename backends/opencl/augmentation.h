/* augmentation.h: functions shared by the augmentations of this backend. */
#ifndef ISO_OPENCL_AUGMENTATION_H
#define ISO_OPENCL_AUGMENTATION_H
#include "opencl.h"

/* Copies x to y, outside training. */
iso_rc opencl_copy_images(struct iso_backend *, const struct iso_call *);
/* Returns a grid whose first axis covers the elements of an image of y, and whose second axis
 * covers the images. */
struct opencl_grid opencl_image_grid(const struct opencl *, const struct iso_call *);
/* Queues a kernel that draws what each row of mixup or cutmix is mixed by, to the start of the
 * workspace. */
iso_rc opencl_draw_mixes(struct opencl *, const char *program, const char *kernel,
                         const struct iso_call *);
#endif
