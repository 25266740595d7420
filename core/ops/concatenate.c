/* concatenate.c: parameters, shapes and cost of concatenation. */
#include "concatenate.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "axis", ISO_FIELD_INT, offsetof(struct iso_concatenate, axis), "-1", -1, ISO_DIMS - 1, NULL,
      "axis along which tensors are joined: -1, or the index of the last axis, the channels" },
    { 0 }
};

static bool fits(const struct iso_shape *a, const struct iso_shape *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int i = 0; i + 1 < a->ndim; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_concatenate *p = params;
    const int last = x[0].ndim - 1;
    char first[ISO_NAME], other[ISO_NAME];
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    if (last < 1 || (p->axis != -1 && p->axis != last))
        return iso_fail(ISO_ESHAPE, "joins tensors along their last axis only (use axis: -1)");
    for (int i = 1; i < iso_inputs_count(x); i++) {
        if (!fits(&x[0], &x[i]))
            return iso_fail(ISO_ESHAPE,
                            "joins tensors that differ in their channels only, got %s "
                            "and %s",
                            iso_shape_text(&x[0], 1, first, sizeof first),
                            iso_shape_text(&x[i], 1, other, sizeof other));
        out->y[0].dim[last] += x[i].dim[last];
    }
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    struct iso_shape y = x[0];
    (void)params, (void)pass;
    for (int i = 1; i < iso_inputs_count(x); i++)
        y.dim[y.ndim - 1] += x[i].dim[y.ndim - 1];
    iso_elementwise_cost(&y, 0, 2, out);
}

struct iso_slice iso_concatenate_slice(const struct iso_call *call, int input)
{
    const int last = call->x[0].shape.ndim - 1;
    struct iso_slice s = { .width = call->x[input].shape.dim[last] };
    s.rows = iso_shape_count(&call->x[input].shape) / s.width;
    for (int i = 0; i < ISO_OPERANDS && call->x[i].shape.ndim > 0; i++) {
        s.at += i < input ? call->x[i].shape.dim[last] : 0;
        s.stride += call->x[i].shape.dim[last];
    }
    return s;
}

const struct iso_op_def iso_def_concatenate = {
    .doc = "joins several tensors along their channels, in the order of the inputs",
    .topic = "layers",
    .params_size = sizeof(struct iso_concatenate),
    .fields = fields,
    .nx = 2,
    .nx_max = ISO_OPERANDS,
    .infer = infer,
    .cost = cost,
};
