/* reference.h: declarations shared by the kernels of the reference backend.
 *
 * Every file here is compiled once per variant: reference (any machine), reference_fma (hardware
 * fma; same bits, faster) and reference_double (the judge of accuracy). ISO_VARIANT is its name and
 * ISO_KERNEL(dense) makes reference_dense, reference_fma_dense or reference_double_dense of it. */
#ifndef ISO_REFERENCE_H
#define ISO_REFERENCE_H

#include "core/arithmetic/arith.h"
#include "core/iso.h"

#define ISO_JOIN_(variant, name) variant##_##name
#define ISO_JOIN(variant, name) ISO_JOIN_(variant, name)
#define ISO_KERNEL(name) ISO_JOIN(ISO_VARIANT, name)

/* An op whose plain loop nest would take too long for a training has a second kernel, <op>_fast.c,
 * which gives the same bits. The judge runs the plain one, and tests/test_reference.c compares the
 * two: ISO_PLAIN(dense) makes reference_dense_plain or reference_double_dense. */
#ifdef ISO_DOUBLE
#define ISO_PLAIN(name) ISO_KERNEL(name)
#else
#define ISO_PLAIN(name) ISO_KERNEL(name##_plain)
#endif

/* Returns a tensor's first element, since memory of this backend is plain host memory; NULL if the
 * tensor is absent. */
static inline iso_real *ref_real(const struct iso_tensor *t)
{
    return t->mem != NULL ? (iso_real *)(void *)t->mem + t->offset : NULL;
}
static inline int32_t *ref_i32(const struct iso_tensor *t)
{
    return t->mem != NULL ? (int32_t *)(void *)t->mem + t->offset : NULL;
}
static inline uint8_t *ref_u8(const struct iso_tensor *t)
{
    return t->mem != NULL ? (uint8_t *)(void *)t->mem + t->offset : NULL;
}
/* Returns the workspace, `offset` reals from its start. */
static inline iso_real *ref_work(const struct iso_call *call, int64_t offset)
{
    return (iso_real *)(void *)ref_u8(&call->workspace) + offset;
}

static inline void ref_zero(iso_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = ISO_R(0.0);
}

/* Writes a complete sum to a gradient, or adds it once. */
static inline void ref_put(iso_real *gradient, iso_real sum, bool add)
{
    *gradient = add ? *gradient + sum : sum;
}
/* Does the same for n gradients. */
static inline void ref_store(iso_real *gradient, const iso_real *sum, int64_t n, bool add)
{
    for (int64_t i = 0; i < n; i++)
        ref_put(&gradient[i], sum[i], add);
}

/* Returns the index of the first maximum of x [n], or of the first NaN. */
int64_t ISO_KERNEL(argmax)(const iso_real *x, int64_t n);
/* Returns the class that a row's n numbers predict: the first maximum; for a single number, 1 if it
 * is above a half. */
int64_t ISO_KERNEL(row_class)(const iso_real *x, int64_t n);
/* Returns the class of a row's target. targets: classes, I32 [rows], or numbers per class, REAL
 * [rows, n], which are read as row_class reads them. */
int64_t ISO_KERNEL(target_class)(const struct iso_tensor *targets, int64_t row, int64_t n);

#endif
