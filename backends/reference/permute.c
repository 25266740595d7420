/* permute.c: y[n, i, j, k] = x at the same indices in another order; dx takes dy back. */
#include "core/ops/permute.h"
#include "reference.h"

static void permute(const struct iso_call *call, const iso_real *from, iso_real *to, bool back)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, back);
    for (int64_t n = 0; n < l.dim[0]; n++)
        for (int64_t i = 0; i < l.dim[1]; i++)
            for (int64_t j = 0; j < l.dim[2]; j++)
                for (int64_t k = 0; k < l.dim[3]; k++, to++)
                    ref_put(
                        to,
                        from[n * l.stride[0] + i * l.stride[1] + j * l.stride[2] + k * l.stride[3]],
                        back && call->add_dx[0]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    permute(call, ref_real(&call->x[0]), ref_real(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    if (call->dx[0].mem != NULL)
        permute(call, ref_real(&call->dy[0]), ref_real(&call->dx[0]), true);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(permute) = { .forward = forward, .backward = backward };
