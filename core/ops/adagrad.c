/* adagrad.c: parameters, state and scalars of Adagrad. */
#include "adagrad.h"
#include "optimizer.h"
#include "shared_fields.h"

#define AT(member) offsetof(struct iso_adagrad, member)
static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_adagrad, "0.001",
                            "size of a step; 0.01 in Keras before 2.4"),
    { "initial_accumulator_value", ISO_FIELD_REAL, AT(initial_accumulator_value), "0.1", 0, 1e6,
      NULL, "initial value of the sum of squared gradients; 0 in Keras before 2.4" },
    ISO_EPSILON_FIELD(struct iso_adagrad, "avoids division by 0"),
    ISO_EPSILON_PLACEMENT_FIELD(struct iso_adagrad),
    { 0 }
};
static const char *const slots[] = { "accumulator", NULL };

static double slot_initial(const void *params, int slot)
{
    (void)slot;
    return ((const struct iso_adagrad *)params)->initial_accumulator_value;
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_optimizer_cost(x, 7, 1, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_adagrad *p = params;
    (void)step;
    out[ISO_ADAGRAD_RATE] = p->learning_rate;
    out[ISO_ADAGRAD_EPSILON] = p->epsilon;
}

const struct iso_op_def iso_def_adagrad = {
    .doc = "Adagrad: steps divided by the root of the sum of all squared gradients",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_adagrad),
    .fields = fields,
    .slots = slots,
    .slot_initial = slot_initial,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
};
