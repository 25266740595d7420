/* random_resized_crop.h: shows a random part of each image in one size, bilinear without
 * antialiasing, as torchvision's RandomResizedCrop(antialias=False) does.
 * core/arithmetic/resized_crop.h has the formulas and the draws (counter: 10 image + try, step,
 * index among the augmentations, ISO_RANDOM_AUGMENTATION; key: seed). Outside training, the whole
 * image in that size. */
#ifndef ISO_OP_RANDOM_RESIZED_CROP_H
#define ISO_OP_RANDOM_RESIZED_CROP_H
#include "core/iso.h"
#include "core/arithmetic/resized_crop.h"

struct iso_random_resized_crop { /* x: REAL [n, h, w, c]; y: REAL [n, height, width, c] */
    int64_t height, width;       /* 0: those of x */
    double scale[2], ratio[2];
};
/* scalars */
enum {
    ISO_RESIZED_AREA_SPAN,
    ISO_RESIZED_LOG_FROM, /* logarithm of the least ratio */
    ISO_RESIZED_LOG_SPAN
};

/* Returns the ranges from which the kernels draw. */
static inline iso_resized_ranges iso_resized_ranges_of(const struct iso_call *call)
{
    const struct iso_random_resized_crop *p = call->params;
    return (iso_resized_ranges){ .area_from = (iso_real)p->scale[0],
                                 .area_span = (iso_real)call->scalars[ISO_RESIZED_AREA_SPAN],
                                 .log_from = (iso_real)call->scalars[ISO_RESIZED_LOG_FROM],
                                 .log_span = (iso_real)call->scalars[ISO_RESIZED_LOG_SPAN],
                                 .ratio_least = (iso_real)p->ratio[0],
                                 .ratio_most = (iso_real)p->ratio[1] };
}
#endif
