/* reference.h: what the kernels of the reference backend share.
 *
 * Every file here is compiled once per variant: reference (any machine), reference_fma (hardware
 * fma; same bits, faster) and reference_double (the judge of accuracy). ISO_VARIANT is its name and
 * ISO_KERNEL(dense) makes reference_dense, reference_fma_dense or reference_double_dense of it. */
#ifndef ISO_REFERENCE_H
#define ISO_REFERENCE_H

#include "core/arith.h"
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

/* A tensor's first element (memory of this backend is plain host memory); NULL: not there. */
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
/* The workspace; `offset` is in reals from its start. */
static inline iso_real *ref_work(const struct iso_call *call, int64_t offset)
{
    return (iso_real *)(void *)ref_u8(&call->workspace) + offset;
}

static inline void ref_zero(iso_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = ISO_R(0.0);
}

/* Puts a finished sum in a gradient: adds it once, or overwrites. */
static inline void ref_put(iso_real *gradient, iso_real sum, bool add)
{
    *gradient = add ? *gradient + sum : sum;
}
/* The same for n of them. */
static inline void ref_store(iso_real *gradient, const iso_real *sum, int64_t n, bool add)
{
    for (int64_t i = 0; i < n; i++)
        ref_put(&gradient[i], sum[i], add);
}

/* The index of the first maximum of x [n]; the first NaN wins. */
int64_t ISO_KERNEL(argmax)(const iso_real *x, int64_t n);
/* The class that a row's n numbers mean: their first maximum; of a single one, whether it is above
 * a half. */
int64_t ISO_KERNEL(row_class)(const iso_real *x, int64_t n);
/* The class of a row's target: I32 [rows], or what REAL [rows, n] mean. */
int64_t ISO_KERNEL(target_class)(const struct iso_tensor *targets, int64_t row, int64_t n);

#endif
