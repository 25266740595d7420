/* conv_pointwise.h: convolutions whose kernel has one tap, as matrix products. */
#ifndef ISO_CPU_CONV_POINTWISE_H
#define ISO_CPU_CONV_POINTWISE_H
#include "conv.h"

ISO_CPU_CONVOLUTION(conv_pointwise)
#endif
