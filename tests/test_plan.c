/* test_plan.c: the memory plan: blocks alive at the same time never overlap, chunks keep to the device's
 * limit, and a network trained with reuse has the weights of one trained without. */
#include "core/model/graph.h"
#include "core/random.h"
#include "core/train/exec.h"
#include "core/train/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 60 };

static uint32_t draw(uint32_t i, uint32_t salt) { return iso_philox(i, salt, 0, ISO_RANDOM_TEST, 7, 0).v[0]; }

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
        struct iso_arena a = { .name = "test", .nblocks = BLOCKS, .blocks = calloc(BLOCKS, sizeof *a.blocks) };
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
    struct iso_arena a = { .name = "test", .nblocks = BLOCKS, .blocks = calloc(BLOCKS, sizeof *a.blocks) };
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
    struct iso_arena a = { .name = "test", .nblocks = 1, .blocks = calloc(1, sizeof *a.blocks) };
    a.blocks[0].bytes = 100000;
    assert_int_equal(iso_arena_layout(&a, 8192, true), ISO_ENOMEM);
    assert_non_null(strstr(iso_error(), "--batch"));
    iso_error_clear();
    iso_arena_clear(&a);
}

static void train_hash(struct iso_backend *b, const struct iso_graph *g, bool keep_all, char hex[65])
{
    struct iso_exec *e = NULL;
    const struct iso_exec_options o = { .training = true, .keep_all = keep_all, .seed = 5, .log_steps = 1 };
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

static void reuse_changes_no_bit(void **state)
{
    (void)state;
    struct iso_faults *faults = calloc(1, sizeof *faults);
    struct iso_model *m = NULL;
    struct iso_graph *g = NULL;
    struct iso_backend *b = NULL;
    char with[65], without[65];
    if (iso_model_load("models/demo.yaml", faults, &m) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(iso_graph_build(m, 4, faults, &g), ISO_OK);
    assert_int_equal(iso_backend_open("reference", ISO_MODE_DEFAULT, 0, &b), ISO_OK);
    train_hash(b, g, false, with);
    train_hash(b, g, true, without);
    assert_string_equal(with, without);
    iso_backend_close(b);
    iso_graph_free(g);
    iso_model_free(m);
    free(faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alive_blocks_never_overlap),
        cmocka_unit_test(chunks_keep_to_the_limit),
        cmocka_unit_test(a_block_larger_than_the_limit_is_refused),
        cmocka_unit_test(reuse_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
