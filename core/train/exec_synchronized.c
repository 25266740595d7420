/* exec_synchronized.c: a step whose batch normalizations have the statistics of all shards
 * (`synchronized: true`). Shards then cannot be computed one after the other from beginning to end:
 * the passes stop at each synchronized node until all shards, of all ranks, have come there. So
 * each shard keeps its values in memory of its own, a room.
 *
 * A synchronized node runs in two parts (core/ops/batch_normalization.h). Between two such nodes,
 * each shard runs in its turn, as it does without them, and what these nodes sum up for weights is
 * added at once: buckets (exec_ranks.h) end at synchronized nodes. */
#include "exec_ranks.h"
#include "core/ops/batch_normalization.h"
#include "synchronized_sums.h"

#include <stdlib.h>

enum part { WHOLE, SUMS, REST }; /* the part of a synchronized node that a call computes */
struct room {
    struct iso_arena_memory values, gradients;
    int shard; /* the one whose input is in it; -1: none */
};
struct iso_synchronized {
    int *nodes, nnodes; /* the synchronized nodes */
    int64_t channels;   /* most that one has */
    struct room *rooms;
    int nrooms;
    bool walking;             /* each shard is in its own room */
    struct iso_vector vector; /* buckets, where there are no ranks */
    enum part part;
    struct iso_mem *given; /* [2, channels] given to the second part of a backward pass;
                              [2, channels] for sums that no weight takes; [nnodes, 2, channels]
                              given to the second part of each node's forward pass, which may run
                              again */
    uint8_t *numbers, *total, *terms, *inverse; /* [shards, 2, channels], [2, channels] twice,
                                                   [channels]: reals of the device */
    size_t *at;                                 /* [count + 1]: where ranks' numbers begin */
};

/* ---- Which nodes ------------------------------------------------------------------------------
 */

bool iso_graph_synchronizes(const struct iso_graph *g, int node)
{
    const struct iso_node *n = &g->nodes[node];
    const struct iso_batch_normalization *p = n->params;
    return n->op == ISO_OP_batch_normalization && g->shards > 1 && !n->inference && p->synchronized;
}

static int count(const struct iso_graph *g)
{
    int n = 0;
    for (int i = 0; i < g->nnodes; i++)
        n += iso_graph_synchronizes(g, i);
    return n;
}

/* (The sums of the others would have to be added where the synchronized ones stop.) */
static iso_rc check(const struct iso_graph *g)
{
    for (int i = 0; i < g->nnodes; i++)
        if (iso_exec_changes(g, i) && !iso_graph_synchronizes(g, i))
            return iso_fail(ISO_EMODEL,
                            "layer '%s' has the statistics of each shard, and another layer is "
                            "`synchronized: true`: with shards, write it for all layers of batch "
                            "normalization that train, or for none",
                            g->model->layers[g->nodes[i].layer].name);
    return ISO_OK;
}

bool iso_exec_separates(const struct iso_exec *e, int node, int before)
{
    for (int i = before + 1; i <= node; i++)
        if (iso_graph_synchronizes(e->graph, i))
            return true;
    return false;
}

const struct iso_vector *iso_exec_vector(const struct iso_exec *e)
{
    return e->divided != NULL ? &e->divided->vector : &e->synchronized->vector;
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

int iso_exec_rooms(const struct iso_exec *e)
{
    return e->synchronized != NULL ? e->synchronized->nrooms : 1;
}

static int64_t channels_of(const struct iso_graph *g, int node)
{
    return g->values[g->nodes[node].w[ISO_BN_MOVING_MEAN]].shape.dim[0];
}

iso_rc iso_exec_synchronized_new(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    const int n = count(g);
    if (n == 0 || !e->options.training)
        return ISO_OK;
    ISO_TRY(check(g));
    struct iso_synchronized *s = e->synchronized = iso_alloc(1, sizeof *s);
    if (s == NULL)
        return ISO_ENOMEM;
    s->nodes = iso_alloc((size_t)n, sizeof *s->nodes);
    if (s->nodes == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < g->nnodes; i++)
        if (iso_graph_synchronizes(g, i)) {
            s->nodes[s->nnodes++] = i;
            s->channels = channels_of(g, i) > s->channels ? channels_of(g, i) : s->channels;
        }
    return ISO_OK;
}

static iso_rc allocate_host(struct iso_exec *e, struct iso_synchronized *s)
{
    const size_t channels = (size_t)s->channels, size = e->backend->real_size;
    s->numbers = iso_alloc(2 * channels * (size_t)e->graph->shards, size);
    s->total = iso_alloc(2 * channels, size);
    s->terms = iso_alloc(2 * channels, size);
    s->inverse = iso_alloc(channels, size);
    s->at = iso_alloc((size_t)(e->options.ranks != NULL ? e->options.ranks->count : 1) + 1,
                      sizeof *s->at);
    return s->numbers != NULL && s->total != NULL && s->terms != NULL && s->inverse != NULL &&
                   s->at != NULL
               ? ISO_OK
               : ISO_ENOMEM;
}

iso_rc iso_exec_count_rooms(struct iso_exec *e)
{
    struct iso_synchronized *s = e->synchronized;
    if (s == NULL)
        return ISO_OK;
    const struct iso_share own = iso_exec_all_own_shards(e);
    s->nrooms = own.end > own.begin ? (int)(own.end - own.begin) : 1; /* 1: for validation */
    return e->divided == NULL ? iso_vector_make(e, 0, &s->vector) : ISO_OK;
}

iso_rc iso_exec_allocate_rooms(struct iso_exec *e, iso_exec_allocate *allocate)
{
    struct iso_synchronized *s = e->synchronized;
    if (s == NULL)
        return ISO_OK;
    ISO_TRY(allocate_host(e, s));
    const size_t rows = 4 + 2 * (size_t)s->nnodes;
    ISO_TRY(e->backend->ops->alloc(e->backend, rows * (size_t)s->channels * e->backend->real_size,
                                   &s->given));
    s->rooms = iso_alloc((size_t)s->nrooms, sizeof *s->rooms);
    if (s->rooms == NULL)
        return ISO_ENOMEM;
    s->rooms[0] = (struct room){ e->values, e->gradients, -1 };
    for (int i = 1; i < s->nrooms; i++) {
        s->rooms[i].shard = -1;
        ISO_TRY(allocate(e, &e->plan.values, &s->rooms[i].values));
        ISO_TRY(allocate(e, &e->plan.gradients, &s->rooms[i].gradients));
    }
    return ISO_OK;
}

void iso_exec_synchronized_free(struct iso_exec *e, iso_exec_free_arena *free_arena)
{
    struct iso_synchronized *s = e->synchronized;
    if (s == NULL)
        return;
    for (int i = 1; i < s->nrooms && s->rooms != NULL; i++) {
        free_arena(e, &s->rooms[i].values);
        free_arena(e, &s->rooms[i].gradients);
    }
    if (s->rooms != NULL) { /* the executor frees the first itself */
        e->values = s->rooms[0].values;
        e->gradients = s->rooms[0].gradients;
    }
    e->backend->ops->free(e->backend, s->given);
    iso_vector_clear(&s->vector);
    void *const memory[] = {
        s->nodes, s->rooms, s->numbers, s->total, s->terms, s->inverse, s->at
    };
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        free(memory[i]);
    free(s);
    e->synchronized = NULL;
}

/* ---- Rooms ------------------------------------------------------------------------------------
 */

void iso_exec_clear_rooms(struct iso_exec *e)
{
    for (int i = 0; e->synchronized != NULL && i < e->synchronized->nrooms; i++)
        e->synchronized->rooms[i].shard = -1;
}

iso_rc iso_exec_enter_room(struct iso_exec *e, int shard, int64_t rows)
{
    struct iso_synchronized *s = e->synchronized;
    const struct iso_share own = iso_exec_own_shards(e);
    struct room *room = &s->rooms[s->walking ? shard - (int)own.begin : 0];
    e->values = room->values;
    e->gradients = room->gradients;
    e->rows = 0; /* all calls are made anew, with this memory */
    ISO_TRY(iso_exec_set_rows(e, rows));
    e->shard = shard;
    if (room->shard == shard)
        return ISO_OK;
    room->shard = shard;
    return iso_exec_fill_shard(e);
}

/* ---- A call in two parts ----------------------------------------------------------------------
 */

/* Returns row `which` of what there is for second parts. */
static struct iso_tensor given(const struct iso_exec *e, int node, int which)
{
    const struct iso_synchronized *s = e->synchronized;
    return (struct iso_tensor){
        s->given, (size_t)(which * s->channels), ISO_REAL, { 1, { channels_of(e->graph, node) } }
    };
}

/* Returns row 0 or 1 of what the second part of a node's pass is given. */
static struct iso_tensor given_to(const struct iso_exec *e, int node, enum iso_pass pass, int which)
{
    int number = 0;
    while (e->synchronized->nodes[number] != node)
        number++;
    return given(e, node, pass == ISO_FORWARD ? 4 + 2 * number + which : which);
}

void iso_exec_place_part(const struct iso_exec *e, int node, enum iso_pass pass, struct iso_call *c)
{
    const enum part part = e->synchronized->part;
    if (part == WHOLE || !iso_graph_synchronizes(e->graph, node))
        return;
    if (pass == ISO_FORWARD && part == REST) {
        c->training = false;
        c->w[ISO_BN_MOVING_MEAN] = given_to(e, node, pass, 0);
        c->w[ISO_BN_MOVING_VARIANCE] = given_to(e, node, pass, 1);
        c->dw[ISO_BN_MOVING_MEAN].mem = c->dw[ISO_BN_MOVING_VARIANCE].mem = NULL;
    } else if (pass == ISO_BACKWARD && part == SUMS) {
        c->dx[0].mem = NULL;
        for (int i = ISO_BN_GAMMA; i <= ISO_BN_BETA; i++)
            if (c->dw[i].mem == NULL)
                c->dw[i] = given(e, node, 2 + i);
    } else if (pass == ISO_BACKWARD) {
        c->dw[ISO_BN_GAMMA].mem = c->dw[ISO_BN_BETA].mem = NULL;
        c->saved[ISO_BN_OFFSET] = given_to(e, node, pass, 0);
        c->saved[ISO_BN_SLOPE] = given_to(e, node, pass, 1);
    }
}

/* ---- The sums of all shards -------------------------------------------------------------------
 */

static iso_rc read_numbers(struct iso_exec *e, const struct iso_tensor *t, void *numbers)
{
    const size_t size = e->backend->real_size;
    return e->backend->ops->read(e->backend, t->mem, t->offset * size, numbers,
                                 (size_t)t->shape.dim[0] * size);
}

/* Takes the two sums that a node's first part has given for the shard in place. */
static iso_rc take_numbers(struct iso_exec *e, int node, enum iso_pass pass, int64_t log_row)
{
    struct iso_synchronized *s = e->synchronized;
    const int first = pass == ISO_FORWARD ? ISO_BN_MOVING_MEAN : ISO_BN_GAMMA;
    const size_t bytes = (size_t)channels_of(e->graph, node) * e->backend->real_size;
    struct iso_call c;
    iso_exec_call(e, node, pass, true, 0, log_row, &c);
    for (int i = 0; i < 2; i++)
        ISO_TRY(read_numbers(e, &c.dw[first + i], s->numbers + (size_t)(2 * e->shard + i) * bytes));
    return ISO_OK;
}

/* Gives the numbers of this rank's shards to all. */
static iso_rc share_numbers(struct iso_exec *e, int node)
{
    struct iso_synchronized *s = e->synchronized;
    if (!iso_exec_divides(e))
        return ISO_OK;
    struct iso_ranks *ranks = e->options.ranks;
    const size_t bytes = 2 * (size_t)channels_of(e->graph, node) * e->backend->real_size;
    for (int i = 0; i <= ranks->count; i++)
        s->at[i] = bytes * (size_t)iso_exec_first_shard(e, i, e->shards);
    return iso_ranks_complete(ranks, s->numbers, s->at);
}

static struct iso_shard_sums sums_of(const struct iso_exec *e, int node)
{
    const struct iso_graph *g = e->graph;
    const int64_t last = e->batch.rows - (e->shards - 1) * g->shard_rows;
    struct iso_shape x = g->values[g->nodes[node].x[0]].shape;
    const int64_t each = iso_bn_rows(&x).per_image;
    return (struct iso_shard_sums){ e->synchronized->numbers,
                                    channels_of(g, node),
                                    e->shards,
                                    (int)g->shards,
                                    (double)(g->shard_rows * each),
                                    (double)(last * each),
                                    (double)(e->batch.rows * each) };
}

static iso_rc write_numbers(struct iso_exec *e, const struct iso_tensor *t, const void *numbers)
{
    const size_t size = e->backend->real_size;
    return e->backend->ops->write(e->backend, t->mem, t->offset * size, numbers,
                                  (size_t)t->shape.dim[0] * size);
}

/* Writes two rows of numbers to two tensors, and waits, since the numbers change again. */
static iso_rc write_both(struct iso_exec *e, const struct iso_tensor *a, const struct iso_tensor *b,
                         const uint8_t *numbers)
{
    const size_t bytes = (size_t)a->shape.dim[0] * e->backend->real_size;
    ISO_TRY(write_numbers(e, a, numbers));
    ISO_TRY(write_numbers(e, b, numbers + bytes));
    return e->backend->ops->sync(e->backend);
}

/* Computes what the second part is given; forward also the sums for the moving statistics. */
static iso_rc combine(struct iso_exec *e, int node, enum iso_pass pass)
{
    struct iso_synchronized *s = e->synchronized;
    ISO_TRY(share_numbers(e, node));
    const bool wide = e->backend->real_size == sizeof(double);
    const struct iso_shard_sums sums = sums_of(e, node);
    const struct iso_tensor a = given_to(e, node, pass, 0), b = given_to(e, node, pass, 1);
    if (pass == ISO_BACKWARD) {
        const struct iso_tensor inverse = e->second[node].saved[ISO_BN_INVERSE];
        if (e->shard >= 0)
            ISO_TRY(read_numbers(e, &inverse, s->inverse));
        (wide ? iso_synchronize_gradients_double : iso_synchronize_gradients)(&sums, s->inverse,
                                                                              s->terms);
        return write_both(e, &a, &b, s->terms);
    }
    struct iso_call c = e->forward[node];
    iso_exec_place_statistics(e, node, 0, &c);
    (wide ? iso_synchronize_statistics_double : iso_synchronize_statistics)(&sums, s->total,
                                                                            s->terms);
    ISO_TRY(write_both(e, &c.dw[ISO_BN_MOVING_MEAN], &c.dw[ISO_BN_MOVING_VARIANCE], s->total));
    return write_both(e, &a, &b, s->terms);
}

/* ---- A step -----------------------------------------------------------------------------------
 */

struct walk {
    struct iso_exec *exec;
    int64_t log_row;
    iso_exec_visit *visit;
    void *self;
};

/* A visit of a node that runs forward again: with the statistics that it had the first time. */
static iso_rc visit_again(void *self, int node, enum iso_pass pass)
{
    const struct walk *w = self;
    struct iso_exec *e = w->exec;
    e->synchronized->part = iso_graph_synchronizes(e->graph, node) ? REST : WHOLE;
    const iso_rc rc = w->visit(w->self, node, pass);
    e->synchronized->part = WHOLE;
    return rc;
}

/* Runs forward again what the first visit of a node in the backward pass needs. */
static iso_rc walk_again(const struct walk *w, int node)
{
    struct walk again = *w;
    return iso_exec_walk_again(w->exec, node, visit_again, &again);
}

static iso_rc visit(const struct walk *w, int node, enum iso_pass pass, enum part part)
{
    struct iso_exec *e = w->exec;
    if (!iso_exec_runs(e, node, pass))
        return ISO_OK;
    if (part == REST && pass == ISO_BACKWARD && e->backward[node].dx[0].mem == NULL)
        return ISO_OK;
    e->synchronized->part = part;
    iso_rc rc = w->visit(w->self, node, pass);
    if (rc == ISO_OK && part == SUMS)
        rc = take_numbers(e, node, pass, w->log_row);
    e->synchronized->part = WHOLE;
    return rc;
}

/* Runs the shard in place from behind one synchronized node up to the next. */
static iso_rc forward_shard(const struct walk *w, int segment)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    const int from = segment > 0 ? s->nodes[segment - 1] : w->exec->first_node - 1;
    const int to = segment < s->nnodes ? s->nodes[segment] : w->exec->graph->first_penalty;
    if (segment > 0)
        ISO_TRY(visit(w, from, ISO_FORWARD, REST));
    for (int i = from + 1; i < to; i++)
        ISO_TRY(visit(w, i, ISO_FORWARD, WHOLE));
    return segment < s->nnodes ? visit(w, to, ISO_FORWARD, SUMS) : ISO_OK;
}

static iso_rc backward_shard(const struct walk *w, int segment)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    const int from = segment < s->nnodes ? s->nodes[segment] : w->exec->graph->loss_node + 1;
    const int to = segment > 0 ? s->nodes[segment - 1] : -1;
    if (segment < s->nnodes)
        ISO_TRY(visit(w, from, ISO_BACKWARD, REST));
    for (int i = from - 1; i > to; i--) {
        ISO_TRY(walk_again(w, i));
        ISO_TRY(visit(w, i, ISO_BACKWARD, WHOLE));
    }
    if (segment == 0)
        return ISO_OK;
    ISO_TRY(walk_again(w, to));
    return visit(w, to, ISO_BACKWARD, SUMS);
}

/* Adds what the shard in place completes, in buckets [first, end). */
static iso_rc add_buckets(struct iso_exec *e, int first, int end, int64_t log_row)
{
    const bool last = e->shard == e->tree.end - 1;
    int level = e->level;
    for (int s = e->shard - (int)e->tree.begin; level > 0 && (last || s & 1); s >>= 1, level--)
        for (int b = first; b < end; b++)
            ISO_TRY(iso_exec_add_bucket_level(e, b, level, log_row));
    return ISO_OK;
}

/* Runs one segment of all shards of a subtree, and adds buckets [first, end) of them. */
static iso_rc walk_subtree(const struct walk *w, struct iso_share shards, enum iso_pass pass,
                           int segment, int first, int end)
{
    struct iso_exec *e = w->exec;
    e->tree = shards;
    for (int s = (int)shards.begin; s < shards.end; s++) {
        ISO_TRY(iso_exec_shard(e, s));
        ISO_TRY(pass == ISO_FORWARD ? forward_shard(w, segment) : backward_shard(w, segment));
        ISO_TRY(add_buckets(e, first, end, w->log_row));
    }
    return ISO_OK;
}

/* Runs one segment of this rank's shards; buckets [first, end) are then finished, and sent. */
static iso_rc walk_segment(const struct walk *w, enum iso_pass pass, int segment, int first,
                           int end)
{
    struct iso_exec *e = w->exec;
    struct iso_share shards = { 0, e->shards }, next;
    if (!iso_exec_divides(e))
        return walk_subtree(w, shards, pass, segment, first, end);
    ISO_TRY(iso_exec_expect_buckets(e, first, end));
    bool more = iso_exec_own_subtree(e, 0, &shards);
    if (!more)
        return iso_exec_send_buckets(e, -1, first, end, true, w->log_row);
    for (int i = 0; more; i++, shards = next) {
        ISO_TRY(walk_subtree(w, shards, pass, segment, first, end));
        more = iso_exec_own_subtree(e, i + 1, &next);
        ISO_TRY(iso_exec_send_buckets(e, i, first, end, !more, w->log_row));
    }
    return ISO_OK;
}

static iso_rc walk_forward(const struct walk *w)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    for (int i = 0; i <= s->nnodes; i++) {
        ISO_TRY(walk_segment(w, ISO_FORWARD, i, 0, i == s->nnodes));
        if (i < s->nnodes)
            ISO_TRY(combine(w->exec, s->nodes[i], ISO_FORWARD));
    }
    return ISO_OK;
}

static iso_rc walk_backward(const struct walk *w)
{
    const struct iso_vector *v = iso_exec_vector(w->exec);
    const struct iso_synchronized *s = w->exec->synchronized;
    for (int i = s->nnodes, first = 1, end = 1; i >= 0; i--, first = end) {
        const int stop = i > 0 ? s->nodes[i - 1] : 0;
        while (end < v->nbuckets && v->buckets[end].node >= stop)
            end++;
        ISO_TRY(walk_segment(w, ISO_BACKWARD, i, first, end));
        if (i > 0 && iso_exec_runs(w->exec, stop, ISO_BACKWARD))
            ISO_TRY(combine(w->exec, stop, ISO_BACKWARD));
    }
    return ISO_OK;
}

iso_rc iso_exec_walk_synchronized(struct iso_exec *e, int64_t log_row, iso_exec_visit *own,
                                  void *self)
{
    const struct walk w = { e, log_row, own, self };
    const bool divides = iso_exec_divides(e);
    e->synchronized->walking = true;
    iso_rc rc = divides ? iso_exec_begin_exchange(e) : ISO_OK;
    if (rc == ISO_OK)
        rc = walk_forward(&w);
    if (rc == ISO_OK)
        rc = walk_backward(&w);
    if (rc == ISO_OK && divides)
        rc = iso_exec_end_exchange(e, log_row);
    e->synchronized->walking = false;
    return rc;
}

/* ---- What is planned --------------------------------------------------------------------------
 */

struct iso_exec_bytes iso_exec_synchronized_bytes(const struct iso_exec *e, int shards)
{
    const struct iso_synchronized *s = e->synchronized;
    const struct iso_ranks *ranks = e->options.ranks;
    struct iso_exec_bytes bytes = { 0, 0 };
    for (int i = 0; s != NULL && i < s->nnodes; i++) {
        const bool back = iso_exec_runs(e, s->nodes[i], ISO_BACKWARD);
        const size_t numbers = (back ? 2 : 1) * 2 * (size_t)channels_of(e->graph, s->nodes[i]);
        for (int k = 0; k < ranks->count; k++) {
            const int64_t own =
                iso_exec_first_shard(e, k + 1, shards) - iso_exec_first_shard(e, k, shards);
            if (k != ranks->rank)
                bytes.received += (uint64_t)own * numbers * sizeof(float);
            else
                bytes.sent +=
                    (uint64_t)(ranks->count - 1) * (uint64_t)own * numbers * sizeof(float);
        }
    }
    return bytes;
}
