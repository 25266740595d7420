/* clblast.h: CLBlast, checked before it is trusted (fast mode only).
 *
 * When a network is planned, each class of matrix products (transposes, sizes to powers of two) is
 * checked once against isocl's own on this device with this driver, and timed. Where CLBlast is
 * wrong or slower, isocl's exact kernels run. Verdicts are kept in the user's cache,
 * clblast-HASH.txt. */
#ifndef ISO_OPENCL_CLBLAST_H
#define ISO_OPENCL_CLBLAST_H
#include "chains.h"

/* c[m, n] = op(a) op(b): a[m, k], or a[k, m] when ta; b[k, n], or b[n, k] when tb; all row-major.
 */
struct opencl_product {
    bool ta, tb;
    size_t m, n, k;
};

iso_rc opencl_clblast_open(struct opencl *);
void opencl_clblast_close(struct opencl *); /* before the context goes */

/* Plan time: makes sure that the product's class has a verdict. Never fails: a class that could not
 * be checked is one that isocl's kernels serve. */
void opencl_clblast_check(struct opencl *, const struct opencl_product *);
/* True if CLBlast is to run this product: its class, or the same with more rows, was found right
 * and fast. */
bool opencl_clblast_trusted(const struct opencl *, const struct opencl_product *);
/* c = op(a) op(b), added to c when `add`. */
iso_rc opencl_clblast(struct opencl *, const struct opencl_product *, struct opencl_at a,
                      struct opencl_at b, struct opencl_at c, bool add);
#endif
