/* dense.c: the fully connected layer.
 *
 *   y[n, o]  = (sum over i of x[n, i] kernel[i, o]) + bias[o]        one chain, i ascending
 *   dx[n, i] = sum over o of dy[n, o] kernel[i, o]                   one chain, o ascending
 *   dkernel[i, o] = sum over n of x[n, i] dy[n, o]                   in blocks of rows
 *   dbias[o] = sum over n of dy[n, o]                                in blocks of rows */
#include "reference.h"

struct sizes {
    int64_t rows, in, units;
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape, *kernel = &call->w[0].shape;
    return (struct sizes){ x->dim[0], x->dim[1], kernel->dim[1] };
}

/* Backward, whichever is largest: the transposed kernel and dx, or the sums of dkernel or dbias. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    struct sizes s = sizes_of(call);
    (void)backend;
    if (pass != ISO_BACKWARD)
        return 0;
    int64_t dx = s.in * s.units + s.rows * s.in, dkernel = 2 * s.in * s.units, dbias = 2 * s.units;
    int64_t most = dx > dkernel ? dx : dkernel;
    return (size_t)(most > dbias ? most : dbias) * sizeof(iso_real);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct sizes s = sizes_of(call);
    iso_real *y = ref_real(&call->y[0]);
    const iso_real *bias = ref_real(&call->w[1]);
    (void)backend;
    ref_zero(y, s.rows * s.units);
    ISO_KERNEL(chains)(s.rows, s.units, s.in, ref_real(&call->x[0]), s.in, 1, ref_real(&call->w[0]),
                       y, s.units);
    ref_finish(y, s.rows * s.units);
    for (int64_t n = 0; bias != NULL && n < s.rows; n++)
        ref_store(y + n * s.units, bias, s.units, true);
    return ISO_OK;
}

static void input_gradient(const struct iso_call *call, struct sizes s)
{
    const iso_real *kernel = ref_real(&call->w[0]);
    iso_real *transposed = ref_work(call, 0), *dx = ref_work(call, s.in * s.units);
    for (int64_t i = 0; i < s.in; i++)
        for (int64_t o = 0; o < s.units; o++)
            transposed[o * s.in + i] = kernel[i * s.units + o];
    ref_zero(dx, s.rows * s.in);
    ISO_KERNEL(chains)(s.rows, s.in, s.units, ref_real(&call->dy[0]), s.units, 1, transposed, dx,
                       s.in);
    ref_finish(dx, s.rows * s.in);
    ref_store(ref_real(&call->dx[0]), dx, s.rows * s.in, call->add_dx[0]);
}

static void kernel_gradient(const struct iso_call *call, struct sizes s)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    int64_t count = s.in * s.units;
    iso_real *total = ref_work(call, 0), *block = ref_work(call, count);
    ref_zero(total, count);
    for (int64_t start = 0, end; start < s.rows; start = end) {
        end = ref_block_end(start, s.rows, 1);
        ref_zero(block, count);
        ISO_KERNEL(chains)(s.in, s.units, end - start, x + start * s.in, 1, s.in,
                           dy + start * s.units, block, s.units);
        ref_store(total, block, count, true);
    }
    ref_store(ref_real(&call->dw[0]), total, count, call->add_dw[0]);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct sizes s = sizes_of(call);
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradient(call, s);
    if (call->dw[0].mem != NULL)
        kernel_gradient(call, s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(sum_rows)(ref_real(&call->dy[0]), s.rows, s.units, 1, ref_work(call, 0),
                             ref_real(&call->dw[1]), call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(dense) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
