/* dense.h: y[n, o] = sum over i of x[n, i] kernel[i, o] + bias[o]. */
#ifndef ISO_OP_DENSE_H
#define ISO_OP_DENSE_H
#include "core/iso.h"
struct iso_dense { /* w: kernel [in, units], bias [units] when use_bias */
    int64_t units;
    bool use_bias;
    int activation;
    struct iso_initializer kernel_initializer, bias_initializer;
    struct iso_regularizer kernel_regularizer, bias_regularizer;
};
#endif
