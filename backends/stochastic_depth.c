/* stochastic_depth.c: a row is an image of one channel, which spatial_dropout2d keeps or drops. */
#include "stochastic_depth.h"

static struct iso_call of_one_channel(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape;
    struct iso_call c = *call;
    const struct iso_shape image = { 4, { x->dim[0], iso_shape_count(x) / x->dim[0], 1, 1 } };
    c.x[0].shape = c.y[0].shape = c.dx[0].shape = c.dy[0].shape = image;
    c.saved[0].shape = (struct iso_shape){ 4, { x->dim[0], 1, 1, 1 } };
    return c;
}

bool iso_stochastic_supports(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                             char *why, size_t n)
{
    const struct iso_call c = of_one_channel(call);
    (void)op;
    return iso_backend_supports(b, ISO_OP_spatial_dropout2d, &c, why, n);
}

iso_rc iso_stochastic_forward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_call c = of_one_channel(call);
    return b->kernels[ISO_OP_spatial_dropout2d]->forward(b, &c);
}

iso_rc iso_stochastic_backward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_call c = of_one_channel(call);
    return b->kernels[ISO_OP_spatial_dropout2d]->backward(b, &c);
}
