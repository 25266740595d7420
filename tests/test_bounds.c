/* test_bounds.c: the reference in float is as near to the one in double as
 * core/arithmetic/bounds.md derives, for every op that has sums: of products by parity's own bound,
 * of the others by bounds.h. Prints the largest share of each bound that was used; BOUNDS_SEEDS=100
 * draws more data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "bounds.h"

enum { SEEDS = 1 };

static const struct {
    enum iso_op op;
    bounds_of *bounds; /* NULL: parity's, of a sum of products */
} ops[] = {
    { ISO_OP_dense, NULL },
    { ISO_OP_conv2d, NULL },
    { ISO_OP_conv2d_transpose, NULL },
    { ISO_OP_depthwise_conv2d, NULL },
    { ISO_OP_separable_conv2d, NULL },
    { ISO_OP_dot_product_attention, bounds_attention },
    { ISO_OP_batch_normalization, bounds_batch_normalization },
    { ISO_OP_layer_normalization, bounds_layer_normalization },
    { ISO_OP_group_normalization, bounds_group_normalization },
    { ISO_OP_unit_normalization, bounds_unit_normalization },
    { ISO_OP_local_response_normalization, bounds_response },
    { ISO_OP_class_token, bounds_token },
    { ISO_OP_position_embedding, bounds_token },
    { ISO_OP_layer_scale, bounds_channel_scale },
    { ISO_OP_prelu, bounds_channel_scale },
    { ISO_OP_average_pooling2d, bounds_pooling },
    { ISO_OP_global_average_pooling2d, bounds_pooling },
    { ISO_OP_categorical_crossentropy, bounds_class_loss },
    { ISO_OP_sparse_categorical_crossentropy, bounds_class_loss },
    { ISO_OP_categorical_focal_crossentropy, bounds_class_loss },
    { ISO_OP_kl_divergence, bounds_class_loss },
    { ISO_OP_binary_crossentropy, bounds_sigmoid_loss },
    { ISO_OP_binary_focal_crossentropy, bounds_sigmoid_loss },
    { ISO_OP_mean_squared_error, bounds_pointwise_loss },
    { ISO_OP_mean_absolute_error, bounds_pointwise_loss },
    { ISO_OP_mean_squared_logarithmic_error, bounds_pointwise_loss },
    { ISO_OP_huber, bounds_pointwise_loss },
    { ISO_OP_hinge, bounds_pointwise_loss },
    { ISO_OP_squared_hinge, bounds_pointwise_loss },
};
enum { OPS = sizeof ops / sizeof ops[0] };
static const enum iso_group results[] = { ISO_Y, ISO_DX, ISO_DW };
enum { RESULTS = sizeof results / sizeof results[0] };

static const struct iso_how how = { .junk = 0xFF };
static struct iso_backend *reference, *judge; /* in float, and in double */

/* The largest share of each result's bound; -1: it is no result, or has no bound. */
struct shares {
    double of[RESULTS][ISO_OPERANDS];
};

static int open_both(void **state)
{
    (void)state;
    return iso_backend_open("reference", ISO_MODE_EXACT, 0, &reference) != ISO_OK ||
           iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &judge) != ISO_OK;
}

static int close_both(void **state)
{
    (void)state;
    iso_backend_close(reference);
    iso_backend_close(judge);
    return 0;
}

/* Copies the shapes of some results; every bound is infinite. */
static void unbounded(const struct iso_values *v, struct iso_values *allowed)
{
    assert_int_equal(iso_values_copy(allowed, v), ISO_OK);
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            for (int64_t e = 0; e < allowed->a[g][i].n; e++)
                allowed->a[g][i].v[e] = INFINITY;
}

/* Sets the bounds of a sum of products, of both passes. */
static void product_bounds(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                           struct iso_values *allowed)
{
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
        struct iso_values some = { 0 };
        assert_int_equal(
            iso_rung_allowed(judge, op, call, (enum iso_pass)pass, v, ISO_OWN_ORDER, &some),
            ISO_OK);
        for (int r = 0; r < RESULTS; r++)
            for (int i = 0; i < ISO_OPERANDS && iso_pass_writes((enum iso_pass)pass, results[r]);
                 i++)
                for (int64_t e = 0; e < some.a[results[r]][i].n; e++)
                    allowed->a[results[r]][i].v[e] = some.a[results[r]][i].v[e];
        iso_values_free(&some);
    }
}

static void take_shares(const struct iso_values *want, const struct iso_values *got,
                        const struct iso_values *allowed, struct shares *shares)
{
    for (int r = 0; r < RESULTS; r++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_array *w = &want->a[results[r]][i], *g = &got->a[results[r]][i];
            const double *most = allowed->a[results[r]][i].v;
            for (int64_t e = 0; e < w->n && isfinite(most[e]); e++) {
                const double off = fabs(g->v[e] - w->v[e]);
                const double share = off == 0 ? 0 : off / most[e];
                shares->of[r][i] = fmax(shares->of[r][i], share == share ? share : INFINITY);
            }
        }
}

static void check_case(const struct iso_case *c, bounds_of *bounds, enum iso_fill fill,
                       uint64_t seed, struct shares *shares)
{
    struct iso_values want = { 0 }, got = { 0 }, allowed = { 0 };
    struct iso_call call;
    assert_int_equal(iso_case_call(c, seed, 0, &call), ISO_OK);
    assert_int_equal(iso_execute_case(judge, c, fill, seed, &how, &want), ISO_OK);
    assert_int_equal(iso_execute_case(reference, c, fill, seed, &how, &got), ISO_OK);
    unbounded(&want, &allowed);
    if (bounds != NULL)
        bounds(c->op, &call, &want, &allowed);
    else
        product_bounds(c->op, &call, &want, &allowed);
    take_shares(&want, &got, &allowed, shares);
    iso_values_free(&want);
    iso_values_free(&got);
    iso_values_free(&allowed);
}

static int seeds(void)
{
    const char *text = getenv("BOUNDS_SEEDS");
    return text != NULL ? atoi(text) : SEEDS;
}

/* The shares that an op's cases use, with numbers of both signs and of one. */
static struct shares shares_of(enum iso_op op, bounds_of *bounds)
{
    struct iso_cases cases;
    struct shares shares;
    for (int r = 0; r < RESULTS; r++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            shares.of[r][i] = -1;
    assert_int_equal(iso_cases_load(NULL, iso_ops[op].name, &cases), ISO_OK);
    for (int i = 0; i < cases.n; i++)
        for (int seed = 1; seed <= seeds() && !cases.list[i].slow; seed++) {
            check_case(&cases.list[i], bounds, ISO_FILL_REAL, (uint64_t)seed, &shares);
            check_case(&cases.list[i], bounds, ISO_FILL_POSITIVE, (uint64_t)seed, &shares);
        }
    iso_cases_free(&cases);
    return shares;
}

static void print_shares(enum iso_op op, const struct shares *shares)
{
    print_message("  %-30s", iso_ops[op].name);
    for (int r = 0; r < RESULTS; r++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            if (shares->of[r][i] >= 0)
                print_message(" %s%d %.3f", iso_group_names[results[r]], i, shares->of[r][i]);
    print_message("\n");
}

/* A share of less than a hundredth says that the bound would see little. */
static void results_are_within_their_bounds(void **state)
{
    (void)state;
    for (int o = 0; o < OPS; o++) {
        const struct shares shares = shares_of(ops[o].op, ops[o].bounds);
        print_shares(ops[o].op, &shares);
        for (int r = 0; r < RESULTS; r++)
            for (int i = 0; i < ISO_OPERANDS; i++) {
                assert_true(shares.of[r][i] <= 1);
                assert_true(shares.of[r][i] < 0 || shares.of[r][i] > 0.01);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(results_are_within_their_bounds) };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
