/* dropout.h: in training, zeroes a share `rate` of the elements and scales the rest by 1/(1-rate).
 * Element e of row n, of m elements, is dropped when word e & 3 of Philox block
 * n ceil(m / 4) + (e >> 2) (counter: block, step, layer, ISO_RANDOM_DROPOUT; key: seed) is below
 * the threshold. Rows are numbered in the whole step (iso_call.first_row). */
#ifndef ISO_OP_DROPOUT_H
#define ISO_OP_DROPOUT_H
#include "core/iso.h"
struct iso_dropout {
    double rate;
}; /* saved[0]: U8 mask, 1 = kept (all 1 when not training) */
/* Shared with spatial_dropout2d. */
extern const struct iso_field iso_dropout_fields[];
iso_rc iso_dropout_check(const void *params);
void iso_dropout_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
enum {
    ISO_DROPOUT_SCALE,
    ISO_DROPOUT_THRESHOLD
}; /* scalars: 1/(1-rate); rate * 2^32, at most
      2^32 - 1 */
#endif
