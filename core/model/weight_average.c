/* weight_average.c: the keys of the moving average of the weights. */
#include "weight_average.h"

#define AT(member) offsetof(struct iso_weight_average, member)
const struct iso_field iso_weight_average_fields[] = {
    { "use_ema", ISO_FIELD_BOOL, AT(use_ema), "false", 0, 0, NULL,
      "keep an exponential moving average of each trained weight, which becomes the weight at the "
      "end of the phase; validation during training sees the weights themselves, as in Keras" },
    { "ema_momentum", ISO_FIELD_REAL, AT(ema_momentum), "0.99", 0, 1, NULL,
      "share of the average that a step keeps" },
    { 0 },
};
