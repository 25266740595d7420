/* top_k.c: y = number of rows where fewer than k predictions are ahead of the target's. */
#include "core/arithmetic/formulas.h"
#include "core/ops/top_k.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_top_k *p = call->params;
    const iso_real *prediction = ref_real(&call->x[0]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1], found = 0;
    (void)backend;
    for (int64_t row = 0; row < rows; row++, prediction += classes) {
        iso_real target = prediction[ISO_KERNEL(target_class)(&call->x[1], row, classes)];
        int64_t ahead = 0;
        for (int64_t c = 0; c < classes; c++)
            ahead += iso_ahead(prediction[c], target);
        found += ahead < p->k;
    }
    *ref_real(&call->y[0]) = (iso_real)found;
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(top_k) = { .forward = forward };
