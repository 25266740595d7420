/* test_plan.c: the memory plan: extents alive at the same time never overlap, chunks keep to the
 * device's limit, and a network trained with reuse has the weights of one trained without. */
#include "core/model/graph.h"
#include "core/arithmetic/random.h"
#include "core/train/learning_rate.h"
#include "core/train/plan.h"
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EXTENTS = 60 };

static uint32_t draw(uint32_t i, uint32_t salt)
{
    return iso_philox(i, salt, 0, ISO_RANDOM_TEST, 7, 0).v[0];
}

/* Clear with iso_arena_clear. */
static struct iso_arena new_arena(int n)
{
    struct iso_extent *extents = calloc((size_t)n, sizeof *extents);
    assert_non_null(extents);
    return (struct iso_arena){
        .name = "test", .advice = "use a smaller --batch", .extents = extents, .nextents = n
    };
}

static void fill_extents(struct iso_extent *e, int n, uint32_t salt)
{
    memset(e, 0, (size_t)n * sizeof *e);
    for (int i = 0; i < n; i++) {
        e[i].bytes = 1 + draw((uint32_t)i, salt) % 5000;
        e[i].first = (int)(draw((uint32_t)i, salt + 1) % 40);
        e[i].last = e[i].first + (int)(draw((uint32_t)i, salt + 2) % 10);
    }
}

static int count_overlaps(const struct iso_extent *e, int n)
{
    int bad = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            bad += e[i].chunk == e[j].chunk && e[i].first <= e[j].last && e[j].first <= e[i].last &&
                   e[i].offset < e[j].offset + e[j].bytes && e[j].offset < e[i].offset + e[i].bytes;
    return bad;
}

static void alive_extents_never_overlap(void **state)
{
    (void)state;
    for (uint32_t salt = 0; salt < 50; salt += 5) {
        struct iso_arena a = new_arena(EXTENTS);
        fill_extents(a.extents, EXTENTS, salt);
        assert_int_equal(iso_arena_layout(&a, 0, false), ISO_OK);
        assert_int_equal(a.nchunks, 1);
        assert_int_equal(count_overlaps(a.extents, EXTENTS), 0);
        assert_true(a.chunk[0] < a.total); /* something was reused */
        a.extents[1] = a.extents[0];       /* the planted fault */
        assert_true(count_overlaps(a.extents, EXTENTS) > 0);
        iso_arena_clear(&a);
    }
}

static void chunks_keep_to_the_limit(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(EXTENTS);
    fill_extents(a.extents, EXTENTS, 3);
    assert_int_equal(iso_arena_layout(&a, 8192, false), ISO_OK);
    assert_true(a.nchunks > 1);
    for (int i = 0; i < a.nchunks; i++)
        assert_true(a.chunk[i] > 0 && a.chunk[i] <= 8192);
    assert_int_equal(count_overlaps(a.extents, EXTENTS), 0);
    iso_arena_clear(&a);
}

static void an_extent_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(1);
    a.extents[0].bytes = 100000;
    assert_int_equal(iso_arena_layout(&a, 8192, true), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    iso_arena_clear(&a);
}

/* Sums of sizes that wrap around would give a chunk smaller than its extents. */
static void extents_beyond_any_address_are_refused(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(5);
    for (int i = 0; i < 5; i++)
        a.extents[i].bytes = SIZE_MAX / 4;
    assert_int_equal(iso_arena_layout(&a, 0, false), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    iso_arena_clear(&a);
}

/* ---- A network on a device ----------------------------------------------------------------- */

/* The hash after three steps on drawn images. */
static void train_hash(struct network *n, bool keep_all, char hex[65])
{
    const struct iso_exec_options o = {
        .training = true, .keep_all = keep_all, .seed = 5, .log_steps = 1
    };
    const struct iso_graph *g = n->graph;
    const int64_t values = iso_shape_count(&g->values[g->input].shape);
    float *x = calloc((size_t)values, sizeof *x);
    int32_t *y = calloc((size_t)g->batch, sizeof *y);
    for (int64_t i = 0; i < values; i++)
        x[i] = iso_unit(draw((uint32_t)i, 99));
    for (int64_t i = 0; i < g->batch; i++)
        y[i] = (int32_t)(i % g->classes);
    network_begin(n, &o);
    for (uint64_t step = 0; step < 3; step++) {
        assert_int_equal(iso_exec_feed(n->exec, g->batch, x, y, NULL), ISO_OK);
        assert_int_equal(iso_exec_forward(n->exec, true, step, 0), ISO_OK);
        assert_int_equal(iso_exec_backward(n->exec, step), ISO_OK);
        assert_int_equal(
            iso_exec_update(n->exec, step, iso_training_rate_alone(n->graph->training, step)),
            ISO_OK);
    }
    double loss[1 + ISO_METRICS];
    assert_int_equal(iso_exec_log(n->exec, 1, loss), ISO_OK);
    assert_true(loss[0] > 0 && loss[0] < 100);
    assert_int_equal(iso_exec_hash(n->exec, hex), ISO_OK);
    iso_exec_free(n->exec);
    n->exec = NULL;
    free(x);
    free(y);
}

static bool overlap(const struct iso_extent *a, const struct iso_extent *b)
{
    return a->chunk == b->chunk && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

/* A layer that runs its activation too writes what that makes while it still reads its input:
 * without a backward pass nothing else keeps the two apart. */
static void a_fused_activation_is_stored_beside_the_input(void **state)
{
    struct network n;
    network_open(&n, "models/cifar10/model3.yaml", 8, "reference", 1);
    const struct iso_graph *g = n.graph;
    struct iso_plan plan;
    struct iso_fusion *fusions = calloc((size_t)g->nnodes, sizeof *fusions);
    int fused = 0;
    (void)state;
    assert_non_null(fusions);
    iso_fusions_find(g, NULL, NULL, fusions);
    for (int i = 0; i + 1 < g->nlayer_nodes; i++) {
        fusions[i].absent = g->nodes[i + 1].op == ISO_OP_activation;
        fusions[i].last += fusions[i].absent;
    }
    const struct iso_plan_options o = { .real_size = 4, .fusions = fusions, .readable = -1 };
    assert_int_equal(iso_plan_make(g, &o, &plan), ISO_OK);
    for (int i = 0; i + 1 < g->nlayer_nodes; i++) {
        if (!fusions[i].absent)
            continue;
        fused++;
        assert_false(overlap(&plan.values.extents[iso_graph_root(g, g->nodes[i].x[0])],
                             &plan.values.extents[iso_graph_root(g, g->nodes[i + 1].y[0])]));
    }
    assert_int_equal(fused, 4);
    iso_plan_clear(&plan);
    free(fusions);
    network_close(&n);
}

/* Nor does it that a kernel runs what follows it. */
static void reuse_changes_no_bit(void **state)
{
    static const char *const files[] = {
        "models/demo.yaml",
        "tests/models/residual.yaml",
        "tests/models/resnet.yaml",
        "tests/models/inception.yaml",
        "tests/models/fused.yaml",
        "tests/models/fused_frozen.yaml",
        "tests/models/passed_back.yaml",
    };
    static const char *const devices[] = { "reference", "cpu" };
    (void)state;
    for (int i = 0; i < 14; i++) {
        struct network n;
        network_open(&n, files[i / 2], 4, devices[i % 2], 2);
        char with[65], without[65];
        train_hash(&n, false, with);
        train_hash(&n, true, without);
        assert_string_equal(with, without);
        network_close(&n);
    }
}

/* The demo's largest tensor at this batch is the first convolution's result, 4 x 26 x 26 x 16
 * floats. */
enum { LARGEST = 4 * 26 * 26 * 16 * 4 };

static void chunks_change_no_bit(void **state)
{
    static const char *const devices[] = { "reference", "cpu" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct network n;
        network_open(&n, "models/demo.yaml", 4, devices[i], 2);
        const struct iso_plan_options o = {
            .training = true, .real_size = sizeof(float), .max_alloc = LARGEST, .readable = -1
        };
        struct iso_plan p;
        char whole[65], chunked[65];
        assert_int_equal(iso_plan_make(n.graph, &o, &p), ISO_OK);
        assert_true(p.values.nchunks > 1 && p.gradients.nchunks > 1);
        iso_plan_clear(&p);
        train_hash(&n, false, whole);
        n.backend->max_alloc = LARGEST;
        train_hash(&n, false, chunked);
        assert_string_equal(whole, chunked);
        network_close(&n);
    }
}

/* At batch 1 the largest tensor is smaller than the kernels together. */
static void weights_in_chunks_change_no_bit(void **state)
{
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 1, "reference", 0);
    const size_t limit = 26 * 26 * 16 * sizeof(float);
    char whole[65], chunked[65];
    struct iso_plan p;
    const struct iso_plan_options o = {
        .training = true, .real_size = sizeof(float), .max_alloc = limit, .readable = -1
    };
    assert_int_equal(iso_plan_make(n.graph, &o, &p), ISO_OK);
    assert_true(p.weights.nchunks > 1);
    iso_plan_clear(&p);
    train_hash(&n, false, whole);
    n.backend->max_alloc = limit;
    train_hash(&n, false, chunked);
    assert_string_equal(whole, chunked);
    network_close(&n);
}

static void a_tensor_larger_than_the_device_allocates_is_refused(void **state)
{
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 4, "reference", 0);
    const struct iso_exec_options o = { .training = true, .log_steps = 1 };
    struct iso_exec *e = NULL;
    n.backend->max_alloc = LARGEST - 64;
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &e), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    n.backend->max_alloc = 20000; /* less than a kernel, which no batch makes smaller */
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &e), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--device"));
    iso_error_clear();
    network_close(&n);
}

static void a_batch_beyond_any_address_is_refused(void **state)
{
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 1, "reference", 0);
    struct iso_graph *g = NULL;
    assert_int_not_equal(iso_graph_build(n.model, 0, INT64_MAX / 8, &n.faults, &g), ISO_OK);
    assert_null(g);
    iso_error_clear();
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alive_extents_never_overlap),
        cmocka_unit_test(chunks_keep_to_the_limit),
        cmocka_unit_test(an_extent_larger_than_the_limit_is_refused),
        cmocka_unit_test(extents_beyond_any_address_are_refused),
        cmocka_unit_test(a_fused_activation_is_stored_beside_the_input),
        cmocka_unit_test(reuse_changes_no_bit),
        cmocka_unit_test(chunks_change_no_bit),
        cmocka_unit_test(weights_in_chunks_change_no_bit),
        cmocka_unit_test(a_tensor_larger_than_the_device_allocates_is_refused),
        cmocka_unit_test(a_batch_beyond_any_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
