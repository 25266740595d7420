/* exec_ranks.c: a step whose shards several ranks compute (core/ranks/ranks.h): who computes which,
 * and what that needs. A rank computes consecutive shards, as whole subtrees of the balanced tree:
 * as many as it takes, the largest that begin where they must. */
#include "exec_ranks.h"
#include "core/ops/gradient_clipping.h"

#include <stdlib.h>

enum { MOST_SUBTREES = 2 * ISO_LEVELS, BUCKET_BYTES = 1 << 20 }; /* most subtrees of a rank */

/* ---- Who computes which ---------------------------------------------------------------------- */

/* Adds the largest subtrees that together are shards [first, end). */
static void add_subtrees(struct iso_exec_ranks *r, int first, int end, int rank)
{
    while (first < end) {
        int size = 1;
        while (first % (2 * size) == 0 && first + 2 * size <= end)
            size *= 2;
        r->subtrees[r->nsubtrees++] = (struct iso_subtree){ first, size, rank };
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

int iso_ranks_filled(const struct iso_exec_ranks *r, int rank, int shards)
{
    int n = 0;
    for (int i = 0; i < r->nsubtrees; i++)
        n += r->subtrees[i].rank == rank && r->subtrees[i].first < shards;
    return n;
}

bool iso_exec_needs_whole(const struct iso_exec *e)
{
    return iso_clips_norm(&e->graph->training->clipping);
}

bool iso_exec_divides(const struct iso_exec *e)
{
    return e->divided != NULL && e->batch.which <= 0 && e->shards > 1 && !e->keeping;
}

int64_t iso_exec_first_shard(const struct iso_exec *e, int rank, int shards)
{
    const int64_t first = iso_ranks_first(e->options.ranks, e->graph->shards, rank);
    return first < shards ? first : shards;
}

/* Returns the shards that this rank computes of a step in which `shards` have rows. */
static struct iso_share own_shards(const struct iso_exec *e, int shards)
{
    const int me = e->options.ranks->rank;
    return (struct iso_share){ iso_exec_first_shard(e, me, shards),
                               iso_exec_first_shard(e, me + 1, shards) };
}

struct iso_share iso_exec_all_own_shards(const struct iso_exec *e)
{
    const int64_t each = e->graph->shard_rows;
    const int shards = (int)((e->graph->batch + each - 1) / each);
    return e->divided != NULL ? own_shards(e, shards) : (struct iso_share){ 0, shards };
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

bool iso_exec_own_subtree(const struct iso_exec *e, int number, struct iso_share *shards)
{
    const struct iso_exec_ranks *r = e->divided;
    if (number >= r->nmine || r->subtrees[r->mine + number].first >= e->shards)
        return false;
    const struct iso_subtree *s = &r->subtrees[r->mine + number];
    *shards = (struct iso_share){ s->first, s->first + s->size };
    if (shards->end > e->shards)
        shards->end = e->shards;
    return true;
}

/* ---- Counts ---------------------------------------------------------------------------------- */

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
    struct iso_ranks *ranks = e->options.ranks;
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

/* ---- Making it ------------------------------------------------------------------------------- */

static iso_rc allocate_messages(struct iso_exec_ranks *r)
{
    const size_t n = (size_t)r->ranks->count, buckets = (size_t)r->vector.nbuckets;
    const int me = r->ranks->rank;
    const int64_t own = iso_own_before(r, r->vector.nbuckets, me);
    const size_t heads = n * r->head;
    r->out =
        iso_alloc((size_t)(r->nmine * (r->vector.length - own)) * sizeof(float) + heads + 1, 1);
    r->in = iso_alloc((size_t)((r->nsubtrees - r->nmine) * own) * sizeof(float) + heads + 1, 1);
    r->out_at = iso_alloc(n * buckets, sizeof *r->out_at);
    r->in_at = iso_alloc(n * buckets, sizeof *r->in_at);
    r->sent = iso_alloc(buckets, sizeof *r->sent);
    r->received = iso_alloc(buckets, sizeof *r->received);
    r->messages = iso_alloc(n, sizeof *r->messages);
    return r->out != NULL && r->in != NULL && r->out_at != NULL && r->in_at != NULL &&
                   r->sent != NULL && r->received != NULL && r->messages != NULL
               ? ISO_OK
               : ISO_ENOMEM;
}

static iso_rc allocate(struct iso_exec_ranks *r, size_t counts, int threads)
{
    const size_t size = sizeof(float);
    const int buckets = r->vector.nbuckets;
    const int64_t own = iso_own_before(r, buckets, r->ranks->rank);
    const int64_t statistics = r->vector.buckets[0].end;
    const int64_t rest = r->vector.length - statistics;
    r->sums = iso_alloc((size_t)(r->nmine * own) + 1, size);
    r->own = iso_alloc((size_t)own + 1, size);
    r->all = iso_alloc((size_t)(rest > statistics ? rest : statistics) + 1, size);
    ISO_TRY(iso_team_new(threads, &r->team));
    r->nodes = iso_alloc((size_t)iso_team_size(r->team) * ISO_LEVELS * ISO_ADDED, size);
    r->stage = iso_alloc((size_t)r->vector.longest + 1, size);
    r->all_at = iso_alloc((size_t)r->ranks->count + 1, sizeof *r->all_at);
    r->counts = iso_alloc(counts + 1, 1);
    return r->sums != NULL && r->own != NULL && r->all != NULL && r->nodes != NULL &&
                   r->stage != NULL && r->all_at != NULL && r->counts != NULL
               ? allocate_messages(r)
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
    if (e->options.compare_every > 0 && e->backend->mode == ISO_MODE_FAST &&
        e->backend->ops->fast != NULL)
        return iso_fail(ISO_EUSAGE, "with ranks, --verify compares bits: it needs --mode exact");
    if (e->options.compare_every > 0 && e->synchronized != NULL)
        return iso_fail(ISO_EUSAGE,
                        "a shard cannot be computed alone, and so not compared, where "
                        "layers are `synchronized: true`: leave --verify out");
    struct iso_exec_ranks *r = e->divided = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    r->ranks = ranks;
    r->head = sizeof ranks->say;
    r->subtrees = iso_alloc((size_t)ranks->count * MOST_SUBTREES, sizeof *r->subtrees);
    if (r->subtrees == NULL)
        return ISO_ENOMEM;
    divide(r, e->graph->shards);
    ISO_TRY(iso_vector_make(e, e->options.bucket_bytes > 0 ? e->options.bucket_bytes : BUCKET_BYTES,
                            &r->vector));
    const size_t counts = (size_t)e->graph->ncounts * iso_dtype_size(e->backend, ISO_I32);
    return e->options.plan_only ? ISO_OK : allocate(r, counts, e->options.threads);
}

void iso_exec_ranks_free(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    if (r == NULL)
        return;
    for (int b = 0; b < r->vector.nbuckets && r->received != NULL; b++) {
        r->ranks->drop(r->ranks, r->received[b]);
        r->ranks->drop(r->ranks, r->sent[b]);
    }
    if (r->shared != NULL) /* ranks of a plan drop nothing */
        r->ranks->drop(r->ranks, r->shared);
    iso_exec_release(e);
    iso_team_free(r->team);
    iso_vector_clear(&r->vector);
    void *const memory[] = { r->subtrees, r->out,      r->in,     r->out_at, r->in_at,
                             r->sent,     r->sums,     r->own,    r->all,    r->nodes,
                             r->stage,    r->messages, r->all_at, r->counts, r->received };
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        free(memory[i]);
    free(r);
}

struct iso_ranks *iso_exec_ranks(const struct iso_exec *e) { return e->options.ranks; }

struct iso_exec_traffic iso_exec_traffic(const struct iso_exec *e)
{
    return e->divided != NULL ? e->divided->traffic : (struct iso_exec_traffic){ .steps = 0 };
}

int iso_exec_buckets(const struct iso_exec *e, struct iso_exec_bucket *out, int max)
{
    const struct iso_vector *v = e->divided != NULL ? &e->divided->vector : NULL;
    int n = 0;
    for (; v != NULL && n < v->nbuckets && n < max; n++) {
        const struct iso_bucket *b = &v->buckets[n];
        out[n] = (struct iso_exec_bucket){ n > 0 ? b->node : -1,
                                           (uint64_t)(b->end - b->begin) * sizeof(float) };
    }
    return n;
}
