/* activation.h: elementwise functions, and softmax over the last axis. */
#ifndef ISO_OP_ACTIVATION_H
#define ISO_OP_ACTIVATION_H
#include "../iso.h"
#include "../formulas.h"                               /* enum iso_activation_function */
extern const char *const iso_activation_names[];       /* in that order; NULL at the end */
struct iso_activation { int function; double alpha; };  /* alpha: of elu */
#endif
