/* Mixup and CutMix: the distribution of the shares, and what of it a network sees: images, targets
 * and weights mixed alike, in batches of any size, in training only. (Keras's formula:
 * test_golden.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arithmetic/random.h"
#include "core/arithmetic/sampling.h"
#include "network.h"

/* ---- The distribution ---------------------------------------------------------------------- */

enum { DRAWS = 100000 };

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void draw_shares(double alpha, float *share)
{
    for (uint32_t i = 0; i < DRAWS; i++) {
        const iso_u32x4 r = iso_philox(i, 0, 0, ISO_RANDOM_TEST, 21, 0);
        share[i] = iso_symmetric_beta(r.v[0], r.v[1], (float)(1 / alpha));
        assert_true(share[i] >= 0 && share[i] <= 1);
    }
    qsort(share, DRAWS, sizeof *share, ascending);
}

static double arcsine(double x) { return 2 / acos(-1.0) * asin(sqrt(x)); }
static double uniform(double x) { return x; }
static double parabola(double x) { return x * x * (3 - 2 * x); }

/* Kolmogorov and Smirnov: above 2 / sqrt(n) once in 1500 samples of the right distribution. */
static void shares_are_from_the_beta_distribution(void **state)
{
    static const struct {
        double alpha, (*below)(double);
    } known[] = {
        { 0.5, arcsine },
        { 1, uniform },
        { 2, parabola },
    };
    static float share[DRAWS];
    (void)state;
    for (int k = 0; k < 3; k++) {
        double most = 0;
        draw_shares(known[k].alpha, share);
        for (int i = 0; i < DRAWS; i++) {
            const double p = known[k].below((double)share[i]);
            most = fmax(most, fmax(fabs(p - i / (double)DRAWS), fabs(p - (i + 1) / (double)DRAWS)));
        }
        print_message("  alpha %g: %.5f from the distribution\n", known[k].alpha, most);
        assert_true(most < 2 / sqrt(DRAWS));
    }
}

/* The shares have mean 1/2 and variance 1 / (4 (2 alpha + 1)) for every alpha. */
static void shares_have_the_moments(void **state)
{
    static const double alphas[] = { 0.01, 0.2, 0.4, 8, 100 };
    static float share[DRAWS];
    (void)state;
    for (int k = 0; k < 5; k++) {
        const double want = 0.25 / (2 * alphas[k] + 1);
        double sum = 0, squares = 0;
        draw_shares(alphas[k], share);
        for (int i = 0; i < DRAWS; i++) {
            sum += (double)share[i];
            squares += ((double)share[i] - 0.5) * ((double)share[i] - 0.5);
        }
        assert_true(fabs(sum / DRAWS - 0.5) < 4 * sqrt(want / DRAWS));
        assert_true(fabs(squares / DRAWS / want - 1) < 0.02);
    }
}

/* The ends of the words: nothing but shares. */
static void extreme_words_give_shares(void **state)
{
    static const uint32_t words[] = { 0, 1, 255, 256, 1u << 30, 1u << 31, 3u << 30, UINT32_MAX };
    static const float inverses[] = { 100, 5, 1, 0.01f };
    (void)state;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++) {
                const float share = iso_symmetric_beta(words[i], words[j], inverses[k]);
                assert_true(share >= 0 && share <= 1);
            }
    assert_true(iso_symmetric_beta(0, 0, 5) == 0.5f);
    assert_true(iso_symmetric_beta(UINT32_MAX, 0, 100) == 1);
}

/* ---- A network ----------------------------------------------------------------------------- */

enum { CLASSES = 6, PIXELS = 24 };
static const float weight_of[CLASSES] = { 1, 3, 1, 1, 0.5f, 1 }; /* class_weight */

static void open_model(struct network *n, const char *model, bool augmented)
{
    network_open(n, model, CLASSES, "cpu", 1);
    network_begin(n, &(struct iso_exec_options){ .training = true,
                                                 .keep_all = true,
                                                 .seed = 3,
                                                 .augmented = augmented,
                                                 .log_steps = 1 });
}

static void open_network(struct network *n, bool augmented)
{
    open_model(n, "tests/models/mixup.yaml", augmented);
}

/* Row r is of class r, and each pixel of its image is r + 1. */
static void run(struct network *n, int rows, bool training, uint64_t step)
{
    float x[CLASSES * PIXELS];
    int32_t y[CLASSES];
    for (int r = 0; r < rows; r++) {
        y[r] = r;
        for (int i = 0; i < PIXELS; i++)
            x[r * PIXELS + i] = (float)(r + 1);
    }
    assert_int_equal(iso_exec_feed(n->exec, rows, x, y, NULL), ISO_OK);
    assert_int_equal(iso_exec_forward(n->exec, training, step, 0), ISO_OK);
}

/* Returns the row that was mixed into row r, known by the target's second entry; r for none. */
static int partner_of(const float *target, int r)
{
    for (int c = 0; c < CLASSES; c++)
        if (c != r && target[c] > 0)
            return c;
    return r;
}

/* How many rows on the partner of each row is. The image, the target and the weight must tell of
 * the same partner and share. */
static int check_mixture(struct network *n, int rows)
{
    float input[CLASSES * PIXELS], target[CLASSES * CLASSES], weight[CLASSES];
    int roll = 0;
    network_read(n, "input", rows * PIXELS, input);
    network_read(n, "target", rows * CLASSES, target);
    network_read(n, "sample_weight", rows, weight);
    for (int r = 0; r < rows; r++) {
        const float *t = target + r * CLASSES;
        const int partner = partner_of(t, r);
        const float share = t[r];
        roll = r == 0 ? partner : roll;
        assert_int_equal(partner, (r + roll) % rows);
        assert_true(share >= 0 && share <= 1);
        assert_true(fabsf(t[partner] - (partner == r ? share : 1 - share)) < 1e-6f);
        const float value = share * (float)(r + 1) + (1 - share) * (float)(partner + 1);
        for (int i = 0; i < PIXELS; i++)
            assert_true(fabsf(input[r * PIXELS + i] - value) < 4e-6f);
        const float w = share * weight_of[r] + (1 - share) * weight_of[partner];
        assert_true(fabsf(weight[r] - w) < 1e-6f);
    }
    return roll;
}

static void all_of_a_row_is_mixed_alike(void **state)
{
    struct network n;
    float first[CLASSES * CLASSES], second[CLASSES * CLASSES];
    unsigned rolls = 0;
    (void)state;
    open_network(&n, false);
    for (uint64_t step = 0; step < 60; step++) {
        run(&n, CLASSES, true, step);
        const int roll = check_mixture(&n, CLASSES);
        assert_in_range(roll, 1, CLASSES - 1);
        rolls |= 1u << roll;
    }
    assert_int_equal(rolls, 62); /* each of 1 to 5 */
    network_read(&n, "target", CLASSES * CLASSES, first);
    assert_true(first[0] != first[CLASSES + 1]);
    run(&n, CLASSES, true, 59);
    network_read(&n, "target", CLASSES * CLASSES, second);
    assert_memory_equal(first, second, sizeof first);
    network_close(&n);
}

static void smaller_batches_are_mixed_too(void **state)
{
    struct network n;
    float target[CLASSES];
    (void)state;
    open_network(&n, false);
    for (int rows = 2; rows < CLASSES; rows++) {
        run(&n, rows, true, 5);
        assert_in_range(check_mixture(&n, rows), 1, rows - 1);
    }
    run(&n, 1, true, 5); /* there is no other image */
    assert_int_equal(check_mixture(&n, 1), 0);
    network_read(&n, "target", CLASSES, target);
    assert_true(target[0] == 1);
    network_close(&n);
}

/* The images, targets and weights of a batch are as they were given. */
static void check_given(struct network *n)
{
    float input[CLASSES * PIXELS], target[CLASSES * CLASSES], weight[CLASSES];
    network_read(n, "input", CLASSES * PIXELS, input);
    network_read(n, "target", CLASSES * CLASSES, target);
    network_read(n, "sample_weight", CLASSES, weight);
    for (int r = 0; r < CLASSES; r++) {
        assert_true(input[r * PIXELS] == (float)(r + 1));
        assert_true(weight[r] == weight_of[r]);
        for (int c = 0; c < CLASSES; c++)
            assert_true(target[r * CLASSES + c] == (float)(c == r));
    }
}

static void only_training_is_mixed(void **state)
{
    struct network n;
    (void)state;
    open_network(&n, false);
    run(&n, CLASSES, false, 0);
    check_given(&n);
    network_close(&n);
    open_network(&n, true); /* a trace of batches that are augmented already */
    run(&n, CLASSES, true, 0);
    check_given(&n);
    network_close(&n);
}

static int largest(const float *v)
{
    int best = 0;
    for (int c = 1; c < CLASSES; c++)
        best = v[c] > v[best] ? c : best;
    return best;
}

static void accuracy_counts_the_larger_share(void **state)
{
    float target[CLASSES * CLASSES], y[CLASSES * CLASSES];
    double log[8];
    int right = 0, counted = 0;
    struct network n;
    (void)state;
    open_network(&n, false);
    assert_true(n.graph->columns <= 8);
    for (uint64_t step = 0; step < 20; step++) {
        run(&n, CLASSES, true, step);
        assert_int_equal(iso_exec_log(n.exec, 1, log), ISO_OK);
        network_read(&n, "target", CLASSES * CLASSES, target);
        network_read(&n, "dense_1/y", CLASSES * CLASSES, y);
        counted += (int)log[n.graph->values[n.graph->metric[0]].at];
        for (int r = 0; r < CLASSES; r++)
            right += largest(y + r * CLASSES) == largest(target + r * CLASSES);
    }
    assert_int_equal(counted, right);
    assert_in_range(right, 1, 20 * CLASSES - 1);
    network_close(&n);
}

/* ---- CutMix -------------------------------------------------------------------------------- */

/* Each pixel is the row's own or its partner's, those of the partner are a rectangle, and the
 * target and the weight tell of the same partner and of the rectangle's area, to within the pixels
 * that its sides cut. */
static int check_cut(struct network *n, int r)
{
    enum { H = 4, W = 3, C = 2 };
    float input[CLASSES * PIXELS], target[CLASSES * CLASSES], weight[CLASSES];
    network_read(n, "input", CLASSES * PIXELS, input);
    network_read(n, "target", CLASSES * CLASSES, target);
    network_read(n, "sample_weight", CLASSES, weight);
    const int partner = partner_of(target + r * CLASSES, r);
    const float share = target[r * CLASSES + r];
    int top = H, bottom = -1, left = W, right = -1, taken = 0;
    for (int p = 0; p < H * W; p++) {
        const float v = input[r * PIXELS + p * C];
        assert_true(v == input[r * PIXELS + p * C + 1]);
        assert_true(v == (float)(r + 1) || v == (float)(partner + 1));
        if (partner == r || v != (float)(partner + 1))
            continue;
        taken++;
        top = p / W < top ? p / W : top;
        bottom = p / W > bottom ? p / W : bottom;
        left = p % W < left ? p % W : left;
        right = p % W > right ? p % W : right;
    }
    const int height = bottom >= top ? bottom - top + 1 : 0,
              width = right >= left ? right - left + 1 : 0;
    const float side = sqrtf(1 - share);
    assert_int_equal(taken, height * width);
    if (partner != r && taken > 0) {
        assert_true(fabsf((float)height - side * H) < 1.001f &&
                    fabsf((float)width - side * W) < 1.001f);
    }
    assert_true(fabsf(weight[r] - (share * weight_of[r] + (1 - share) * weight_of[partner])) <
                1e-6f);
    return taken;
}

static void a_rectangle_comes_with_its_target(void **state)
{
    struct network n;
    int taken = 0;
    (void)state;
    open_model(&n, "tests/models/cutmix.yaml", false);
    for (uint64_t step = 0; step < 60; step++) {
        run(&n, CLASSES, true, step);
        for (int r = 0; r < CLASSES; r++)
            taken += check_cut(&n, r);
    }
    /* Shares are uniform, so that half of the area is taken, but by Keras's rule a pixel is where
     * it begins: of a side of s pixels that begins between two, s rounded down, as often as not. */
    const double mean = taken / (60.0 * CLASSES * 12);
    print_message("  %.3f of all pixels are another image's\n", mean);
    assert_true(mean > 0.25 && mean < 0.5);
    run(&n, CLASSES, false, 0);
    check_given(&n);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_from_the_beta_distribution),
        cmocka_unit_test(shares_have_the_moments),
        cmocka_unit_test(extreme_words_give_shares),
        cmocka_unit_test(all_of_a_row_is_mixed_alike),
        cmocka_unit_test(smaller_batches_are_mixed_too),
        cmocka_unit_test(only_training_is_mixed),
        cmocka_unit_test(accuracy_counts_the_larger_share),
        cmocka_unit_test(a_rectangle_comes_with_its_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
