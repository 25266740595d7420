/* test_synchronized.c: batch normalization with the statistics of all shards is that of the whole
 * batch, whatever the number of shards, and has the same bits on every device. tests/test_ranks.c
 * has ranks. */
#include "core/arithmetic/random.h"
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 22, SHORT = 13, PIXELS = 6 * 6 * 2, CLASSES = 5, MOST = 4096 };

static const char model_text[] =
    "input: {shape: [6, 6, 2], scale: 1/255}\n"
    "augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}]\n"
    "layers:\n"
    "  - conv2d: {filters: 4, kernel_size: 3, kernel_regularizer: {l2: 0.01}}\n"
    "  - batch_normalization: {synchronized: %s, moving_variance_correction: bessel}\n"
    "  - activation: tanh\n"
    "  - spatial_dropout2d: 0.3\n"
    "  - flatten\n"
    "  - dense: {units: 9, activation: tanh}\n"
    "  - batch_normalization: {synchronized: %s, scale: false}\n"
    "  - dense: {units: 7, activation: tanh}\n"
    "  - batch_normalization: {synchronized: %s, center: false, momentum: 0.5}\n"
    "  - dense: {units: 5, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy]\n"
    "optimizer: %s\n"
    "train: {shards: %d}\n";

static float images[BATCH * PIXELS];
static int32_t classes[BATCH];

static void draw_batch(void)
{
    for (uint32_t i = 0; i < BATCH * PIXELS; i++)
        images[i] = 255 * iso_unit(iso_philox(i, 0, 0, ISO_RANDOM_TEST, 1, 0).v[0]);
    for (uint32_t i = 0; i < BATCH; i++)
        classes[i] = (int32_t)(iso_philox(i, 0, 1, ISO_RANDOM_TEST, 1, 0).v[0] % CLASSES);
}

static void write_model(char text[2048], const char *synchronized, const char *optimizer,
                        int shards)
{
    snprintf(text, 2048, model_text, synchronized, synchronized, synchronized, optimizer, shards);
}

static void begin(struct network *n, const char *text, const char *device, int threads)
{
    const struct iso_exec_options o = { .training = true, .seed = 7, .log_steps = 1 };
    memset(n, 0, sizeof *n);
    must(iso_model_parse("synchronized.yaml", text, &n->faults, &n->model));
    must(iso_graph_build(n->model, 0, BATCH, &n->faults, &n->graph));
    must(iso_backend_open(device, ISO_MODE_EXACT, threads, &n->backend));
    network_begin(n, &o);
}

static void step(struct network *n, uint64_t number, int64_t rows)
{
    must(iso_exec_feed(n->exec, rows, images, classes, NULL));
    must(iso_exec_train(n->exec, number, 0));
}

/* Four steps, of which the last two have a short batch and one shard. */
static void train(struct network *n)
{
    static const int64_t rows[] = { BATCH, BATCH, SHORT, 1 };
    for (uint64_t i = 0; i < 4; i++) {
        step(n, i, rows[i]);
        must(iso_exec_update(n->exec, i, 0.01));
    }
}

/* ---- The definition -------------------------------------------------------------------------- */

/* Returns the largest difference between the weights after a training in `shards` shards and in
 * one, in double precision. */
static double distance(const char *synchronized, int shards)
{
    struct network n[2];
    double most = 0;
    for (int i = 0; i < 2; i++) {
        char text[2048];
        write_model(text, synchronized, "{sgd: {momentum: 0.9}}", i ? shards : 1);
        begin(&n[i], text, "reference:double", 0);
        train(&n[i]);
    }
    for (int i = 0; i < iso_exec_nweights(n[0].exec); i++) {
        static double a[MOST], b[MOST];
        struct iso_tensor t, u;
        assert_true(iso_exec_tensor(n[0].exec, iso_exec_weight(n[0].exec, i), &t));
        assert_true(iso_exec_tensor(n[1].exec, iso_exec_weight(n[0].exec, i), &u));
        must(iso_tensor_read(n[0].backend, &t, a));
        must(iso_tensor_read(n[1].backend, &u, b));
        for (int64_t k = 0; k < iso_shape_count(&t.shape); k++)
            most = fmax(most, fabs(a[k] - b[k]));
    }
    network_close(&n[0]);
    network_close(&n[1]);
    return most;
}

/* (Doubles round at 1e-16; sums of a few thousand terms, four steps and inverse deviations of about
 * 10 leave 1e-11.) */
static void statistics_are_those_of_the_whole_batch(void **state)
{
    (void)state;
    draw_batch();
    for (int shards = 2; shards <= 32; shards *= 2) {
        assert_true(distance("true", shards) < 1e-11);
        assert_true(distance("false", shards) > 1e-5);
    }
}

static double loss_of(struct network *n)
{
    double log[16];
    step(n, 0, BATCH);
    must(iso_exec_log(n->exec, 1, log));
    return log[0];
}

/* Central differences of the loss err by h^2 / 6 times its third derivative, and by the rounding of
 * two losses over 2 h. */
static void check_weight(struct network *n, const char *name)
{
    static double w[MOST], d[MOST];
    const double h = 1e-5;
    char gradient[ISO_NAME + 2];
    struct iso_tensor t, u;
    snprintf(gradient, sizeof gradient, "d/%s", name);
    if (!iso_exec_tensor(n->exec, gradient, &u))
        return;
    assert_true(iso_exec_tensor(n->exec, name, &t));
    (void)loss_of(n);
    must(iso_tensor_read(n->backend, &u, d));
    must(iso_tensor_read(n->backend, &t, w));
    for (int64_t k = 0; k < iso_shape_count(&t.shape); k += 5) {
        const double own = w[k];
        double loss[2];
        for (int i = 0; i < 2; i++) {
            w[k] = own + (i ? h : -h);
            must(iso_tensor_write(n->backend, &t, w));
            loss[i] = loss_of(n);
        }
        w[k] = own;
        must(iso_tensor_write(n->backend, &t, w));
        const double slope = (loss[1] - loss[0]) / (2 * h);
        if (fabs(slope - d[k]) > 1e-7 * (1 + fabs(slope)))
            fail_msg("%s[%lld]: gradient %g instead of %g", name, (long long)k, d[k], slope);
    }
}

static void gradients_are_those_of_the_loss(void **state)
{
    struct network n;
    char text[2048];
    (void)state;
    draw_batch();
    write_model(text, "true", "sgd", 4);
    begin(&n, text, "reference:double", 0);
    for (int i = 0; i < iso_exec_nweights(n.exec); i++)
        check_weight(&n, iso_exec_weight(n.exec, i));
    network_close(&n);
}

/* ---- The same bits --------------------------------------------------------------------------- */

static void hash_of(int shards, const char *device, int threads, char hex[65])
{
    struct network n;
    char text[2048];
    write_model(text, "true", "{adam: {global_clipnorm: 1}}", shards);
    begin(&n, text, device, threads);
    train(&n);
    must(iso_exec_hash(n.exec, hex));
    network_close(&n);
}

static void every_device_gives_the_same_bits(void **state)
{
    static const char *const devices[] = { "cpu", "opencl:pocl" };
    (void)state;
    draw_batch();
    for (int i = 0; i < 2; i++)
        for (int shards = 1; shards <= 16; shards *= 4) {
            char got[65], want[65];
            struct iso_backend *b;
            if (iso_backend_open(devices[i], ISO_MODE_EXACT, 0, &b) != ISO_OK) {
                iso_error_clear();
                continue;
            }
            iso_backend_close(b);
            hash_of(shards, "reference", 0, want);
            hash_of(shards, devices[i], 1 + shards % 3, got);
            if (strcmp(got, want) != 0)
                fail_msg("%d shards on %s: %.12s... instead of %.12s...", shards, devices[i], got,
                         want);
        }
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void all_layers_or_none_are_synchronized(void **state)
{
    struct network n = { .model = NULL };
    char text[2048];
    (void)state;
    write_model(text, "true", "sgd", 2);
    memcpy(strstr(text, "true, scale"), "false,scale", 11);
    must(iso_model_parse("mixed.yaml", text, &n.faults, &n.model));
    assert_int_equal(iso_graph_build(n.model, 0, BATCH, &n.faults, &n.graph), ISO_EMODEL);
    assert_int_equal(n.faults.count, 1);
    assert_non_null(strstr(n.faults.list[0].text, "layer 'batch_normalization_2'"));
    iso_error_clear();
    iso_model_free(n.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_those_of_the_whole_batch),
        cmocka_unit_test(gradients_are_those_of_the_loss),
        cmocka_unit_test(every_device_gives_the_same_bits),
        cmocka_unit_test(all_layers_or_none_are_synchronized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
