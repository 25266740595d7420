/* concatenate.c: y = the inputs' channels side by side, pixel by pixel; each dx = its part of
 * dy. */
#include "core/ops/concatenate.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    for (int i = 0; i < ISO_OPERANDS && call->x[i].mem != NULL; i++) {
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const iso_real *x = ref_real(&call->x[i]);
        iso_real *y = ref_real(&call->y[0]) + s.at;
        for (int64_t row = 0; row < s.rows; row++)
            ref_store(y + row * s.stride, x + row * s.width, s.width, false);
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (call->dx[i].mem == NULL)
            continue;
        const struct iso_slice s = iso_concatenate_slice(call, i);
        const iso_real *dy = ref_real(&call->dy[0]) + s.at;
        iso_real *dx = ref_real(&call->dx[i]);
        for (int64_t row = 0; row < s.rows; row++)
            ref_store(dx + row * s.width, dy + row * s.stride, s.width, call->add_dx[i]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(concatenate) = { .forward = forward, .backward = backward };
