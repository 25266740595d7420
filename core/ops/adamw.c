/* adamw.c: parameters of AdamW; all else is Adam's (adam.c). */
#include "adam.h"
#include "shared_fields.h"

#define AT(member) offsetof(struct iso_adam, member)
static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_adam, "0.001", "size of a step"),
    { "weight_decay", ISO_FIELD_REAL, AT(weight_decay), "0.004", 0, 1e6, NULL,
      "before each step, a weight is reduced by learning_rate times this share of itself" },
    ISO_ADAM_FIELDS(struct iso_adam),
    ISO_AMSGRAD_FIELD(struct iso_adam),
    { 0 }
};

const struct iso_op_def iso_def_adamw =
    ISO_ADAM_DEF("AdamW: Adam with decoupled weight decay", fields);
