/* conv2d_transpose.c: calls of conv2d's kernel, and of slice's, out of one. */
#include "conv2d_transpose.h"
#include "core/ops/conv2d_transpose.h"
#include "core/ops/slice.h"

enum { ALIGN = 64 }; /* bytes: a line of the cache, and every vector */

/* conv: the convolution from y to x. bias: one of a single pixel, whose bias has dbias for its
 * gradient. sum: adds a finished dx. */
struct calls {
    struct iso_conv2d conv_params, bias_params;
    struct iso_slice_params sum_params;
    struct iso_call conv, bias, sum;
};

/* The bytes of dx, up to where the workspace of the convolution begins. */
static size_t sum_bytes(const struct iso_backend *b, const struct iso_call *call)
{
    const size_t bytes = (size_t)iso_shape_count(&call->x[0].shape) * b->real_size;
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void split(const struct iso_call *call, struct calls *p)
{
    const struct iso_shape *x = &call->x[0].shape;
    struct iso_tensor image = { .shape = iso_conv2d_transpose_result(call->params, x) };
    struct iso_tensor pixels = image;
    pixels.shape.dim[3] = 1;
    p->conv_params = iso_conv2d_transpose_conv2d(call->params, x);
    p->bias_params = (struct iso_conv2d){ .filters = image.shape.dim[3],
                                          .groups = 1,
                                          .kernel_size = { 1, 1 },
                                          .strides = { 1, 1 },
                                          .dilation_rate = { 1, 1 },
                                          .use_bias = true };
    p->sum_params = (struct iso_slice_params){ .size = x->dim[3] };
    p->conv = (struct iso_call){ .params = &p->conv_params,
                                 .x = { image },
                                 .y = { { .shape = *x } },
                                 .w = { call->w[0] },
                                 .workspace = call->workspace,
                                 .training = call->training };
    p->bias = (struct iso_call){ .params = &p->bias_params,
                                 .x = { pixels },
                                 .y = { image },
                                 .workspace = call->workspace,
                                 .training = call->training };
    p->bias.w[0].shape = (struct iso_shape){ 4, { 1, 1, 1, image.shape.dim[3] } };
    p->sum = (struct iso_call){ .params = &p->sum_params,
                                .x = { { .shape = *x } },
                                .y = { { .shape = *x } },
                                .training = call->training };
}

bool iso_transpose_supports(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                            char *why, size_t n)
{
    struct calls p;
    (void)op;
    split(call, &p);
    return iso_backend_supports(b, ISO_OP_conv2d, &p.conv, why, n) &&
           iso_backend_supports(b, ISO_OP_slice, &p.sum, why, n);
}

iso_rc iso_transpose_prepare(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_kernel *k = b->kernels[ISO_OP_conv2d];
    struct calls p;
    split(call, &p);
    return k->prepare != NULL ? k->prepare(b, &p.conv) : ISO_OK;
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_kernel *k = b->kernels[ISO_OP_conv2d];
    return k->workspace != NULL ? k->workspace(b, call, pass) : 0;
}

size_t iso_transpose_workspace(struct iso_backend *b, const struct iso_call *call,
                               enum iso_pass pass)
{
    struct calls p;
    split(call, &p);
    size_t most = workspace(b, &p.conv, ISO_BACKWARD);
    if (pass == ISO_FORWARD)
        return most;
    const size_t others[2] = { workspace(b, &p.bias, ISO_BACKWARD),
                               sum_bytes(b, call) + workspace(b, &p.conv, ISO_FORWARD) };
    for (int i = 0; i < 2; i++)
        most = others[i] > most ? others[i] : most;
    return most;
}

iso_rc iso_transpose_forward(struct iso_backend *b, const struct iso_call *call)
{
    struct calls p;
    split(call, &p);
    p.conv.dy[0] = call->x[0];
    p.conv.dx[0] = call->y[0];
    p.conv.add_dx[0] = call->w[1].mem != NULL;
    return b->kernels[ISO_OP_conv2d]->backward(b, &p.conv);
}

/* dx, by the convolution's forward pass, which only overwrites. */
static iso_rc input_gradient(struct iso_backend *b, const struct iso_call *call, struct calls *p)
{
    const size_t taken = call->add_dx[0] ? sum_bytes(b, call) : 0;
    p->conv.x[0] = call->dy[0];
    p->conv.y[0] = call->dx[0];
    if (!call->add_dx[0])
        return b->kernels[ISO_OP_conv2d]->forward(b, &p->conv);
    p->conv.y[0].mem = call->workspace.mem;
    p->conv.y[0].offset = call->workspace.offset / b->real_size;
    p->conv.workspace.offset += taken;
    p->conv.workspace.shape.dim[0] -= (int64_t)taken;
    ISO_TRY(b->kernels[ISO_OP_conv2d]->forward(b, &p->conv));
    p->sum.dy[0] = p->conv.y[0];
    p->sum.dx[0] = call->dx[0];
    p->sum.add_dx[0] = true;
    return b->kernels[ISO_OP_slice]->backward(b, &p->sum);
}

static iso_rc kernel_gradient(struct iso_backend *b, const struct iso_call *call, struct calls *p)
{
    p->conv.x[0] = call->dy[0];
    p->conv.dy[0] = call->x[0];
    p->conv.dw[0] = call->dw[0];
    p->conv.add_dw[0] = call->add_dw[0];
    return b->kernels[ISO_OP_conv2d]->backward(b, &p->conv);
}

static iso_rc bias_gradient(struct iso_backend *b, const struct iso_call *call, struct calls *p)
{
    p->bias.dy[0] = call->dy[0];
    p->bias.dw[1] = call->dw[1];
    p->bias.add_dw[1] = call->add_dw[1];
    return b->kernels[ISO_OP_conv2d]->backward(b, &p->bias);
}

iso_rc iso_transpose_backward(struct iso_backend *b, const struct iso_call *call)
{
    struct calls p;
    split(call, &p);
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(b, call, &p));
    split(call, &p);
    if (call->dw[0].mem != NULL)
        ISO_TRY(kernel_gradient(b, call, &p));
    return call->dw[1].mem != NULL ? bias_gradient(b, call, &p) : ISO_OK;
}
