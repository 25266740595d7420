/* orthogonal.c: Gram and Schmidt's way to orthogonal vectors, each gone over twice, which leaves no
 * more than rounding. + - * / sqrt in double, in one order: the same numbers on every machine.
 *
 * The result is the Q of a QR decomposition whose R has a positive diagonal, as Keras makes it: of
 * normally distributed vectors it is uniform among all orthogonal ones. */
#include "initializer.h"

#include <math.h>

/* Four sums side by side: the order is a definition, and no addition waits for the one before. */
static double dot(const double *a, const double *b, int64_t m)
{
    double sum[4] = { 0 };
    for (int64_t i = 0; i < m; i++)
        sum[i % 4] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Takes out of v its component along each of the n vectors before it. */
static void remove_components(const double *before, int64_t n, double *v, int64_t m)
{
    for (int64_t k = 0; k < n; k++) {
        const double *u = before + k * m, component = dot(u, v, m);
        for (int64_t i = 0; i < m; i++)
            v[i] -= component * u[i];
    }
}

void iso_orthogonalize(double *v, int64_t n, int64_t m)
{
    for (int64_t k = 0; k < n; k++) {
        double *u = v + k * m;
        remove_components(v, k, u, m);
        remove_components(v, k, u, m);
        const double length = sqrt(dot(u, u, m));
        for (int64_t i = 0; i < m; i++)
            u[i] /= length;
    }
}
