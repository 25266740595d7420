/* order.h: the order in which Keras keeps the layers of a network, and the names that follow from
 * it. */
#ifndef ISO_KERAS_ORDER_H
#define ISO_KERAS_ORDER_H
#include "core/model/model.h"

/* Writes the indices of the layers on which the last one depends, in Keras's order: those farthest
 * from the output first, and of equally far ones the one that is met first on the way from the
 * output to the input. Returns their number; order has room for all layers. Fails with -1 and the
 * message set if there is no memory. */
int iso_keras_order(const struct iso_model *, int *order);
/* Gives each of the model's layers its name in Keras's .weights.h5: its class, and a number from
 * the second one of a class on; "" to those on which the output does not depend. Fails with
 * ISO_ENOMEM only. Free *out, set only on success. */
iso_rc iso_keras_class_names(const struct iso_model *, char (**out)[ISO_NAME]);
#endif
