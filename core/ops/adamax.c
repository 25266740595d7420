/* adamax.c: parameters and scalars of Adamax. */
#include "adamax.h"
#include "optimizer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_adamax, "0.001",
                            "size of a step; 0.002 in Keras before 2.4"),
    ISO_BETA_1_FIELD(struct iso_adamax),
    ISO_BETA_2_FIELD(struct iso_adamax, "the maximum of their absolute values"),
    ISO_EPSILON_FIELD(struct iso_adamax, "avoids division by 0"),
    { 0 }
};
static const char *const slots[] = { "momentum", "norm", NULL };

static iso_rc check(const void *params)
{
    const struct iso_adamax *p = params;
    return iso_expect_betas(p->beta_1, p->beta_2);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_optimizer_cost(x, 9, 2, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_adamax *p = params;
    out[ISO_ADAMAX_RATE] = p->learning_rate / (1 - iso_power(p->beta_1, step + 1));
    out[ISO_ADAMAX_BETA_1] = p->beta_1;
    out[ISO_ADAMAX_1_BETA_1] = 1 - p->beta_1;
    out[ISO_ADAMAX_BETA_2] = p->beta_2;
    out[ISO_ADAMAX_EPSILON] = p->epsilon;
}

const struct iso_op_def iso_def_adamax = {
    .doc = "Adamax: Adam that divides by a decaying maximum of the gradients",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_adamax),
    .fields = fields,
    .slots = slots,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
