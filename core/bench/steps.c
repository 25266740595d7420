/* steps.c: whole steps of a model on a batch that stays in place. */
#include "bench.h"
#include "core/arithmetic/random.h"
#include "core/train/learning_rate.h"

#include <stdlib.h>
#include <string.h>

static iso_u32 word(uint32_t use, uint32_t e)
{
    return iso_philox(e >> 2, 0, use, ISO_RANDOM_TEST, 1, 0).v[e & 3];
}

iso_rc iso_bench_feed(struct iso_exec *e)
{
    const struct iso_graph *g = iso_exec_graph(e);
    const int64_t rows = g->batch;
    const int64_t n = iso_shape_count(&g->values[g->input].shape) / g->shard_rows * rows;
    float *x = iso_alloc((size_t)n, sizeof *x);
    int32_t *y = iso_alloc((size_t)rows, sizeof *y);
    iso_rc rc = x != NULL && y != NULL ? ISO_OK : ISO_ENOMEM;
    for (int64_t i = 0; rc == ISO_OK && i < n; i++)
        x[i] = iso_unit(word(0, (uint32_t)i));
    for (int64_t i = 0; rc == ISO_OK && i < rows; i++)
        y[i] = (int32_t)(word(1, (uint32_t)i) % (uint32_t)g->classes);
    if (rc == ISO_OK)
        rc = iso_exec_feed(e, rows, x, y, NULL);
    if (rc == ISO_OK)
        rc = iso_exec_backend(e)->ops->sync(iso_exec_backend(e));
    free(x);
    free(y);
    return rc;
}

struct steps {
    struct iso_exec *exec;
    bool training;
    uint64_t step;
};

static iso_rc run_steps(void *data, int64_t times)
{
    struct steps *s = data;
    struct iso_backend *b = iso_exec_backend(s->exec);
    for (int64_t i = 0; i < times; i++, s->step++) {
        if (!s->training) {
            ISO_TRY(iso_exec_score(s->exec, 0));
            continue;
        }
        const double rate = iso_training_rate_alone(iso_exec_graph(s->exec)->training, s->step);
        ISO_TRY(iso_exec_train(s->exec, s->step, 0));
        ISO_TRY(iso_exec_update(s->exec, s->step, rate));
    }
    return b->ops->sync(b);
}

iso_rc iso_bench_steps(struct iso_exec *e, struct iso_gate *g, bool training, double seconds,
                       struct iso_timing *out)
{
    struct steps s = { e, training, 0 };
    return iso_gate_measure(g, seconds, run_steps, NULL, &s, out);
}

/* Ops with a weight named kernel. */
bool iso_bench_products(enum iso_op op)
{
    const struct iso_weight_def *w = iso_ops[op].def->weights;
    return w != NULL && w[0].name != NULL && strcmp(w[0].name, "kernel") == 0;
}

/* Backward counts both gradients; the first layer makes one. */
static double backward_flops(const struct iso_graph *g, const struct iso_node *n,
                             const struct iso_shape *x)
{
    struct iso_cost cost;
    iso_ops[n->op].def->cost(n->params, x, ISO_BACKWARD, &cost);
    return g->values[n->x[0]].gradient ? cost.flops : cost.flops / 2;
}

double iso_bench_flops(const struct iso_exec *e, bool training)
{
    const struct iso_graph *g = iso_exec_graph(e);
    double sum = 0;
    for (int i = 0; i < g->nlayer_nodes; i++) {
        const struct iso_node *n = &g->nodes[i];
        const struct iso_shape *x = &g->values[n->x[0]].shape;
        struct iso_cost cost;
        if (!iso_bench_products(n->op))
            continue;
        iso_ops[n->op].def->cost(n->params, x, ISO_FORWARD, &cost);
        sum += cost.flops + (training ? backward_flops(g, n, x) : 0);
    }
    return sum;
}
