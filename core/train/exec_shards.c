/* exec_shards.c: the shards of a step, one after the other, and the sums over them.
 *
 * Shard i holds the rows from i shard_rows on of a batch. Each is a batch of its own, except that
 * its rows have the numbers that they have in the step, and that its losses are divided by the rows
 * of the step. What is summed over rows (gradients of weights, sums for moving statistics, numbers
 * of the log) is then added in a balanced tree, node (l, i) = node (l-1, 2i) + node (l-1, 2i+1),
 * where an empty partner leaves the other as it is. Before shard i, as many nodes wait for a
 * partner as i has bits that are 1: that is the level to which the shard's own sums go. A rank does
 * the same with its subtrees, and exec_exchange.c with their sums. */
#include "exec_ranks.h"

#include <stdlib.h>
#include <string.h>

/* ---- The batch ------------------------------------------------------------------------------ */

void iso_exec_free_fed(struct iso_exec *e)
{
    free(e->batch.x);
    free(e->batch.y_prob);
    free(e->batch.y_class);
    e->batch.x = e->batch.y_prob = NULL;
    e->batch.y_class = NULL;
}

iso_rc iso_exec_begin_batch(struct iso_exec *e, int which, int64_t first, int64_t rows)
{
    const struct iso_graph *g = e->graph;
    if (rows < 1 || rows > g->batch)
        return iso_fail(ISO_EUSAGE, "a batch of %lld rows where the plan holds %lld",
                        (long long)rows, (long long)g->batch);
    iso_exec_free_fed(e);
    e->batch = (struct iso_batch){ .which = which, .first = first, .rows = rows };
    e->shards = (int)((rows + g->shard_rows - 1) / g->shard_rows);
    e->shard = -1;
    iso_exec_clear_rooms(e);
    e->tree = (struct iso_share){ 0, e->shards };
    return ISO_OK;
}

static int bits(int n)
{
    int sum = 0;
    for (; n > 0; n >>= 1)
        sum += n & 1;
    return sum;
}

int iso_exec_shards(const struct iso_exec *e) { return e->shards; }

iso_rc iso_exec_shard(struct iso_exec *e, int shard)
{
    const int64_t most = e->graph->shard_rows, left = e->batch.rows - shard * most;
    e->level = bits(shard - (int)e->tree.begin);
    if (e->synchronized != NULL)
        return iso_exec_enter_room(e, shard, left < most ? left : most);
    if (shard == e->shard)
        return ISO_OK;
    ISO_TRY(iso_exec_set_rows(e, left < most ? left : most));
    e->shard = shard;
    return iso_exec_fill_shard(e);
}

/* ---- A call of a shard ---------------------------------------------------------------------- */

void iso_exec_place_statistics(const struct iso_exec *e, int node, int level, struct iso_call *c)
{
    const struct iso_node *n = &e->graph->nodes[node];
    for (int i = 0; i < n->nw; i++) {
        const struct iso_extent *at = n->w[i] >= 0 ? &e->plan.statistics.extents[n->w[i]] : NULL;
        if (at == NULL || at->bytes == 0)
            continue;
        c->dw[i] = c->w[i];
        c->dw[i].mem = e->levels[level].statistics.chunk[at->chunk];
        c->dw[i].offset = at->offset / e->backend->real_size;
    }
}

/* Sets dw of the trained weights to the gradients of the shard's level. */
static void place_gradients(const struct iso_exec *e, int node, struct iso_call *c)
{
    const struct iso_node *n = &e->graph->nodes[node];
    for (int i = 0; i < n->nw && e->level > 0; i++)
        if (c->dw[i].mem != NULL)
            c->dw[i].mem =
                e->levels[e->level].gradients.chunk[e->plan.weights.extents[n->w[i]].chunk];
}

void iso_exec_place_shard(const struct iso_exec *e, int node, enum iso_pass pass,
                          struct iso_call *c)
{
    const bool own = iso_graph_changes(e->graph, node); /* a batch of its own */
    c->first_row = e->shard * e->graph->shard_rows;
    c->step_rows = own ? e->rows : e->batch.rows;
    if (pass == ISO_FORWARD && own && c->training)
        iso_exec_place_statistics(e, node, e->level, c);
    else if (pass == ISO_BACKWARD)
        place_gradients(e, node, c);
    if (e->synchronized != NULL)
        iso_exec_place_part(e, node, pass, c);
}

int64_t iso_exec_shard_log(const struct iso_exec *e, int64_t log_row)
{
    return e->level == 0 ? log_row : e->options.log_steps + e->level - 1;
}

/* ---- The tree ------------------------------------------------------------------------------- */

/* a = a + b, of n numbers from `at` and `from` on. */
static struct iso_call add_call(struct iso_mem *a, int64_t at, struct iso_mem *b, int64_t from,
                                int64_t n)
{
    const struct iso_tensor left = { a, (size_t)at, ISO_REAL, { 1, { n } } };
    return (struct iso_call){ .x = { left, { b, (size_t)from, ISO_REAL, { 1, { n } } } },
                              .y = { left },
                              .step_rows = n };
}

static iso_rc add(struct iso_exec *e, const struct iso_call *c)
{
    return e->backend->kernels[ISO_OP_add]->forward(e->backend, c);
}

static iso_rc add_arena(struct iso_exec *e, const struct iso_arena *plan,
                        const struct iso_arena_memory *a, const struct iso_arena_memory *b)
{
    for (int i = 0; i < a->n; i++) {
        const int64_t n = (int64_t)(plan->chunk[i] / e->backend->real_size);
        const struct iso_call c = add_call(a->chunk[i], 0, b->chunk[i], 0, n);
        ISO_TRY(add(e, &c));
    }
    return ISO_OK;
}

static const struct iso_arena_memory *gradients_of(const struct iso_exec *e, int level)
{
    return level == 0 ? &e->weight_gradients : &e->levels[level].gradients;
}

/* Adds the numbers of a level to those of the level before. */
static iso_rc add_level(struct iso_exec *e, int level, bool training, int64_t log_row)
{
    const int64_t columns = e->graph->columns, deep = e->options.log_steps + level - 1;
    const int64_t to = level == 1 ? log_row : deep - 1;
    const struct iso_call c =
        add_call(e->log, to * columns, e->log, deep * columns, e->graph->step_columns);
    ISO_TRY(add(e, &c));
    if (!training)
        return ISO_OK;
    ISO_TRY(add_arena(e, &e->plan.weights, gradients_of(e, level - 1), gradients_of(e, level)));
    return add_arena(e, &e->plan.statistics, &e->levels[level - 1].statistics,
                     &e->levels[level].statistics);
}

struct level_sum { /* adds a level of one bucket */
    struct iso_exec *exec;
    int level;
    int64_t log_row;
};

static iso_rc add_piece(void *sum, const struct iso_piece *p)
{
    const struct level_sum *s = sum;
    struct iso_exec *e = s->exec;
    struct iso_mem *to = e->log, *from = e->log;
    const int64_t deep = e->options.log_steps + s->level - 1;
    int64_t at = p->offset, from_at = p->offset;
    if (p->kind == ISO_VECTOR_LOG) {
        at += (s->level == 1 ? s->log_row : deep - 1) * e->graph->columns;
        from_at += deep * e->graph->columns;
    } else if (p->kind == ISO_VECTOR_WEIGHTS) {
        to = gradients_of(e, s->level - 1)->chunk[p->chunk];
        from = gradients_of(e, s->level)->chunk[p->chunk];
    } else {
        to = e->levels[s->level - 1].statistics.chunk[p->chunk];
        from = e->levels[s->level].statistics.chunk[p->chunk];
    }
    const struct iso_call c = add_call(to, at, from, from_at, p->n);
    return add(e, &c);
}

iso_rc iso_exec_add_bucket_level(struct iso_exec *e, int bucket, int level, int64_t log_row)
{
    const struct iso_vector *v = iso_exec_vector(e);
    struct level_sum s = { e, level, log_row };
    return iso_vector_walk(v, bucket, 0, v->length, add_piece, &s);
}

iso_rc iso_exec_add_bucket(struct iso_exec *e, int bucket, int64_t log_row)
{
    for (int level = e->level; level > 0; level--)
        ISO_TRY(iso_exec_add_bucket_level(e, bucket, level, log_row));
    return ISO_OK;
}

/* Adds what the shard in place completes: its partner on the left, and so on upwards; after the
 * last one, all. */
static iso_rc add_shard(struct iso_exec *e, bool training, int64_t log_row)
{
    const bool last = e->shard == e->tree.end - 1;
    int level = e->level;
    for (int s = e->shard - (int)e->tree.begin; level > 0 && (last || s & 1); s >>= 1)
        ISO_TRY(add_level(e, level--, training, log_row));
    return ISO_OK;
}

/* The moving statistics, from the sums of all shards. */
static iso_rc move_statistics(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    for (int i = 0; i < g->nnodes; i++) {
        const enum iso_op op = g->nodes[i].op;
        struct iso_call c = e->forward[i];
        if (!iso_graph_changes(g, i))
            continue;
        c.step_rows = e->batch.rows;
        c.training = true;
        iso_ops[op].def->scalars(c.params, 0, c.scalars);
        iso_exec_place_statistics(e, i, 0, &c);
        ISO_TRY(e->backend->kernels[op]->update(e->backend, &c));
    }
    return ISO_OK;
}

/* ---- Passes over a batch -------------------------------------------------------------------- */

/* Both passes over some shards of a subtree of them. When it is all of them, their sums are then on
 * level 0. */
static iso_rc walk_shards(struct iso_exec *e, struct iso_share shards, struct iso_share tree,
                          int64_t log_row, iso_exec_visit *visit, void *self)
{
    e->tree = tree;
    for (int s = (int)shards.begin; s < shards.end; s++) {
        ISO_TRY(iso_exec_shard(e, s));
        ISO_TRY(iso_exec_walk_rows(e, ISO_FORWARD, visit, self));
        ISO_TRY(iso_exec_walk_rows(e, ISO_BACKWARD, visit, self));
        ISO_TRY(add_shard(e, true, log_row));
    }
    return ISO_OK;
}

/* A visit after which finished gradients are sent. */
struct sending_walk {
    struct iso_exec *exec;
    iso_exec_visit *visit;
    void *self;
};

static iso_rc visit_and_send(void *walk, int node, enum iso_pass pass)
{
    const struct sending_walk *w = walk;
    ISO_TRY(w->visit(w->self, node, pass));
    return pass == ISO_BACKWARD ? iso_exec_send_gradients(w->exec, node) : ISO_OK;
}

/* Both passes over the last subtree of this rank, whose sums are sent as its last shard finishes
 * them. */
static iso_rc walk_and_send(struct iso_exec *e, struct iso_share shards, int subtree,
                            int64_t log_row, iso_exec_visit *visit, void *self)
{
    const struct iso_share most = { shards.begin, shards.end - 1 };
    struct sending_walk w = { e, visit, self };
    ISO_TRY(walk_shards(e, most, shards, log_row, visit, self));
    ISO_TRY(iso_exec_shard(e, (int)most.end));
    ISO_TRY(iso_exec_walk_rows(e, ISO_FORWARD, visit, self));
    ISO_TRY(iso_exec_send_statistics(e, subtree, log_row));
    return iso_exec_walk_rows(e, ISO_BACKWARD, visit_and_send, &w);
}

/* Computes the shards of this rank, and exchanges sums with the others. */
static iso_rc walk_own_shards(struct iso_exec *e, int64_t log_row, iso_exec_visit *visit,
                              void *self)
{
    struct iso_share shards, next;
    ISO_TRY(iso_exec_begin_exchange(e));
    bool more = iso_exec_own_subtree(e, 0, &shards);
    for (int i = 0; more; i++, shards = next) {
        more = iso_exec_own_subtree(e, i + 1, &next);
        if (!more) {
            ISO_TRY(walk_and_send(e, shards, i, log_row, visit, self));
            break;
        }
        ISO_TRY(walk_shards(e, shards, shards, log_row, visit, self));
        ISO_TRY(iso_exec_take_subtree(e, i, log_row));
    }
    return iso_exec_end_exchange(e, log_row);
}

static iso_rc walk_whole(struct iso_exec *e, iso_exec_visit *visit, void *self)
{
    ISO_TRY(iso_exec_shard(e, 0));
    ISO_TRY(iso_exec_walk(e, ISO_FORWARD, visit, self));
    return iso_exec_walk(e, ISO_BACKWARD, visit, self);
}

/* A batch that is one shard: every rank computes it, and one of them counts it. */
static iso_rc walk_alike(struct iso_exec *e, int64_t log_row, iso_exec_visit *visit, void *self)
{
    ISO_TRY(iso_exec_begin_exchange(e));
    ISO_TRY(iso_exec_hold_counts(e));
    ISO_TRY(walk_whole(e, visit, self));
    ISO_TRY(iso_exec_drop_counts(e));
    return iso_exec_end_exchange(e, log_row);
}

iso_rc iso_exec_walk_step(struct iso_exec *e, int64_t log_row, iso_exec_visit *visit, void *self)
{
    const struct iso_share all = { 0, e->shards };
    if (e->shards == 1 && e->divided != NULL)
        return walk_alike(e, log_row, visit, self);
    if (e->shards == 1)
        return walk_whole(e, visit, self);
    if (e->synchronized != NULL)
        ISO_TRY(iso_exec_walk_synchronized(e, log_row, visit, self));
    else if (iso_exec_divides(e))
        ISO_TRY(walk_own_shards(e, log_row, visit, self));
    else
        ISO_TRY(walk_shards(e, all, all, log_row, visit, self));
    e->level = 0;
    ISO_TRY(iso_exec_walk_penalties(e, ISO_FORWARD, visit, self));
    ISO_TRY(iso_exec_walk_penalties(e, ISO_BACKWARD, visit, self));
    return move_statistics(e);
}

iso_rc iso_exec_train(struct iso_exec *e, uint64_t step, int64_t log_row)
{
    struct iso_pass_walk w = { e, true, step, log_row };
    ISO_TRY(iso_exec_compare_shard(e, step, log_row));
    return iso_exec_walk_step(e, log_row, iso_exec_run_node, &w);
}

iso_rc iso_exec_score(struct iso_exec *e, int64_t log_row)
{
    struct iso_pass_walk w = { e, false, 0, log_row };
    for (int s = 0; s < e->shards; s++) {
        ISO_TRY(iso_exec_shard(e, s));
        if (e->views != NULL)
            ISO_TRY(iso_exec_score_views(e, log_row));
        else
            ISO_TRY(iso_exec_walk_rows(e, ISO_FORWARD, iso_exec_run_node, &w));
        ISO_TRY(add_shard(e, false, log_row));
    }
    e->level = 0;
    return iso_exec_walk_penalties(e, ISO_FORWARD, iso_exec_run_node, &w);
}

/* ---- Planning ------------------------------------------------------------------------------- */

void iso_exec_count_levels(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    e->nlevels = 1;
    for (int64_t n = (g->batch + g->shard_rows - 1) / g->shard_rows; n > 1; n >>= 1)
        e->nlevels++;
}

static iso_rc need_add(struct iso_exec *e, int64_t n)
{
    const struct iso_call c = add_call(NULL, 0, NULL, 0, n);
    return iso_exec_need(e, ISO_OP_add, "shards", &c, ISO_FORWARD);
}

iso_rc iso_exec_need_shards(struct iso_exec *e)
{
    if (e->nlevels == 1)
        return ISO_OK;
    for (int i = 0; i < e->plan.weights.nchunks; i++)
        ISO_TRY(need_add(e, (int64_t)(e->plan.weights.chunk[i] / e->backend->real_size)));
    for (int i = 0; i < e->plan.statistics.nchunks; i++)
        ISO_TRY(need_add(e, (int64_t)(e->plan.statistics.chunk[i] / e->backend->real_size)));
    return need_add(e, e->graph->step_columns);
}
