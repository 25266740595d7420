#ifndef ISO_OP_TOP_K_H
#define ISO_OP_TOP_K_H
#include <stdint.h>

/* y = number of rows in which fewer than k classes rank above the target's class (iso_ahead in
 * core/arithmetic/formulas.h), as Keras's in_top_k counts: equally probable classes do not rank
 * above each other, so that a tie at rank k counts as a hit; NaN ranks above every number, and a
 * target whose prediction is NaN is a miss. */
struct iso_top_k {
    int64_t k;
};
#endif
