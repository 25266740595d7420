/* channel_scale.c: y = factor x in each channel, or only where x is not above 0
 * (core/ops/channel_scale.h). */
#include "channel_scale.h"
#include "sums.h"

iso_rc ISO_KERNEL(channel_scale_forward)(const struct iso_call *call, enum iso_channel_factor kind)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]), *factor = ref_real(&call->w[0]);
    iso_real *y = ref_real(&call->y[0]);
    for (int64_t i = 0; i < r.rows * r.channels; i++)
        y[i] = iso_channel_value(kind, x[i], factor[i % r.channels]);
    return ISO_OK;
}

static iso_real factor_gradient(const struct iso_call *call, struct iso_bn_rows r,
                                enum iso_channel_factor kind, int64_t c)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    struct ref_rows sum = { .rows = { r.rows, r.per_image } };
    for (int64_t i = c; i < r.rows * r.channels; i += r.channels)
        ref_row_product(&sum, dy[i], iso_channel_term(kind, x[i]));
    return ref_rows_total(&sum);
}

iso_rc ISO_KERNEL(channel_scale_backward)(const struct iso_call *call, enum iso_channel_factor kind)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *factor = ref_real(&call->w[0]);
    iso_real *dx = ref_real(&call->dx[0]), *dfactor = ref_real(&call->dw[0]);
    for (int64_t i = 0; dx != NULL && i < r.rows * r.channels; i++)
        ref_put(&dx[i], iso_channel_grad(kind, x[i], factor[i % r.channels], dy[i]),
                call->add_dx[0]);
    for (int64_t c = 0; dfactor != NULL && c < r.channels; c++)
        ref_put(&dfactor[c], factor_gradient(call, r, kind, c), call->add_dw[0]);
    return ISO_OK;
}
