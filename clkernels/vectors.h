/* vectors.h: vectors of VECTOR floats, as CPU-shaped devices compute with them. */
#ifndef ISO_CLKERNELS_VECTORS_H
#define ISO_CLKERNELS_VECTORS_H

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VECTOR) vec;
typedef JOIN(int, VECTOR) ivec;
#define AS_IVEC(v) JOIN(as_int, VECTOR)(v)
#define AS_VEC(v) JOIN(as_float, VECTOR)(v)
#define LOAD(p) JOIN(vload, VECTOR)(0, p)
#define STORE(v, p) JOIN(vstore, VECTOR)(v, 0, p)

#define INLINE static inline __attribute__((always_inline))
/* A kernel whose work-group is one work-item: a CPU's thread. */
#define KERNEL kernel __attribute__((reqd_work_group_size(1, 1, 1))) void

/* iso_flush of each element. */
INLINE vec flush(vec x) { return fabs(x) < (vec)(FLT_MIN) ? (vec)(0.0f) : x; }

INLINE vec relu_of(vec x) { return x < (vec)(0.0f) ? (vec)(0.0f) : x; }
/* The gradient of relu's argument, from its result y and the gradient of that. */
INLINE vec relu_grad(vec y, vec dy) { return y > (vec)(0.0f) ? dy : (vec)(0.0f); }

/* The first n elements, the others of the vector +0. */
INLINE vec load_some(global const float *p, int n)
{
    if (n >= VECTOR)
        return LOAD(p);
    float all[VECTOR];
    for (int i = 0; i < VECTOR; i++)
        all[i] = i < n ? p[i] : 0.0f;
    return LOAD(all);
}

/* The same of an array of int: the bits pass through unseen. */
INLINE ivec load_some_int(global const int *p, int n)
{
    return AS_IVEC(load_some((global const float *)p, n));
}

INLINE void store_some(vec v, global float *p, int n)
{
    if (n >= VECTOR) {
        STORE(v, p);
        return;
    }
    float all[VECTOR];
    STORE(v, all);
    for (int i = 0; i < n; i++)
        p[i] = all[i];
}

#endif
