/* Whole networks that a chain of plain layers does not cover: values that several layers read, and
 * weights whose size costs something or that stay as they are. The same bits on every device, and
 * gradients by central differences of the loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parity/parity.h"
#include "core/arithmetic/random.h"
#include "network.h"

static const char *const models[] = {
    "tests/models/residual.yaml",    "tests/models/regularized.yaml",
    "tests/models/resnet.yaml",      "tests/models/frozen.yaml",
    "tests/models/inception.yaml",   "tests/models/clipped.yaml",
    "tests/models/separable.yaml",   "tests/models/augmented.yaml",
    "tests/models/binary.yaml",      "tests/models/mixup.yaml",
    "tests/models/fused.yaml",       "tests/models/fused_frozen.yaml",
    "tests/models/passed_back.yaml", NULL
};

/* ---- Devices ------------------------------------------------------------------------------- */

/* Node by node and freely, for a few steps. */
static void same_on(const char *device, enum iso_mode mode)
{
    struct iso_backend *b;
    struct iso_parity_totals totals;
    if (iso_backend_open(device, mode, 3, &b) != ISO_OK) {
        print_message("  %s: left out: %s\n", device, iso_error());
        iso_error_clear();
        return;
    }
    const struct iso_parity_options o = {
        .backends = &b, .nbackends = 1, .models = models, .steps = 5, .quiet = true
    };
    if (iso_parity_run(&o, &totals) != ISO_OK)
        fail_msg("%s: %s", device, iso_error());
    assert_true(totals.passed > 80 && totals.failed == 0);
    iso_backend_close(b);
}

/* Under a sanitizer, which makes minutes of it, one device shows what it looks for. */
#ifdef __SANITIZE_ADDRESS__
static const char *const devices[] = { "cpu" };
#else
static const char *const devices[] = { "cpu", "cpu:portable", "opencl:pocl" };
#endif

static void every_device_trains_them_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        same_on(devices[i], ISO_MODE_EXACT);
        if (strcmp(devices[i], "opencl:pocl") == 0) /* cpu computes the same in both modes */
            same_on(devices[i], ISO_MODE_FAST);
    }
}

/* ---- Gradients ----------------------------------------------------------------------------- */

enum { ROWS = 5, SAMPLES = 12 };

static uint32_t draw(uint32_t i, uint32_t salt)
{
    return iso_philox(i, salt, 0, ISO_RANDOM_TEST, 11, 0).v[0];
}

static void feed(struct network *n)
{
    const int64_t count = iso_shape_count(&n->graph->values[n->graph->input].shape);
    float *x = calloc((size_t)count, sizeof *x);
    int32_t y[ROWS];
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)iso_unit(draw((uint32_t)i, 1));
    for (int i = 0; i < ROWS; i++)
        y[i] = (int32_t)(draw((uint32_t)i, 2) % (uint32_t)n->graph->classes);
    assert_int_equal(iso_exec_feed(n->exec, ROWS, x, y, NULL), ISO_OK);
    free(x);
}

static void open_network(struct network *n, const char *path)
{
    network_open(n, path, ROWS, "reference:double", 0);
    network_begin(n, &(struct iso_exec_options){ .training = true, .seed = 3, .log_steps = 1 });
    feed(n);
}

static double loss_of(struct network *n)
{
    double log[64];
    assert_true(n->graph->columns <= 64);
    assert_int_equal(iso_exec_forward(n->exec, true, 0, 0), ISO_OK);
    assert_int_equal(iso_exec_log(n->exec, 1, log), ISO_OK);
    return log[0];
}

/* A tensor's values; the caller frees them. */
static double *values_of(struct network *n, const char *name, struct iso_tensor *t)
{
    assert_true(iso_exec_tensor(n->exec, name, t));
    double *v = calloc((size_t)iso_shape_count(&t->shape), sizeof *v);
    assert_non_null(v);
    assert_int_equal(iso_tensor_read(n->backend, t, v), ISO_OK);
    return v;
}

/* The loss has kinks (relu, pooling), which few steps of 2^-20 meet; a gradient that lacks a
 * branch is wrong nearly everywhere. Returns how many of the samples agree. */
static int agreeing(struct network *n, const char *weight, double spoil)
{
    const double h = 0x1p-20;
    struct iso_tensor w, dw;
    char name[ISO_NAME + 4];
    int agree = 0;
    snprintf(name, sizeof name, "d/%s", weight);
    assert_int_equal(iso_exec_forward(n->exec, true, 0, 0), ISO_OK);
    assert_int_equal(iso_exec_backward(n->exec, 0), ISO_OK);
    double *v = values_of(n, weight, &w), *d = values_of(n, name, &dw);
    const int64_t count = iso_shape_count(&w.shape);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double at[2];
        const int64_t k = draw(i, 3) % (uint32_t)count;
        const double old = v[k];
        for (int side = 0; side < 2; side++) {
            v[k] = side ? old - h : old + h;
            assert_int_equal(iso_tensor_write(n->backend, &w, v), ISO_OK);
            at[side] = loss_of(n);
        }
        v[k] = old;
        const double slope = (at[0] - at[1]) / (2 * h);
        agree += fabs(d[k] * spoil - slope) <= 1e-6 * fabs(slope) + 1e-8;
    }
    assert_int_equal(iso_tensor_write(n->backend, &w, v), ISO_OK);
    free(v);
    free(d);
    return agree;
}

static void check_gradients(const char *path, const char *first, int least)
{
    struct network n;
    char name[ISO_NAME + 4];
    struct iso_tensor t;
    int weights = 0;
    open_network(&n, path);
    assert_int_equal(iso_exec_forward(n.exec, true, 0, 0), ISO_OK);
    for (int i = 0; i < iso_exec_nweights(n.exec); i++) {
        const char *weight = iso_exec_weight(n.exec, i);
        snprintf(name, sizeof name, "d/%s", weight);
        if (!iso_exec_tensor(n.exec, name, &t))
            continue; /* not trained */
        const int agree = agreeing(&n, weight, 1);
        if (agree < SAMPLES - 2)
            fail_msg("%s: %d of %d gradients agree", weight, agree, SAMPLES);
        weights++;
    }
    assert_true(weights >= least);
    assert_true(agreeing(&n, first, 1.01) < SAMPLES / 2); /* the planted fault */
    network_close(&n);
}

static void gradients_are_the_slopes_of_the_loss(void **state)
{
    (void)state;
    check_gradients(models[0], "stem/kernel", 10);
    check_gradients(models[1], "c1/kernel", 10);
    check_gradients(models[2], "conv2_block1_2_conv/kernel", 60);
    check_gradients(models[3], "c1/kernel", 6);
    check_gradients(models[4], "stem/kernel", 10);
    check_gradients(models[6], "first/depthwise_kernel", 12);
}

/* ---- Regularizers -------------------------------------------------------------------------- */

static double cost_of(struct network *n, const char *weight, double l1, double l2)
{
    struct iso_tensor t;
    double *v = values_of(n, weight, &t), sum = 0;
    for (int64_t i = 0; i < iso_shape_count(&t.shape); i++)
        sum += l1 * fabs(v[i]) + l2 * v[i] * v[i];
    free(v);
    assert_true(sum > 0);
    return sum;
}

/* The mean of -log p of the right classes, as feed() has drawn them. */
static double cross_entropy(struct network *n)
{
    struct iso_tensor t;
    double *p = values_of(n, "d2/y", &t), sum = 0;
    for (int64_t i = 0; i < ROWS; i++)
        sum -= log(p[i * n->graph->classes + draw((uint32_t)i, 2) % (uint32_t)n->graph->classes]);
    free(p);
    return sum / ROWS;
}

static void the_loss_has_what_the_weights_cost(void **state)
{
    struct network n;
    (void)state;
    open_network(&n, models[1]);
    const double loss = loss_of(&n);
    double want = cross_entropy(&n);
    want += cost_of(&n, "c1/kernel", 0, 0.01);
    want += cost_of(&n, "n/gamma", 0.02, 0);
    want += cost_of(&n, "c2/kernel", 0.003, 0.02) + cost_of(&n, "c2/bias", 0.1, 0);
    want += cost_of(&n, "d1/bias", 0, 0.5) + cost_of(&n, "d2/kernel", 0, 0.001);
    if (!(fabs(loss - want) <= 1e-12 * want))
        fail_msg("the loss is %.17g instead of %.17g", loss, want);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_trains_them_alike),
        cmocka_unit_test(gradients_are_the_slopes_of_the_loss),
        cmocka_unit_test(the_loss_has_what_the_weights_cost),
    };
    return cmocka_run_group_tests_name("branches", tests, NULL, NULL);
}
