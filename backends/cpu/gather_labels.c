/* gather_labels.c: y[r] = labels[order[first + r]], or y[r, c] = 1 where that is class c + from,
 * and 0 elsewhere. */
#include "core/ops/gather_labels.h"
#include "elements.h"

/* A few kilobytes: not worth waking another thread. */
static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_labels *p = call->params;
    const int32_t *labels = iso_cpu_i32(&call->x[0]),
                  *order = iso_cpu_i32(&call->x[1]) + call->first;
    const int64_t rows = call->y[0].shape.dim[0];
    (void)backend;
    if (!p->one_hot) {
        int32_t *classes = iso_cpu_i32(&call->y[0]);
        for (int64_t r = 0; r < rows; r++)
            classes[r] = labels[order[r]];
        return ISO_OK;
    }
    float *one_hot = iso_cpu_f32(&call->y[0]);
    const int64_t columns = p->classes - p->from;
    for (int64_t r = 0; r < rows; r++, one_hot += columns) {
        const int64_t at = labels[order[r]] - p->from;
        for (int64_t c = 0; c < columns; c++)
            one_hot[c] = c == at ? 1.0f : 0.0f;
    }
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gather_labels) = { .forward = forward };
