/* activation.h: elementwise functions, and softmax and its logarithm over the last axis. */
#ifndef ISO_OP_ACTIVATION_H
#define ISO_OP_ACTIVATION_H
#include "core/iso.h"
#include "core/arithmetic/formulas.h"            /* enum iso_activation_function */
extern const char *const iso_activation_names[]; /* in the order of the formulas; NULL at the end */
struct iso_activation {
    int function;
    /* Parameters of elu, leaky_relu, hard_sigmoid, relu; max_value 0: no limit. */
    double alpha, negative_slope, slope, max_value;
    bool approximate; /* parameter of gelu */
};
/* Returns the function's own name, given that name or another by which it is known. */
const char *iso_activation_own_name(const char *name);
/* Return the formula of the activation, and the one number that the formula takes. */
enum iso_activation_function iso_activation_formula(const struct iso_activation *);
double iso_activation_parameter(const struct iso_activation *);
/* True if it is relu; not if there is none (NULL). */
bool iso_is_relu(const struct iso_activation *);
#endif
