/* adam.c: parameters and scalars of Adam; AdamW shares most of them. */
#include <math.h>

#include "adam.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_adam, "0.001", "size of a step"),
    ISO_ADAM_FIELDS(struct iso_adam),
    ISO_AMSGRAD_FIELD(struct iso_adam),
    { 0 },
};
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

const struct iso_op_def iso_def_adam =
    ISO_ADAM_DEF("Adam: steps from moving averages of the gradients and of their squares", fields);
