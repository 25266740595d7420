/* dense_fast.c: what dense.c computes, many sums at a time. */
#include "matrices.h"
#include "sums.h"
#ifndef ISO_DOUBLE

struct sizes {
    int64_t rows, in, units;
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape, *kernel = &call->w[0].shape;
    return (struct sizes){ x->dim[0], x->dim[1], kernel->dim[1] };
}

/* Backward, whichever is larger: the transposed kernel and dx, or the sums of the kernel. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct sizes s = sizes_of(call);
    const int64_t dx = s.in * s.units + s.rows * s.in;
    const int64_t dkernel = ISO_REF_BLOCKS_WORK * s.in * s.units;
    (void)backend;
    return pass == ISO_FORWARD ? 0 : (size_t)(dx > dkernel ? dx : dkernel) * sizeof(iso_real);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    const struct ref_matrices m = { .rows = s.rows,
                                    .columns = s.units,
                                    .terms = s.in,
                                    .block = ISO_BLOCK_TERMS,
                                    .x = ref_real(&call->x[0]),
                                    .x_row = s.in,
                                    .x_term = 1,
                                    .w = ref_real(&call->w[0]),
                                    .y = y,
                                    .y_row = s.units };
    (void)backend;
    ref_zero(y, s.rows * s.units);
    ISO_KERNEL(add_products)(&m);
    for (int64_t n = 0; bias != NULL && n < s.rows; n++)
        ref_store(y + n * s.units, bias, s.units, true);
    return ISO_OK;
}

static void input_gradient(const struct iso_call *call, struct sizes s)
{
    const iso_real *kernel = ref_real(&call->w[0]);
    iso_real *transposed = ref_work(call, 0), *dx = ref_work(call, s.in * s.units);
    const struct ref_matrices m = { .rows = s.rows,
                                    .columns = s.in,
                                    .terms = s.units,
                                    .block = ISO_BLOCK_TERMS,
                                    .x = ref_real(&call->dy[0]),
                                    .x_row = s.units,
                                    .x_term = 1,
                                    .w = transposed,
                                    .y = dx,
                                    .y_row = s.in };
    for (int64_t i = 0; i < s.in; i++)
        for (int64_t o = 0; o < s.units; o++)
            transposed[o * s.in + i] = kernel[i * s.units + o];
    ref_zero(dx, s.rows * s.in);
    ISO_KERNEL(add_products)(&m);
    ref_store(ref_real(&call->dx[0]), dx, s.rows * s.in, call->add_dx[0]);
}

static void add_block(const void *from, int64_t begin, int64_t end, iso_real *block)
{
    const struct iso_call *call = from;
    const struct sizes s = sizes_of(call);
    const struct ref_matrices m = { .rows = s.in,
                                    .columns = s.units,
                                    .terms = end - begin,
                                    .block = ISO_BLOCK_ROWS,
                                    .x = ref_real(&call->x[0]) + begin * s.in,
                                    .x_row = 1,
                                    .x_term = s.in,
                                    .w = ref_real(&call->dy[0]) + begin * s.units,
                                    .y = block,
                                    .y_row = s.units };
    ISO_KERNEL(add_products)(&m);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const struct ref_blocks kernel_gradient = { .rows = { s.rows, 1 },
                                                .count = s.in * s.units,
                                                .add = add_block,
                                                .from = call,
                                                .work = ref_work(call, 0) };
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradient(call, s);
    if (call->dw[0].mem != NULL)
        ISO_KERNEL(sum_blocks)(&kernel_gradient, ref_real(&call->dw[0]), call->add_dw[0]);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(column_sums)(kernel_gradient.rows, s.units, ref_real(&call->dy[0]),
                                ref_real(&call->dw[1]), call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(dense) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
#endif
