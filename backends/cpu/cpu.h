/* cpu.h: declarations shared by the kernels of the cpu backend. Every kernel file is compiled once
 * for each instruction set (ISO_VARIANT: cpu_portable, cpu_avx2, cpu_avx512); device.c is compiled
 * once. */
#ifndef ISO_CPU_H
#define ISO_CPU_H
#include "core/arithmetic/arith.h"
#include "core/iso.h"
#include "core/system/team.h"

struct iso_cpu {
    struct iso_backend base; /* first, so that an iso_backend * is an iso_cpu * */
    struct iso_team *team;
};

#ifdef ISO_VARIANT
#define ISO_CPU_PASTE2(a, b) a##_##b
#define ISO_CPU_PASTE(a, b) ISO_CPU_PASTE2(a, b)
/* A name of this variant: ISO_CPU(dense) is cpu_avx512_dense. */
#define ISO_CPU(name) ISO_CPU_PASTE(ISO_VARIANT, name)
#endif

static inline struct iso_team *iso_cpu_team(struct iso_backend *b)
{
    return ((struct iso_cpu *)b)->team;
}
static inline int iso_cpu_threads(struct iso_backend *b) { return iso_team_size(iso_cpu_team(b)); }

/* Elements of a tensor; memory of this backend is plain host memory. */
static inline float *iso_cpu_f32(const struct iso_tensor *t)
{
    return t->mem != NULL ? (float *)(void *)t->mem + t->offset : NULL;
}
static inline int32_t *iso_cpu_i32(const struct iso_tensor *t)
{
    return (int32_t *)(void *)t->mem + t->offset;
}
static inline uint8_t *iso_cpu_u8(const struct iso_tensor *t)
{
    return (uint8_t *)(void *)t->mem + t->offset;
}
static inline int64_t iso_min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t iso_max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline size_t iso_max_size(size_t a, size_t b) { return a > b ? a : b; }
static inline int64_t iso_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
#endif
