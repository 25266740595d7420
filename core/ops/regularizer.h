/* regularizer.h: l1 sum |w| + l2 sum w^2 of one weight, added to the loss; its gradient is
 * l1 sign(w) + 2 l2 w, with sign(0) = 0, as in Keras. The sums run over the whole tensor in blocks
 * (ISO_BLOCK_ELEMENTS). The params are struct iso_regularizer. */
#ifndef ISO_OP_REGULARIZER_H
#define ISO_OP_REGULARIZER_H
#include "core/iso.h"
enum { ISO_PENALTY_L1, ISO_PENALTY_L2, ISO_PENALTY_TWO_L2 }; /* scalars */
/* Returns the number of blocks of a sum over n elements. */
static inline int64_t iso_element_blocks(int64_t n)
{
    return (n + ISO_BLOCK_ELEMENTS - 1) / ISO_BLOCK_ELEMENTS;
}
#endif
