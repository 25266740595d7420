/* calls.c: the calls of a training step, in the order that they run. */
#include "calls.h"
#include "core/train/learning_rate.h"

#include <stdlib.h>

const char *const iso_bench_passes[] = { "forward", "backward", "update" };

/* Appends the pass of a node. */
static iso_rc add(void *self, int index, enum iso_pass pass)
{
    struct iso_bench_calls *s = self;
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
    s->again[s->count] = iso_exec_again(s->exec);
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

static void add_optimizer(struct iso_bench_calls *s)
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

static iso_rc list_all(struct iso_bench_calls *s)
{
    ISO_TRY(iso_exec_walk(s->exec, ISO_FORWARD, add, s));
    ISO_TRY(iso_exec_walk(s->exec, ISO_BACKWARD, add, s));
    add_optimizer(s);
    return ISO_OK;
}

iso_rc iso_bench_call(const struct iso_bench_calls *s, int i)
{
    const enum iso_pass pass = s->nodes[i].pass;
    struct iso_call c;
    if (s->index[i] < 0)
        return iso_exec_update(s->exec, s->step,
                               iso_training_rate_alone(iso_exec_graph(s->exec)->training, s->step));
    iso_exec_set_again(s->exec, s->again[i]);
    iso_exec_call(s->exec, s->index[i], pass, true, s->step, 0, &c);
    iso_exec_set_again(s->exec, false);
    return iso_exec_launch(s->exec, s->index[i], pass, &c);
}

iso_rc iso_bench_list_calls(struct iso_exec *e, struct iso_bench_calls *s)
{
    const size_t most = 3 * (size_t)iso_exec_graph(e)->nnodes + 1;
    *s = (struct iso_bench_calls){ .exec = e };
    s->nodes = iso_alloc(most, sizeof *s->nodes);
    s->index = iso_alloc(most, sizeof *s->index);
    s->again = iso_alloc(most, sizeof *s->again);
    const bool made = s->nodes != NULL && s->index != NULL && s->again != NULL;
    const iso_rc rc = made ? list_all(s) : ISO_ENOMEM;
    if (rc != ISO_OK)
        iso_bench_free_calls(s);
    return rc;
}

void iso_bench_free_calls(struct iso_bench_calls *s)
{
    free(s->nodes);
    free(s->index);
    free(s->again);
    s->nodes = NULL;
    s->index = NULL;
    s->again = NULL;
}
