/* binary_crossentropy.cl: p = sigmoid(z); mean of -(t log p + (1 - t) log(1 - p)). */
#include "common.h"
#include "loss.h"

SIGMOID_LOSS(binary_crossentropy, iso_binary_add, iso_binary_slope)
