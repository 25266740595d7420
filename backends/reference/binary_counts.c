/* binary_counts.c: y[c, 2 t + p] += 1 for each row whose target and prediction in column c are t
 * and p: 1 above a half, else 0. */
#include "core/ops/binary_counts.h"
#include "core/arithmetic/formulas.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *p = ref_real(&call->x[0]);
    const bool sparse = call->x[1].dtype == ISO_I32;
    int64_t rows = call->x[0].shape.dim[0], n = call->x[0].shape.dim[1];
    (void)backend;
    for (int64_t e = 0; e < rows * n; e++) {
        const int64_t target = sparse ? ref_i32(&call->x[1])[e / n] == e % n
                                      : iso_single_class(ref_real(&call->x[1])[e]);
        ref_i32(&call->y[0])[e % n * ISO_BINARY_KINDS + 2 * target + iso_single_class(p[e])]++;
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(binary_counts) = { .forward = forward };
