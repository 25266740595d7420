/* test_initializer.c: that initial weights are distributed as Keras says: mean and deviation,
 * limits, and the whole distribution function; that orthogonal ones are orthogonal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/initializer.h"

enum { INPUTS = 200, OUTPUTS = 300, WEIGHTS = INPUTS * OUTPUTS };
static float weights[2][WEIGHTS];
/* The deviation of a normal distribution that is cut off at two of it. */
static const double cut = 0.87962566103423978;

static void draw(const struct iso_initializer *init, uint32_t layer, uint32_t weight, float *out)
{
    const struct iso_shape shape = { 2, { INPUTS, OUTPUTS } };
    assert_int_equal(iso_initialize(init, &shape, 12345, layer, weight, out), ISO_OK);
}

/* ---- Distributions ------------------------------------------------------------------------- */

static double normal(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double uniform(double x) { return x < -1 ? 0 : x > 1 ? 1 : (x + 1) / 2; }
static double truncated(double x)
{
    const double low = normal(-2), high = normal(2);
    return x < -2 ? 0 : x > 2 ? 1 : (normal(x) - low) / (high - low);
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: of so many independent numbers, the distribution function is hardly ever
 * (1 in 2000) farther away than 2 / sqrt(n). */
static double farthest(const float *x, double mean, double unit, double (*function)(double))
{
    double most = 0;
    memcpy(weights[1], x, sizeof weights[1]);
    qsort(weights[1], WEIGHTS, sizeof *weights[1], ascending);
    for (int i = 0; i < WEIGHTS; i++) {
        const double p = function(((double)weights[1][i] - mean) / unit);
        most = fmax(most, fmax(fabs(p - (double)i / WEIGHTS), fabs(p - (double)(i + 1) / WEIGHTS)));
    }
    return most;
}

static void assert_moments(const float *x, double mean, double stddev)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < WEIGHTS; i++)
        sum += (double)x[i];
    for (int i = 0; i < WEIGHTS; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    assert_true(fabs(sum / WEIGHTS - mean) < 0.015 * stddev);
    assert_true(fabs(sqrt(squares / WEIGHTS) - stddev) < 0.015 * stddev);
}

struct expected {
    struct iso_initializer init;
    double mean, stddev, unit; /* unit: of the argument of the function */
    double (*function)(double);
};

static void check(const struct expected *e)
{
    const double allowed = 2 / sqrt(WEIGHTS);
    draw(&e->init, 3, 0, weights[0]);
    assert_moments(weights[0], e->mean, e->stddev);
    assert_true(farthest(weights[0], e->mean, e->unit, e->function) <= allowed);
    /* A deviation that is wrong by 4 % would be seen. */
    assert_true(farthest(weights[0], e->mean, e->unit * 1.04, e->function) > allowed);
    for (int i = 0; i < WEIGHTS && e->function != normal; i++)
        assert_true(fabs((double)weights[0][i] - e->mean) <=
                    e->unit * (e->function == truncated ? 2 : 1) * (1 + 1e-6));
}

static void values_are_distributed_as_keras_says(void **state)
{
    const double glorot = 2.0 / (INPUTS + OUTPUTS), he = 2.0 / INPUTS, lecun = 1.0 / INPUTS;
    const struct expected list[] = {
        { { ISO_INIT_RANDOM_UNIFORM, -1, 3 }, 1, 4 / sqrt(12), 2, uniform },
        { { ISO_INIT_RANDOM_NORMAL, -1, 0.5 }, -1, 0.5, 0.5, normal },
        { { ISO_INIT_TRUNCATED_NORMAL, 1, 0.5 }, 1, 0.5 * cut, 0.5, truncated },
        { { ISO_INIT_GLOROT_UNIFORM, 0, 0 }, 0, sqrt(glorot), sqrt(3 * glorot), uniform },
        { { ISO_INIT_GLOROT_NORMAL, 0, 0 }, 0, sqrt(glorot), sqrt(glorot) / cut, truncated },
        { { ISO_INIT_HE_UNIFORM, 0, 0 }, 0, sqrt(he), sqrt(3 * he), uniform },
        { { ISO_INIT_HE_NORMAL, 0, 0 }, 0, sqrt(he), sqrt(he) / cut, truncated },
        { { ISO_INIT_LECUN_UNIFORM, 0, 0 }, 0, sqrt(lecun), sqrt(3 * lecun), uniform },
        { { ISO_INIT_LECUN_NORMAL, 0, 0 }, 0, sqrt(lecun), sqrt(lecun) / cut, truncated },
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        check(&list[i]);
}

static void constants_are_constant(void **state)
{
    static const struct {
        struct iso_initializer init;
        float value;
    } list[] = {
        { { ISO_INIT_ZEROS, 0, 0 }, 0 },
        { { ISO_INIT_ONES, 0, 0 }, 1 },
        { { ISO_INIT_CONSTANT, 0.1, 0 }, 0.1f },
    };
    (void)state;
    for (int k = 0; k < 3; k++) {
        draw(&list[k].init, 0, 0, weights[0]);
        for (int i = 0; i < WEIGHTS; i++)
            assert_true(weights[0][i] == list[k].value);
    }
}

/* The same numbers again, and others for other layers and weights. */
static void every_weight_has_its_own_numbers(void **state)
{
    const struct iso_initializer glorot = { ISO_INIT_GLOROT_UNIFORM, 0, 0 };
    (void)state;
    draw(&glorot, 3, 0, weights[0]);
    draw(&glorot, 3, 0, weights[1]);
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    for (int other = 0; other < 2; other++) {
        int same = 0;
        draw(&glorot, other ? 4 : 3, other ? 0 : 1, weights[1]);
        for (int i = 0; i < WEIGHTS; i++)
            same += weights[0][i] == weights[1][i];
        assert_true(same < WEIGHTS / 1000);
    }
}

static float largest(const struct iso_initializer *init, const struct iso_shape *shape)
{
    float most = 0;
    assert_int_equal(iso_initialize(init, shape, 1, 0, 0, weights[0]), ISO_OK);
    for (int64_t i = 0; i < iso_shape_count(shape); i++)
        most = fabsf(weights[0][i]) > most ? fabsf(weights[0][i]) : most;
    return most;
}

/* Keras: a kernel [5, 5, 32, 64] has 25 * 32 inputs and 25 * 64 outputs, a bias [64] 64 of each. */
static void kernels_and_biases_have_fans(void **state)
{
    const struct iso_initializer glorot = { ISO_INIT_GLOROT_UNIFORM, 0, 0 };
    const struct iso_initializer he = { ISO_INIT_HE_UNIFORM, 0, 0 };
    const struct iso_shape kernel = { 4, { 5, 5, 32, 64 } }, bias = { 1, { 64 } };
    (void)state;
    float limit = (float)sqrt(6.0 / (25 * (32 + 64))), most = largest(&glorot, &kernel);
    assert_true(most <= limit && most > 0.999f * limit);
    limit = (float)sqrt(6.0 / (25 * 32));
    most = largest(&he, &kernel);
    assert_true(most <= limit && most > 0.999f * limit);
    limit = (float)sqrt(6.0 / 128);
    most = largest(&glorot, &bias);
    assert_true(most <= limit && most > 0.8f * limit);
}

/* ---- Orthogonal ---------------------------------------------------------------------------- */

/* The product of vectors i and j of the matrix [rows, cols]: of columns where it is tall. */
static double product(int rows, int cols, int i, int j)
{
    const float *w = weights[0];
    double sum = 0;
    if (rows >= cols)
        for (int r = 0; r < rows; r++)
            sum += (double)w[r * cols + i] * (double)w[r * cols + j];
    else
        for (int c = 0; c < cols; c++)
            sum += (double)w[i * cols + c] * (double)w[j * cols + c];
    return sum;
}

static void check_orthogonal(const struct iso_shape *shape, int rows, int cols, double gain)
{
    const struct iso_initializer init = { ISO_INIT_ORTHOGONAL, gain, 0 };
    const int n = rows < cols ? rows : cols, m = rows < cols ? cols : rows;
    double along = 0;
    assert_int_equal(iso_initialize(&init, shape, 7, 2, 1, weights[0]), ISO_OK);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++)
            assert_true(fabs(product(rows, cols, i, j) - (i == j ? gain * gain : 0)) <=
                        4e-7 * gain * gain);
    /* The first vector points where it was drawn, so that no direction has a sign of its own. */
    for (int e = 0; e < m; e++)
        along += (double)iso_initial_normal(7, 2, 1, (uint32_t)e) *
                 (double)weights[0][rows >= cols ? e * cols : e];
    assert_true(along > 0.5 * sqrt(m) * gain);
}

static void orthogonal_weights_are_orthogonal(void **state)
{
    const struct iso_shape square = { 2, { 61, 61 } }, wide = { 2, { 13, 200 } };
    const struct iso_shape kernel = { 4, { 3, 3, 8, 20 } }, bias = { 1, { 9 } };
    (void)state;
    check_orthogonal(&square, 61, 61, 1);
    check_orthogonal(&wide, 13, 200, 2);
    check_orthogonal(&kernel, 72, 20, 0.5);
    check_orthogonal(&bias, 1, 9, 1);
}

/* Entries of an orthogonal matrix have mean 0 and variance 1 / (its longer side). */
static void orthogonal_weights_favour_no_direction(void **state)
{
    const struct iso_initializer init = { ISO_INIT_ORTHOGONAL, 1, 0 };
    (void)state;
    draw(&init, 3, 0, weights[0]);
    assert_moments(weights[0], 0, sqrt(1.0 / OUTPUTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_distributed_as_keras_says),
        cmocka_unit_test(constants_are_constant),
        cmocka_unit_test(every_weight_has_its_own_numbers),
        cmocka_unit_test(kernels_and_biases_have_fans),
        cmocka_unit_test(orthogonal_weights_are_orthogonal),
        cmocka_unit_test(orthogonal_weights_favour_no_direction),
    };
    return cmocka_run_group_tests_name("initializer", tests, NULL, NULL);
}
