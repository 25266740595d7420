/* adam.c: parameters and scalars of Adam, and what AdamW shares with it. */
#include <math.h>

#include "adam.h"
#include "optimizer.h"

#define AT(member) offsetof(struct iso_adam, member)
static const struct iso_field fields[] = { { "learning_rate", ISO_FIELD_REAL, AT(learning_rate),
                                             "0.001", 0, 1e6, NULL, "size of a step" },
                                           { "beta_1", ISO_FIELD_REAL, AT(beta_1), "0.9", 0, 1,
                                             NULL, "decay of the mean of the gradients, below 1" },
                                           { "beta_2", ISO_FIELD_REAL, AT(beta_2), "0.999", 0, 1,
                                             NULL, "decay of the mean of their squares, below 1" },
                                           { "epsilon", ISO_FIELD_REAL, AT(epsilon), "1e-7", 0, 1e6,
                                             NULL, "added to the root of the mean square" },
                                           { "amsgrad", ISO_FIELD_BOOL, AT(amsgrad), "false", 0, 0,
                                             NULL, "divide by the largest mean square so far" },
                                           { 0 } };
const char *const iso_adam_slots[] = { "momentum", "velocity", "velocity_hat", NULL };

int iso_adam_slot_count(const void *params)
{
    return ((const struct iso_adam *)params)->amsgrad ? 3 : 2;
}

iso_rc iso_adam_check(const void *params)
{
    const struct iso_adam *p = params;
    return iso_expect_betas(p->beta_1, p->beta_2);
}

void iso_adam_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                   struct iso_cost *out)
{
    const struct iso_adam *p = params;
    (void)pass;
    iso_optimizer_cost(x, p->weight_decay > 0 ? 16 : 14, iso_adam_slot_count(params), out);
}

void iso_adam_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_adam *p = params;
    uint64_t t = step + 1;
    double root = sqrt(1 - iso_power(p->beta_2, t));
    out[ISO_ADAM_RATE] = p->learning_rate * root / (1 - iso_power(p->beta_1, t));
    out[ISO_ADAM_BETA_1] = p->beta_1;
    out[ISO_ADAM_1_BETA_1] = 1 - p->beta_1;
    out[ISO_ADAM_BETA_2] = p->beta_2;
    out[ISO_ADAM_1_BETA_2] = 1 - p->beta_2;
    out[ISO_ADAM_EPSILON] = p->epsilon;
    out[ISO_ADAM_DECAY] = p->learning_rate * p->weight_decay;
}

const struct iso_op_def iso_def_adam = {
    .doc = "Adam: steps scaled by running means of the gradients and of their squares",
    .section = "optimizers",
    .params_size = sizeof(struct iso_adam),
    .fields = fields,
    .slots = iso_adam_slots,
    .slot_count = iso_adam_slot_count,
    .infer = iso_optimizer_infer,
    .cost = iso_adam_cost,
    .scalars = iso_adam_scalars,
    .check = iso_adam_check,
};
