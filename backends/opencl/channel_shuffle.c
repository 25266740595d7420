/* channel_shuffle.c: queues the shuffling of channels; dealing them back is the same with as many
 * groups as a group has channels. */
#include "core/ops/channel_shuffle.h"
#include "cpu_shape.h"

static iso_rc shuffle(struct opencl *cl, const struct iso_call *call, const struct iso_tensor *from,
                      const struct iso_tensor *to, bool back)
{
    const struct iso_channel_shuffle *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t size = s->dim[s->ndim - 1] / p->groups;
    const size_t n = (size_t)iso_shape_count(s);
    return opencl_launch(cl, "channel_shuffle.cl", "channel_shuffle", opencl_runs(cl, n),
                         ARGS(arg_tensor(from), arg_tensor(to), arg_uint(n),
                              arg_uint((uint64_t)(back ? size : p->groups)),
                              arg_uint((uint64_t)(back ? p->groups : size)),
                              arg_int(back && call->add_dx[0])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return shuffle(opencl_of(be), call, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    return call->dx[0].mem != NULL ? shuffle(opencl_of(be), call, &call->dy[0], &call->dx[0], true)
                                   : ISO_OK;
}

const struct opencl_op opencl_channel_shuffle = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "channel_shuffle.cl" },
};
