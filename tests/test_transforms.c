/* test_transforms.c: Winograd's transforms (core/arithmetic/winograd.h) against correlations in
 * double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "core/parity/harness.h"
#include "core/arithmetic/winograd.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

typedef void transform(const float *, float *);
static transform *const taps_of[] = { iso_winograd_taps2_square, iso_winograd_taps3_square,
                                      iso_winograd_taps4_square, iso_winograd_taps5_square };
static transform *const result_of[] = { iso_winograd_result2_square, iso_winograd_result3_square,
                                        iso_winograd_result4_square, iso_winograd_result5_square };

static void taps(int n, const float *in, float *out) { taps_of[n - 2](in, out); }
static void result(int n, const float *in, float *out) { result_of[n - 2](in, out); }

/* ---- One tile ------------------------------------------------------------------------------ */

static float uniform(uint32_t stream, int i)
{
    return (float)iso_fill_word(7, stream, (uint64_t)i) * 0x1p-31f - 1;
}

/* n x n results of k x k taps g over 6 x 6 pixels d. */
static void by_transforms(int k, const float *d, const float *g, float *y)
{
    float v[POINTS], u[POINTS], m[POINTS];
    iso_winograd_source_square(d, v);
    taps(k, g, u);
    for (int p = 0; p < POINTS; p++)
        m[p] = v[p] * u[p];
    result(ISO_WINOGRAD_TILE(k), m, y);
}

static double directly(int k, const float *d, const float *g, int i, int j)
{
    double sum = 0;
    for (int y = 0; y < k; y++)
        for (int x = 0; x < k; x++)
            sum += (double)d[(i + y) * SIDE + j + x] * (double)g[y * k + x];
    return sum;
}

/* The same on absolute values: with |B|, |G| and |A|, the transforms' matrices, the sum over points
 * of |A| (|B| |d|) (|G| |g|), which no partial sum on the way exceeds. */
static void absolute_matrix(transform *f, int from, int to, double *m)
{
    for (int j = 0; j < from; j++) {
        float unit[POINTS] = { 0 }, column[POINTS];
        unit[j] = 1;
        f(unit, column);
        for (int i = 0; i < to; i++)
            m[i * from + j] = fabs((double)column[i]);
    }
}

static void multiply(const double *m, int rows, int columns, const double *x, double *y)
{
    for (int i = 0; i < rows; i++) {
        y[i] = 0;
        for (int j = 0; j < columns; j++)
            y[i] += m[i * columns + j] * x[j];
    }
}

static void greatest_sums(int k, const float *d, const float *g, double *y)
{
    const int n = ISO_WINOGRAD_TILE(k);
    double m[POINTS * POINTS], in[POINTS], v[POINTS], u[POINTS];
    for (int i = 0; i < POINTS; i++)
        in[i] = fabs((double)d[i]);
    absolute_matrix(iso_winograd_source_square, POINTS, POINTS, m);
    multiply(m, POINTS, POINTS, in, v);
    for (int i = 0; i < k * k; i++)
        in[i] = fabs((double)g[i]);
    absolute_matrix(taps_of[k - 2], k * k, POINTS, m);
    multiply(m, POINTS, k * k, in, u);
    for (int p = 0; p < POINTS; p++)
        v[p] *= u[p];
    absolute_matrix(result_of[n - 2], POINTS, n * n, m);
    multiply(m, n * n, POINTS, v, y);
}

/* The roundings that a term passes through, along one axis: 2 of a pixel, 4 of a tap and that of
 * its factor, 4 of a result; and that of the product. Each is by eps / 2 of what it rounds at most.
 */
enum { ROUNDINGS = 2 * (2 + 5 + 4) + 1 };

/* Returns the greatest error, as a share of the bound; shifted: of a correlation that is one pixel
 * off, which must be beyond it. */
static double share_of_bound(int k, bool shifted)
{
    const int n = ISO_WINOGRAD_TILE(k), to = shifted ? n - 1 : n;
    double share = 0;
    for (int draw = 0; draw < 2000; draw++) {
        float d[POINTS], g[25], y[25];
        double most[25];
        for (int i = 0; i < POINTS; i++)
            d[i] = uniform((uint32_t)draw, i);
        for (int i = 0; i < k * k; i++)
            g[i] = uniform((uint32_t)draw, POINTS + i);
        by_transforms(k, d, g, y);
        greatest_sums(k, d, g, most);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < to; j++) {
                const double off =
                    fabs((double)y[i * n + j] - directly(k, d, g, i, shifted ? j + 1 : j));
                share = fmax(share, off / (ROUNDINGS * FLT_EPSILON / 2 * most[i * n + j]));
            }
    }
    return share;
}

/* 3 and 5 taps forward; 4 and 2 in the kernel's gradient, where a tile of dy takes their place. */
static void tiles_are_correlations(void **state)
{
    (void)state;
    for (int k = 2; k <= 5; k++) {
        const double share = share_of_bound(k, false);
        print_message("  %d taps, %d results: at most %.3f of the bound\n", k, ISO_WINOGRAD_TILE(k),
                      share);
        assert_true(share <= 1);
        assert_true(share_of_bound(k, true) > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tiles_are_correlations) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
