/* test_fusion.c: which layers the kernels of the cpu backend run together. That no bit depends on
 * it: test_plan.c, test_branches.c. */
#include "core/train/fusion.h"
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct expected {
    const char *layer, *last, *addend; /* addend NULL: none */
    bool activation, backward;
};

static int node_of(const struct iso_graph *g, const char *layer)
{
    for (int i = 0; i < g->nlayer_nodes; i++)
        if (strcmp(g->model->layers[g->nodes[i].layer].name, layer) == 0)
            return i;
    fail_msg("no layer '%s'", layer);
    return -1;
}

/* Those that are expected, and no others among the layers of that op. */
static void find(const char *path, const struct iso_fusion_options *o, const struct expected *e)
{
    struct network n;
    network_open(&n, path, 2, "cpu", 1);
    const struct iso_graph *g = n.graph;
    struct iso_fusion *found = calloc((size_t)g->nnodes, sizeof *found);
    assert_non_null(found);
    iso_fusions_find(g, n.backend, o, found);
    for (; e->layer != NULL; e++) {
        const int i = node_of(g, e->layer);
        const struct iso_fusion *f = &found[i];
        print_message("  %s\n", e->layer);
        assert_int_equal(f->last, node_of(g, e->last));
        assert_int_equal(f->addend, e->addend != NULL ? g->nodes[node_of(g, e->addend)].y[0] : -1);
        assert_int_equal(f->activation != NULL, e->activation);
        assert_int_equal(f->backward, e->backward);
        for (int k = i; k <= f->last; k++) {
            assert_int_equal(found[k].joined, k > i);
            assert_int_equal(found[k].joined_backward, k > i && e->backward);
            assert_int_equal(found[k].absent, k < f->last);
            assert_int_equal(found[k].absent_gradient, k < f->last && e->backward);
        }
    }
    free(found);
    network_close(&n);
}

static void in_training(void **state)
{
    static const struct expected e[] = {
        { "n1", "a1", NULL, true, true },
        { "n2", "a2", "a1", true, true },
        { "n3", "a3", "a2", true, true }, /* the other way round */
        { "n4", "s4", "a2", false, true },
        { "n5", "a5", NULL, true, false },  /* elu */
        { "n6", "a6", "a5", true, false },  /* sigmoid */
        { "n7", "n7", NULL, false, false }, /* adds what it reads */
        { "n8", "n8", NULL, false, false }, /* swish, whose gradient reads what n8 gives */
        { "n9", "a9", NULL, true, true },
        { "n10", "s10", "a9", false, true },
        { "n11", "n11", NULL, false, false }, /* read twice */
        { 0 },
    };
    (void)state;
    find("tests/models/fused.yaml", &(struct iso_fusion_options){ true, -1 }, e);
}

static void without_training(void **state)
{
    static const struct expected e[] = {
        { "n1", "a1", NULL, true, false },
        { "n2", "a2", "a1", true, false },
        { "n8", "a8", NULL, true, false },
        { 0 },
    };
    (void)state;
    find("tests/models/fused.yaml", &(struct iso_fusion_options){ false, -1 }, e);
}

static void none_where_all_is_kept(void **state)
{
    static const struct expected e[] = { { "n1", "n1", NULL, false, false },
                                         { "n2", "n2", NULL, false, false },
                                         { 0 } };
    (void)state;
    find("tests/models/fused.yaml", NULL, e);
}

/* A value that is read after a forward pass stays. */
static void not_what_is_read(void **state)
{
    static const struct expected e[] = { { "n1", "n1", NULL, false, false },
                                         { "n2", "a2", "a1", true, false },
                                         { 0 } };
    struct network n;
    (void)state;
    network_load(&n, "tests/models/fused.yaml", 2);
    const int readable = iso_graph_find(n.graph, "n1/y");
    network_close(&n);
    assert_true(readable >= 0);
    find("tests/models/fused.yaml", &(struct iso_fusion_options){ false, readable }, e);
}

/* The layers whose backward pass is that of the activation before them, too. */
static void through_the_activation_before(void **state)
{
    static const char *const pairs[][2] = {
        { "winograd", "a0" },   { "gather", "a1" },      { "strided", "a2" },
        { "pointwise", "a3" },  { "sparse", "a4" },      { "norm", "a5" },
        { "pool", "a7" },       { "c9", "a15" },         { "norm_relu", "a9" },
        { "pool_relu", "a14" }, { "groups", "a8" },      { "d12", "a11" },
        { "last", "a17" },      { "drop", NULL },        { "drop_relu", "a13" },
        { "drop_elu", "a16" },  { "after_swish", NULL }, { "twice", NULL },
        { "c0", NULL },         { "c10", NULL },
    };
    const struct iso_fusion_options o = { .training = true, .readable = -1 };
    struct network n;
    (void)state;
    network_open(&n, "tests/models/passed_back.yaml", 2, "cpu", 1);
    struct iso_fusion *found = calloc((size_t)n.graph->nnodes, sizeof *found);
    assert_non_null(found);
    iso_fusions_find(n.graph, n.backend, &o, found);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct iso_fusion *f = &found[node_of(n.graph, pairs[i][0])];
        const int before = pairs[i][1] != NULL ? node_of(n.graph, pairs[i][1]) : -1;
        print_message("  %s\n", pairs[i][0]);
        assert_int_equal(f->before, before);
        assert_true(before < 0 || (found[before].joined_backward && found[before].absent_gradient));
    }
    free(found);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_training),
        cmocka_unit_test(without_training),
        cmocka_unit_test(none_where_all_is_kept),
        cmocka_unit_test(not_what_is_read),
        cmocka_unit_test(through_the_activation_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
