/* exec_ranks.c: a step whose shards several ranks compute (core/ranks/ranks.h).
 *
 * A rank computes consecutive shards, as whole subtrees of the balanced tree: as many as it takes,
 * the largest that begin where they must. What a subtree sums up (gradients, sums for moving
 * statistics, numbers of the log) lies one after the other in a vector on the host, in an order
 * that follows from the graph alone. Each rank owns a slice of the vector: it receives the others'
 * subtrees in that slice, adds them in the tree's order, and gives the finished slice to all. So a
 * rank sends and receives about one vector a subtree and another one, whatever the number of ranks,
 * and who computes a shard changes no bit. Penalties, clipping and updates then act on each rank
 * alike. */
#include "exec_private.h"
#include "core/formulas.h"

#include <stdlib.h>
#include <string.h>

enum { LANES = 16, MOST_SUBTREES = 2 * ISO_LEVELS }; /* most subtrees of a rank */

struct subtree { /* shards [first, first + size), which `rank` computes */
    int first, size, rank;
};
struct iso_exec_ranks {
    struct iso_ranks *ranks; /* borrowed */
    int64_t length;          /* numbers in a vector */
    size_t head;             /* bytes that a message has in front: what a rank says */
    int nsubtrees;
    struct subtree *subtrees; /* those of all ranks, in the order of their shards */
    int mine, nmine;          /* this rank's: the first, and their number */
    float *sums;              /* [nmine, length]: of this rank's subtrees */
    float *total;             /* [length] */
    char *out, *in;           /* messages, one after the other */
    float *nodes;             /* [ISO_LEVELS, longest slice]: sums that wait for their partners */
    uint8_t *stage;           /* the longest chunk */
    struct iso_message *messages; /* [2 count] */
    uint8_t *counts;              /* held while a batch is computed that counts elsewhere */
    struct iso_exec_traffic traffic;
};

/* ---- Who computes which -----------------------------------------------------------------------
 */

/* Adds the largest subtrees that together are shards [first, end). */
static void add_subtrees(struct iso_exec_ranks *r, int first, int end, int rank)
{
    while (first < end) {
        int size = 1;
        while (first % (2 * size) == 0 && first + 2 * size <= end)
            size *= 2;
        r->subtrees[r->nsubtrees++] = (struct subtree){ first, size, rank };
        r->nmine += rank == r->ranks->rank;
        first += size;
    }
}

static void divide(struct iso_exec_ranks *r, int64_t shards)
{
    for (int i = 0; i < r->ranks->count; i++) {
        if (i == r->ranks->rank)
            r->mine = r->nsubtrees;
        add_subtrees(r, (int)iso_ranks_first(r->ranks, shards, i),
                     (int)iso_ranks_first(r->ranks, shards, i + 1), i);
    }
}

bool iso_exec_divides(const struct iso_exec *e)
{
    return e->divided != NULL && e->batch.which <= 0 && e->shards > 1 && !e->keeping;
}

/* Returns the shards that this rank computes of a step in which `shards` have rows. */
static struct iso_share own_shards(const struct iso_exec *e, int shards)
{
    const struct iso_exec_ranks *r = e->divided;
    const int64_t all = e->graph->shards, first = iso_ranks_first(r->ranks, all, r->ranks->rank);
    const int64_t end = iso_ranks_first(r->ranks, all, r->ranks->rank + 1);
    return (struct iso_share){ first < shards ? first : shards, end < shards ? end : shards };
}

struct iso_share iso_exec_own_shards(const struct iso_exec *e)
{
    return iso_exec_divides(e) ? own_shards(e, e->shards) : (struct iso_share){ 0, e->shards };
}

struct iso_share iso_exec_own_rows(const struct iso_exec *e, int64_t rows)
{
    const int64_t each = e->graph->shard_rows;
    const int shards = (int)((rows + each - 1) / each);
    if (e->divided == NULL || shards <= 1)
        return (struct iso_share){ 0, rows };
    const struct iso_share own = own_shards(e, shards);
    const int64_t end = own.end * each;
    return (struct iso_share){ own.begin * each < rows ? own.begin * each : rows,
                               end < rows ? end : rows };
}

/* ---- The vector -------------------------------------------------------------------------------
 */

/* A copy between a vector and the device's memory, chunk by chunk, tensor by tensor. */
struct copy {
    struct iso_exec *e;
    bool to_device;
    float *vector;
    int64_t at;
};

static bool summed(const struct iso_exec *e, const struct iso_arena *plan, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    return plan->extents[value].bytes > 0 &&
           (plan == &e->plan.statistics || (v->role == ISO_ROLE_WEIGHT && v->gradient));
}

/* Copies the tensors that lie in one chunk; at: where the vector has the arena's tensors. */
static void copy_tensors(const struct copy *c, const struct iso_arena *plan, int chunk, int64_t at)
{
    for (int i = 0; i < c->e->graph->nvalues; i++) {
        if (!summed(c->e, plan, i))
            continue;
        const struct iso_extent *extent = &plan->extents[i];
        uint8_t *there = c->e->divided->stage + extent->offset;
        float *here = c->vector + at;
        if (extent->chunk == chunk && c->to_device)
            memcpy(there, here, extent->bytes);
        else if (extent->chunk == chunk)
            memcpy(here, there, extent->bytes);
        at += (int64_t)(extent->bytes / sizeof(float));
    }
}

static int64_t count_arena(const struct iso_exec *e, const struct iso_arena *plan)
{
    int64_t n = 0;
    for (int i = 0; i < e->graph->nvalues; i++)
        n += summed(e, plan, i) ? (int64_t)(plan->extents[i].bytes / sizeof(float)) : 0;
    return n;
}

/* (Between the tensors of a chunk there are zeros.) */
static iso_rc copy_arena(struct copy *c, const struct iso_arena *plan,
                         const struct iso_arena_memory *memory)
{
    struct iso_backend *b = c->e->backend;
    uint8_t *stage = c->e->divided->stage;
    for (int i = 0; i < memory->n; i++) {
        if (c->to_device)
            memset(stage, 0, plan->chunk[i]);
        else
            ISO_TRY(b->ops->read(b, memory->chunk[i], 0, stage, plan->chunk[i]));
        copy_tensors(c, plan, i, c->at);
        if (c->to_device)
            ISO_TRY(b->ops->write(b, memory->chunk[i], 0, stage, plan->chunk[i]));
        if (c->to_device) /* stage is used again */
            ISO_TRY(b->ops->sync(b));
    }
    c->at += count_arena(c->e, plan);
    return ISO_OK;
}

/* Copies what level 0 has summed up, and the step's log row. */
static iso_rc copy_sums(struct iso_exec *e, bool to_device, float *vector, int64_t log_row)
{
    struct copy c = { e, to_device, vector, 0 };
    const struct iso_tensor log = {
        e->log, (size_t)(log_row * e->graph->columns), ISO_REAL, { 1, { e->graph->step_columns } }
    };
    ISO_TRY(copy_arena(&c, &e->plan.weights, &e->weight_gradients));
    ISO_TRY(copy_arena(&c, &e->plan.statistics, &e->levels[0].statistics));
    return to_device ? iso_tensor_write_f32(e->backend, &log, vector + c.at)
                     : iso_tensor_read_f32(e->backend, &log, vector + c.at);
}

/* ---- The tree ---------------------------------------------------------------------------------
 */

/* One slice of all subtrees that have rows, in their order. */
struct slices {
    const struct iso_exec_ranks *r;
    const float **slice; /* by subtree; NULL: it has no rows */
    int64_t length;
};

static int subtree_at(const struct iso_exec_ranks *r, int first)
{
    for (int i = 0; i < r->nsubtrees; i++)
        if (r->subtrees[i].first == first)
            return i;
    return -1;
}

/* Computes the node over shards [first, first + size) into out; returns false if it has no rows.
 * depth: of the node; those below use the rows of `nodes` from there on. */
static bool add_node(const struct slices *s, int first, int size, int depth, float *out)
{
    const int i = subtree_at(s->r, first);
    if (i >= 0 && s->r->subtrees[i].size == size) {
        if (s->slice[i] != NULL)
            memcpy(out, s->slice[i], (size_t)s->length * sizeof *out);
        return s->slice[i] != NULL;
    }
    float *right = s->r->nodes + depth * s->length;
    if (!add_node(s, first, size / 2, depth, out))
        return false; /* shards without rows are the last ones */
    if (!add_node(s, first + size / 2, size / 2, depth + 1, right))
        return true;
    for (int64_t k = 0; k < s->length; k++)
        out[k] = iso_add(out[k], right[k]);
    return true;
}

/* ---- The exchange -----------------------------------------------------------------------------
 */

/* Returns where a rank's slice begins. */
static int64_t slice_of(const struct iso_exec_ranks *r, int rank)
{
    const int64_t lanes = (r->length + LANES - 1) / LANES;
    const int64_t at = iso_ranks_first(r->ranks, lanes, rank) * LANES;
    return at < r->length ? at : r->length;
}

static int64_t slice_length(const struct iso_exec_ranks *r, int rank)
{
    return slice_of(r, rank + 1) - slice_of(r, rank);
}

/* Returns the number of a rank's subtrees that have rows if that many shards do. */
static int filled(const struct iso_exec_ranks *r, int rank, int shards)
{
    int n = 0;
    for (int i = 0; i < r->nsubtrees; i++)
        n += r->subtrees[i].rank == rank && r->subtrees[i].first < shards;
    return n;
}

/* A message that brings a rank another one's subtrees in its slice: what the sender says, then the
 * numbers. */
static size_t message_bytes(const struct iso_exec_ranks *r, int from, int to, int shards)
{
    return r->head + (size_t)(filled(r, from, shards) * slice_length(r, to)) * sizeof(float);
}

static char *pack(struct iso_exec_ranks *r, int to, int shards, char *at)
{
    const size_t bytes = (size_t)slice_length(r, to) * sizeof(float);
    memcpy(at, &r->ranks->say, sizeof r->ranks->say);
    at += r->head;
    for (int i = 0; i < filled(r, r->ranks->rank, shards); i++, at += bytes)
        memcpy(at, r->sums + i * r->length + slice_of(r, to), bytes);
    return at;
}

/* Sends each rank its slice of this rank's subtrees, and receives theirs in this one's. */
static iso_rc trade(struct iso_exec_ranks *r, int shards)
{
    const int n = r->ranks->count, me = r->ranks->rank;
    char *out = r->out, *in = r->in;
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (i == me)
            continue;
        const size_t bytes = message_bytes(r, me, i, shards);
        const size_t back = message_bytes(r, i, me, shards);
        r->messages[m] = (struct iso_message){ i, out, bytes };
        r->messages[n + m++] = (struct iso_message){ i, in, back };
        out = pack(r, i, shards, out);
        in += back;
    }
    return iso_ranks_swap(r->ranks, r->messages, m, r->messages + n, m);
}

/* Adds the subtrees in this rank's slice, and notes what the others have said. */
static iso_rc add_slice(struct iso_exec *e, struct iso_exec_ranks *r, int shards)
{
    const int me = r->ranks->rank;
    const int64_t length = slice_length(r, me);
    const float **slice = iso_alloc((size_t)r->nsubtrees, sizeof *slice);
    const char *in = r->in;
    if (slice == NULL)
        return ISO_ENOMEM;
    r->ranks->heard = r->ranks->say;
    for (int rank = 0, i = 0; rank < r->ranks->count; rank++) {
        uint32_t said = 0;
        if (rank != me) {
            memcpy(&said, in, sizeof said);
            in += r->head;
        }
        r->ranks->heard |= said;
        for (; i < r->nsubtrees && r->subtrees[i].rank == rank; i++) {
            if (r->subtrees[i].first >= shards)
                continue;
            slice[i] = rank == me ? r->sums + (i - r->mine) * r->length + slice_of(r, me)
                                  : (const float *)(const void *)in;
            in += rank == me ? 0 : (size_t)length * sizeof(float);
        }
    }
    const struct slices s = { r, slice, length };
    (void)add_node(&s, 0, (int)e->graph->shards, 0, r->total + slice_of(r, me));
    free(slice);
    return ISO_OK;
}

/* Gives each rank's finished slice to all. */
static iso_rc complete(struct iso_exec_ranks *r)
{
    size_t *at = iso_alloc((size_t)r->ranks->count + 1, sizeof *at);
    if (at == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i <= r->ranks->count; i++)
        at[i] = (size_t)slice_of(r, i) * sizeof(float);
    const iso_rc rc = iso_ranks_complete(r->ranks, r->total, at);
    free(at);
    return rc;
}

struct iso_exec_bytes iso_exec_step_bytes(const struct iso_exec *e, int shards)
{
    const struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank;
    struct iso_exec_bytes b = { 0, 0 };
    for (int i = 0; i < r->ranks->count; i++)
        if (i != me && shards > 1) {
            b.sent += message_bytes(r, me, i, shards) + (size_t)slice_length(r, me) * sizeof(float);
            b.received +=
                message_bytes(r, i, me, shards) + (size_t)slice_length(r, i) * sizeof(float);
        } else if (i != me) {
            b.sent += sizeof r->ranks->say;
            b.received += sizeof r->ranks->say;
        }
    return b;
}

static iso_rc exchange(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    if (e->shards == 1)
        return iso_ranks_agree(r->ranks);
    ISO_TRY(trade(r, e->shards));
    ISO_TRY(add_slice(e, r, e->shards));
    return complete(r);
}

/* Exchanges, and counts. */
static iso_rc count_exchange(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    struct iso_exec_traffic *t = &r->traffic;
    const uint64_t sent = r->ranks->sent, received = r->ranks->received;
    const double waited = r->ranks->waited;
    const struct iso_exec_bytes planned = iso_exec_step_bytes(e, e->shards);
    ISO_TRY(exchange(e));
    t->steps++;
    t->planned.sent += planned.sent;
    t->planned.received += planned.received;
    t->counted.sent += r->ranks->sent - sent;
    t->counted.received += r->ranks->received - received;
    t->seconds += r->ranks->waited - waited;
    return ISO_OK;
}

iso_rc iso_exec_take_subtree(struct iso_exec *e, int number, int64_t log_row)
{
    return copy_sums(e, false, e->divided->sums + number * e->divided->length, log_row);
}

iso_rc iso_exec_exchange(struct iso_exec *e, int64_t log_row)
{
    ISO_TRY(count_exchange(e));
    return e->shards == 1 ? ISO_OK : copy_sums(e, true, e->divided->total, log_row);
}

bool iso_exec_own_subtree(const struct iso_exec *e, int number, struct iso_share *shards)
{
    const struct iso_exec_ranks *r = e->divided;
    if (number >= r->nmine || r->subtrees[r->mine + number].first >= e->shards)
        return false;
    const struct subtree *s = &r->subtrees[r->mine + number];
    *shards = (struct iso_share){ s->first, s->first + s->size };
    if (shards->end > e->shards)
        shards->end = e->shards;
    return true;
}

/* ---- Counts -----------------------------------------------------------------------------------
 */

static bool counts_elsewhere(const struct iso_exec *e)
{
    return e->counts_bytes > 0 && e->divided->ranks->rank > 0;
}

iso_rc iso_exec_hold_counts(struct iso_exec *e)
{
    if (!counts_elsewhere(e))
        return ISO_OK;
    return e->backend->ops->read(e->backend, e->counts, 0, e->divided->counts, e->counts_bytes);
}

iso_rc iso_exec_drop_counts(struct iso_exec *e)
{
    if (!counts_elsewhere(e))
        return ISO_OK;
    return e->backend->ops->write(e->backend, e->counts, 0, e->divided->counts, e->counts_bytes);
}

iso_rc iso_exec_add_counts(struct iso_exec *e, const struct iso_tensor *t, double *counts)
{
    struct iso_ranks *ranks = e->divided->ranks;
    const int64_t n = e->graph->ncounts;
    double *all = iso_alloc((size_t)(n * ranks->count), sizeof *all);
    iso_rc rc = all != NULL ? iso_ranks_gather(ranks, counts, (size_t)n * sizeof *counts, all)
                            : ISO_ENOMEM;
    for (int64_t i = 0; rc == ISO_OK && i < n; i++) {
        counts[i] = 0;
        for (int r = 0; r < ranks->count; r++)
            counts[i] += all[r * n + i];
    }
    free(all);
    ISO_TRY(rc);
    return ranks->rank == 0 ? iso_tensor_write(e->backend, t, counts) : iso_exec_clear_counts(e);
}

/* ---- Making it --------------------------------------------------------------------------------
 */

static size_t longest_chunk(const struct iso_exec *e)
{
    const struct iso_arena *const arenas[] = { &e->plan.weights, &e->plan.statistics };
    size_t longest = 0;
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < arenas[a]->nchunks; i++)
            if (arenas[a]->chunk[i] > longest)
                longest = arenas[a]->chunk[i];
    return longest;
}

static iso_rc allocate(struct iso_exec_ranks *r, size_t stage, size_t counts)
{
    const size_t size = sizeof(float), n = (size_t)r->ranks->count;
    const int me = r->ranks->rank;
    int64_t slice = 0, others = (int64_t)n * LANES;
    for (int i = 0; i < r->ranks->count; i++)
        slice = slice_length(r, i) > slice ? slice_length(r, i) : slice;
    for (int i = 0; i < r->nsubtrees; i++)
        others += r->subtrees[i].rank != me ? slice_length(r, me) : 0;
    r->sums = iso_alloc((size_t)(r->nmine * r->length) + 1, size);
    r->total = iso_alloc((size_t)r->length + 1, size);
    r->out = iso_alloc((size_t)(r->nmine * r->length) + n * LANES, size);
    r->in = iso_alloc((size_t)others, size);
    r->nodes = iso_alloc((size_t)(ISO_LEVELS * slice) + 1, size);
    r->stage = iso_alloc(stage + 1, 1);
    r->messages = iso_alloc(2 * n, sizeof *r->messages);
    r->counts = iso_alloc(counts + 1, 1);
    return r->sums != NULL && r->total != NULL && r->out != NULL && r->in != NULL &&
                   r->nodes != NULL && r->stage != NULL && r->messages != NULL && r->counts != NULL
               ? ISO_OK
               : ISO_ENOMEM;
}

static iso_rc check(const struct iso_exec *e, const struct iso_ranks *ranks)
{
    const long long shards = (long long)e->graph->shards;
    int needed = 2;
    while (needed < ranks->count)
        needed *= 2;
    if (shards < ranks->count)
        return iso_fail(ISO_EUSAGE,
                        "%d ranks have a shard each at least, and the model file has `train: "
                        "{shards: %lld}`: start fewer ranks, or try --set train.shards=%d (which "
                        "is part of the arithmetic)",
                        ranks->count, shards, needed);
    if (e->backend->mode == ISO_MODE_FAST)
        return iso_fail(ISO_EUSAGE,
                        "several ranks train in exact mode only, so that all have the same "
                        "weights: leave --mode fast out, or choose devices that compute exactly");
    if (e->backend->real_size != sizeof(float))
        return iso_fail(
            ISO_EUSAGE,
            "%s computes in double precision, and ranks in single: choose another --device",
            e->backend->device.id);
    return ISO_OK;
}

iso_rc iso_exec_ranks_new(struct iso_exec *e)
{
    struct iso_ranks *ranks = e->options.ranks;
    if (ranks == NULL || !e->options.training)
        return ISO_OK;
    ISO_TRY(check(e, ranks));
    struct iso_exec_ranks *r = e->divided = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    r->ranks = ranks;
    r->head = sizeof ranks->say;
    r->length = count_arena(e, &e->plan.weights) + count_arena(e, &e->plan.statistics) +
                e->graph->step_columns;
    r->subtrees = iso_alloc((size_t)ranks->count * MOST_SUBTREES, sizeof *r->subtrees);
    if (r->subtrees == NULL)
        return ISO_ENOMEM;
    divide(r, e->graph->shards);
    const size_t counts = (size_t)e->graph->ncounts * iso_dtype_size(e->backend, ISO_I32);
    return e->options.plan_only ? ISO_OK : allocate(r, longest_chunk(e), counts);
}

void iso_exec_ranks_free(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    if (r == NULL)
        return;
    free(r->subtrees);
    free(r->sums);
    free(r->total);
    free(r->out);
    free(r->in);
    free(r->nodes);
    free(r->stage);
    free(r->messages);
    free(r->counts);
    free(r);
}

struct iso_ranks *iso_exec_ranks(const struct iso_exec *e)
{
    return e->divided != NULL ? e->divided->ranks : NULL;
}

struct iso_exec_traffic iso_exec_traffic(const struct iso_exec *e)
{
    return e->divided != NULL ? e->divided->traffic : (struct iso_exec_traffic){ .steps = 0 };
}
