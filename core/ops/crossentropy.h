/* crossentropy.h: what the two softmax cross-entropies share.
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s, l = (z - m) - log s
 *   loss = mean over rows of -sum t l;  dz = (p sum t - t) / rows
 * The categorical one may clip, as Keras 2.2 does: log p is held to [log clip, log(1 - clip)], and
 * the gradient takes t as 0 where p lies outside [clip, 1 - clip].
 * x: logits REAL [rows, classes], target (one-hot REAL [rows, classes], or sparse I32 [rows]);
 * y: probabilities REAL [rows, classes], mean loss REAL [1]; dx[0]: d logits. */
#ifndef ISO_OP_CROSSENTROPY_H
#define ISO_OP_CROSSENTROPY_H
#include "../iso.h"
struct iso_categorical_crossentropy { double clip; };          /* 0: none */
enum { ISO_CROSSENTROPY_CLIP };                                 /* scalars */
iso_rc iso_crossentropy_infer(const struct iso_shape *x, bool sparse, struct iso_shapes *out);
void iso_crossentropy_cost(const struct iso_shape *x, struct iso_cost *out);
#endif
