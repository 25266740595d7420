/* reshape.c: the same numbers, in row-major order, with another shape; no number moves. */
#include "infer.h"
#include "reshape.h"

static const struct iso_field fields[] = {
    { "target_shape", ISO_FIELD_SHAPE, offsetof(struct iso_reshape, target), NULL, -1, 1 << 24,
      NULL, "new shape of each example; one dimension may be -1: it is computed from the others" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_shape *target = &((const struct iso_reshape *)params)->target;
    int open = 0;
    for (int i = 1; i < target->ndim; i++) {
        if (target->dim[i] == 0)
            return iso_fail(ISO_EMODEL, "target_shape: no dimension can be 0");
        open += target->dim[i] < 0;
    }
    if (open > 1)
        return iso_fail(ISO_EMODEL, "target_shape: only one dimension can be -1");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    struct iso_shape y = ((const struct iso_reshape *)params)->target;
    char from[ISO_NAME], to[ISO_NAME];
    int open = 0;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_countable(x));
    const int64_t count = iso_shape_count(x) / x->dim[0];
    y.dim[0] = x->dim[0];
    for (int i = 1; i < y.ndim; i++)
        if (y.dim[i] < 0) {
            open = i;
            y.dim[i] = 1;
        }
    ISO_TRY(iso_expect_countable(&y));
    const int64_t given = iso_shape_count(&y) / y.dim[0];
    if (open > 0 && count % given == 0)
        y.dim[open] = count / given;
    if (iso_shape_count(&y) != iso_shape_count(x))
        return iso_fail(ISO_ESHAPE, "%s has %lld numbers, which do not fit %s%s",
                        iso_shape_text(x, 1, from, sizeof from), (long long)count,
                        iso_shape_text(&y, 1, to, sizeof to),
                        open > 0 ? " times a whole number" : "");
    out->y[0] = y;
    return ISO_OK;
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 0, out);
}

const struct iso_op_def iso_def_reshape = {
    .doc = "the same numbers with another shape",
    .topic = "layers",
    .params_size = sizeof(struct iso_reshape),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
    .check = check,
};
