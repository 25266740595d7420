/* slice.c: parameters, shapes and cost of a slice of the channels. */
#include "slice.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_slice_params, member)
static const struct iso_field fields[] = {
    { "start", ISO_FIELD_INT, AT(start), "0", 0, 1 << 24, NULL, "the first channel, from 0" },
    { "size", ISO_FIELD_INT, AT(size), NULL, 1, 1 << 24, NULL, "number of channels" },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_slice_params *p = params;
    const int last = x->ndim - 1;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    if (last < 1)
        return iso_expect_ndim(x, 2, "");
    if (p->start + p->size > x->dim[last])
        return iso_fail(ISO_ESHAPE, "channels %lld to %lld are not among the %lld there are",
                        (long long)p->start, (long long)(p->start + p->size - 1),
                        (long long)x->dim[last]);
    out->y[0].dim[last] = p->size;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_slice = {
    .doc = "some neighbouring channels, as Keras's ops.slice and PyTorch's narrow give them",
    .topic = "layers",
    .params_size = sizeof(struct iso_slice_params),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
