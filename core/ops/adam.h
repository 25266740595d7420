/* adam.h: Adam and AdamW as in Keras: m and v are moving averages of the gradients and of their
 * squares, w -= rate_t m / (sqrt v + epsilon), rate_t = lr sqrt(1 - beta_2^t) / (1 - beta_1^t),
 * with the largest v so far in place of v for AMSGrad. AdamW first multiplies the weight by 1 - lr
 * weight_decay. The formulas are iso_adam_* in core/arithmetic/optimizers.h. */
#ifndef ISO_OP_ADAM_H
#define ISO_OP_ADAM_H
#include "optimizer.h"
/* state: momentum (m), velocity (v), and velocity_hat when amsgrad */
struct iso_adam {
    double learning_rate, weight_decay, beta_1, beta_2, epsilon;
    bool amsgrad;
};
enum {
    ISO_ADAM_RATE,
    ISO_ADAM_BETA_1,
    ISO_ADAM_1_BETA_1,
    ISO_ADAM_BETA_2,
    ISO_ADAM_1_BETA_2,
    ISO_ADAM_EPSILON,
    ISO_ADAM_DECAY
};

/* Shared by the descriptors of Adam and AdamW; weight_decay is 0 for Adam. */
extern const char *const iso_adam_slots[];
int iso_adam_slot_count(const void *params);
iso_rc iso_adam_check(const void *params);
void iso_adam_cost(const void *params, const struct iso_shape *x, enum iso_pass,
                   struct iso_cost *out);
void iso_adam_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
#define ISO_ADAM_DEF(text, table)                                                         \
    {                                                                                     \
        .doc = text, .topic = "optimizers", .params_size = sizeof(struct iso_adam),       \
        .fields = table, .slots = iso_adam_slots, .slot_count = iso_adam_slot_count,      \
        .infer = iso_optimizer_infer, .cost = iso_adam_cost, .scalars = iso_adam_scalars, \
        .check = iso_adam_check,                                                          \
    }
#endif
