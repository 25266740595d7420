/* position_embedding.c: y[n] = x[n] + embeddings; dx = dy; dembeddings = row sum of dy. */
#include "core/ops/position_embedding.h"
#include "core/arithmetic/formulas.h"
#include "sums.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t size = iso_shape_count(&call->w[0].shape);
    const int64_t count = iso_shape_count(&call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]), *w = ref_real(&call->w[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t i = 0; i < count; i++)
        y[i] = iso_add(x[i], w[i % size]);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t count = iso_shape_count(&call->x[0].shape), rows = call->x[0].shape.dim[0];
    (void)backend;
    if (call->dx[0].mem != NULL)
        ref_store(ref_real(&call->dx[0]), ref_real(&call->dy[0]), count, call->add_dx[0]);
    if (call->dw[0].mem != NULL)
        ISO_KERNEL(column_sums)((struct iso_rows){ rows, 1 }, count / rows, ref_real(&call->dy[0]),
                                ref_real(&call->dw[0]), call->add_dw[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(position_embedding) = { .forward = forward,
                                                           .backward = backward };
