/* test_plan.c: the memory plan: blocks alive at the same time never overlap, chunks keep to the
 * device's limit, and a network trained with reuse has the weights of one trained without. */
#include "core/model/graph.h"
#include "core/random.h"
#include "core/train/exec.h"
#include "core/train/plan.h"
#include "datasets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 60 };

static uint32_t draw(uint32_t i, uint32_t salt)
{
    return iso_philox(i, salt, 0, ISO_RANDOM_TEST, 7, 0).v[0];
}

/* Clear with iso_arena_clear. */
static struct iso_arena new_arena(int n)
{
    struct iso_block *blocks = calloc((size_t)n, sizeof *blocks);
    assert_non_null(blocks);
    return (struct iso_arena){ .name = "test", .advice = "use a smaller --batch",
                               .blocks = blocks, .nblocks = n };
}

static void fill_blocks(struct iso_block *b, int n, uint32_t salt)
{
    memset(b, 0, (size_t)n * sizeof *b);
    for (int i = 0; i < n; i++) {
        b[i].bytes = 1 + draw((uint32_t)i, salt) % 5000;
        b[i].first = (int)(draw((uint32_t)i, salt + 1) % 40);
        b[i].last = b[i].first + (int)(draw((uint32_t)i, salt + 2) % 10);
    }
}

static int count_overlaps(const struct iso_block *b, int n)
{
    int bad = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            bad += b[i].chunk == b[j].chunk && b[i].first <= b[j].last && b[j].first <= b[i].last &&
                   b[i].offset < b[j].offset + b[j].bytes && b[j].offset < b[i].offset + b[i].bytes;
    return bad;
}

static void alive_blocks_never_overlap(void **state)
{
    (void)state;
    for (uint32_t salt = 0; salt < 50; salt += 5) {
        struct iso_arena a = new_arena(BLOCKS);
        fill_blocks(a.blocks, BLOCKS, salt);
        assert_int_equal(iso_arena_layout(&a, 0, false), ISO_OK);
        assert_int_equal(a.nchunks, 1);
        assert_int_equal(count_overlaps(a.blocks, BLOCKS), 0);
        assert_true(a.chunk[0] < a.total);                     /* something was reused */
        a.blocks[1] = a.blocks[0];                             /* the planted fault */
        assert_true(count_overlaps(a.blocks, BLOCKS) > 0);
        iso_arena_clear(&a);
    }
}

static void chunks_keep_to_the_limit(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(BLOCKS);
    fill_blocks(a.blocks, BLOCKS, 3);
    assert_int_equal(iso_arena_layout(&a, 8192, false), ISO_OK);
    assert_true(a.nchunks > 1);
    for (int i = 0; i < a.nchunks; i++)
        assert_true(a.chunk[i] > 0 && a.chunk[i] <= 8192);
    assert_int_equal(count_overlaps(a.blocks, BLOCKS), 0);
    iso_arena_clear(&a);
}

static void a_block_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(1);
    a.blocks[0].bytes = 100000;
    assert_int_equal(iso_arena_layout(&a, 8192, true), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    iso_arena_clear(&a);
}

/* Sums of sizes that wrap around would give a chunk smaller than its blocks. */
static void blocks_beyond_any_address_are_refused(void **state)
{
    (void)state;
    struct iso_arena a = new_arena(5);
    for (int i = 0; i < 5; i++)
        a.blocks[i].bytes = SIZE_MAX / 4;
    assert_int_equal(iso_arena_layout(&a, 0, false), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    iso_arena_clear(&a);
}

/* ---- A network on a device ----------------------------------------------------------------- */

struct network {
    struct iso_faults faults;
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
};

static struct network *open_network(const char *file, const char *device, int threads,
                                    int64_t batch)
{
    struct network *n = calloc(1, sizeof *n);
    assert_non_null(n);
    if (iso_model_load(file, &n->faults, &n->model) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(iso_graph_build(n->model, batch, &n->faults, &n->graph), ISO_OK);
    assert_int_equal(iso_backend_open(device, ISO_MODE_EXACT, threads, &n->backend), ISO_OK);
    return n;
}

static void close_network(struct network *n)
{
    iso_backend_close(n->backend);
    iso_graph_free(n->graph);
    iso_model_free(n->model);
    free(n);
}

static void train_hash(struct iso_backend *b, const struct iso_graph *g, bool keep_all,
                       char hex[65])
{
    struct iso_exec *e = NULL;
    const struct iso_exec_options o = { .training = true, .keep_all = keep_all, .seed = 5,
                                        .log_steps = 1 };
    const struct iso_shape *in = &g->values[g->input].shape;
    const int64_t n = iso_shape_count(in);
    float *x = calloc((size_t)n, sizeof *x);
    int32_t *y = calloc((size_t)g->batch, sizeof *y);
    for (int64_t i = 0; i < n; i++)
        x[i] = iso_unit(draw((uint32_t)i, 99));
    for (int64_t i = 0; i < g->batch; i++)
        y[i] = (int32_t)(i % g->classes);
    assert_int_equal(iso_exec_new(g, b, &o, &e), ISO_OK);
    assert_int_equal(iso_exec_initialize(e), ISO_OK);
    for (uint64_t step = 0; step < 3; step++) {
        assert_int_equal(iso_exec_feed(e, g->batch, x, y, NULL), ISO_OK);
        assert_int_equal(iso_exec_forward(e, true, step, 0), ISO_OK);
        assert_int_equal(iso_exec_backward(e, step), ISO_OK);
        assert_int_equal(iso_exec_update(e, step), ISO_OK);
    }
    double loss[1 + ISO_METRICS];
    assert_int_equal(iso_exec_log(e, 1, loss), ISO_OK);
    assert_true(loss[0] > 0 && loss[0] < 100);
    assert_int_equal(iso_exec_hash(e, hex), ISO_OK);
    iso_exec_free(e);
    free(x);
    free(y);
}

static bool overlap(const struct iso_block *a, const struct iso_block *b)
{
    return a->chunk == b->chunk && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

/* A layer that runs its activation too writes what that makes while it still reads its input:
 * without a backward pass nothing else keeps the two apart. */
static void a_fused_activation_lies_beside_the_input(void **state)
{
    struct network *n = open_network("models/cifar10/model3.yaml", "reference", 1, 8);
    const struct iso_graph *g = n->graph;
    struct iso_plan plan;
    bool *absent = calloc((size_t)g->nvalues, sizeof *absent);
    int fused = 0;
    (void)state;
    assert_non_null(absent);
    for (int i = 0; i + 1 < g->nlayer_nodes; i++)
        absent[g->nodes[i].y[0]] = g->nodes[i + 1].op == ISO_OP_activation;
    const struct iso_plan_options o = { .real_size = 4, .absent = absent, .readable = -1 };
    assert_int_equal(iso_plan_make(g, &o, &plan), ISO_OK);
    for (int i = 0; i + 1 < g->nlayer_nodes; i++) {
        if (!absent[g->nodes[i].y[0]])
            continue;
        fused++;
        assert_false(overlap(&plan.values.blocks[iso_plan_root(g, g->nodes[i].x[0])],
                             &plan.values.blocks[iso_plan_root(g, g->nodes[i + 1].y[0])]));
    }
    assert_int_equal(fused, 4);
    iso_plan_clear(&plan);
    free(absent);
    close_network(n);
}

static void reuse_changes_no_bit(void **state)
{
    static const char *const files[] = { "models/demo.yaml", "tests/models/residual.yaml",
                                         "tests/models/inception.yaml" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct network *n = open_network(files[i], "reference", 0, 4);
        char with[65], without[65];
        train_hash(n->backend, n->graph, false, with);
        train_hash(n->backend, n->graph, true, without);
        assert_string_equal(with, without);
        close_network(n);
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
        struct network *n = open_network("models/demo.yaml", devices[i], 2, 4);
        const struct iso_plan_options o = { .training = true, .real_size = sizeof(float),
                                            .max_alloc = LARGEST, .readable = -1 };
        struct iso_plan p;
        char whole[65], chunked[65];
        assert_int_equal(iso_plan_make(n->graph, &o, &p), ISO_OK);
        assert_true(p.values.nchunks > 1 && p.gradients.nchunks > 1);
        iso_plan_clear(&p);
        train_hash(n->backend, n->graph, false, whole);
        n->backend->max_alloc = LARGEST;
        train_hash(n->backend, n->graph, false, chunked);
        assert_string_equal(whole, chunked);
        close_network(n);
    }
}

/* At batch 1 the largest tensor is smaller than the kernels together. */
static void weights_in_chunks_change_no_bit(void **state)
{
    (void)state;
    struct network *n = open_network("models/demo.yaml", "reference", 0, 1);
    const size_t limit = 26 * 26 * 16 * sizeof(float);
    char whole[65], chunked[65];
    struct iso_plan p;
    const struct iso_plan_options o = { .training = true, .real_size = sizeof(float),
                                        .max_alloc = limit, .readable = -1 };
    assert_int_equal(iso_plan_make(n->graph, &o, &p), ISO_OK);
    assert_true(p.weights.nchunks > 1);
    iso_plan_clear(&p);
    train_hash(n->backend, n->graph, false, whole);
    n->backend->max_alloc = limit;
    train_hash(n->backend, n->graph, false, chunked);
    assert_string_equal(whole, chunked);
    close_network(n);
}

static void a_tensor_larger_than_the_device_allocates_is_refused(void **state)
{
    (void)state;
    struct network *n = open_network("models/demo.yaml", "reference", 0, 4);
    const struct iso_exec_options o = { .training = true, .log_steps = 1 };
    struct iso_exec *e = NULL;
    n->backend->max_alloc = LARGEST - 64;
    assert_int_equal(iso_exec_new(n->graph, n->backend, &o, &e), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    n->backend->max_alloc = 20000;     /* less than a kernel, which no batch makes smaller */
    assert_int_equal(iso_exec_new(n->graph, n->backend, &o, &e), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--device"));
    iso_error_clear();
    close_network(n);
}

static void read_input(struct iso_exec *e, float out[4 * 28 * 28])
{
    struct iso_tensor t;
    assert_true(iso_exec_tensor(e, "input", &t));
    assert_int_equal(iso_tensor_read_f32(iso_exec_backend(e), &t, out), ISO_OK);
}

/* The same digits, drawn as they are wanted, also when the set that they are of is gone. */
static void stream_outlives_its_set(struct iso_exec *e)
{
    static float resident[4 * 28 * 28], streamed[4 * 28 * 28];
    const struct iso_dataset_request r = { .name = "builtin:digits", .split = "test", .limit = 100,
                                           .stream = true };
    struct iso_dataset *d = NULL;
    assert_int_equal(iso_dataset_load(&r, &d), ISO_OK);
    assert_int_equal(iso_exec_data(e, 1, d), ISO_OK);
    assert_true(iso_exec_streams(e, 1));
    assert_int_equal(iso_exec_gather(e, 1, 0, 4), ISO_OK);
    iso_dataset_free(d);
    for (int row = 4; row < 100; row += 4) {
        assert_int_equal(iso_exec_gather(e, 0, row, 4), ISO_OK);
        read_input(e, resident);
        assert_int_equal(iso_exec_gather(e, 1, row, 4), ISO_OK);
        read_input(e, streamed);
        assert_memory_equal(resident, streamed, sizeof resident);
    }
}

static void a_data_set_larger_than_the_device_allocates_is_streamed(void **state)
{
    static float resident[4 * 28 * 28], streamed[4 * 28 * 28];
    (void)state;
    struct network *n = open_network("models/demo.yaml", "reference", 0, 4);
    const struct iso_exec_options o = { .log_steps = 1 };
    struct iso_exec *e = NULL;
    struct iso_dataset *d = NULL;
    assert_int_equal(load_dataset("builtin:digits", "test", NULL, 0, 100, &d), ISO_OK);
    assert_int_equal(iso_exec_new(n->graph, n->backend, &o, &e), ISO_OK);
    assert_int_equal(iso_exec_gather(e, 0, 0, 4), ISO_EUSAGE);     /* there is no data set */
    iso_error_clear();
    assert_int_equal(iso_exec_data(e, 0, d), ISO_OK);
    assert_false(iso_exec_streams(e, 0));
    n->backend->max_alloc = 100 * 28 * 28 - 1;
    assert_int_equal(iso_exec_data(e, 1, d), ISO_OK);
    assert_true(iso_exec_streams(e, 1));
    for (int row = 0; row < 98; row += row < 20 ? 4 : 26) {
        assert_int_equal(iso_exec_gather(e, 0, row, 4), ISO_OK);
        read_input(e, resident);
        assert_int_equal(iso_exec_gather(e, 1, row, 4), ISO_OK);
        read_input(e, streamed);
        assert_memory_equal(resident, streamed, sizeof resident);
    }
    assert_int_equal(iso_exec_gather(e, 1, 97, 4), ISO_EUSAGE);
    iso_error_clear();
    stream_outlives_its_set(e);
    n->backend->max_alloc = 0;
    n->backend->device.memory = 2 * 150 * 28 * 28;                 /* half of it: one and a half */
    assert_int_equal(iso_exec_data(e, 1, d), ISO_OK);
    assert_true(!iso_exec_streams(e, 0) && iso_exec_streams(e, 1));
    assert_int_equal(iso_exec_data(e, 0, d), ISO_OK);
    assert_false(iso_exec_streams(e, 0));
    iso_exec_free(e);
    iso_dataset_free(d);
    close_network(n);
}

static void feed_checks_what_it_gets(void **state)
{
    (void)state;
    struct network *n = open_network("models/demo.yaml", "reference", 0, 4);
    const struct iso_exec_options o = { .log_steps = 1 };
    struct iso_exec *e = NULL;
    static float x[4 * 28 * 28], prob[4 * 10];
    const int32_t good[4] = { 0, 9, 3, 2 }, high[4] = { 0, 10, 3, 2 }, low[4] = { 0, 1, 2, -1 };
    assert_int_equal(iso_exec_new(n->graph, n->backend, &o, &e), ISO_OK);
    assert_int_equal(iso_exec_feed(e, 4, x, good, NULL), ISO_OK);
    assert_int_equal(iso_exec_feed(e, 4, x, NULL, prob), ISO_OK);
    assert_int_equal(iso_exec_feed(e, 1, x, NULL, NULL), ISO_OK);
    const int64_t rows[] = { 0, -1, 5 };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(iso_exec_feed(e, rows[i], x, good, NULL), ISO_EUSAGE);
        iso_error_clear();
    }
    assert_int_equal(iso_exec_feed(e, 4, x, high, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "row 1"));
    iso_error_clear();
    assert_int_equal(iso_exec_feed(e, 4, x, low, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "row 3"));
    iso_error_clear();
    iso_exec_free(e);
    close_network(n);
}

/* ---- Smaller batches ----------------------------------------------------------------------- */

static size_t workspace_of(struct network *n, int node, int64_t rows, enum iso_pass pass)
{
    const struct iso_kernel *k = n->backend->kernels[n->graph->nodes[node].op];
    struct iso_call c;
    assert_int_equal(iso_graph_call(n->graph, node, rows, &c), ISO_OK);
    for (int i = 0; pass == ISO_BACKWARD && i < ISO_SLOTS; i++) {
        c.dx[i] = c.x[i];
        c.dy[i] = c.y[i];
        c.dw[i] = c.w[i];
    }
    return k && k->workspace ? k->workspace(n->backend, &c, pass) : 0;
}

/* The executor asks once, for whole batches: the last, smaller one must do with that. */
static void a_smaller_batch_needs_no_larger_workspace(void **state)
{
    static const char *const devices[] = { "reference", "cpu", "cpu:portable" };
    static const char *const files[] = { "models/demo.yaml", "models/mnist/mlp.yaml" };
    enum { MOST = 40 };
    int asked = 0;
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct network *n = open_network(files[i / 3], devices[i % 3], 3, MOST);
        for (int node = 0; node <= n->graph->loss_node; node++)
            for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
                const size_t whole = workspace_of(n, node, MOST, (enum iso_pass)pass);
                asked += whole > 0;
                for (int64_t rows = 1; rows < MOST; rows++)
                    if (workspace_of(n, node, rows, (enum iso_pass)pass) > whole)
                        fail_msg("%s, %s, node %d: %lld rows need more than %d", files[i / 3],
                                 devices[i % 3], node, (long long)rows, MOST);
            }
        close_network(n);
    }
    assert_true(asked > 10);
}

/* Rows of a batch do not know of each other, so each has the same probabilities in any batch. */
static void rows_of_a_smaller_batch_are_the_same(void **state)
{
    static const char *const devices[] = { "reference", "cpu", "cpu:portable" };
    enum { ROWS = 20 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct network *n = open_network("models/demo.yaml", devices[i], 2, ROWS);
        const struct iso_exec_options o = { .seed = 3, .log_steps = 1 };
        struct iso_exec *e = NULL;
        static float x[ROWS * 28 * 28], whole[ROWS * 10], part[ROWS * 10];
        struct iso_tensor t;
        for (uint32_t k = 0; k < ROWS * 28 * 28; k++)
            x[k] = iso_unit(draw(k, 98));
        assert_int_equal(iso_exec_new(n->graph, n->backend, &o, &e), ISO_OK);
        assert_int_equal(iso_exec_initialize(e), ISO_OK);
        for (int64_t rows = ROWS; rows > 0; rows = rows == ROWS ? 7 : rows == 7 ? 1 : 0) {
            assert_int_equal(iso_exec_feed(e, rows, x, NULL, NULL), ISO_OK);
            assert_int_equal(iso_exec_forward(e, false, 0, 0), ISO_OK);
            assert_true(iso_exec_tensor(e, n->graph->values[n->graph->output].name, &t));
            assert_int_equal(t.shape.dim[0], rows);
            assert_int_equal(iso_tensor_read_f32(n->backend, &t, rows == ROWS ? whole : part),
                             ISO_OK);
            assert_true(whole[0] > 0);
            if (rows < ROWS)
                assert_memory_equal(whole, part, (size_t)rows * 10 * sizeof *whole);
        }
        iso_exec_free(e);
        close_network(n);
    }
}

static void a_batch_beyond_any_address_is_refused(void **state)
{
    (void)state;
    struct network *n = open_network("models/demo.yaml", "reference", 0, 1);
    struct iso_graph *g = NULL;
    assert_int_not_equal(iso_graph_build(n->model, INT64_MAX / 8, &n->faults, &g), ISO_OK);
    assert_null(g);
    iso_error_clear();
    close_network(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alive_blocks_never_overlap),
        cmocka_unit_test(chunks_keep_to_the_limit),
        cmocka_unit_test(a_block_larger_than_the_limit_is_refused),
        cmocka_unit_test(blocks_beyond_any_address_are_refused),
        cmocka_unit_test(a_fused_activation_lies_beside_the_input),
        cmocka_unit_test(reuse_changes_no_bit),
        cmocka_unit_test(chunks_change_no_bit),
        cmocka_unit_test(weights_in_chunks_change_no_bit),
        cmocka_unit_test(a_tensor_larger_than_the_device_allocates_is_refused),
        cmocka_unit_test(a_data_set_larger_than_the_device_allocates_is_streamed),
        cmocka_unit_test(feed_checks_what_it_gets),
        cmocka_unit_test(a_smaller_batch_needs_no_larger_workspace),
        cmocka_unit_test(rows_of_a_smaller_batch_are_the_same),
        cmocka_unit_test(a_batch_beyond_any_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
