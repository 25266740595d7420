/* multiply.c: shapes and cost of the product of two tensors. */
#include "multiply.h"
#include "infer.h"

static const struct iso_field fields[] = { { 0 } };

/* Returns true if `small` is `large` with some neighbouring axes cut to one element. */
static bool repeats(const struct iso_shape *small, const struct iso_shape *large,
                    struct iso_repeated *out)
{
    int first = 0, end = large->ndim;
    while (first < end && small->dim[first] == large->dim[first])
        first++;
    while (end > first && small->dim[end - 1] == large->dim[end - 1])
        end--;
    *out = (struct iso_repeated){ .outer = 1, .repeats = 1, .inner = 1 };
    for (int i = 0; i < large->ndim; i++) {
        if (i >= first && i < end && small->dim[i] != 1)
            return false;
        *(i < first ? &out->outer : i < end ? &out->repeats : &out->inner) *= large->dim[i];
    }
    return first > 0 || end == 0;
}

bool iso_repeated(const struct iso_shape *x, struct iso_repeated *out)
{
    if (x[0].ndim != x[1].ndim)
        return false;
    const bool second = repeats(&x[1], &x[0], out);
    const bool fits = second || repeats(&x[0], &x[1], out);
    out->small = second ? 1 : 0;
    return fits;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    char first[ISO_NAME], second[ISO_NAME];
    struct iso_repeated r;
    (void)params;
    if (!iso_repeated(x, &r))
        return iso_fail(ISO_ESHAPE,
                        "multiplies tensors of one shape, or one whose neighbouring axes of one "
                        "element are repeated, as 1x1x%lld; got %s and %s",
                        (long long)x[0].dim[x[0].ndim - 1],
                        iso_shape_text(&x[0], 1, first, sizeof first),
                        iso_shape_text(&x[1], 1, second, sizeof second));
    *out = (struct iso_shapes){ .ny = 1, .y = { x[1 - r.small] } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    struct iso_repeated r;
    (void)params;
    if (!iso_repeated(x, &r))
        r = (struct iso_repeated){ .repeats = 1, .small = 1 };
    iso_elementwise_cost(&x[1 - r.small], pass == ISO_FORWARD ? 1 : 3, pass == ISO_FORWARD ? 3 : 5,
                         out);
    out->chain = pass == ISO_FORWARD ? 1 : iso_product_chain(r.repeats);
}

static const struct iso_sum_def sums[] = {
    { "dx of the smaller", ISO_SUM_PRODUCTS, "the elements it is repeated for" },
    { 0 },
};

const struct iso_op_def iso_def_multiply = {
    .doc = "the product of two tensors, element by element; the smaller is repeated",
    .topic = "layers",
    .fields = fields,
    .nx = 2,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
