/* hinge.h: f(p, t) = max(1 - t p, 0), labels t of -1 and +1. */
#ifndef ISO_OP_HINGE_H
#define ISO_OP_HINGE_H
#include "loss.h"
struct iso_hinge {
    bool convert_labels;
};                       /* a label of 0 counts as -1 */
enum { ISO_HINGE_ZERO }; /* scalars: the label that replaces 0 */
extern const struct iso_field iso_hinge_fields[];
void iso_hinge_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
#endif
