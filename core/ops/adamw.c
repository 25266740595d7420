/* adamw.c: parameters of AdamW; all else is Adam's (adam.c). */
#include "adam.h"
#include "optimizer.h"

#define AT(member) offsetof(struct iso_adam, member)
static const struct iso_field fields[] = {
    { "learning_rate", ISO_FIELD_REAL, AT(learning_rate), "0.001", 0, 1e6, NULL, "size of a step" },
    { "weight_decay", ISO_FIELD_REAL, AT(weight_decay), "0.004", 0, 1e6, NULL,
      "a weight first loses learning_rate times this share of itself" },
    { "beta_1", ISO_FIELD_REAL, AT(beta_1), "0.9", 0, 1, NULL,
      "decay of the mean of the gradients, below 1" },
    { "beta_2", ISO_FIELD_REAL, AT(beta_2), "0.999", 0, 1, NULL,
      "decay of the mean of their squares, below 1" },
    { "epsilon", ISO_FIELD_REAL, AT(epsilon), "1e-7", 0, 1e6, NULL,
      "added to the root of the mean square" },
    { "amsgrad", ISO_FIELD_BOOL, AT(amsgrad), "false", 0, 0, NULL,
      "divide by the largest mean square so far" },
    { 0 }
};

const struct iso_op_def iso_def_adamw = {
    .doc = "AdamW: Adam, and every weight shrinks by a share of itself",
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
