/* shared_fields.h (private): entries of field and weight tables that several ops have. params is
 * the op's params struct; a field's key is the name of its member there. */
#ifndef ISO_OP_SHARED_FIELDS_H
#define ISO_OP_SHARED_FIELDS_H
#include "activation.h"
#include "optimizer.h"
#include "window.h"

/* clang-format off */
#define ISO_SHARED_FIELD(params, member, type, dflt, min, max, choices, doc) \
    { #member, type, offsetof(params, member), dflt, min, max, choices, doc }
/* prefix: beginning of the names of this weight's members. */
#define ISO_TRAINED_WEIGHT(params, prefix, name) \
    { name, offsetof(params, prefix##_initializer), true, offsetof(params, prefix##_regularizer) }
/* clang-format on */

/* ---- Weights ------------------------------------------------------------------------------- */

/* text: the weight's name in the documentation. */
#define ISO_INITIALIZER_FIELD(params, prefix, dflt, text)                                   \
    ISO_SHARED_FIELD(params, prefix##_initializer, ISO_FIELD_INITIALIZER, dflt, 0, 0, NULL, \
                     "initial " text)
#define ISO_REGULARIZER_FIELD(params, prefix, text)                                           \
    ISO_SHARED_FIELD(params, prefix##_regularizer, ISO_FIELD_REGULARIZER, "none", 0, 0, NULL, \
                     "penalty on " text)

/* A kernel and a bias, the only weights of a layer. */
#define ISO_KERNEL_FIELDS(params, kernel)                              \
    ISO_INITIALIZER_FIELD(params, kernel, "glorot_uniform", "kernel"), \
        ISO_INITIALIZER_FIELD(params, bias, "zeros", "bias"),          \
        ISO_REGULARIZER_FIELD(params, kernel, "the kernel"),           \
        ISO_REGULARIZER_FIELD(params, bias, "the bias")
#define ISO_KERNEL_WEIGHTS(params, kernel) \
    ISO_TRAINED_WEIGHT(params, kernel, "kernel"), ISO_TRAINED_WEIGHT(params, bias, "bias")

/* ---- Layers with a kernel ------------------------------------------------------------------ */

#define ISO_FILTERS_FIELD(params)                                            \
    ISO_SHARED_FIELD(params, filters, ISO_FIELD_INT, NULL, 1, 1 << 24, NULL, \
                     "number of output channels")
#define ISO_DEPTH_MULTIPLIER_FIELD(params, doc) \
    ISO_SHARED_FIELD(params, depth_multiplier, ISO_FIELD_INT, "1", 1, 1 << 16, NULL, doc)
/* kernels: "the kernel", or "the kernels" where there are several. */
#define ISO_WINDOW_FIELDS(params, kernels)                                                  \
    ISO_SHARED_FIELD(params, kernel_size, ISO_FIELD_INT2, NULL, 1, 4096, NULL,              \
                     "height and width of " kernels),                                       \
        ISO_SHARED_FIELD(params, strides, ISO_FIELD_INT2, "1", 1, 4096, NULL,               \
                         "strides of " kernels ", down and right"),                         \
        ISO_SHARED_FIELD(params, padding, ISO_FIELD_ENUM, "valid", 0, 0, iso_padding_names, \
                         "valid: none; same: zeros, so that strides 1 keep the size")
/* kernel: "the kernel", or "a kernel". */
#define ISO_DILATION_RATE_FIELD(params, kernel)                                 \
    ISO_SHARED_FIELD(params, dilation_rate, ISO_FIELD_INT2, "1", 1, 4096, NULL, \
                     "distance between " kernel "'s taps, down and right")
/* output: what has a number of the bias, "output" or "output channel". */
#define ISO_ACTIVATION_AND_BIAS_FIELDS(params, output)                         \
    ISO_SHARED_FIELD(params, activation, ISO_FIELD_ACTIVATION, "linear", 0, 0, \
                     iso_activation_names, "function applied to the result"),  \
        ISO_SHARED_FIELD(params, use_bias, ISO_FIELD_BOOL, "true", 0, 0, NULL, \
                         "add a bias to each " output)

/* ---- Normalizations ------------------------------------------------------------------------ */

/* set: the numbers that have one mean and variance, "channel" or "row". */
#define ISO_NORMALIZATION_FIELDS(params, set)                                                  \
    ISO_SHARED_FIELD(params, epsilon, ISO_FIELD_REAL, "0.001", 1e-30, 1e6, NULL,               \
                     "added to the variance, so that a constant " set " is not divided by 0"), \
        ISO_SHARED_FIELD(params, center, ISO_FIELD_BOOL, "true", 0, 0, NULL,                   \
                         "add beta to each " set),                                             \
        ISO_SHARED_FIELD(params, scale, ISO_FIELD_BOOL, "true", 0, 0, NULL,                    \
                         "multiply each " set " by gamma")
#define ISO_BETA_AND_GAMMA_INITIALIZER_FIELDS(params)     \
    ISO_INITIALIZER_FIELD(params, beta, "zeros", "beta"), \
        ISO_INITIALIZER_FIELD(params, gamma, "ones", "gamma")
#define ISO_BETA_AND_GAMMA_REGULARIZER_FIELDS(params) \
    ISO_REGULARIZER_FIELD(params, beta, "beta"), ISO_REGULARIZER_FIELD(params, gamma, "gamma")
#define ISO_GAMMA_AND_BETA_WEIGHTS(params) \
    ISO_TRAINED_WEIGHT(params, gamma, "gamma"), ISO_TRAINED_WEIGHT(params, beta, "beta")

/* ---- Optimizers ---------------------------------------------------------------------------- */

#define ISO_LEARNING_RATE_FIELD(params, dflt, doc) \
    ISO_SHARED_FIELD(params, learning_rate, ISO_FIELD_REAL, dflt, 0, 1e6, NULL, doc)
#define ISO_RHO_FIELD(params, dflt, means) \
    ISO_SHARED_FIELD(params, rho, ISO_FIELD_REAL, dflt, 0, 1, NULL, "decay of " means ", below 1")
#define ISO_BETA_1_FIELD(params)                                        \
    ISO_SHARED_FIELD(params, beta_1, ISO_FIELD_REAL, "0.9", 0, 1, NULL, \
                     "decay of the mean of the gradients, below 1")
#define ISO_BETA_2_FIELD(params, size)                                    \
    ISO_SHARED_FIELD(params, beta_2, ISO_FIELD_REAL, "0.999", 0, 1, NULL, \
                     "decay of " size ", below 1")
#define ISO_EPSILON_FIELD(params, doc) \
    ISO_SHARED_FIELD(params, epsilon, ISO_FIELD_REAL, "1e-7", 0, 1e6, NULL, doc)
#define ISO_EPSILON_PLACEMENT_FIELD(params)                                                \
    ISO_SHARED_FIELD(                                                                      \
        params, epsilon_placement, ISO_FIELD_ENUM, "inside", 0, 0, iso_epsilon_placements, \
        "add epsilon inside the root, as Keras does from 2.11 on, or outside it, as before")

/* The fields of Adam, and of optimizers like it that divide by the root of a mean of squares. */
#define ISO_ADAM_FIELDS(params)                                                      \
    ISO_BETA_1_FIELD(params), ISO_BETA_2_FIELD(params, "the mean of their squares"), \
        ISO_EPSILON_FIELD(params, "added to the root of the mean square")
#define ISO_AMSGRAD_FIELD(params)                                          \
    ISO_SHARED_FIELD(params, amsgrad, ISO_FIELD_BOOL, "false", 0, 0, NULL, \
                     "divide by the largest mean square so far")
#endif
