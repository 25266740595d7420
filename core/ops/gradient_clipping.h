/* gradient_clipping.h: limits a gradient, between the backward pass and the optimizer.
 *
 * x[0]: the gradient; x[1], for a norm: squared norms [n], whose sum is the square of the norm: the
 * gradient's own alone (clipnorm), or those of all gradients (global_clipnorm). clipvalue: y = x
 * clamped to [-clipvalue, clipvalue] clipnorm, global_clipnorm: norm = sqrt(sum of x[1]), y = norm
 * <= limit ? x : x limit / norm y[0] may be the memory of x[0]. A NaN stays, and a NaN norm makes
 * all of y NaN. */
#ifndef ISO_OP_GRADIENT_CLIPPING_H
#define ISO_OP_GRADIENT_CLIPPING_H
#include "core/iso.h"
struct iso_gradient_clipping {
    double clipvalue, clipnorm, global_clipnorm;
};                       /* 0: not set */
enum { ISO_CLIP_LIMIT }; /* scalars: the one that is set */

static inline bool iso_clips_norm(const struct iso_gradient_clipping *p)
{
    return p->clipnorm > 0 || p->global_clipnorm > 0;
}
static inline bool iso_clips(const struct iso_gradient_clipping *p)
{
    return p->clipvalue > 0 || iso_clips_norm(p);
}
#endif
