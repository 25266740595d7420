/* gradient_clipping.c: parameters, shapes and cost of gradient clipping. */
#include "gradient_clipping.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_gradient_clipping, member)
static const struct iso_field fields[] = {
    { "clipvalue", ISO_FIELD_REAL, AT(clipvalue), "", 1e-30, 1e30, NULL,
      "clamp every element of a gradient to -clipvalue to clipvalue" },
    { "clipnorm", ISO_FIELD_REAL, AT(clipnorm), "", 1e-30, 1e30, NULL,
      "scale down the gradient of a weight if its norm is above this" },
    { "global_clipnorm", ISO_FIELD_REAL, AT(global_clipnorm), "", 1e-30, 1e30, NULL,
      "scale down all gradients by the same factor if their common norm is above this" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_gradient_clipping *p = params;
    if ((p->clipvalue > 0) + (p->clipnorm > 0) + (p->global_clipnorm > 0) > 1)
        return iso_fail(ISO_EMODEL,
                        "only one of clipvalue, clipnorm and global_clipnorm can be "
                        "set");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const int wanted = iso_clips_norm(params) ? 2 : 1;
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    if (iso_inputs_count(x) != wanted)
        return iso_fail(ISO_ESHAPE, wanted == 2 ? "takes a gradient and squared norms"
                                                : "takes a gradient alone");
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 2, 2, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_gradient_clipping *p = params;
    (void)step;
    out[ISO_CLIP_LIMIT] = p->clipvalue > 0  ? p->clipvalue
                          : p->clipnorm > 0 ? p->clipnorm
                                            : p->global_clipnorm;
}

static const struct iso_sum_def sums[] = {
    { "square of a norm", ISO_SUM_AXIS, "elements of the weight" },
    { "square of the norm of all", ISO_SUM_CHAIN, "weights in the order of the layers" },
    { 0 },
};

const struct iso_op_def iso_def_gradient_clipping = {
    .doc = "limits gradients before the optimizer sees them",
    .params_size = sizeof(struct iso_gradient_clipping),
    .fields = fields,
    .nx = 1,
    .nx_max = 2,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
