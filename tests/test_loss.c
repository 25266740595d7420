/* Tests the end of a network for each loss, and the effect of class weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum { ROWS = 4, CLASSES = 10, INPUTS = 3 };
static const int32_t classes[ROWS] = { 0, 3, 3, 7 };

/* Zero kernels: every row has the same prediction, and with one-hot targets the same loss. */
static void open_units(struct network *n, int units, const char *activation, const char *loss,
                       const char *more)
{
    char path[] = "/tmp/isocl-test-loss-XXXXXX";
    const int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(f);
    fprintf(f,
            "input: {shape: [%d]}\nlayers:\n"
            "  - dense: {units: %d, activation: %s, kernel_initializer: zeros, name: top}\n"
            "loss: %s\noptimizer: sgd\nmetrics: [accuracy]\n%s",
            INPUTS, units, activation, loss, more);
    fclose(f);
    network_load(n, path, ROWS);
    remove(path);
}

static void open_network(struct network *n, const char *activation, const char *loss,
                         const char *more)
{
    open_units(n, CLASSES, activation, loss, more);
}

/* ---- The end of a network ------------------------------------------------------------------ */

static void a_loss_takes_the_end_of_the_network(void **state)
{
    static const struct {
        const char *activation, *loss;
        int nodes;
        bool one_hot;
    } cases[] = {
        { "softmax", "categorical_crossentropy", 1, true },
        { "softmax", "sparse_categorical_crossentropy", 1, false },
        { "sigmoid", "binary_crossentropy", 1, true },
        { "softmax", "hinge", 2, true },
        { "softmax", "mean_squared_logarithmic_error", 2, true },
        { "linear", "mean_squared_error", 1, true },
        { "tanh", "squared_hinge", 2, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network n;
        open_network(&n, cases[i].activation, cases[i].loss, "");
        const struct iso_graph *g = n.graph;
        assert_int_equal(g->loss_node, cases[i].nodes);
        assert_string_equal(g->values[g->output].name, "top/y");
        assert_string_equal(g->values[g->loss].name, "loss");
        assert_int_equal(g->values[g->target].dtype, cases[i].one_hot ? ISO_REAL : ISO_I32);
        assert_int_equal(g->sample_weight, -1);
        network_close(&n);
    }
}

/* ---- Class weights ------------------------------------------------------------------------- */

static double loss_now(struct iso_exec *e, bool training)
{
    double log[8];
    assert_true(iso_exec_graph(e)->columns <= 8);
    assert_int_equal(iso_exec_forward(e, training, 0, 0), ISO_OK);
    assert_int_equal(iso_exec_log(e, 1, log), ISO_OK);
    return log[0];
}

static struct iso_exec *open_exec(const struct network *n, struct iso_backend *b, bool training)
{
    const struct iso_exec_options o = { .training = training, .keep_all = true, .log_steps = 1 };
    struct iso_exec *e = NULL;
    assert_int_equal(iso_exec_new(n->graph, b, &o, &e), ISO_OK);
    assert_int_equal(iso_exec_initialize(e), ISO_OK);
    return e;
}

static double fed_loss(const struct network *n, struct iso_backend *b, bool training, bool one_hot)
{
    static const float x[ROWS * INPUTS];
    float y[ROWS * CLASSES] = { 0 };
    struct iso_exec *e = open_exec(n, b, training);
    for (int i = 0; i < ROWS; i++)
        y[i * CLASSES + classes[i]] = 1;
    assert_int_equal(iso_exec_feed(e, ROWS, x, one_hot ? NULL : classes, one_hot ? y : NULL),
                     ISO_OK);
    const double loss = loss_now(e, training);
    iso_exec_free(e);
    return loss;
}

/* The rows of a data set, last first. */
static double gathered_loss(const struct network *n, struct iso_backend *b, bool training,
                            int which)
{
    static uint8_t images[ROWS * INPUTS];
    static const int32_t order[ROWS] = { 3, 2, 1, 0 };
    int32_t labels[ROWS];
    memcpy(labels, classes, sizeof labels);
    const struct iso_dataset d = { .images = images,
                                   .labels = labels,
                                   .rows = ROWS,
                                   .height = 1,
                                   .width = INPUTS,
                                   .channels = 1,
                                   .classes = CLASSES };
    struct iso_exec *e = open_exec(n, b, training);
    assert_int_equal(iso_exec_data(e, which, &d), ISO_OK);
    assert_int_equal(iso_exec_order(e, which, order), ISO_OK);
    assert_int_equal(iso_exec_gather(e, which, 0, 2), ISO_OK); /* classes 7 and 3 */
    const double loss = loss_now(e, training);
    iso_exec_free(e);
    return loss;
}

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.17g instead of %.17g", a, b);
}

static void training_weighs_the_classes(void **state)
{
    static const char *const losses[][2] = { { "softmax", "categorical_crossentropy" },
                                             { "softmax", "sparse_categorical_crossentropy" },
                                             { "sigmoid", "binary_crossentropy" },
                                             { "softmax", "hinge" },
                                             { "linear", "mean_squared_error" } };
    struct iso_backend *b;
    (void)state;
    assert_int_equal(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &b), ISO_OK);
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        struct network plain, weighted;
        open_network(&plain, losses[i][0], losses[i][1], "");
        open_network(&weighted, losses[i][0], losses[i][1], "class_weight: {3: 2.5, 7: 0}\n");
        const double one = fed_loss(&plain, b, true, false);
        assert_true(one > 0);
        near(fed_loss(&weighted, b, true, false), one * 6 / 4);
        near(gathered_loss(&weighted, b, true, 0), one * 2.5 / 2);
        near(gathered_loss(&weighted, b, true, 1), one);
        near(gathered_loss(&weighted, b, false, 0), one);
        if (weighted.graph->values[weighted.graph->target].dtype == ISO_REAL)
            near(fed_loss(&weighted, b, true, true), one * 6 / 4);
        network_close(&plain);
        network_close(&weighted);
    }
    iso_backend_close(b);
}

/* ---- One unit ------------------------------------------------------------------------------ */

/* A network that says sigmoid(1), whatever it is given: the mean loss of two rows of class 1 and
 * one of class 0, fed as classes, as numbers, and from a data set. */
static void one_unit_tells_two_classes_apart(void **state)
{
    static const float x[3 * INPUTS], y[] = { 1, 0, 1 };
    static uint8_t images[3 * INPUTS];
    static int32_t labels[] = { 1, 0, 1 };
    const struct iso_dataset d = { .images = images,
                                   .labels = labels,
                                   .rows = 3,
                                   .height = 1,
                                   .width = INPUTS,
                                   .channels = 1,
                                   .classes = 2 };
    const double one = log1p(exp(-1)), want = (2 * 3 * one + one + 1) / 3;
    struct iso_backend *b;
    struct network n;
    (void)state;
    open_units(&n, 1, "sigmoid, bias_initializer: ones", "binary_crossentropy",
               "class_weight: {1: 3}\n");
    const struct iso_value *target = &n.graph->values[n.graph->target];
    assert_int_equal(n.graph->classes, 2);
    assert_int_equal(target->dtype, ISO_REAL);
    assert_int_equal(target->shape.ndim * 10 + target->shape.dim[1], 21);
    assert_int_equal(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &b), ISO_OK);
    struct iso_exec *e = open_exec(&n, b, true);
    assert_int_equal(iso_exec_feed(e, 3, x, labels, NULL), ISO_OK);
    near(loss_now(e, true), want);
    assert_int_equal(iso_exec_feed(e, 3, x, NULL, y), ISO_OK);
    near(loss_now(e, true), want);
    assert_int_equal(iso_exec_data(e, 0, &d), ISO_OK);
    assert_int_equal(iso_exec_gather(e, 0, 0, 3), ISO_OK);
    near(loss_now(e, true), want);
    labels[1] = 2;
    assert_int_equal(iso_exec_feed(e, 3, x, labels, NULL), ISO_EDATA);
    iso_error_clear();
    iso_exec_free(e);
    iso_backend_close(b);
    network_close(&n);
}

/* ---- Logits -------------------------------------------------------------------------------- */

/* With from_logits the last layer has no activation, and all else is as with it. */
static void logits_give_the_same_loss_and_probabilities(void **state)
{
    static const char *const losses[][2] = {
        { "softmax", "categorical_crossentropy" },
        { "softmax", "sparse_categorical_crossentropy" },
        { "sigmoid", "binary_crossentropy" },
        { "softmax", "categorical_focal_crossentropy" },
        { "sigmoid", "binary_focal_crossentropy" },
        { "softmax", "kl_divergence" },
    };
    struct iso_backend *b;
    (void)state;
    assert_int_equal(iso_backend_open("reference", ISO_MODE_EXACT, 0, &b), ISO_OK);
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        struct network with, without;
        char loss[80];
        snprintf(loss, sizeof loss, "{%s: {from_logits: true}}", losses[i][1]);
        open_network(&with, losses[i][0], losses[i][1], "");
        open_network(&without, "linear", loss, "");
        assert_int_equal(without.graph->nnodes, with.graph->nnodes);
        assert_string_equal(without.graph->values[without.graph->output].name, "top/y");
        assert_true(fed_loss(&without, b, true, false) == fed_loss(&with, b, true, false));
        network_close(&with);
        network_close(&without);
    }
    iso_backend_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_takes_the_end_of_the_network),
        cmocka_unit_test(training_weighs_the_classes),
        cmocka_unit_test(one_unit_tells_two_classes_apart),
        cmocka_unit_test(logits_give_the_same_loss_and_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
