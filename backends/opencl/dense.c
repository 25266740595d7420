/* dense.c: queues the fully connected layer: a convolution whose image has one pixel. */
#include "activation.h"
#include "chains.h"
#include "clblast.h"
#include "conv2d_cpu.h"
#include "cpu_shape.h"
#include "sums.h"
#include "tuner.h"

struct sizes {
    int64_t rows, in, units;
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape, *kernel = &call->w[0].shape;
    return (struct sizes){ x->dim[0], kernel->dim[0], kernel->dim[1] };
}

/* The products of the three passes, for CLBlast. */
static struct opencl_product forward_product(struct sizes s)
{
    return (struct opencl_product){ false, false, (size_t)s.rows, (size_t)s.units, (size_t)s.in };
}

static struct opencl_product input_product(struct sizes s)
{
    return (struct opencl_product){ false, true, (size_t)s.rows, (size_t)s.in, (size_t)s.units };
}

static struct opencl_product kernel_product(struct sizes s)
{
    return (struct opencl_product){ true, false, (size_t)s.in, (size_t)s.units, (size_t)s.rows };
}

static bool supports(struct iso_backend *be, enum iso_op op, const struct iso_call *call, char *why,
                     size_t n)
{
    return opencl_supports(be, op, call, why, n) && opencl_chains_ready(opencl_of(be), why, n);
}

static iso_rc prepare(struct iso_backend *be, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const struct opencl_product p[] = { forward_product(s), input_product(s), kernel_product(s) };
    for (int i = 0; i < 3; i++)
        opencl_clblast_note(opencl_of(be), &p[i]);
    return opencl_note_products(be, ISO_OP_dense, call);
}

/* y [rows, units] = x [rows, in] kernel. */
static struct opencl_chains forward_chains(struct sizes s)
{
    struct opencl_chains chains = opencl_plain_chains(s.rows, s.units, s.in, ISO_BLOCK_TERMS);
    chains.split = 1;
    return chains;
}

/* dx [rows, in] = dy [rows, units] kernel^T. */
static struct opencl_chains turned_chains(struct sizes s)
{
    struct opencl_chains chains = opencl_plain_chains(s.rows, s.in, s.units, ISO_BLOCK_TERMS);
    chains.b_col = (iso_i32)s.units;
    return chains;
}

/* dkernel: the rows of the batch are the terms of the sums. */
static struct opencl_chains kernel_chains(struct sizes s)
{
    return opencl_plain_rows(s.rows, 1, s.units, s.in);
}

static struct iso_rows rows_of(struct sizes s) { return (struct iso_rows){ s.rows, 1 }; }

static size_t bias_work(struct sizes s, enum iso_pass pass)
{
    return pass == ISO_FORWARD ? 0 : opencl_sum_rows_work(rows_of(s), (size_t)s.units);
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    struct opencl *cl = opencl_of(be);
    struct sizes s = sizes_of(call);
    if (cl->shape == OPENCL_SHAPE_CPU) {
        size_t sums = opencl_conv2d_cpu_work(cl, iso_window_of_pixel(s.rows, s.in), s.units, pass);
        return opencl_larger(sums, bias_work(s, pass)) * sizeof(float);
    }
    if (pass == ISO_FORWARD) {
        struct opencl_chains chains = forward_chains(s);
        return opencl_chains_work(cl, &chains) * sizeof(float);
    }
    struct opencl_chains turned = turned_chains(s), rows = kernel_chains(s);
    rows.ones = 1;
    size_t dx = opencl_chains_work(cl, &turned);
    size_t dkernel = opencl_row_chains_work(cl, &rows);
    return opencl_larger(opencl_larger(dx, dkernel), bias_work(s, pass)) * sizeof(float);
}

static iso_rc fast_forward(struct opencl *cl, const struct iso_call *call,
                           const struct opencl_product *p)
{
    size_t n = p->m * p->n;
    ISO_TRY(opencl_clblast(cl, p, opencl_at(&call->x[0]), opencl_at(&call->w[0]),
                           opencl_at(&call->y[0]), false));
    if (call->w[1].mem == NULL)
        return ISO_OK;
    return opencl_launch(
        cl, "dense.cl", "dense_bias", opencl_elements(cl, n),
        ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->w[1]), arg_uint(n), arg_uint(p->n)));
}

/* *left: the activation, if that is still to be applied. */
static iso_rc exact_forward(struct opencl *cl, const struct iso_call *call, struct sizes s,
                            const struct iso_activation **left)
{
    struct opencl_chains chains = forward_chains(s);
    struct opencl_at b = opencl_at(&call->w[0]);
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *left = opencl_cpu_fuses(cl, call->activation) ? NULL : call->activation;
        return opencl_conv2d_cpu_forward(cl, call, iso_window_of_pixel(s.rows, s.in), s.units);
    }
    *left = opencl_fuse_activation(call, &chains);
    return opencl_chains(cl, &chains, opencl_at(&call->x[0]), b, opencl_at(&call->w[1]),
                         opencl_at(&call->y[0]), opencl_work(call, 0));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct sizes s = sizes_of(call);
    const struct opencl_product p = forward_product(s);
    const struct iso_activation *left = call->activation;
    if (opencl_clblast_trusted(cl, &p))
        ISO_TRY(fast_forward(cl, call, &p));
    else
        ISO_TRY(exact_forward(cl, call, s, &left));
    return left != NULL ? opencl_activate(cl, left, &call->y[0], &call->y[0]) : ISO_OK;
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call, struct sizes s)
{
    const struct opencl_product p = input_product(s);
    if (opencl_clblast_trusted(cl, &p)) {
        ISO_TRY(opencl_clblast(cl, &p, opencl_at(&call->dy[0]), opencl_at(&call->w[0]),
                               opencl_at(&call->dx[0]), call->add_dx[0]));
        return opencl_pass_back(cl, call);
    }
    if (cl->shape == OPENCL_SHAPE_CPU) {
        ISO_TRY(opencl_conv2d_cpu_input(cl, call, iso_window_of_pixel(s.rows, s.in), s.units));
        return opencl_pass_back(cl, call);
    }
    struct opencl_chains turned = turned_chains(s);
    const struct opencl_at beside = opencl_fuse_x_activation(call, &turned);
    turned.add = call->add_dx[0];
    return opencl_chains(cl, &turned, opencl_at(&call->dy[0]), opencl_at(&call->w[0]), beside,
                         opencl_at(&call->dx[0]), opencl_work(call, 0));
}

/* *bias: dw[1] is left to be done. */
static iso_rc kernel_gradient(struct opencl *cl, const struct iso_call *call, struct sizes s,
                              bool *bias)
{
    const struct opencl_product p = kernel_product(s);
    *bias = call->dw[1].mem != NULL;
    if (opencl_clblast_trusted(cl, &p)) {
        return opencl_clblast(cl, &p, opencl_at(&call->x[0]), opencl_at(&call->dy[0]),
                              opencl_at(&call->dw[0]), call->add_dw[0]);
    }
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *bias = false;
        return opencl_conv2d_cpu_kernel(cl, call, iso_window_of_pixel(s.rows, s.in), s.units);
    }
    struct opencl_chains chains = kernel_chains(s);
    struct opencl_at b = opencl_at(&call->dy[0]);
    chains.add = call->add_dw[0];
    if (opencl_fuse_bias(call, &chains))
        *bias = false;
    return opencl_row_chains(cl, &chains, opencl_at(&call->x[0]), b, opencl_at(&call->dw[0]),
                             opencl_work(call, 0));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct sizes s = sizes_of(call);
    bool bias = call->dw[1].mem != NULL;
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(cl, call, s));
    if (call->dw[0].mem != NULL)
        ISO_TRY(kernel_gradient(cl, call, s, &bias));
    if (bias) {
        ISO_TRY(opencl_sum_rows(cl, &call->dy[0], rows_of(s), (size_t)s.units, opencl_work(call, 0),
                                &call->dw[1], call->add_dw[1]));
    }
    return ISO_OK;
}

const struct opencl_op opencl_dense = {
    .kernel = { .supports = supports,
                .prepare = prepare,
                .workspace = workspace,
                .fuses_activation = true,
                .fuses_x_activation = true,
                .forward = forward,
                .backward = backward },
    .programs = { "pack.cl", "sums.cl", "sums_cpu.cl", "conv2d_cpu.cl", "conv2d_weights_cpu.cl",
                  "activation.cl" },
    .clblast_programs = { "dense.cl" },
};
