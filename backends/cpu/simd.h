/* simd.h: the few vector operations that register tiles need, for each instruction set. Each
 * element is computed like a scalar, with a correctly rounded fma, so the bits are those of the
 * reference. */
#ifndef ISO_CPU_SIMD_H
#define ISO_CPU_SIMD_H
#include "core/arithmetic/arith.h"

#include <float.h>

/* Unrolls the whole loop that follows, so that its arrays stay in registers. */
#if defined(__clang__)
#define ISO_CPU_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ISO_CPU_UNROLL _Pragma("GCC unroll 64")
#endif

#if defined(__AVX2__)
#include <immintrin.h>
/* to[k ldt + j] = from[j ldf + k] for 8 by 8 floats. */
static inline void iso_transpose8(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt)
{
    __m256 r[8], s[8];
    for (int i = 0; i < 8; i++)
        r[i] = _mm256_loadu_ps(from + i * ldf);
    for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            r[i + 2 * k] = _mm256_shuffle_ps(s[i + k], s[i + k + 2], 0x44);
            r[i + 2 * k + 1] = _mm256_shuffle_ps(s[i + k], s[i + k + 2], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * ldt, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * ldt, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
}
#else
static inline void iso_transpose8(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt)
{
    for (int j = 0; j < 8; j++)
        for (int k = 0; k < 8; k++)
            to[k * ldt + j] = from[j * ldf + k];
}
#endif

#if defined(__AVX512F__)
typedef __m512 iso_vec;
enum { ISO_VEC = 16, ISO_TILE1 = 24, ISO_TILE2 = 14, ISO_TILE4 = 6 };
static inline iso_vec iso_vload(const float *p) { return _mm512_loadu_ps(p); }
static inline void iso_vstore(float *p, iso_vec v) { _mm512_storeu_ps(p, v); }
static inline iso_vec iso_vset(float x) { return _mm512_set1_ps(x); }
static inline iso_vec iso_vadd(iso_vec a, iso_vec b) { return _mm512_add_ps(a, b); }
static inline iso_vec iso_vsub(iso_vec a, iso_vec b) { return _mm512_sub_ps(a, b); }
static inline iso_vec iso_vmul(iso_vec a, iso_vec b) { return _mm512_mul_ps(a, b); }
static inline iso_vec iso_vfma(iso_vec a, iso_vec b, iso_vec c) { return _mm512_fmadd_ps(a, b, c); }
/* Returns `then` in elements where x replaces best (iso_beats in formulas.h), and `other`
 * elsewhere. */
static inline iso_vec iso_vbeats(iso_vec x, iso_vec best, iso_vec then, iso_vec other)
{
    const __mmask16 number = _mm512_cmp_ps_mask(best, best, _CMP_ORD_Q);
    return _mm512_mask_mov_ps(other, _mm512_mask_cmp_ps_mask(number, x, best, _CMP_NLE_UQ), then);
}
/* Returns a in elements where t is a positive normal number, and +0 elsewhere. */
static inline iso_vec iso_vkeep(iso_vec a, iso_vec t)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(t, _mm512_set1_ps(FLT_MIN), _CMP_GE_OQ), a);
}
/* a where t is above 0, elsewhere +0: relu's gradient. */
static inline iso_vec iso_vpass(iso_vec a, iso_vec t)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(t, _mm512_setzero_ps(), _CMP_GT_OQ), a);
}
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256 iso_vec;
enum { ISO_VEC = 8, ISO_TILE1 = 12, ISO_TILE2 = 6, ISO_TILE4 = 2 };
static inline iso_vec iso_vload(const float *p) { return _mm256_loadu_ps(p); }
static inline void iso_vstore(float *p, iso_vec v) { _mm256_storeu_ps(p, v); }
static inline iso_vec iso_vset(float x) { return _mm256_set1_ps(x); }
static inline iso_vec iso_vadd(iso_vec a, iso_vec b) { return _mm256_add_ps(a, b); }
static inline iso_vec iso_vsub(iso_vec a, iso_vec b) { return _mm256_sub_ps(a, b); }
static inline iso_vec iso_vmul(iso_vec a, iso_vec b) { return _mm256_mul_ps(a, b); }
static inline iso_vec iso_vfma(iso_vec a, iso_vec b, iso_vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline iso_vec iso_vbeats(iso_vec x, iso_vec best, iso_vec then, iso_vec other)
{
    const __m256 number = _mm256_cmp_ps(best, best, _CMP_ORD_Q);
    const __m256 beats = _mm256_and_ps(_mm256_cmp_ps(x, best, _CMP_NLE_UQ), number);
    return _mm256_blendv_ps(other, then, beats);
}
static inline iso_vec iso_vkeep(iso_vec a, iso_vec t)
{
    return _mm256_and_ps(_mm256_cmp_ps(t, _mm256_set1_ps(FLT_MIN), _CMP_GE_OQ), a);
}
static inline iso_vec iso_vpass(iso_vec a, iso_vec t)
{
    return _mm256_and_ps(_mm256_cmp_ps(t, _mm256_setzero_ps(), _CMP_GT_OQ), a);
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
typedef float32x4_t iso_vec;
enum { ISO_VEC = 4, ISO_TILE1 = 16, ISO_TILE2 = 12, ISO_TILE4 = 6 };
static inline iso_vec iso_vload(const float *p) { return vld1q_f32(p); }
static inline void iso_vstore(float *p, iso_vec v) { vst1q_f32(p, v); }
static inline iso_vec iso_vset(float x) { return vdupq_n_f32(x); }
static inline iso_vec iso_vadd(iso_vec a, iso_vec b) { return vaddq_f32(a, b); }
static inline iso_vec iso_vsub(iso_vec a, iso_vec b) { return vsubq_f32(a, b); }
static inline iso_vec iso_vmul(iso_vec a, iso_vec b) { return vmulq_f32(a, b); }
static inline iso_vec iso_vfma(iso_vec a, iso_vec b, iso_vec c) { return vfmaq_f32(c, a, b); }
static inline iso_vec iso_vbeats(iso_vec x, iso_vec best, iso_vec then, iso_vec other)
{
    const uint32x4_t beats = vandq_u32(vmvnq_u32(vcleq_f32(x, best)), vceqq_f32(best, best));
    return vbslq_f32(beats, then, other);
}
static inline iso_vec iso_vkeep(iso_vec a, iso_vec t)
{
    return vreinterpretq_f32_u32(
        vandq_u32(vcgeq_f32(t, vdupq_n_f32(FLT_MIN)), vreinterpretq_u32_f32(a)));
}
static inline iso_vec iso_vpass(iso_vec a, iso_vec t)
{
    return vreinterpretq_f32_u32(
        vandq_u32(vcgtq_f32(t, vdupq_n_f32(0.0f)), vreinterpretq_u32_f32(a)));
}
#else
typedef struct {
    float v[4];
} iso_vec;
enum { ISO_VEC = 4, ISO_TILE1 = 4, ISO_TILE2 = 3, ISO_TILE4 = 2 };
static inline iso_vec iso_vload(const float *p)
{
    iso_vec r;
    memcpy(r.v, p, sizeof r.v);
    return r;
}
static inline void iso_vstore(float *p, iso_vec x) { memcpy(p, x.v, sizeof x.v); }
static inline iso_vec iso_vset(float x) { return (iso_vec){ { x, x, x, x } }; }
static inline iso_vec iso_vadd(iso_vec a, iso_vec b)
{
    for (int i = 0; i < 4; i++)
        a.v[i] += b.v[i];
    return a;
}
static inline iso_vec iso_vsub(iso_vec a, iso_vec b)
{
    for (int i = 0; i < 4; i++)
        a.v[i] -= b.v[i];
    return a;
}
static inline iso_vec iso_vmul(iso_vec a, iso_vec b)
{
    for (int i = 0; i < 4; i++)
        a.v[i] *= b.v[i];
    return a;
}
static inline iso_vec iso_vfma(iso_vec a, iso_vec b, iso_vec c)
{
    for (int i = 0; i < 4; i++)
        c.v[i] = iso_fma(a.v[i], b.v[i], c.v[i]);
    return c;
}
static inline iso_vec iso_vbeats(iso_vec x, iso_vec best, iso_vec then, iso_vec other)
{
    for (int i = 0; i < 4; i++)
        if (!(x.v[i] <= best.v[i]) & (best.v[i] == best.v[i]))
            other.v[i] = then.v[i];
    return other;
}
static inline iso_vec iso_vkeep(iso_vec a, iso_vec t)
{
    for (int i = 0; i < 4; i++)
        a.v[i] = t.v[i] >= FLT_MIN ? a.v[i] : 0.0f;
    return a;
}
static inline iso_vec iso_vpass(iso_vec a, iso_vec t)
{
    for (int i = 0; i < 4; i++)
        a.v[i] = t.v[i] > 0.0f ? a.v[i] : 0.0f;
    return a;
}
#endif
#endif
