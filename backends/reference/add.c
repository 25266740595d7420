/* add.c: y = x[0] + x[1] + ..., from left to right; each dx = dy. */
#include "core/arithmetic/formulas.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *x[ISO_OPERANDS];
    iso_real *y = ref_real(&call->y[0]);
    int64_t count = iso_shape_count(&call->y[0].shape);
    (void)backend;
    for (int i = 0; i < ISO_OPERANDS; i++)
        x[i] = ref_real(&call->x[i]);
    for (int64_t e = 0; e < count; e++) {
        iso_real sum = x[0][e];
        for (int i = 1; i < ISO_OPERANDS && x[i] != NULL; i++)
            sum = iso_add(sum, x[i][e]);
        y[e] = sum;
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *dy = ref_real(&call->dy[0]);
    int64_t count = iso_shape_count(&call->dy[0].shape);
    (void)backend;
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (call->dx[i].mem != NULL)
            ref_store(ref_real(&call->dx[i]), dy, count, call->add_dx[i]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(add) = { .forward = forward, .backward = backward };
