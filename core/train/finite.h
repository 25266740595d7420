/* finite.h: tensors that hold numbers which are not finite. */
#ifndef ISO_FINITE_H
#define ISO_FINITE_H
#include "exec.h"

struct iso_not_finite {        /* the first tensor that is not finite */
    char tensor[ISO_NAME + 2]; /* conv2d_1/y, d/dense_1/kernel; "": none was found */
    char layer[ISO_NAME];      /* "" for what belongs to none, such as the loss */
    const char *where;         /* "in the forward pass", ...: of the step */
    int64_t step;              /* from 1 */
};
/* *finite: true if every number of the tensor is. Reads it from the device, piece by piece. */
iso_rc iso_tensor_finite(struct iso_backend *, const struct iso_tensor *, bool *finite);
/* The first weight, by name, that holds a number that is not finite; *out NULL: all are fine. Reads
 * all weights from the device. */
iso_rc iso_not_finite_weight(struct iso_exec *, const char **out);
#endif
