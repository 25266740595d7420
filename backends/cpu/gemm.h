/* gemm.h: c[i, j] = sum over k of a[i, k] b[k, j], in blocks of ISO_BLOCK_TERMS, then + bias[j],
 * then added to c or stored: the GEMM of dense layers. */
#ifndef ISO_CPU_GEMM_H
#define ISO_CPU_GEMM_H
#include "cpu.h"
#include "tile.h"

struct iso_gemm {
    int64_t m, n, k;
    const float *a;
    int64_t lda; /* a[i lda + k] */
    const float *w;
    int64_t ldw; /* b[k, j] is w[k ldw + j], or w[j ldw + k] if transposed */
    bool transposed;
    const float *bias; /* [n], or NULL */
    bool add;
    struct iso_ending ending; /* applied to c */
    float *c;
    int64_t ldc;
};
/* Returns the bytes of scratch for up to m rows; rows of a lie end to end (lda = k). */
size_t ISO_CPU(gemm_workspace)(int64_t m, int64_t n, int64_t k, int threads);
void ISO_CPU(gemm)(struct iso_team *, const struct iso_gemm *, void *workspace);

/* to[k ldt + j] = from[j ldf + k] for j < rows, k < columns. */
void ISO_CPU(transpose)(const float *from, int64_t ldf, int64_t rows, int64_t columns, float *to,
                        int64_t ldt);
/* Packs columns [j0, j0 + width) of b, with zeros beyond n, into panel[k][width] for k in [k0, k1).
 */
void ISO_CPU(pack)(const struct iso_gemm *, int64_t j0, int width, int64_t k0, int64_t k1,
                   float *panel);
#endif
