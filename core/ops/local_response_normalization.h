/* local_response_normalization.h: each number over a power of the squares around it in its pixel,
 * as PyTorch's LocalResponseNorm and ONNX's LRN have it. For channel c, with the sums over the
 * channels from c - size / 2 to c + size / 2 that there are, ascending:
 *
 *   t = bias + alpha / size (chain of x^2),  y = x t^-beta
 *   u = dy x t^-(beta + 1)
 *   dx = dy t^-beta - (2 alpha beta / size) x (chain of u) */
#ifndef ISO_OP_LOCAL_RESPONSE_NORMALIZATION_H
#define ISO_OP_LOCAL_RESPONSE_NORMALIZATION_H
#include "core/iso.h"
struct iso_local_response_normalization {
    int64_t size; /* odd */
    double alpha, beta, bias;
};
enum {                /* scalars */
       ISO_LRN_SCALE, /* alpha / size */
       ISO_LRN_BIAS,
       ISO_LRN_BETA,
       ISO_LRN_FACTOR /* 2 alpha beta / size */
};
#endif
