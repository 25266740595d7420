/* channel_scale.h: what layer_scale and prelu share: one learned factor for each channel.
 *
 *   layer_scale: y = factor x                     prelu: y = x where x > 0, otherwise factor x
 *   dx = dy factor, or dy where prelu gave x
 *   dfactor = row sum of dy x, of prelu only where x is not above 0
 *
 * A row is a pixel, or an example. */
#ifndef ISO_OP_CHANNEL_SCALE_H
#define ISO_OP_CHANNEL_SCALE_H
#include "batch_normalization.h" /* iso_bn_rows */
#include "core/arithmetic/formulas.h"
struct iso_channel_scale {
    struct iso_initializer initializer;
    struct iso_regularizer regularizer;
};
/* op_def.cost of both. */
void iso_channel_scale_cost(const void *params, const struct iso_shape *x, enum iso_pass,
                            struct iso_cost *out);
#endif
