/* normalized_sets.h: the passes of layer_normalization and group_normalization. */
#ifndef ISO_REFERENCE_NORMALIZED_SETS_H
#define ISO_REFERENCE_NORMALIZED_SETS_H
#include "core/ops/normalized_sets.h"
#include "reference.h"

void ISO_KERNEL(normalize_sets)(const struct iso_call *, const struct iso_normalized_sets *);
void ISO_KERNEL(sets_gradients)(const struct iso_call *, const struct iso_normalized_sets *);
#endif
