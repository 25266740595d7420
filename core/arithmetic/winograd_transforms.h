/* winograd_transforms.h (private): Winograd's transforms along one axis, valid C11 and OpenCL
 * C 1.2, over a type that the includer chooses: numbers here, vectors of them in
 * backends/cpu/winograd.c.
 *
 * Before it is included, these are defined (and undefined again at its end):
 *
 *     ISO_T               the type
 *     ISO_W(name)         the name of a function for this type
 *     ISO_W_FN            what stands before a function
 *     ISO_W_ADD(a, b)     a + b
 *     ISO_W_SUB(a, b)     a - b
 *     ISO_W_MUL(c, a)     c a, with a number c
 *     ISO_W_FMA(c, a, b)  c a + b, rounded once, with a number c
 *     ISO_W_UNROLL        what makes a compiler unroll the loop that follows
 *
 * Every operation stands here, in its order, and is part of the definition
 * (core/arithmetic/winograd.h). */

/* The points p = 5/8 and q = 3/2 and their powers, all exact; e and f are the factors
 * 1 / (2 p^2 (p^2 - q^2)) and 1 / (2 q^2 (q^2 - p^2)) of the kernel's transform, rounded once, as
 * are their products with powers of p and q. */
#define ISO_W_P ISO_R(0.625)
#define ISO_W_P2 ISO_R(0.390625)
#define ISO_W_P3 ISO_R(0.244140625)
#define ISO_W_P4 ISO_R(0.152587890625)
#define ISO_W_Q ISO_R(1.5)
#define ISO_W_Q2 ISO_R(2.25)
#define ISO_W_Q3 ISO_R(3.375)
#define ISO_W_Q4 ISO_R(5.0625)
#define ISO_W_P2Q2 ISO_R(0.87890625)    /* p^2 q^2 */
#define ISO_W_P2_Q2 ISO_R(2.640625)     /* p^2 + q^2 */
#define ISO_W_D ISO_R(0x1.234568p+0)    /* 1 / (p^2 q^2) = 1.13777778 */
#define ISO_W_E ISO_R(-0x1.607668p-1)   /* e = -0.688403361 */
#define ISO_W_EP ISO_R(-0x1.b89402p-2)  /* e p = -0.430252101 */
#define ISO_W_EP2 ISO_R(-0x1.135c82p-2) /* e p^2 = -0.268907563 */
#define ISO_W_EP3 ISO_R(-0x1.5833a2p-3) /* e p^3 = -0.168067227 */
#define ISO_W_EP4 ISO_R(-0x1.ae408ap-4) /* e p^4 = -0.105042017 */
#define ISO_W_F ISO_R(0x1.e98802p-4)    /* f = 0.119514472 */
#define ISO_W_FQ ISO_R(0x1.6f2602p-3)   /* f q = 0.179271709 */
#define ISO_W_FQ2 ISO_R(0x1.135c82p-2)  /* f q^2 = 0.268907563 */
#define ISO_W_FQ3 ISO_R(0x1.9d0ac2p-2)  /* f q^3 = 0.403361345 */
#define ISO_W_FQ4 ISO_R(0x1.35c812p-1)  /* f q^4 = 0.605042017 */
/* Six pixels of the source to six points. */
ISO_W_FN void ISO_W(source)(const ISO_T *d, ISO_T *t)
{
    const ISO_T a = ISO_W_FMA(-ISO_W_Q2, d[2], d[4]), b = ISO_W_FMA(-ISO_W_Q2, d[1], d[3]);
    const ISO_T c = ISO_W_FMA(-ISO_W_P2, d[2], d[4]), e = ISO_W_FMA(-ISO_W_P2, d[1], d[3]);
    t[0] = ISO_W_FMA(ISO_W_P2Q2, d[0], ISO_W_FMA(-ISO_W_P2_Q2, d[2], d[4]));
    t[1] = ISO_W_FMA(ISO_W_P, b, a);
    t[2] = ISO_W_FMA(-ISO_W_P, b, a);
    t[3] = ISO_W_FMA(ISO_W_Q, e, c);
    t[4] = ISO_W_FMA(-ISO_W_Q, e, c);
    t[5] = ISO_W_FMA(ISO_W_P2Q2, d[1], ISO_W_FMA(-ISO_W_P2_Q2, d[3], d[5]));
}

/* The taps of a kernel, or pixels of a gradient in their place, to six points: the polynomial
 * g[0] + g[1] z + ... at each of them, with the point's factor. Even powers make the one half of a
 * pair of points, odd powers the other; a single odd power is a product, which goes into an fma so
 * that no compiler has anything to contract. */
ISO_W_FN void ISO_W(pairs)(ISO_T even_p, ISO_T odd_p, ISO_T even_q, ISO_T odd_q, ISO_T *t)
{
    t[1] = ISO_W_ADD(even_p, odd_p);
    t[2] = ISO_W_SUB(even_p, odd_p);
    t[3] = ISO_W_ADD(even_q, odd_q);
    t[4] = ISO_W_SUB(even_q, odd_q);
}
ISO_W_FN void ISO_W(single)(ISO_T even_p, ISO_T even_q, ISO_T odd, ISO_T *t)
{
    t[1] = ISO_W_FMA(ISO_W_EP, odd, even_p);
    t[2] = ISO_W_FMA(-ISO_W_EP, odd, even_p);
    t[3] = ISO_W_FMA(ISO_W_FQ, odd, even_q);
    t[4] = ISO_W_FMA(-ISO_W_FQ, odd, even_q);
}
ISO_W_FN void ISO_W(taps2)(const ISO_T *g, ISO_T *t)
{
    t[0] = ISO_W_MUL(ISO_W_D, g[0]);
    ISO_W(single)(ISO_W_MUL(ISO_W_E, g[0]), ISO_W_MUL(ISO_W_F, g[0]), g[1], t);
    t[5] = g[1];
}
ISO_W_FN void ISO_W(taps3)(const ISO_T *g, ISO_T *t)
{
    t[0] = ISO_W_MUL(ISO_W_D, g[0]);
    ISO_W(single)
    (ISO_W_FMA(ISO_W_E, g[0], ISO_W_MUL(ISO_W_EP2, g[2])),
     ISO_W_FMA(ISO_W_F, g[0], ISO_W_MUL(ISO_W_FQ2, g[2])), g[1], t);
    t[5] = g[2];
}
ISO_W_FN void ISO_W(taps4)(const ISO_T *g, ISO_T *t)
{
    t[0] = ISO_W_MUL(ISO_W_D, g[0]);
    ISO_W(pairs)
    (ISO_W_FMA(ISO_W_E, g[0], ISO_W_MUL(ISO_W_EP2, g[2])),
     ISO_W_FMA(ISO_W_EP, g[1], ISO_W_MUL(ISO_W_EP3, g[3])),
     ISO_W_FMA(ISO_W_F, g[0], ISO_W_MUL(ISO_W_FQ2, g[2])),
     ISO_W_FMA(ISO_W_FQ, g[1], ISO_W_MUL(ISO_W_FQ3, g[3])), t);
    t[5] = g[3];
}
ISO_W_FN void ISO_W(taps5)(const ISO_T *g, ISO_T *t)
{
    const ISO_T ep = ISO_W_FMA(ISO_W_EP2, g[2], ISO_W_MUL(ISO_W_EP4, g[4]));
    const ISO_T fq = ISO_W_FMA(ISO_W_FQ2, g[2], ISO_W_MUL(ISO_W_FQ4, g[4]));
    t[0] = ISO_W_MUL(ISO_W_D, g[0]);
    ISO_W(pairs)
    (ISO_W_FMA(ISO_W_E, g[0], ep), ISO_W_FMA(ISO_W_EP, g[1], ISO_W_MUL(ISO_W_EP3, g[3])),
     ISO_W_FMA(ISO_W_F, g[0], fq), ISO_W_FMA(ISO_W_FQ, g[1], ISO_W_MUL(ISO_W_FQ3, g[3])), t);
    t[5] = g[4];
}

/* Six points to results: result i takes each point's sum times the point to the power i; the last
 * takes that of the point at infinity as well. */
ISO_W_FN void ISO_W(result2)(const ISO_T *m, ISO_T *y)
{
    const ISO_T a = ISO_W_ADD(m[1], m[2]), b = ISO_W_SUB(m[1], m[2]);
    const ISO_T c = ISO_W_ADD(m[3], m[4]), d = ISO_W_SUB(m[3], m[4]);
    y[0] = ISO_W_ADD(ISO_W_ADD(m[0], a), c);
    y[1] = ISO_W_ADD(ISO_W_FMA(ISO_W_Q, d, ISO_W_MUL(ISO_W_P, b)), m[5]);
}
ISO_W_FN void ISO_W(result3)(const ISO_T *m, ISO_T *y)
{
    const ISO_T a = ISO_W_ADD(m[1], m[2]), b = ISO_W_SUB(m[1], m[2]);
    const ISO_T c = ISO_W_ADD(m[3], m[4]), d = ISO_W_SUB(m[3], m[4]);
    y[0] = ISO_W_ADD(ISO_W_ADD(m[0], a), c);
    y[1] = ISO_W_FMA(ISO_W_Q, d, ISO_W_MUL(ISO_W_P, b));
    y[2] = ISO_W_ADD(ISO_W_FMA(ISO_W_Q2, c, ISO_W_MUL(ISO_W_P2, a)), m[5]);
}
ISO_W_FN void ISO_W(result4)(const ISO_T *m, ISO_T *y)
{
    const ISO_T a = ISO_W_ADD(m[1], m[2]), b = ISO_W_SUB(m[1], m[2]);
    const ISO_T c = ISO_W_ADD(m[3], m[4]), d = ISO_W_SUB(m[3], m[4]);
    y[0] = ISO_W_ADD(ISO_W_ADD(m[0], a), c);
    y[1] = ISO_W_FMA(ISO_W_Q, d, ISO_W_MUL(ISO_W_P, b));
    y[2] = ISO_W_FMA(ISO_W_Q2, c, ISO_W_MUL(ISO_W_P2, a));
    y[3] = ISO_W_ADD(ISO_W_FMA(ISO_W_Q3, d, ISO_W_MUL(ISO_W_P3, b)), m[5]);
}
ISO_W_FN void ISO_W(result5)(const ISO_T *m, ISO_T *y)
{
    const ISO_T a = ISO_W_ADD(m[1], m[2]), b = ISO_W_SUB(m[1], m[2]);
    const ISO_T c = ISO_W_ADD(m[3], m[4]), d = ISO_W_SUB(m[3], m[4]);
    y[0] = ISO_W_ADD(ISO_W_ADD(m[0], a), c);
    y[1] = ISO_W_FMA(ISO_W_Q, d, ISO_W_MUL(ISO_W_P, b));
    y[2] = ISO_W_FMA(ISO_W_Q2, c, ISO_W_MUL(ISO_W_P2, a));
    y[3] = ISO_W_FMA(ISO_W_Q3, d, ISO_W_MUL(ISO_W_P3, b));
    y[4] = ISO_W_ADD(ISO_W_FMA(ISO_W_Q4, c, ISO_W_MUL(ISO_W_P4, a)), m[5]);
}

/* Transform along both axes: in[i][j] with `from` elements per side becomes out[i][j] with `to` per
 * side. First every row is transformed, then every column of the result. */
#define ISO_W_SQUARE(name, from, to)                                                      \
    ISO_W_FN void ISO_W(name##_square)(const ISO_T *in, ISO_T *out)                       \
    {                                                                                     \
        ISO_T rows[(from) * (to)], column[6], turned[6];                                  \
        ISO_W_UNROLL for (int i = 0; i < (from); i++)                                     \
            ISO_W(name)(in + i * (from), rows + i * (to));                                \
        ISO_W_UNROLL for (int j = 0; j < (to); j++)                                       \
        {                                                                                 \
            ISO_W_UNROLL for (int i = 0; i < (from); i++) column[i] = rows[i * (to) + j]; \
            ISO_W(name)(column, turned);                                                  \
            ISO_W_UNROLL for (int i = 0; i < (to); i++) out[i * (to) + j] = turned[i];    \
        }                                                                                 \
    }
ISO_W_SQUARE(source, 6, 6)
ISO_W_SQUARE(taps2, 2, 6)
ISO_W_SQUARE(taps3, 3, 6)
ISO_W_SQUARE(taps4, 4, 6)
ISO_W_SQUARE(taps5, 5, 6)
ISO_W_SQUARE(result2, 6, 2)
ISO_W_SQUARE(result3, 6, 3)
ISO_W_SQUARE(result4, 6, 4)
ISO_W_SQUARE(result5, 6, 5)
#undef ISO_W_SQUARE

#undef ISO_T
#undef ISO_W
#undef ISO_W_FN
#undef ISO_W_ADD
#undef ISO_W_SUB
#undef ISO_W_MUL
#undef ISO_W_FMA
#undef ISO_W_UNROLL
