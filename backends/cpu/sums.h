/* sums.h: the sums whose order core/iso.h fixes: over rows in blocks, and over whole tensors. */
#ifndef ISO_CPU_SUMS_H
#define ISO_CPU_SUMS_H
#include "elements.h"

/* out[j] = the sum of x[rows, columns] over rows, in blocks that start anew at each image, or that
 * sum added to out[j]. The workspace holds the block sums. */
size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns);
void ISO_CPU(sum_rows)(struct iso_team *, int64_t rows, int64_t rows_per_image, int64_t columns,
                       const float *x, bool add, float *out, void *workspace);
/* The end of such a sum: sums [blocks, columns] of the blocks, added in ascending order. */
void ISO_CPU(add_blocks)(struct iso_team *, const float *sums, int64_t blocks, int64_t columns,
                         bool add, float *out);

/* The sum over a whole tensor x [n], of |x| or x x (enum iso_sum_of), in blocks of elements; the
 * workspace holds the block sums. */
size_t ISO_CPU(sum_elements_workspace)(int64_t n);
float ISO_CPU(sum_elements)(struct iso_team *, enum iso_sum_of, const float *x, int64_t n,
                            void *workspace);
#endif
