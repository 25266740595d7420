/* permute.c: parameters, shapes and cost of the permutation of axes. */
#include "infer.h"
#include "permute.h"

static const struct iso_field fields[] = {
    { "dims", ISO_FIELD_SHAPE, offsetof(struct iso_permute, dims), NULL, 1, ISO_DIMS - 1, NULL,
      "for each axis of the result the one it was, from 1; [3, 1, 2] brings the channels forward" },
    { 0 },
};

static iso_rc check(const void *params)
{
    const struct iso_shape *dims = &((const struct iso_permute *)params)->dims;
    bool seen[ISO_DIMS] = { false };
    for (int i = 1; i < dims->ndim; i++) {
        if (dims->dim[i] >= dims->ndim || seen[dims->dim[i]])
            return iso_fail(ISO_EMODEL, "dims: each number from 1 to %d must be there once",
                            dims->ndim - 1);
        seen[dims->dim[i]] = true;
    }
    return ISO_OK;
}

/* Axis 0, the rows, stays. Missing axes of one element are put before the last ones, so that the
 * innermost is always number ISO_DIMS - 1. */
struct iso_permutation iso_permute_layout(const struct iso_permute *p, const struct iso_shape *x,
                                          bool back)
{
    const int gap = ISO_DIMS - x->ndim;
    struct iso_permutation l = { .dim = { 1, 1, 1, 1 } };
    int64_t from[ISO_DIMS], stride[ISO_DIMS], source[ISO_DIMS] = { 0 }, next = 1;
    for (int i = 1; i < x->ndim; i++) {
        const int axis = (int)p->dims.dim[i];
        from[i] = back ? x->dim[axis] : x->dim[i]; /* the source's shape */
        source[back ? axis : i] = back ? i : axis; /* the source's axis of the result's */
    }
    for (int i = x->ndim - 1; i > 0; next *= from[i--])
        stride[i] = next;
    for (int i = 1; i < x->ndim; i++) {
        l.dim[gap + i] = from[source[i]];
        l.stride[gap + i] = stride[source[i]];
    }
    l.dim[gap] = x->dim[0];
    l.stride[gap] = next;
    return l;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_shape *dims = &((const struct iso_permute *)params)->dims;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    if (x->ndim != dims->ndim)
        return iso_fail(ISO_ESHAPE, "dims has %d axes, but its input %d", dims->ndim - 1,
                        x->ndim - 1);
    for (int i = 1; i < x->ndim; i++)
        out->y[0].dim[i] = x->dim[dims->dim[i]];
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_permute = {
    .doc = "the axes of each example in another order",
    .topic = "layers",
    .params_size = sizeof(struct iso_permute),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
    .check = check,
};
