/* normalized_sets.h: the passes of layer_normalization and group_normalization, and their workspace
 * in bytes. */
#ifndef ISO_CPU_NORMALIZED_SETS_H
#define ISO_CPU_NORMALIZED_SETS_H
#include "core/ops/normalized_sets.h"
#include "cpu.h"

size_t ISO_CPU(sets_workspace)(const struct iso_call *, enum iso_pass);
void ISO_CPU(normalize_sets)(struct iso_backend *, const struct iso_call *,
                             const struct iso_normalized_sets *);
void ISO_CPU(sets_gradients)(struct iso_backend *, const struct iso_call *,
                             const struct iso_normalized_sets *);
#endif
