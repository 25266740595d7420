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

/* Ends n chains: +0 is added once, so that a chain never ends in -0. (A device's fma may have
 * either zero where a product underflows or a factor is zero; the sign of a zero changes no later
 * sum.) */
static inline void ref_finish(iso_real *chain, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        chain[i] = chain[i] + ISO_R(0.0);
}

/* Sums over rows: where the block that begins at row `start` ends. Blocks start anew at each image
 * that has several rows; where each has one, they run over the batch. */
static inline int64_t ref_block_end(int64_t start, int64_t rows, int64_t rows_per_image)
{
    int64_t group = rows_per_image > 1 ? rows_per_image : rows;
    int64_t end = (start / group + 1) * group;
    return end - start > ISO_BLOCK_ROWS ? start + ISO_BLOCK_ROWS : end;
}

/* The output position whose tap, `tap` pixels into its window, reads input position i; it may lie
 * beyond the border. False when the strides leave it out. */
static inline bool ref_position(int64_t i, int64_t before, int64_t tap, int64_t stride,
                                int64_t *where)
{
    int64_t distance = i + before - tap;
    *where = distance / stride;
    return distance % stride == 0;
}

/* The end of a sum along an axis: lane l takes lane l + 8, then l + 4, l + 2, l + 1. */
static inline iso_real ref_lanes_total(iso_real lane[ISO_LANES])
{
    for (int half = ISO_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] = lane[l] + lane[l + half];
    return lane[0] + ISO_R(0.0); /* as every finished sum */
}

/* Continues rows x cols sums of products, k ascending over `depth` terms, each one fma chain:
 *
 *   y[r * y_row + c] = fma(x[r * x_row + k * x_step], w[k * cols + c], y[r * y_row + c])
 *
 * The order within a chain is the definition; the order among chains is free. */
void ISO_KERNEL(chains)(int64_t rows, int64_t cols, int64_t depth, const iso_real *x, int64_t x_row,
                        int64_t x_step, const iso_real *w, iso_real *y, int64_t y_row);

/* Column sums of x [rows, cols], block by block, added to or put in y [cols]; work: 2 * cols. */
void ISO_KERNEL(sum_rows)(const iso_real *x, int64_t rows, int64_t cols, int64_t rows_per_image,
                          iso_real *work, iso_real *y, bool add);

/* The sum over a whole tensor x [n], of |x| or x x (enum iso_sum_of), in blocks of elements. */
iso_real ISO_KERNEL(sum_elements)(int of, const iso_real *x, int64_t n);

/* The index of the first maximum of x [n]; the first NaN wins. */
int64_t ISO_KERNEL(argmax)(const iso_real *x, int64_t n);
/* The class that a row's n numbers mean: their first maximum; of a single one, whether it is above
 * a half. */
int64_t ISO_KERNEL(row_class)(const iso_real *x, int64_t n);
/* The class of a row's target: I32 [rows], or what REAL [rows, n] mean. */
int64_t ISO_KERNEL(target_class)(const struct iso_tensor *targets, int64_t row, int64_t n);

/* The maximum and the lane sum of exp(z - max) of one row of softmax. */
void ISO_KERNEL(softmax_row)(const iso_real *z, int64_t n, iso_real *max, iso_real *sum);

#endif
