/* channel_shuffle.c: y[r, j groups + i] = x[r, i size + j]; dx is dealt back. */
#include "core/ops/channel_shuffle.h"
#include "reference.h"

static void shuffle(const struct iso_call *call, const iso_real *from, iso_real *to, bool back)
{
    const struct iso_channel_shuffle *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1], size = width / p->groups;
    for (int64_t row = 0; row < iso_shape_count(s); row += width)
        for (int64_t i = 0; i < p->groups; i++)
            for (int64_t j = 0; j < size; j++) {
                const int64_t before = row + i * size + j, after = row + j * p->groups + i;
                if (back)
                    ref_put(&to[before], from[after], call->add_dx[0]);
                else
                    to[after] = from[before];
            }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    shuffle(call, ref_real(&call->x[0]), ref_real(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    if (call->dx[0].mem != NULL)
        shuffle(call, ref_real(&call->dy[0]), ref_real(&call->dx[0]), true);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(channel_shuffle) = { .forward = forward, .backward = backward };
