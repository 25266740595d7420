/* optimizer.c: functions shared by the descriptors of optimizers. */
#include "infer.h"
#include "optimizer.h"

const char *const iso_epsilon_placements[] = { "inside", "outside", NULL };

iso_rc iso_optimizer_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params, (void)x;
    *out = (struct iso_shapes){ 0 };
    return ISO_OK;
}

void iso_optimizer_cost(const struct iso_shape *x, double flops, int slots, struct iso_cost *out)
{
    iso_elementwise_cost(x, flops, 3 + 2 * slots, out);
}

iso_rc iso_expect_betas(double beta_1, double beta_2)
{
    if (!(beta_1 < 1) || !(beta_2 < 1))
        return iso_fail(ISO_EMODEL, "beta_1 and beta_2 must be below 1");
    return ISO_OK;
}
