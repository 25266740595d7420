/* separable_conv2d.c: two calls of other kernels out of one. */
#include "separable_conv2d.h"
#include "core/ops/separable_conv2d.h"

enum { ALIGN = 64 }; /* bytes: a line of the cache, and every vector */

struct calls {
    struct iso_depthwise_conv2d depthwise_params;
    struct iso_conv2d pointwise_params;
    struct iso_call depthwise, pointwise;
};

/* Bytes of the middle value's gradient, up to where the two calls' workspace begins. */
static size_t gradient_bytes(const struct iso_backend *b, const struct iso_call *call)
{
    const size_t bytes = (size_t)iso_shape_count(&call->saved[0].shape) * b->real_size;
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Divides the gradients between the two calls. That of the middle value takes the workspace's
 * beginning. */
static void split_gradients(const struct iso_backend *b, const struct iso_call *call,
                            struct calls *p)
{
    const size_t taken = gradient_bytes(b, call);
    struct iso_tensor middle = call->saved[0], rest = call->workspace;
    middle.mem = call->workspace.mem;
    middle.offset = call->workspace.offset / b->real_size;
    rest.offset += taken;
    rest.shape.dim[0] -= (int64_t)taken;
    p->pointwise.workspace = p->depthwise.workspace = rest;
    p->pointwise.dy[0] = call->dy[0];
    p->pointwise.dx[0] = p->depthwise.dy[0] = middle;
    for (int i = 0; i < 2; i++) {
        p->pointwise.dw[i] = call->dw[ISO_SEPARABLE_POINTWISE + i];
        p->pointwise.add_dw[i] = call->add_dw[ISO_SEPARABLE_POINTWISE + i];
    }
    p->depthwise.dx[0] = call->dx[0];
    p->depthwise.add_dx[0] = call->add_dx[0];
    p->depthwise.dw[0] = call->dw[ISO_SEPARABLE_DEPTHWISE];
    p->depthwise.add_dw[0] = call->add_dw[ISO_SEPARABLE_DEPTHWISE];
}

static void split(const struct iso_backend *b, const struct iso_call *call, enum iso_pass pass,
                  struct calls *p)
{
    p->depthwise_params = iso_separable_conv2d_depthwise(call->params);
    p->pointwise_params = iso_separable_conv2d_pointwise(call->params);
    p->depthwise = (struct iso_call){
        .params = &p->depthwise_params,
        .x = { call->x[0] },
        .y = { call->saved[0] },
        .w = { call->w[ISO_SEPARABLE_DEPTHWISE] },
        .workspace = call->workspace,
        .training = call->training,
    };
    p->pointwise = (struct iso_call){
        .params = &p->pointwise_params,
        .activation = call->activation,
        .x = { call->saved[0] },
        .y = { call->y[0] },
        .w = { call->w[ISO_SEPARABLE_POINTWISE], call->w[ISO_SEPARABLE_BIAS] },
        .workspace = call->workspace,
        .training = call->training,
    };
    if (pass == ISO_BACKWARD)
        split_gradients(b, call, p);
}

bool iso_separable_supports(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                            char *why, size_t n)
{
    struct calls p;
    (void)op;
    split(b, call, ISO_FORWARD, &p);
    return iso_backend_supports(b, ISO_OP_depthwise_conv2d, &p.depthwise, why, n) &&
           iso_backend_supports(b, ISO_OP_conv2d, &p.pointwise, why, n);
}

static iso_rc prepare(struct iso_backend *b, enum iso_op op, const struct iso_call *call)
{
    const struct iso_kernel *k = b->kernels[op];
    return k->prepare != NULL ? k->prepare(b, call) : ISO_OK;
}

iso_rc iso_separable_prepare(struct iso_backend *b, const struct iso_call *call)
{
    struct calls p;
    split(b, call, ISO_FORWARD, &p);
    ISO_TRY(prepare(b, ISO_OP_depthwise_conv2d, &p.depthwise));
    return prepare(b, ISO_OP_conv2d, &p.pointwise);
}

static size_t workspace(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct iso_kernel *k = b->kernels[op];
    return k->workspace != NULL ? k->workspace(b, call, pass) : 0;
}

size_t iso_separable_workspace(struct iso_backend *b, const struct iso_call *call,
                               enum iso_pass pass)
{
    struct calls p;
    split(b, call, pass, &p);
    const size_t first = workspace(b, ISO_OP_depthwise_conv2d, &p.depthwise, pass);
    const size_t second = workspace(b, ISO_OP_conv2d, &p.pointwise, pass);
    const size_t larger = first > second ? first : second;
    return pass == ISO_FORWARD ? larger : gradient_bytes(b, call) + larger;
}

iso_rc iso_separable_forward(struct iso_backend *b, const struct iso_call *call)
{
    struct calls p;
    split(b, call, ISO_FORWARD, &p);
    ISO_TRY(b->kernels[ISO_OP_depthwise_conv2d]->forward(b, &p.depthwise));
    return b->kernels[ISO_OP_conv2d]->forward(b, &p.pointwise);
}

iso_rc iso_separable_backward(struct iso_backend *b, const struct iso_call *call)
{
    struct calls p;
    split(b, call, ISO_BACKWARD, &p);
    ISO_TRY(b->kernels[ISO_OP_conv2d]->backward(b, &p.pointwise));
    return b->kernels[ISO_OP_depthwise_conv2d]->backward(b, &p.depthwise);
}
