/* test_exec.c: what the executor is given: data sets larger than the device allocates, batches from
 * elsewhere, and batches smaller than planned. */
#include "core/arithmetic/random.h"
#include "core/train/exec_private.h"
#include "datasets.h"
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DIGITS = 4 * 28 * 28 }; /* elements of a batch */

/* The same digits, drawn as they are wanted, also when the set that they are of is gone. */
static void stream_outlives_its_set(struct network *n)
{
    static float resident[DIGITS], streamed[DIGITS];
    const struct iso_dataset_request r = {
        .name = "builtin:digits", .split = "test", .limit = 100, .stream = true
    };
    struct iso_dataset *d = NULL;
    assert_int_equal(iso_dataset_load(&r, &d), ISO_OK);
    assert_int_equal(iso_exec_data(n->exec, 1, d), ISO_OK);
    assert_true(iso_exec_streams(n->exec, 1));
    assert_int_equal(iso_exec_gather(n->exec, 1, 0, 4), ISO_OK);
    iso_dataset_free(d);
    for (int row = 4; row < 100; row += 4) {
        assert_int_equal(iso_exec_gather(n->exec, 0, row, 4), ISO_OK);
        network_read(n, "input", DIGITS, resident);
        assert_int_equal(iso_exec_gather(n->exec, 1, row, 4), ISO_OK);
        network_read(n, "input", DIGITS, streamed);
        assert_memory_equal(resident, streamed, sizeof resident);
    }
}

static void a_data_set_larger_than_the_device_allocates_is_streamed(void **state)
{
    static float resident[DIGITS], streamed[DIGITS];
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 4, "reference", 0);
    const struct iso_exec_options o = { .log_steps = 1 };
    struct iso_dataset *d = NULL;
    assert_int_equal(load_dataset("builtin:digits", "test", NULL, 0, 100, &d), ISO_OK);
    network_begin(&n, &o);
    assert_int_equal(iso_exec_gather(n.exec, 0, 0, 4), ISO_EUSAGE); /* there is no data */
    iso_error_clear();
    assert_int_equal(iso_exec_data(n.exec, 0, d), ISO_OK);
    assert_false(iso_exec_streams(n.exec, 0));
    n.backend->max_alloc = 100 * 28 * 28 - 1;
    assert_int_equal(iso_exec_data(n.exec, 1, d), ISO_OK);
    assert_true(iso_exec_streams(n.exec, 1));
    for (int row = 0; row < 98; row += row < 20 ? 4 : 26) {
        assert_int_equal(iso_exec_gather(n.exec, 0, row, 4), ISO_OK);
        network_read(&n, "input", DIGITS, resident);
        assert_int_equal(iso_exec_gather(n.exec, 1, row, 4), ISO_OK);
        network_read(&n, "input", DIGITS, streamed);
        assert_memory_equal(resident, streamed, sizeof resident);
    }
    assert_int_equal(iso_exec_gather(n.exec, 1, 97, 4), ISO_EUSAGE);
    iso_error_clear();
    stream_outlives_its_set(&n);
    n.backend->max_alloc = 0;
    n.backend->device.memory = 2 * 150 * 28 * 28; /* half of it: one and a half */
    assert_int_equal(iso_exec_data(n.exec, 1, d), ISO_OK);
    assert_true(!iso_exec_streams(n.exec, 0) && iso_exec_streams(n.exec, 1));
    assert_int_equal(iso_exec_data(n.exec, 0, d), ISO_OK);
    assert_false(iso_exec_streams(n.exec, 0));
    network_close(&n); /* it may be reading the data */
    iso_dataset_free(d);
}

static void feed_checks_what_it_gets(void **state)
{
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 4, "reference", 0);
    const struct iso_exec_options o = { .log_steps = 1 };
    static float x[DIGITS], prob[4 * 10];
    const int32_t good[4] = { 0, 9, 3, 2 }, high[4] = { 0, 10, 3, 2 }, low[4] = { 0, 1, 2, -1 };
    network_begin(&n, &o);
    assert_int_equal(iso_exec_feed(n.exec, 4, x, good, NULL), ISO_OK);
    assert_int_equal(iso_exec_feed(n.exec, 4, x, NULL, prob), ISO_OK);
    assert_int_equal(iso_exec_feed(n.exec, 1, x, NULL, NULL), ISO_OK);
    const int64_t rows[] = { 0, -1, 5 };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(iso_exec_feed(n.exec, rows[i], x, good, NULL), ISO_EUSAGE);
        iso_error_clear();
    }
    assert_int_equal(iso_exec_feed(n.exec, 4, x, high, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "row 1"));
    iso_error_clear();
    assert_int_equal(iso_exec_feed(n.exec, 4, x, low, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "row 3"));
    iso_error_clear();
    network_close(&n);
}

/* ---- Smaller batches ----------------------------------------------------------------------- */

static size_t workspace_of(struct network *n, int node, int64_t rows, enum iso_pass pass)
{
    const struct iso_kernel *k = n->backend->kernels[n->graph->nodes[node].op];
    struct iso_call c;
    assert_int_equal(iso_graph_call(n->graph, node, rows, &c), ISO_OK);
    for (int i = 0; pass == ISO_BACKWARD && i < ISO_OPERANDS; i++) {
        c.dx[i] = c.x[i];
        c.dy[i] = c.y[i];
        c.dw[i] = c.w[i];
    }
    return k != NULL && k->workspace != NULL ? k->workspace(n->backend, &c, pass) : 0;
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
        struct network n;
        network_open(&n, files[i / 3], MOST, devices[i % 3], 3);
        for (int node = 0; node <= n.graph->loss_node; node++)
            for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
                const size_t whole = workspace_of(&n, node, MOST, (enum iso_pass)pass);
                asked += whole > 0;
                for (int64_t rows = 1; rows < MOST; rows++)
                    if (workspace_of(&n, node, rows, (enum iso_pass)pass) > whole)
                        fail_msg("%s, %s, node %d: %lld rows need more than %d", files[i / 3],
                                 devices[i % 3], node, (long long)rows, MOST);
            }
        network_close(&n);
    }
    assert_true(asked > 10);
}

/* Every call of a step knows how many rows the whole step has, in a short last batch too. */
static void a_call_knows_the_rows_of_its_step(void **state)
{
    (void)state;
    struct network n;
    network_open(&n, "models/demo.yaml", 4, "reference", 0);
    const struct iso_exec_options o = { .training = true, .log_steps = 1 };
    static const float x[DIGITS];
    const int32_t y[4] = { 0, 9, 3, 2 };
    network_begin(&n, &o);
    for (int64_t rows = 4; rows > 0; rows--) {
        struct iso_call c;
        assert_int_equal(iso_exec_feed(n.exec, rows, x, y, NULL), ISO_OK);
        for (int node = 0; node <= n.graph->loss_node; node++)
            for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
                iso_exec_call(n.exec, node, (enum iso_pass)pass, true, 0, 0, &c);
                assert_int_equal(c.step_rows, rows);
                assert_int_equal(c.first_row, 0);
            }
        iso_exec_optimizer_call(n.exec, 0, &c);
        assert_int_equal(c.step_rows, rows);
    }
    network_close(&n);
}

/* Rows of a batch do not know of each other, so each has the same probabilities in any batch. */
static void rows_of_a_smaller_batch_are_the_same(void **state)
{
    static const char *const devices[] = { "reference", "cpu", "cpu:portable" };
    enum { ROWS = 20 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct network n;
        network_open(&n, "models/demo.yaml", ROWS, devices[i], 2);
        const struct iso_exec_options o = { .seed = 3, .log_steps = 1 };
        static float x[ROWS * 28 * 28], whole[ROWS * 10], fewer[ROWS * 10];
        struct iso_tensor t;
        for (uint32_t k = 0; k < ROWS * 28 * 28; k++)
            x[k] = iso_unit(iso_philox(k, 98, 0, ISO_RANDOM_TEST, 7, 0).v[0]);
        network_begin(&n, &o);
        for (int64_t rows = ROWS; rows > 0; rows = rows == ROWS ? 7 : rows == 7 ? 1 : 0) {
            assert_int_equal(iso_exec_feed(n.exec, rows, x, NULL, NULL), ISO_OK);
            assert_int_equal(iso_exec_forward(n.exec, false, 0, 0), ISO_OK);
            assert_true(iso_exec_tensor(n.exec, n.graph->values[n.graph->output].name, &t));
            assert_int_equal(t.shape.dim[0], rows);
            assert_int_equal(iso_tensor_read_f32(n.backend, &t, rows == ROWS ? whole : fewer),
                             ISO_OK);
            assert_true(whole[0] > 0);
            if (rows < ROWS)
                assert_memory_equal(whole, fewer, (size_t)rows * 10 * sizeof *whole);
        }
        network_close(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_data_set_larger_than_the_device_allocates_is_streamed),
        cmocka_unit_test(feed_checks_what_it_gets),
        cmocka_unit_test(a_smaller_batch_needs_no_larger_workspace),
        cmocka_unit_test(a_call_knows_the_rows_of_its_step),
        cmocka_unit_test(rows_of_a_smaller_batch_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
