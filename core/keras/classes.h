/* classes.h: Keras's classes of layers beside the ops here. */
#ifndef ISO_KERAS_CLASSES_H
#define ISO_KERAS_CLASSES_H
#include "core/iso.h"

/* Returns the class that is an op's in Keras, "Conv2D"; NULL if Keras has none. */
const char *iso_keras_class(enum iso_op);
/* Returns the op of a class, under its names in Keras 1 to 3; -1 if there is none. */
int iso_keras_op(const char *class_name);
/* Writes the class as Keras writes it in paths of .weights.h5, "depthwise_conv2d", truncated to n
 * bytes, into buf and returns buf. */
const char *iso_keras_snake(const char *class_name, char *buf, size_t n);
#endif
