/* weight_average.h: an exponential moving average of the weights, which every optimizer can keep,
 * as in Keras: after each step, average = ema_momentum average + (1 - ema_momentum) w, where the
 * first step's average is w itself. At the end of a phase each trained weight becomes its average.
 */
#ifndef ISO_MODEL_WEIGHT_AVERAGE_H
#define ISO_MODEL_WEIGHT_AVERAGE_H
#include "core/iso.h"

struct iso_weight_average {
    bool use_ema;
    double ema_momentum;
};
extern const struct iso_field iso_weight_average_fields[];
#endif
