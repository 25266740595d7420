/* test_scale.c: the simulated steps of many devices say what the model of them must say at its
 * ends: nothing is lost with one rank or an infinite network, and a slow one is what bounds. */
#include "core/bench/scale.h"
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 256 };

static struct iso_scale_options ideal(void)
{
    return (struct iso_scale_options){
        .device = { "ideal", "", 1e13, 1e12, INFINITY, 0 },
        .network = { "ideal", "", 0, 0, INFINITY, INFINITY },
        .efficiency = 0.5,
    };
}

static struct iso_scale_step simulate(int ranks, const struct iso_scale_options *o,
                                      struct iso_exec_bytes *bytes)
{
    struct iso_ranks group = { .count = ranks };
    const struct iso_exec_options plan = {
        .training = true, .log_steps = 1, .plan_only = true, .ranks = ranks > 1 ? &group : NULL
    };
    struct iso_scale_step s;
    struct network n;
    memset(&n, 0, sizeof n);
    must(iso_model_load("models/demo.yaml", &n.faults, &n.model));
    n.model->shards = ranks;
    must(iso_graph_build(n.model, 0, BATCH, &n.faults, &n.graph));
    must(iso_backend_open("reference", ISO_MODE_EXACT, 1, &n.backend));
    must(iso_exec_new(n.graph, n.backend, &plan, &n.exec));
    iso_scale_simulate(n.exec, o, &s);
    if (bytes != NULL)
        *bytes = iso_exec_step_bytes(n.exec, ranks);
    network_close(&n);
    return s;
}

static void one_rank_only_computes(void **state)
{
    const struct iso_scale_options o = ideal();
    const struct iso_scale_step s = simulate(1, &o, NULL);
    (void)state;
    assert_true(s.total > 0 && fabs(s.total - s.compute) < 1e-15);
    assert_string_equal(iso_scale_bound(&s), "compute");
}

static void half_the_efficiency_takes_twice_as_long(void **state)
{
    struct iso_scale_options o = ideal();
    const double once = simulate(1, &o, NULL).total;
    (void)state;
    o.efficiency = 0.25;
    assert_true(fabs(simulate(1, &o, NULL).total / once - 2) < 1e-12);
}

/* (Each rank has half the rows, and half of the weights to update.) */
static void an_infinite_network_costs_only_what_is_added(void **state)
{
    const struct iso_scale_options o = ideal();
    const struct iso_scale_step one = simulate(1, &o, NULL), two = simulate(2, &o, NULL);
    (void)state;
    assert_true(two.exchange == 0 && two.gather == 0 && two.adding > 0);
    assert_true(fabs(two.compute / one.compute - 0.5) < 0.01);
}

/* Nothing hides behind the passes where they take no time: then messages take as long as the bytes
 * that are planned. */
static void a_slow_network_takes_as_long_as_its_bytes(void **state)
{
    struct iso_scale_options o = ideal();
    struct iso_exec_bytes bytes;
    (void)state;
    o.device.flops = o.device.memory = INFINITY;
    o.network.bandwidth = 1e6;
    for (int ranks = 2; ranks <= 16; ranks *= 2) {
        const struct iso_scale_step s = simulate(ranks, &o, &bytes);
        const double seconds = (double)bytes.sent / 1e6;
        /* The plan also has the sums of bucket 0, which all get, and slices of whole lanes. */
        assert_true(fabs((s.exchange + s.gather + s.adding) / seconds - 1) < 0.02);
        assert_string_equal(iso_scale_bound(&s), "bandwidth");
    }
}

static void many_messages_and_few_images_bound(void **state)
{
    struct iso_scale_options o = ideal();
    (void)state;
    o.network.overhead = 1e-3;
    struct iso_scale_step s = simulate(64, &o, NULL);
    assert_string_equal(iso_scale_bound(&s), "messages");
    o = ideal();
    o.data = 1;
    s = simulate(64, &o, NULL);
    assert_string_equal(iso_scale_bound(&s), "data");
    assert_true(fabs(s.total - BATCH / 64) < 1e-9);
}

/* A factor, turns and a delay are what they say. */
static void measured_figures_are_used(void **state)
{
    struct iso_scale_options o = ideal();
    const double two = simulate(2, &o, NULL).compute;
    (void)state;
    o.slowdown = 3;
    assert_true(fabs(simulate(2, &o, NULL).compute / two - 3) < 1e-9);
    o.slowdown = 0;
    o.processors = 1;
    assert_true(fabs(simulate(2, &o, NULL).compute / two - 2) < 1e-9);
    o.processors = 2;
    o.delay = 1; /* second, once for the sums and once for the weights */
    struct iso_scale_step s = simulate(2, &o, NULL);
    assert_true(fabs(s.exchange + s.gather - 2) < 1e-3);
    o.network.eager = 0; /* and both ask first, and are answered */
    s = simulate(2, &o, NULL);
    assert_true(fabs(s.exchange + s.gather - 6) < 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rank_only_computes),
        cmocka_unit_test(half_the_efficiency_takes_twice_as_long),
        cmocka_unit_test(an_infinite_network_costs_only_what_is_added),
        cmocka_unit_test(a_slow_network_takes_as_long_as_its_bytes),
        cmocka_unit_test(many_messages_and_few_images_bound),
        cmocka_unit_test(measured_figures_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
