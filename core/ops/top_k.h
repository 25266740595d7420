#ifndef ISO_OP_TOP_K_H
#define ISO_OP_TOP_K_H
#include <stdint.h>

/* y = number of rows where fewer than k classes stand ahead of the target's class (iso_ahead in
 * core/formulas.h), as Keras's in_top_k counts: of classes that are equally probable none is
 * ahead, so that a tie at rank k counts for the target; NaN is ahead of every number, and a
 * target whose prediction is NaN is not found. */
struct iso_top_k {
    int64_t k;
};
#endif
