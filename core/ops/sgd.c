/* sgd.c: parameters and scalars of stochastic gradient descent. */
#include "optimizer.h"
#include "sgd.h"
#include "shared_fields.h"

#define AT(member) offsetof(struct iso_sgd, member)
static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_sgd, "0.01", "size of a step"),
    { "momentum", ISO_FIELD_REAL, AT(momentum), "0", 0, 1, NULL,
      "share of the last step that is added to the next" },
    { "nesterov", ISO_FIELD_BOOL, AT(nesterov), "false", 0, 0, NULL,
      "look ahead along the momentum" },
    { 0 },
};
static const char *const slots[] = { "momentum", NULL };

static int slot_count(const void *params)
{
    const struct iso_sgd *p = params;
    return p->momentum != 0 ? 1 : 0;
}

static iso_rc check(const void *params)
{
    const struct iso_sgd *p = params;
    if (p->nesterov && p->momentum == 0)
        return iso_fail(ISO_EMODEL, "nesterov needs a momentum above 0");
    return ISO_OK;
}

/* x[0]: the weight's shape. */
static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)pass;
    iso_optimizer_cost(x, slot_count(params) ? 4 : 2, slot_count(params), out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_sgd *p = params;
    (void)step;
    out[ISO_SGD_RATE] = p->learning_rate;
    out[ISO_SGD_MOMENTUM] = p->momentum;
    out[ISO_SGD_NESTEROV] = p->nesterov;
}

const struct iso_op_def iso_def_sgd = {
    .doc = "stochastic gradient descent, with or without momentum",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_sgd),
    .fields = fields,
    .slots = slots,
    .slot_count = slot_count,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
