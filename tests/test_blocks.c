/* test_blocks.c: what blocks unfold to, by the networks of Keras's applications, and what becomes
 * of layers that are not trained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/learning_rate.h"
#include "network.h"

static int find(const struct network *n, const char *layer)
{
    for (int i = 0; i < n->model->nlayers; i++)
        if (strcmp(n->model->layers[i].name, layer) == 0)
            return i;
    fail_msg("there is no layer %s", layer);
    return -1;
}

static void assert_reads(const struct network *n, const char *layer, const char *a, const char *b)
{
    const struct iso_layer *l = &n->model->layers[find(n, layer)];
    assert_int_equal(l->ninputs, b ? 2 : 1);
    assert_int_equal(l->input[0], find(n, a));
    if (b != NULL)
        assert_int_equal(l->input[1], find(n, b));
}

/* Parameters below the last layer. */
static long long parameters(const struct network *n, bool trainable)
{
    long long sum = 0;
    for (int i = 0; i < n->graph->nvalues; i++) {
        const struct iso_value *v = &n->graph->values[i];
        if (v->role == ISO_ROLE_WEIGHT && v->layer < n->model->nlayers - 1 &&
            (v->trainable || !trainable))
            sum += iso_shape_count(&v->shape);
    }
    return sum;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

static void blocks_read_their_input(void **state)
{
    struct network n;
    (void)state;
    network_load(&n, "tests/models/resnet.yaml", 2);
    assert_reads(&n, "conv2_block1_0_conv", "conv1_relu", NULL);
    assert_reads(&n, "conv2_block1_1_conv", "conv1_relu", NULL);
    assert_reads(&n, "conv2_block1_add", "conv2_block1_0_bn", "conv2_block1_3_bn");
    assert_reads(&n, "conv2_block2_1_conv", "conv2_block1_out", NULL);
    assert_reads(&n, "conv2_block2_add", "conv2_block1_out", "conv2_block2_3_bn");
    assert_reads(&n, "conv2_block3_add", "conv2_block2_out", "conv2_block3_3_bn");
    assert_reads(&n, "conv3_block1_0_conv", "conv2_block3_out", NULL);
    assert_reads(&n, "conv3_block2_add", "conv3_block1_out", "conv3_block2_3_bn");
    assert_reads(&n, "flatten_1", "conv3_block2_out", NULL);
    network_close(&n);
}

/* Finds the layers of one residual block of Keras's; returns how many there are. */
static int check_block(const struct network *n, int stage, int block)
{
    static const char *const layers[] = { "1_conv", "1_bn", "1_relu", "2_conv", "2_bn",   "2_relu",
                                          "3_conv", "3_bn", "add",    "out",    "0_conv", "0_bn" };
    const int count = block == 1 ? 12 : 10;
    for (int i = 0; i < count; i++) {
        char name[ISO_NAME];
        snprintf(name, sizeof name, "conv%d_block%d_%s", stage, block, layers[i]);
        find(n, name);
    }
    return count;
}

/* blocks: of each stage. */
static void check_resnet(const char *path, const int blocks[4], int all, int trained)
{
    static const char *const others[] = { "conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu",
                                          "pool1_pad", "pool1_pool", "avg_pool", "predictions" };
    struct network n;
    int layers = 8;
    network_load(&n, path, 1);
    for (int i = 0; i < 8; i++)
        find(&n, others[i]);
    for (int stage = 0; stage < 4; stage++)
        for (int block = 1; block <= blocks[stage]; block++)
            layers += check_block(&n, stage + 2, block);
    assert_int_equal(n.model->nlayers, layers);
    assert_int_equal(parameters(&n, false), all);
    assert_int_equal(parameters(&n, true), trained);
    network_close(&n);
}

static void resnets_are_keras_s(void **state)
{
    (void)state;
    check_resnet("models/resnet50.yaml", (const int[]){ 3, 4, 6, 3 }, 23587712, 23534592);
    check_resnet("models/resnet101.yaml", (const int[]){ 3, 4, 23, 3 }, 42658176, 42552832);
    check_resnet("models/resnet152.yaml", (const int[]){ 3, 8, 36, 3 }, 58370944, 58219520);
}

static void vgg16_is_keras_s(void **state)
{
    static const int convolutions[] = { 2, 2, 3, 3, 3 };
    struct network n;
    char name[ISO_NAME];
    (void)state;
    network_load(&n, "models/vgg16.yaml", 1);
    for (int block = 0; block < 5; block++) {
        for (int i = 0; i < convolutions[block]; i++) {
            snprintf(name, sizeof name, "block%d_conv%d", block + 1, i + 1);
            find(&n, name);
        }
        snprintf(name, sizeof name, "block%d_pool", block + 1);
        find(&n, name);
    }
    assert_int_equal(n.model->nlayers, 13 + 5 + 2);
    assert_int_equal(parameters(&n, false), 14714688);
    network_close(&n);
}

/* ---- Layers that are not trained ----------------------------------------------------------- */

enum { ROWS = 3, MOST = 4096 };

static void train(struct network *n, int steps)
{
    const struct iso_exec_options o = { .training = true, .seed = 5, .log_steps = 1 };
    float x[ROWS * 8 * 7 * 3];
    const int32_t y[ROWS] = { 0, 3, 1 };
    network_open(n, "tests/models/frozen.yaml", ROWS, "reference", 0);
    network_begin(n, &o);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)(i * 37 % 101) / 101;
    assert_int_equal(iso_exec_feed(n->exec, ROWS, x, y, NULL), ISO_OK);
    for (uint64_t step = 0; step < (uint64_t)steps; step++) {
        assert_int_equal(iso_exec_forward(n->exec, true, step, 0), ISO_OK);
        assert_int_equal(iso_exec_backward(n->exec, step), ISO_OK);
        assert_int_equal(
            iso_exec_update(n->exec, step, iso_training_rate_alone(n->graph->training, step)),
            ISO_OK);
    }
}

static bool same_weight(struct network *a, struct network *b, const char *name)
{
    static float p[MOST], q[MOST];
    struct iso_tensor t, u;
    assert_true(iso_exec_tensor(a->exec, name, &t) && iso_exec_tensor(b->exec, name, &u));
    assert_true(iso_shape_count(&t.shape) <= MOST);
    assert_int_equal(iso_tensor_read_f32(a->backend, &t, p), ISO_OK);
    assert_int_equal(iso_tensor_read_f32(b->backend, &u, q), ISO_OK);
    return memcmp(p, q, (size_t)iso_shape_count(&t.shape) * sizeof *p) == 0;
}

static void frozen_weights_stay(void **state)
{
    static const char *const trained[] = { "c1", "n2", "e" };
    struct network before, after;
    int moved = 0, stayed = 0;
    (void)state;
    train(&before, 0);
    train(&after, 3);
    for (int i = 0; i < iso_exec_nweights(after.exec); i++) {
        const char *name = iso_exec_weight(after.exec, i);
        bool wanted = false;
        for (int k = 0; k < 3; k++)
            wanted = wanted || (strncmp(name, trained[k], strlen(trained[k])) == 0 &&
                                name[strlen(trained[k])] == '/');
        const bool same = same_weight(&before, &after, name);
        if (same == wanted)
            fail_msg("%s %s", name, same ? "has not moved" : "has moved");
        moved += !same;
        stayed += same;
    }
    assert_int_equal(moved, 2 + 4 + 2); /* n2's moving statistics, too */
    assert_int_equal(stayed, 2 + 4 + 4 + 2 + 2 + 4);
    network_close(&before);
    network_close(&after);
}

static void frozen_layers_cost_nothing(void **state)
{
    struct network n;
    struct iso_tensor t;
    (void)state;
    train(&n, 1);
    for (int i = 0; i < n.graph->nnodes; i++) /* no backward pass below what is trained */
        if (n.graph->nodes[i].layer >= 0 && n.graph->nodes[i].layer < find(&n, "c1"))
            assert_false(iso_exec_runs(n.exec, i, ISO_BACKWARD));
    for (int i = 0; i < n.graph->nvalues; i++) /* nor gradients, nor penalties */
        if (n.graph->values[i].layer >= 0 && n.graph->values[i].layer < find(&n, "c1"))
            assert_false(n.graph->values[i].gradient);
    assert_int_equal(n.graph->columns, 1);
    assert_true(iso_exec_tensor(n.exec, "c1/kernel/momentum", &t));
    assert_false(iso_exec_tensor(n.exec, "c2/kernel/momentum", &t));
    assert_false(iso_exec_tensor(n.exec, "d/c2/kernel", &t));
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_read_their_input),    cmocka_unit_test(resnets_are_keras_s),
        cmocka_unit_test(vgg16_is_keras_s),           cmocka_unit_test(frozen_weights_stay),
        cmocka_unit_test(frozen_layers_cost_nothing),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
