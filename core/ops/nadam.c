/* nadam.c: parameters and scalars of Nadam. */
#include <math.h>

#include "nadam.h"
#include "optimizer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_nadam, "0.001", "size of a step"),
    ISO_ADAM_FIELDS(struct iso_nadam),
    { 0 },
};
static const char *const slots[] = { "momentum", "velocity", NULL };

static iso_rc check(const void *params)
{
    const struct iso_nadam *p = params;
    return iso_expect_betas(p->beta_1, p->beta_2);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_optimizer_cost(x, 17, 2, out);
}

/* u_t; decay: 0.96^t. */
static double share(const struct iso_nadam *p, double decay)
{
    return p->beta_1 * (1 - 0.5 * decay);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_nadam *p = params;
    const uint64_t t = step + 1;
    const double now = share(p, iso_power(0.96, t)), next = share(p, iso_power(0.96, t + 1));
    const double root = sqrt(1 - iso_power(p->beta_2, t));
    double product = 1, decay = 1;
    for (uint64_t i = 0; i < t && product > 0x1p-60;
         i++) { /* for smaller products, 1 - product is 1 */
        decay *= 0.96;
        product *= share(p, decay);
    }
    out[ISO_NADAM_RATE] = p->learning_rate * root;
    out[ISO_NADAM_BETA_1] = p->beta_1;
    out[ISO_NADAM_1_BETA_1] = 1 - p->beta_1;
    out[ISO_NADAM_BETA_2] = p->beta_2;
    out[ISO_NADAM_1_BETA_2] = 1 - p->beta_2;
    out[ISO_NADAM_EPSILON] = p->epsilon * root;
    out[ISO_NADAM_OF_M] = next / (1 - product * next);
    out[ISO_NADAM_OF_G] = (1 - now) / (1 - product);
}

const struct iso_op_def iso_def_nadam = {
    .doc = "Nadam: Adam with Nesterov momentum",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_nadam),
    .fields = fields,
    .slots = slots,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
