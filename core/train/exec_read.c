/* exec_read.c: what an executor holds, by name: tensors, weights, slots, log, memory. */
#include "exec_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- Names --------------------------------------------------------------------------------- */

/* A function that the loss absorbs may be a layer of its own: its input also goes by
 * <layer>/logits. */
static int find_value(const struct iso_graph *g, const char *name)
{
    const int found = iso_graph_find(g, name);
    if (found >= 0 || iso_ops[g->training->loss.op].def->absorbs == 0)
        return found;
    const char *layer = g->model->layers[g->model->nlayers - 1].name;
    const size_t n = strlen(layer);
    const bool last = strncmp(name, layer, n) == 0 && strcmp(name + n, "/logits") == 0;
    return last ? g->nodes[g->loss_node].x[0] : -1;
}

/* Finds the weight and the slot that a name is of. */
static bool name_slot(const struct iso_exec *e, const char *name, int *weight, int *slot)
{
    const char *slash = strrchr(name, '/');
    for (int s = 0; slash != NULL && s < e->nslots; s++) {
        if (strcmp(slash + 1, iso_exec_slot(e, s)) != 0)
            continue;
        for (int i = 0; i < e->nsorted; i++) {
            const struct iso_value *v = &e->graph->values[e->sorted[i]];
            if (!v->trainable || strlen(v->name) != (size_t)(slash - name) ||
                strncmp(v->name, name, (size_t)(slash - name)) != 0)
                continue;
            *weight = e->sorted[i];
            *slot = s;
            return true;
        }
    }
    return false;
}

static bool find_slot(const struct iso_exec *e, const char *name, struct iso_tensor *out)
{
    int weight, slot;
    return name_slot(e, name, &weight, &slot) && iso_exec_slot_tensor(e, weight, slot, out);
}

bool iso_exec_divided_slot(const struct iso_exec *e, const char *name, int *weight, int *slot)
{
    return e->divided != NULL && name_slot(e, name, weight, slot);
}

bool iso_exec_tensor(struct iso_exec *e, const char *name, struct iso_tensor *out)
{
    const struct iso_graph *g = e->graph;
    const bool gradient = strncmp(name, "d/", 2) == 0;
    const int value = find_value(g, gradient ? name + 2 : name);
    if (value < 0)
        return find_slot(e, name, out);
    const struct iso_value *v = &g->values[value];
    const bool lasting = v->role == ISO_ROLE_WEIGHT || v->role == ISO_ROLE_INPUT ||
                         v->role == ISO_ROLE_TARGET || v->role == ISO_ROLE_COUNTS ||
                         ((value == g->output || value == e->readable) && !gradient);
    if (!lasting && !e->options.keep_all)
        return false;
    *out = gradient ? iso_exec_gradient(e, value) : iso_exec_value(e, value);
    return out->mem != NULL;
}

int iso_exec_nweights(const struct iso_exec *e) { return e->nsorted; }
const char *iso_exec_weight(const struct iso_exec *e, int i)
{
    return e->graph->values[e->sorted[i]].name;
}
int iso_exec_nslots(const struct iso_exec *e) { return e->nslots; }
const char *iso_exec_slot(const struct iso_exec *e, int i)
{
    const struct iso_op_use *optimizer = &e->graph->training->optimizer;
    int n;
    const char *const *names = iso_op_slots(optimizer->op, optimizer->params, &n);
    return i < n ? names[i] : "average";
}

/* ---- Log and memory ------------------------------------------------------------------------ */

/* Returns the loss of one log row: the batch's, plus the penalties of the weights. */
static void add_penalties(const struct iso_graph *g, double *row)
{
    for (int i = g->loss_node + 1; i < g->nnodes; i++)
        if (iso_ops[g->nodes[i].op].kind == ISO_PENALTY)
            row[g->values[g->loss].at] += row[g->values[g->nodes[i].y[0]].at];
}

iso_rc iso_exec_log(struct iso_exec *e, int64_t n, double *out)
{
    if (n < 1 || n > e->options.log_steps)
        return n == 0 ? ISO_OK
                      : iso_fail(ISO_EUSAGE, "%lld log rows of %lld", (long long)n,
                                 (long long)e->options.log_steps);
    const struct iso_tensor t = { e->log, 0, ISO_REAL, { 1, { n * e->graph->columns } } };
    ISO_TRY(iso_tensor_read(e->backend, &t, out));
    for (int64_t row = 0; row < n; row++)
        add_penalties(e->graph, out + row * e->graph->columns);
    return ISO_OK;
}

static struct iso_tensor counts_of(const struct iso_exec *e)
{
    return (struct iso_tensor){ e->counts, 0, ISO_I32, { 1, { e->graph->ncounts } } };
}

iso_rc iso_exec_counts(struct iso_exec *e, int which, const double **out)
{
    const struct iso_tensor t = counts_of(e);
    *out = NULL;
    if (e->graph->ncounts == 0)
        return ISO_OK;
    if (e->counted[which] == NULL)
        e->counted[which] = iso_alloc((size_t)e->graph->ncounts, sizeof **e->counted);
    if (e->counted[which] == NULL)
        return ISO_ENOMEM;
    *out = e->counted[which];
    ISO_TRY(iso_tensor_read(e->backend, &t, e->counted[which]));
    return e->options.ranks != NULL ? iso_exec_add_counts(e, &t, e->counted[which]) : ISO_OK;
}

iso_rc iso_exec_clear_counts(struct iso_exec *e)
{
    return e->counts != NULL ? e->backend->ops->fill(e->backend, e->counts, 0, 0, e->counts_bytes)
                             : ISO_OK;
}

iso_rc iso_exec_put_counts(struct iso_exec *e, const double *counts)
{
    const struct iso_tensor t = counts_of(e);
    if (counts != NULL && e->options.ranks != NULL && e->options.ranks->rank > 0)
        return iso_exec_clear_counts(e);
    return counts != NULL ? iso_tensor_write(e->backend, &t, counts) : ISO_OK;
}

static int add_line(struct iso_memory *out, int max, int n, const char *arena, uint64_t bytes,
                    uint64_t without)
{
    if (n < max && bytes > 0)
        out[n++] = (struct iso_memory){ arena, bytes, without };
    return n;
}

static uint64_t chunks(const struct iso_arena *a)
{
    uint64_t sum = 0;
    for (int i = 0; i < a->nchunks; i++)
        sum += a->chunk[i];
    return sum;
}

static int add_arena(struct iso_memory *out, int max, int n, const char *name,
                     const struct iso_arena *a)
{
    return add_line(out, max, n, name, chunks(a), a->total);
}

/* An arena that each shard has of its own, where shards are computed together. */
static int add_rooms(const struct iso_exec *e, struct iso_memory *out, int max, int n,
                     const char *name, const struct iso_arena *a)
{
    const uint64_t rooms = (uint64_t)iso_exec_rooms(e);
    return add_line(out, max, n, name, rooms * chunks(a), rooms * a->total);
}

/* Gradients and statistics that wait for their partners in the tree over the shards. */
static uint64_t shard_sums(const struct iso_exec *e)
{
    const uint64_t levels = (uint64_t)e->nlevels;
    return levels < 2 || !e->options.training
               ? 0
               : (levels - 1) * chunks(&e->plan.weights) + levels * chunks(&e->plan.statistics);
}

int iso_exec_memory(const struct iso_exec *e, struct iso_memory *out, int max)
{
    const struct iso_plan *p = &e->plan;
    uint64_t data = 0;
    int n = add_arena(out, max, 0, "weights", &p->weights);
    n = add_arena(out, max, n, "fixed weights", &p->fixed);
    if (e->options.training) {
        n = add_arena(out, max, n, "gradients of weights", &p->weights);
        for (int i = 0; i < e->nslots; i++)
            n = e->divided != NULL ? add_line(out, max, n, iso_exec_slot(e, i),
                                              iso_exec_own_slot_bytes(e), chunks(&p->weights))
                                   : add_arena(out, max, n, iso_exec_slot(e, i), &p->weights);
    }
    const uint64_t sums = shard_sums(e);
    n = add_line(out, max, n, "sums of shards", sums, sums);
    n = add_rooms(e, out, max, n, "values", &p->values);
    if (e->options.training)
        n = add_rooms(e, out, max, n, "gradients of values", &p->gradients);
    n = add_line(out, max, n, "unread sums", e->unread_bytes, e->unread_bytes);
    n = add_line(out, max, n, "workspace", e->workspace_bytes, e->workspace_bytes);
    n = add_line(out, max, n, "log", e->log_bytes, e->log_bytes);
    n = add_line(out, max, n, "counts", e->counts_bytes, e->counts_bytes);
    for (int i = 0; i < ISO_DATASETS; i++) /* a row has a label, and an entry in the order */
        data += e->data[i].bytes + (uint64_t)e->data[i].rows * 8;
    return add_line(out, max, n, "data sets", data, data);
}
