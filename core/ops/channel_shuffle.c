/* channel_shuffle.c: parameters, shapes and cost of the shuffling of channels. */
#include "channel_shuffle.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "groups", ISO_FIELD_INT, offsetof(struct iso_channel_shuffle, groups), NULL, 1, 1 << 24, NULL,
      "number of groups that the channels are in before" },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_channel_shuffle *p = params;
    const int last = x->ndim - 1;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    if (last < 1)
        return iso_expect_ndim(x, 2, "");
    if (x->dim[last] % p->groups != 0)
        return iso_fail(ISO_ESHAPE, "%lld groups do not divide %lld channels evenly",
                        (long long)p->groups, (long long)x->dim[last]);
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_channel_shuffle = {
    .doc = "deals the channels of each group out in turns, as PyTorch's ChannelShuffle does",
    .topic = "layers",
    .params_size = sizeof(struct iso_channel_shuffle),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
