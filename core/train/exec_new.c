/* exec_new.c: makes an executor: checks that the device supports all calls, and allocates workspace
 * and the memory of the plan. */
#include "exec_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Support and workspace ------------------------------------------------------------------ */

static iso_rc check_support(const struct iso_exec *e, enum iso_op op, const char *layer,
                            const struct iso_call *c)
{
    struct iso_backend *b = e->backend;
    char why[192] = "it has no kernel for it";
    if (iso_ops[op].kind == ISO_VIEW || iso_backend_supports(b, op, c, why, sizeof why))
        return ISO_OK;
    return iso_fail(ISO_EUNSUP, "%s '%s' cannot run on %s: %s (choose another --device)",
                    iso_ops[op].name, layer, b->device.id, why);
}

static iso_rc prepare(struct iso_exec *e, enum iso_op op, const struct iso_call *c)
{
    const struct iso_kernel *k = e->backend->kernels[op];
    return k != NULL && k->prepare != NULL ? k->prepare(e->backend, c) : ISO_OK;
}

static void grow_workspace(struct iso_exec *e, enum iso_op op, const struct iso_call *c,
                           enum iso_pass pass)
{
    const struct iso_kernel *k = e->settled ? e->backend->kernels[op] : NULL;
    const size_t bytes = k != NULL && k->workspace != NULL ? k->workspace(e->backend, c, pass) : 0;
    if (bytes > e->workspace_bytes)
        e->workspace_bytes = bytes;
}

iso_rc iso_exec_need(struct iso_exec *e, enum iso_op op, const char *layer,
                     const struct iso_call *c, enum iso_pass pass)
{
    if (!e->settled) {
        ISO_TRY(check_support(e, op, layer, c));
        ISO_TRY(prepare(e, op, c));
    }
    grow_workspace(e, op, c, pass);
    return ISO_OK;
}

static const char *node_name(const struct iso_graph *g, int node)
{
    const int layer = g->nodes[node].layer;
    return layer < 0 ? iso_ops[g->nodes[node].op].name : g->model->layers[layer].name;
}

static iso_rc ask_kernels(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    for (int i = 0; i < g->nnodes; i++) {
        struct iso_call c;
        ISO_TRY(iso_graph_call(g, i, g->shard_rows, &c));
        ISO_TRY(iso_exec_need(e, g->nodes[i].op, node_name(g, i), &c, ISO_FORWARD));
        if (e->options.training && iso_graph_has_backward(g, i)) {
            for (int k = 0; k < ISO_OPERANDS; k++) { /* shapes of what backward is asked */
                c.dx[k] = c.x[k];
                c.dy[k] = c.y[k];
                c.dw[k] = c.w[k];
            }
            grow_workspace(e, g->nodes[i].op, &c, ISO_BACKWARD);
        }
    }
    ISO_TRY(iso_exec_need_shards(e));
    if (!e->options.training)
        return ISO_OK;
    const enum iso_op optimizer = g->training->optimizer.op;
    for (int chunk = 0; chunk < e->plan.weights.nchunks; chunk++) {
        struct iso_call c;
        iso_exec_optimizer_call(e, chunk, &c);
        if (iso_exec_averages(e))
            ISO_TRY(iso_exec_need_average(e, &c.w[0]));
        ISO_TRY(iso_exec_need(e, optimizer, iso_ops[optimizer].name, &c, ISO_UPDATE));
    }
    ISO_TRY(iso_exec_need_slices(e));
    ISO_TRY(iso_exec_need_clipping(e));
    return iso_exec_need_decay(e);
}

/* Asks for the kernels that fill batches, so that a device that builds kernels builds them together
 * with the others. Their calls are not known yet. */
static void ask_inputs(const struct iso_exec *e)
{
    static const enum iso_op ops[] = { ISO_OP_gather_images, ISO_OP_gather_labels };
    const struct iso_call unknown = { 0 };
    char why[192];
    for (int i = 0; i < 2; i++) {
        const struct iso_kernel *k = e->backend->kernels[ops[i]];
        if (k != NULL && k->supports != NULL)
            (void)k->supports(e->backend, ops[i], &unknown, why, sizeof why);
    }
}

/* Asks the device about every call, lets the backend settle, then asks for the workspaces. */
static iso_rc check_kernels(struct iso_exec *e)
{
    const struct iso_backend_ops *ops = e->backend->ops;
    ask_inputs(e);
    ISO_TRY(ask_kernels(e));
    ISO_TRY(ops->settle != NULL ? ops->settle(e->backend) : ISO_OK);
    e->settled = true;
    return ask_kernels(e);
}

/* ---- Fusion and the plan
 * --------------------------------------------------------------------------------- */

static iso_rc find_fusions(struct iso_exec *e)
{
    const struct iso_fusion_options o = { e->options.training, e->readable };
    e->fusions = iso_alloc((size_t)e->graph->nnodes, sizeof *e->fusions);
    if (e->fusions == NULL)
        return ISO_ENOMEM;
    iso_fusions_find(e->graph, e->backend, e->options.keep_all ? NULL : &o, e->fusions);
    return ISO_OK;
}

iso_rc iso_exec_plan(struct iso_exec *e)
{
    const struct iso_plan_options o = { .training = e->options.training,
                                        .keep_all = e->options.keep_all,
                                        .real_size = e->backend->real_size,
                                        .max_alloc = e->backend->max_alloc,
                                        .fusions = e->fusions,
                                        .readable = e->readable,
                                        .parts = e->parts };
    iso_plan_clear(&e->plan);
    e->too_large = true;
    ISO_TRY(iso_plan_make(e->graph, &o, &e->plan));
    e->too_large = false;
    return ISO_OK;
}

/* ---- Memory --------------------------------------------------------------------------------- */

static iso_rc allocate(struct iso_exec *e, size_t bytes, struct iso_mem **out)
{
    if (bytes == 0)
        return ISO_OK;
    ISO_TRY(e->backend->ops->alloc(e->backend, bytes, out));
    return e->backend->ops->fill(e->backend, *out, 0, 0, bytes);
}

static iso_rc allocate_arena(struct iso_exec *e, const struct iso_arena *a,
                             struct iso_arena_memory *m)
{
    m->chunk = iso_alloc((size_t)a->nchunks + 1, sizeof *m->chunk);
    if (m->chunk == NULL)
        return ISO_ENOMEM;
    for (; m->n < a->nchunks; m->n++)
        ISO_TRY(allocate(e, a->chunk[m->n], &m->chunk[m->n]));
    return ISO_OK;
}

/* A slot of all weights, or of this rank's slices of them. */
static iso_rc allocate_slot(struct iso_exec *e, struct iso_arena_memory *slot)
{
    if (e->divided == NULL)
        return allocate_arena(e, &e->plan.weights, slot);
    slot->chunk = iso_alloc(2, sizeof *slot->chunk);
    if (slot->chunk == NULL)
        return ISO_ENOMEM;
    slot->n = 1;
    return allocate(e, iso_exec_own_slot_bytes(e), &slot->chunk[0]);
}

/* Sums that wait for their partners in the tree over the shards. */
static iso_rc allocate_levels(struct iso_exec *e)
{
    for (int i = 0; i < e->nlevels && e->nlevels > 1 && e->options.training; i++) {
        ISO_TRY(allocate_arena(e, &e->plan.statistics, &e->levels[i].statistics));
        if (i > 0)
            ISO_TRY(allocate_arena(e, &e->plan.weights, &e->levels[i].gradients));
    }
    return ISO_OK;
}

/* Memory beside the arenas of the plan. */
static void set_sizes(struct iso_exec *e)
{
    e->log_bytes = (size_t)((e->options.log_steps + e->nlevels - 1) * e->graph->columns) *
                   e->backend->real_size;
    e->counts_bytes = (size_t)e->graph->ncounts * iso_dtype_size(e->backend, ISO_I32);
}

static iso_rc allocate_all(struct iso_exec *e)
{
    ISO_TRY(allocate_arena(e, &e->plan.weights, &e->weights));
    ISO_TRY(allocate_arena(e, &e->plan.fixed, &e->fixed));
    ISO_TRY(allocate_arena(e, &e->plan.values, &e->values));
    if (e->options.training) {
        ISO_TRY(allocate_arena(e, &e->plan.weights, &e->weight_gradients));
        ISO_TRY(allocate_arena(e, &e->plan.gradients, &e->gradients));
        for (int i = 0; i < e->nslots; i++)
            ISO_TRY(allocate_slot(e, &e->slots[i]));
    }
    ISO_TRY(iso_exec_allocate_rooms(e, allocate_arena));
    ISO_TRY(allocate_levels(e));
    ISO_TRY(allocate(e, e->workspace_bytes, &e->workspace));
    ISO_TRY(allocate(e, (size_t)e->nnorms * e->backend->real_size, &e->norms));
    ISO_TRY(allocate(e, e->unread_bytes, &e->unread));
    ISO_TRY(allocate(e, e->log_bytes, &e->log));
    return allocate(e, e->counts_bytes, &e->counts);
}

/* The executor's own params of the optimizer, in which the learning rate moves. */
static iso_rc copy_optimizer(struct iso_exec *e)
{
    const struct iso_op_use *use = &e->graph->training->optimizer;
    const size_t size = iso_ops[use->op].def->params_size;
    e->optimizer = iso_alloc(1, size);
    if (e->optimizer == NULL)
        return ISO_ENOMEM;
    memcpy(e->optimizer, use->params, size);
    return ISO_OK;
}

static int count_slots(const struct iso_training *t)
{
    int n;
    iso_op_slots(t->optimizer.op, t->optimizer.params, &n);
    return n + t->average.use_ema;
}

static iso_rc sort_weights(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    e->sorted = iso_alloc((size_t)g->nvalues + 1, sizeof *e->sorted);
    if (e->sorted == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < g->nvalues; i++) {
        if (g->values[i].role != ISO_ROLE_WEIGHT)
            continue;
        int k = e->nsorted++;
        for (; k > 0 && strcmp(g->values[e->sorted[k - 1]].name, g->values[i].name) > 0; k--)
            e->sorted[k] = e->sorted[k - 1];
        e->sorted[k] = i;
    }
    return ISO_OK;
}

static iso_rc find_readable(struct iso_exec *e)
{
    const char *name = e->options.readable;
    e->readable = name != NULL ? iso_graph_find(e->graph, name) : -1;
    if (name != NULL && e->readable < 0)
        return iso_fail(ISO_EUSAGE, "the network has no value '%s'", name);
    return ISO_OK;
}

static iso_rc open_exec(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    ISO_TRY(find_readable(e));
    e->forward = iso_alloc((size_t)g->nnodes, sizeof *e->forward);
    e->second = iso_alloc((size_t)g->nnodes, sizeof *e->second);
    e->backward = iso_alloc((size_t)g->nnodes, sizeof *e->backward);
    if (e->forward == NULL || e->second == NULL || e->backward == NULL)
        return ISO_ENOMEM;
    ISO_TRY(find_fusions(e));
    ISO_TRY(iso_exec_find_parts(e));
    ISO_TRY(iso_exec_plan(e));
    e->nslots = e->options.training ? count_slots(g->training) : 0;
    ISO_TRY(copy_optimizer(e));
    ISO_TRY(sort_weights(e));
    iso_exec_count_norms(e);
    iso_exec_count_levels(e);
    ISO_TRY(iso_exec_synchronized_new(e));
    ISO_TRY(iso_exec_ranks_new(e));
    ISO_TRY(iso_exec_count_rooms(e));
    set_sizes(e);
    ISO_TRY(check_kernels(e));
    ISO_TRY(iso_exec_fit_memory(e));
    if (e->options.plan_only)
        return ISO_OK;
    e->too_large = true;
    ISO_TRY(allocate_all(e));
    e->too_large = false;
    ISO_TRY(iso_exec_begin_batch(e, -1, 0, g->shard_rows));
    return iso_exec_set_rows(e, g->shard_rows);
}

iso_rc iso_exec_try(const struct iso_graph *g, struct iso_backend *b,
                    const struct iso_exec_options *o, struct iso_exec **out)
{
    struct iso_exec *e = iso_alloc(1, sizeof *e);
    if (e == NULL)
        return ISO_ENOMEM;
    e->graph = g;
    e->backend = b;
    e->options = *o;
    if (e->options.log_steps < 1)
        e->options.log_steps = 1;
    *out = e;
    return open_exec(e);
}

iso_rc iso_exec_new(const struct iso_graph *g, struct iso_backend *b,
                    const struct iso_exec_options *o, struct iso_exec **out)
{
    struct iso_exec *e = NULL;
    const iso_rc rc = iso_exec_try(g, b, o, &e);
    if (rc == ISO_OK) {
        *out = e;
        return ISO_OK;
    }
    const bool too_large = e != NULL && e->too_large;
    const uint64_t bytes = too_large ? iso_exec_bytes(e) : 0;
    iso_exec_free(e);
    return too_large ? iso_exec_advise(g, b, o, bytes, rc) : rc;
}

static void free_arena(struct iso_exec *e, struct iso_arena_memory *m)
{
    for (int i = 0; m->chunk != NULL && m->chunk[i] != NULL; i++)
        e->backend->ops->free(e->backend, m->chunk[i]);
    free(m->chunk);
}

void iso_exec_free(struct iso_exec *e)
{
    if (e == NULL)
        return;
    iso_exec_synchronized_free(e, free_arena);
    iso_exec_free_views(e);
    free_arena(e, &e->weights);
    free_arena(e, &e->fixed);
    free_arena(e, &e->weight_gradients);
    free_arena(e, &e->values);
    free_arena(e, &e->gradients);
    for (int i = 0; i < ISO_OPERANDS; i++)
        free_arena(e, &e->slots[i]);
    for (int i = 0; i < ISO_LEVELS; i++) {
        free_arena(e, &e->levels[i].gradients);
        free_arena(e, &e->levels[i].statistics);
    }
    iso_exec_free_fed(e);
    iso_exec_ranks_free(e);
    e->backend->ops->free(e->backend, e->workspace);
    e->backend->ops->free(e->backend, e->norms);
    e->backend->ops->free(e->backend, e->unread);
    e->backend->ops->free(e->backend, e->log);
    e->backend->ops->free(e->backend, e->counts);
    for (int i = 0; i < ISO_DATASETS; i++)
        free(e->counted[i]);
    iso_exec_free_data(e);
    iso_plan_clear(&e->plan);
    free(e->forward);
    free(e->second);
    free(e->backward);
    free(e->parts);
    free(e->sorted);
    free(e->optimizer);
    free(e->fusions);
    free(e);
}

const struct iso_graph *iso_exec_graph(const struct iso_exec *e) { return e->graph; }
struct iso_backend *iso_exec_backend(const struct iso_exec *e) { return e->backend; }
bool iso_exec_trains(const struct iso_exec *e) { return e->options.training; }
