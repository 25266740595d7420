/* gather_labels.c: y[r] = labels[order[first + r]], or y[r, c] = 1 where that is class c + from,
 * else 0. */
#include "core/ops/gather_labels.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_labels *p = call->params;
    const int32_t *labels = ref_i32(&call->x[0]), *order = ref_i32(&call->x[1]) + call->first;
    iso_real *one_hot = ref_real(&call->y[0]);
    int32_t *classes = ref_i32(&call->y[0]);
    int64_t rows = call->y[0].shape.dim[0], columns = p->classes - p->from;
    (void)backend;
    for (int64_t r = 0; !p->one_hot && r < rows; r++)
        classes[r] = labels[order[r]];
    for (int64_t r = 0; p->one_hot && r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            one_hot[r * columns + c] = c + p->from == labels[order[r]] ? ISO_R(1.0) : ISO_R(0.0);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gather_labels) = { .forward = forward };
