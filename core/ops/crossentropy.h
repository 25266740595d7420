/* crossentropy.h: what the two softmax cross-entropies share.
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s, l = (z - m) - log s
 *   loss of a row = -sum t l;  dz = weight of the row (p sum t - t) / rows
 * The categorical one may clip, as Keras 2.2 does: log p is held to [log clip, log(1 - clip)], and
 * the gradient takes t as 0 where p lies outside [clip, 1 - clip].
 * x: logits, target (one-hot, or sparse: the class), weights; y: probabilities, mean loss; dx[0]:
 * d logits (loss.h). */
#ifndef ISO_OP_CROSSENTROPY_H
#define ISO_OP_CROSSENTROPY_H
#include "loss.h"
struct iso_categorical_crossentropy { double clip; };          /* 0: none */
enum { ISO_CROSSENTROPY_CLIP };                                 /* scalars */
enum { ISO_CROSSENTROPY_FLOPS = 30 };                           /* of an element, for the cost */
#endif
