/* nodes.c: a training step call by call, each timed and waited for. */
#include "bench.h"
#include "core/machine.h"
#include "core/train/learning_rate.h"

#include <stdlib.h>

struct sweep {
    struct iso_exec *exec;
    struct iso_bench_node *nodes; /* in the order they run */
    int *index;                   /* of each: its node in the graph; -1: the optimizer */
    int count, samples;
    uint64_t step;
    double *sum;   /* [count] seconds, since the sweep's last sample began */
    double *taken; /* [count][ISO_BENCH_SAMPLES] seconds of one call */
};

/* Appends the pass of a node. */
static iso_rc add(void *self, int index, enum iso_pass pass)
{
    struct sweep *s = self;
    const struct iso_graph *g = iso_exec_graph(s->exec);
    const struct iso_node *n = &g->nodes[index];
    const struct iso_op_def *def = iso_ops[n->op].def;
    struct iso_call c;
    struct iso_cost cost = { 0 };
    iso_exec_call(s->exec, index, pass, true, 0, 0, &c);
    if (def->cost != NULL)
        iso_call_cost(n->op, &c, pass, &cost);
    const bool half = pass == ISO_BACKWARD && iso_bench_products(n->op) &&
                      (c.dx[0].mem == NULL || c.dw[0].mem == NULL);
    s->index[s->count] = index;
    s->nodes[s->count++] = (struct iso_bench_node){
        .op = n->op,
        .pass = pass,
        .layer = n->layer,
        .flops = half ? cost.flops / 2 : cost.flops,
        .bytes = half ? cost.bytes / 2 : cost.bytes,
    };
    return ISO_OK;
}

static void add_optimizer(struct sweep *s)
{
    const struct iso_graph *g = iso_exec_graph(s->exec);
    const struct iso_op_use *optimizer = &g->training->optimizer;
    struct iso_shape weights = { 1, { 0 } };
    struct iso_cost cost = { 0 };
    for (int i = 0; i < g->nvalues; i++)
        if (g->values[i].role == ISO_ROLE_WEIGHT && g->values[i].trainable)
            weights.dim[0] += iso_shape_count(&g->values[i].shape);
    if (iso_ops[optimizer->op].def->cost != NULL)
        iso_ops[optimizer->op].def->cost(optimizer->params, &weights, ISO_UPDATE, &cost);
    s->index[s->count] = -1;
    s->nodes[s->count++] =
        (struct iso_bench_node){ optimizer->op, ISO_UPDATE, -1, 0, cost.flops, cost.bytes };
}

static iso_rc list_calls(struct sweep *s)
{
    ISO_TRY(iso_exec_walk(s->exec, ISO_FORWARD, add, s));
    ISO_TRY(iso_exec_walk(s->exec, ISO_BACKWARD, add, s));
    add_optimizer(s);
    return ISO_OK;
}

static iso_rc run_call(const struct sweep *s, int i)
{
    const enum iso_pass pass = s->nodes[i].pass;
    struct iso_call c;
    if (s->index[i] < 0)
        return iso_exec_update(s->exec, s->step,
                               iso_training_rate_alone(iso_exec_graph(s->exec)->training, s->step));
    iso_exec_call(s->exec, s->index[i], pass, true, s->step, 0, &c);
    return iso_exec_launch(s->exec, s->index[i], pass, &c);
}

static iso_rc run_sweeps(void *data, int64_t times)
{
    struct sweep *s = data;
    struct iso_backend *b = iso_exec_backend(s->exec);
    for (int i = 0; i < s->count; i++)
        s->sum[i] = 0;
    ISO_TRY(b->ops->sync(b));
    for (int64_t t = 0; t < times; t++, s->step++) {
        double last = iso_clock();
        for (int i = 0; i < s->count; i++) {
            ISO_TRY(run_call(s, i));
            ISO_TRY(b->ops->sync(b));
            const double now = iso_clock();
            s->sum[i] += now - last;
            last = now;
        }
    }
    return ISO_OK;
}

static void take_sample(void *data, int64_t times)
{
    struct sweep *s = data;
    for (int i = 0; i < s->count; i++)
        s->taken[i * ISO_BENCH_SAMPLES + s->samples] = s->sum[i] / (double)times;
    s->samples++;
}

static int longest_first(const void *a, const void *b)
{
    const struct iso_bench_node *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static iso_rc measure(struct sweep *s, struct iso_gate *g, double seconds)
{
    struct iso_timing timing;
    const size_t most = 2 * (size_t)iso_exec_graph(s->exec)->nnodes + 1;
    s->nodes = iso_alloc(most, sizeof *s->nodes);
    s->index = iso_alloc(most, sizeof *s->index);
    s->sum = iso_alloc(most, sizeof *s->sum);
    s->taken = iso_alloc(most * ISO_BENCH_SAMPLES, sizeof *s->taken);
    if (s->nodes == NULL || s->index == NULL || s->sum == NULL || s->taken == NULL)
        return ISO_ENOMEM;
    ISO_TRY(list_calls(s));
    ISO_TRY(iso_gate_measure(g, seconds, run_sweeps, take_sample, s, &timing));
    for (int i = 0; i < s->count; i++)
        s->nodes[i].seconds = iso_bench_median(s->taken + i * ISO_BENCH_SAMPLES, s->samples);
    qsort(s->nodes, (size_t)s->count, sizeof *s->nodes, longest_first);
    return ISO_OK;
}

iso_rc iso_bench_nodes(struct iso_exec *e, struct iso_gate *g, double seconds,
                       struct iso_bench_node **out, int *count)
{
    struct sweep s = { .exec = e };
    const iso_rc rc = measure(&s, g, seconds);
    free(s.index);
    free(s.sum);
    free(s.taken);
    if (rc != ISO_OK) {
        free(s.nodes);
        return rc;
    }
    *out = s.nodes;
    *count = s.count;
    return ISO_OK;
}
