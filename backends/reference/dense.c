/* dense.c: the fully connected layer.
 *
 *   y[n, o]  = (sum over i of x[n, i] kernel[i, o]) + bias[o]        products, i ascending
 *   dx[n, i] = sum over o of dy[n, o] kernel[i, o]                   products, o ascending
 *   dkernel[i, o] = sum over n of x[n, i] dy[n, o]                   rows, an example a row
 *   dbias[o] = sum over n of dy[n, o]                                rows
 *
 * dense_fast.c does the same faster. */
#include "sums.h"

struct sizes {
    int64_t rows, in, units;
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape, *kernel = &call->w[0].shape;
    return (struct sizes){ x->dim[0], x->dim[1], kernel->dim[1] };
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const iso_real *x = ref_real(&call->x[0]), *kernel = ref_real(&call->w[0]);
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < s.rows; n++)
        for (int64_t o = 0; o < s.units; o++, y++) {
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t i = 0; i < s.in; i++)
                ref_product(&sum, x[n * s.in + i], kernel[i * s.units + o]);
            *y = ref_products_total(&sum);
            *y = bias != NULL ? *y + bias[o] : *y;
        }
    return ISO_OK;
}

static void input_gradient(const struct iso_call *call, struct sizes s)
{
    const iso_real *dy = ref_real(&call->dy[0]), *kernel = ref_real(&call->w[0]);
    iso_real *dx = ref_real(&call->dx[0]);
    for (int64_t n = 0; n < s.rows; n++)
        for (int64_t i = 0; i < s.in; i++, dx++) {
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t o = 0; o < s.units; o++)
                ref_product(&sum, dy[n * s.units + o], kernel[i * s.units + o]);
            ref_put(dx, ref_products_total(&sum), call->add_dx[0]);
        }
}

static void kernel_gradient(const struct iso_call *call, struct sizes s)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    iso_real *dkernel = ref_real(&call->dw[0]);
    for (int64_t i = 0; i < s.in; i++)
        for (int64_t o = 0; o < s.units; o++, dkernel++) {
            struct ref_rows sum = { .rows = { s.rows, 1 } };
            for (int64_t n = 0; n < s.rows; n++)
                ref_row_product(&sum, x[n * s.in + i], dy[n * s.units + o]);
            ref_put(dkernel, ref_rows_total(&sum), call->add_dw[0]);
        }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradient(call, s);
    if (call->dw[0].mem != NULL)
        kernel_gradient(call, s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(column_sums)((struct iso_rows){ s.rows, 1 }, s.units, ref_real(&call->dy[0]),
                                ref_real(&call->dw[1]), call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_PLAIN(dense) = { .forward = forward, .backward = backward };
