/* permutation.h: the walk of permute and of layers that are permutations, too. */
#ifndef ISO_REFERENCE_PERMUTATION_H
#define ISO_REFERENCE_PERMUTATION_H
#include "core/ops/permute.h"
#include "reference.h"

/* Sets `to` to the numbers of `from` in the order of l, or adds them. */
static inline void ref_permute(const struct iso_permutation *l, const iso_real *from, iso_real *to,
                               bool add)
{
    for (int64_t n = 0; n < l->dim[0]; n++)
        for (int64_t i = 0; i < l->dim[1]; i++)
            for (int64_t j = 0; j < l->dim[2]; j++)
                for (int64_t k = 0; k < l->dim[3]; k++, to++)
                    ref_put(to,
                            from[n * l->stride[0] + i * l->stride[1] + j * l->stride[2] +
                                 k * l->stride[3]],
                            add);
}
#endif
