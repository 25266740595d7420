/* clblast.h: matrix products by CLBlast, if they have proved right and fast (fast mode only).
 *
 * When a network is planned, each class of matrix products (transposes, sizes to powers of two) is
 * noted; the tuner runs CLBlast and isocl's own product on one of each. Where CLBlast is wrong or
 * slower, isocl's exact kernels run. */
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

/* Called while planning: records the product's class for the tuner. */
void opencl_clblast_note(struct opencl *, const struct opencl_product *);
/* Gives class number i, from 0 on: the tuner's key, and a product of the class. Returns false if
 * there are no more. */
bool opencl_clblast_class(const struct opencl *, int i, char key[OPENCL_RECORD_KEY],
                          struct opencl_product *);
/* Takes over the candidates "clblast" and "own" of these records. A class without a record uses
 * isocl's kernels. */
void opencl_clblast_learn(struct opencl *, const struct opencl_records *);
/* Returns true if CLBlast should run this product: its class, or the same class with more rows, was
 * found right and fast. */
bool opencl_clblast_trusted(const struct opencl *, const struct opencl_product *);
/* Computes c = op(a) op(b), or adds it to c. */
iso_rc opencl_clblast(struct opencl *, const struct opencl_product *, struct opencl_at a,
                      struct opencl_at b, struct opencl_at c, bool add);
#endif
