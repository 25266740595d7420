/* finite.h: finds tensors with infinities or NaN. */
#ifndef ISO_FINITE_H
#define ISO_FINITE_H
#include "exec.h"

struct iso_not_finite {        /* the first tensor that is not finite */
    char tensor[ISO_NAME + 2]; /* conv2d_1/y, d/dense_1/kernel; "": none found */
    char layer[ISO_NAME];      /* "" for a tensor of no layer, such as the loss */
    const char *where;         /* "in the forward pass", ... */
    int64_t step;              /* from 1 */
};
/* Sets *finite to true if every number of the tensor is finite. Reads the tensor from the device
 * piece by piece. */
iso_rc iso_tensor_finite(struct iso_backend *, const struct iso_tensor *, bool *finite);
/* Finds the first weight, by name, with a number that is not finite; *out is NULL if there is none.
 * Reads all weights from the device. */
iso_rc iso_not_finite_weight(struct iso_exec *, const char **out);
#endif
