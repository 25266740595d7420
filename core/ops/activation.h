/* activation.h: elementwise functions, and softmax over the last axis. */
#ifndef ISO_OP_ACTIVATION_H
#define ISO_OP_ACTIVATION_H
#include "../iso.h"
enum iso_activation_function { ISO_LINEAR, ISO_RELU, ISO_ELU, ISO_SIGMOID, ISO_TANH, ISO_SOFTMAX };
extern const char *const iso_activation_names[];       /* in that order; NULL at the end */
struct iso_activation { int function; double alpha; };  /* alpha: of elu */
#endif
