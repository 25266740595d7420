/* clblast.h: matrix products by CLBlast, if they have proved right and fast (fast mode only).
 *
 * A size class is all products with the same transposes whose sizes round up to the same powers of
 * two. Planning records one product per size class; the tuner runs CLBlast and isocl's own kernel
 * on it. Where CLBlast is wrong or slower, isocl's exact kernels run. */
#ifndef ISO_OPENCL_CLBLAST_H
#define ISO_OPENCL_CLBLAST_H
#include "chains.h"
#include "records.h"

/* c[m, n] = op(a) op(b): a[m, k], or a[k, m] when ta; b[k, n], or b[n, k] when tb; all row-major.
 */
struct opencl_product {
    bool ta, tb;
    size_t m, n, k;
};

iso_rc opencl_clblast_open(struct opencl *);
void opencl_clblast_close(struct opencl *); /* before the context goes */

/* Called while planning: records the product's size class for the tuner, unless it is known or the
 * product is too small to matter. */
void opencl_clblast_note(struct opencl *, const struct opencl_product *);
/* Gives size class number i, counted from 0: the tuner's key for it, and the product recorded.
 * Returns false if there are no more. */
bool opencl_clblast_size_class(const struct opencl *, int i, char key[OPENCL_RECORD_KEY],
                               struct opencl_product *);
/* Reads the tuner's times and verdicts for "clblast" and "own" from the records. A size class
 * without a record uses isocl's kernels. */
void opencl_clblast_learn(struct opencl *, const struct opencl_records *);
/* Returns true if CLBlast should run this product: its size class, or else the smallest one
 * recorded with the same n and larger m or k, was found right and fast. */
bool opencl_clblast_trusted(const struct opencl *, const struct opencl_product *);
/* Computes c = op(a) op(b), or adds it to c. */
iso_rc opencl_clblast(struct opencl *, const struct opencl_product *, struct opencl_at a,
                      struct opencl_at b, struct opencl_at c, bool add);
#endif
