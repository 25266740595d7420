/* exec_exchange.c: exchanges a step's sums among ranks, bucket by bucket (exec_ranks.h).
 *
 * What a subtree of the tree over the shards sums up goes to the ranks that own it: each rank
 * receives the others' subtrees in its slices, and adds them in the tree's order. Bucket 0 is sent
 * when the last shard has gone forward, the others while it goes backward, each when its last
 * weight's gradient is finished; meanwhile messages travel. The sums of bucket 0 go on to all ranks
 * while the gradients of the others arrive. So a rank sends and receives about one vector a
 * subtree, whatever the number of ranks, and who computes a shard changes no bit. */
#include "exec_ranks.h"
#include "core/arithmetic/formulas.h"
#include "core/system/machine.h"

#include <stdlib.h>
#include <string.h>

/* ---- Messages -------------------------------------------------------------------------------- */

static size_t message_bytes(const struct iso_exec_ranks *r, int bucket, int from, int to,
                            int shards)
{
    const int64_t numbers = iso_ranks_filled(r, from, shards) * iso_slice_length(r, bucket, to);
    return (bucket == 0 ? r->head : 0) + (size_t)numbers * sizeof(float);
}

/* Notes where the step's messages begin. */
static void place_messages(struct iso_exec_ranks *r, int shards)
{
    const int n = r->ranks->count, me = r->ranks->rank;
    char *out = r->out, *in = r->in;
    for (int b = 0; b < r->vector.nbuckets; b++)
        for (int i = 0; i < n; i++) {
            r->out_at[b * n + i] = out;
            r->in_at[b * n + i] = in;
            out += i != me ? message_bytes(r, b, me, i, shards) : 0;
            in += i != me ? message_bytes(r, b, i, me, shards) : 0;
        }
}

static iso_rc receive_bucket(struct iso_exec_ranks *r, int b, int shards)
{
    const int n = r->ranks->count, me = r->ranks->rank;
    int m = 0;
    for (int i = 0; i < n; i++) {
        const size_t bytes = i != me ? message_bytes(r, b, i, me, shards) : 0;
        if (bytes > 0)
            r->messages[m++] = (struct iso_message){ i, r->in_at[b * n + i], bytes };
    }
    return iso_ranks_begin(r->ranks, NULL, 0, r->messages, m, &r->received[b]);
}

iso_rc iso_exec_expect_buckets(struct iso_exec *e, int first, int end)
{
    for (int b = first; b < end; b++)
        ISO_TRY(receive_bucket(e->divided, b, e->shards));
    return ISO_OK;
}

static iso_rc send_bucket(struct iso_exec_ranks *r, int b, int shards)
{
    const int n = r->ranks->count, me = r->ranks->rank;
    int m = 0;
    for (int i = 0; i < n; i++) {
        const size_t bytes = i != me ? message_bytes(r, b, me, i, shards) : 0;
        if (bytes > 0)
            r->messages[m++] = (struct iso_message){ i, r->out_at[b * n + i], bytes };
    }
    return iso_ranks_begin(r->ranks, r->messages, m, NULL, 0, &r->sent[b]);
}

/* Looks after what is under way, so that it goes on. */
static iso_rc look_after(struct iso_exec_ranks *r)
{
    bool done;
    if (r->shared != NULL)
        ISO_TRY(iso_ranks_ask(r->ranks, r->shared, &done));
    for (int b = 0; b < r->vector.nbuckets; b++) {
        if (r->received[b] != NULL)
            ISO_TRY(iso_ranks_ask(r->ranks, r->received[b], &done));
        if (r->sent[b] != NULL)
            ISO_TRY(iso_ranks_ask(r->ranks, r->sent[b], &done));
    }
    return ISO_OK;
}

static void drop(struct iso_exec_ranks *r, struct iso_transfers **t)
{
    r->ranks->drop(r->ranks, *t);
    *t = NULL;
}

/* ---- A subtree's sums ------------------------------------------------------------------------ */

/* Returns where a rank's slice of a bucket of a subtree goes: to a message, or own sums. */
static float *place_of_slice(const struct iso_exec_ranks *r, int subtree, int b, int rank)
{
    const int me = r->ranks->rank;
    const size_t bytes = (size_t)iso_slice_length(r, b, rank) * sizeof(float);
    if (rank == me)
        return r->sums + subtree * iso_own_before(r, r->vector.nbuckets, me) +
               iso_own_before(r, b, me);
    return (float *)(void *)(r->out_at[b * r->ranks->count + rank] + (b == 0 ? r->head : 0) +
                             (size_t)subtree * bytes);
}

/* Takes a bucket of a subtree from the device, slice by slice or at once. */
static iso_rc take_bucket(struct iso_exec *e, int subtree, int b, int64_t log_row)
{
    struct iso_exec_ranks *r = e->divided;
    const int64_t begin = r->vector.buckets[b].begin;
    const bool each = iso_slices_are_large(r, b);
    struct iso_vector_copy copy = { e,       &e->weight_gradients,     b,
                                    begin,   r->vector.buckets[b].end, log_row,
                                    r->stage };
    if (!each)
        ISO_TRY(iso_vector_read(&copy));
    for (int i = 0; i < r->ranks->count; i++) {
        float *to = place_of_slice(r, subtree, b, i);
        copy.begin = iso_slice_of(r, b, i);
        copy.end = iso_slice_of(r, b, i + 1);
        copy.host = to;
        if (each)
            ISO_TRY(iso_vector_read(&copy));
        else
            memcpy(to, r->stage + (copy.begin - begin),
                   (size_t)(copy.end - copy.begin) * sizeof *to);
    }
    return ISO_OK;
}

iso_rc iso_exec_take_subtree(struct iso_exec *e, int number, int64_t log_row)
{
    for (int b = 0; b < e->divided->vector.nbuckets; b++)
        ISO_TRY(take_bucket(e, number, b, log_row));
    return ISO_OK;
}

iso_rc iso_exec_send_buckets(struct iso_exec *e, int number, int first, int end, bool last,
                             int64_t log_row)
{
    struct iso_exec_ranks *r = e->divided;
    for (int b = first; b < end; b++) {
        if (number >= 0)
            ISO_TRY(take_bucket(e, number, b, log_row));
        if (last)
            ISO_TRY(send_bucket(r, b, e->shards));
        r->sending.next = last ? b + 1 : r->sending.next;
    }
    return look_after(r);
}

/* Adds the levels of a bucket, takes it and sends it. */
static iso_rc send_finished(struct iso_exec *e)
{
    const struct iso_sending *s = &e->divided->sending;
    ISO_TRY(iso_exec_add_bucket(e, s->next, s->log_row));
    return iso_exec_send_buckets(e, s->subtree, s->next, s->next + 1, true, s->log_row);
}

iso_rc iso_exec_send_statistics(struct iso_exec *e, int number, int64_t log_row)
{
    e->divided->sending = (struct iso_sending){ number, 0, log_row };
    return send_finished(e);
}

iso_rc iso_exec_send_gradients(struct iso_exec *e, int node)
{
    struct iso_exec_ranks *r = e->divided;
    while (r->sending.next < r->vector.nbuckets && r->vector.buckets[r->sending.next].node >= node)
        ISO_TRY(send_finished(e));
    return look_after(r);
}

/* ---- The tree -------------------------------------------------------------------------------- */

/* One slice of all subtrees, in their order. */
struct slices {
    const struct iso_exec_ranks *r;
    const float **slice; /* by subtree; not set without rows */
    int64_t length;
    int all, shards; /* number of shards; and of the first ones, which have rows */
    float *out;
};
struct part { /* a part of them: numbers [from, from + n), n <= ISO_ADDED */
    const struct slices *of;
    int64_t from, n;
    int next; /* the next subtree */
};

/* Returns the part's numbers of the node over shards [first, first + size), which are a subtree's
 * or those that it adds in room, [levels, ISO_ADDED]; NULL: no shard of the node has rows. */
static const float *add_node(struct part *p, int first, int size, float *room)
{
    const struct slices *s = p->of;
    const struct iso_subtree *next = &s->r->subtrees[p->next];
    if (first >= s->shards)
        return NULL;
    if (next->first == first && next->size == size)
        return s->slice[p->next++] + p->from;
    const float *left = add_node(p, first, size / 2, room);
    const float *right = add_node(p, first + size / 2, size / 2, room + ISO_ADDED);
    if (right == NULL)
        return left;
    for (int64_t k = 0; k < p->n; k++)
        room[k] = iso_add(left[k], right[k]);
    return room;
}

static void add_part(void *slices, int64_t unit, int thread)
{
    const struct slices *s = slices;
    const int64_t from = unit * ISO_ADDED, left = s->length - from;
    struct part p = { s, from, left < ISO_ADDED ? left : ISO_ADDED, 0 };
    float *room = s->r->nodes + (size_t)thread * ISO_LEVELS * ISO_ADDED;
    const float *sum = add_node(&p, 0, s->all, room);
    memcpy(s->out + from, sum, (size_t)p.n * sizeof *sum);
}

/* Adds the subtrees in this rank's slice of a bucket. */
static iso_rc add_slice(struct iso_exec *e, int b)
{
    struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank, n = r->ranks->count;
    const int64_t length = iso_slice_length(r, b, me), at = iso_own_before(r, b, me);
    const int64_t own = iso_own_before(r, r->vector.nbuckets, me);
    const float **slice = iso_alloc((size_t)r->nsubtrees, sizeof *slice);
    if (slice == NULL)
        return ISO_ENOMEM;
    for (int rank = 0, i = 0; rank < n; rank++) {
        const char *in = r->in_at[b * n + rank] + (b == 0 ? r->head : 0);
        for (; i < r->nsubtrees && r->subtrees[i].rank == rank; i++) {
            if (r->subtrees[i].first >= e->shards)
                continue;
            slice[i] = rank == me ? r->sums + (i - r->mine) * own + at
                                  : (const float *)(const void *)in;
            in += (size_t)length * sizeof(float);
        }
    }
    struct slices s = { r, slice, length, (int)e->graph->shards, e->shards, r->own + at };
    iso_team_run(r->team, (length + ISO_ADDED - 1) / ISO_ADDED, add_part, &s);
    free(slice);
    return ISO_OK;
}

/* Notes what all ranks have said in front of bucket 0. */
static void hear(struct iso_exec_ranks *r)
{
    const int n = r->ranks->count;
    r->ranks->heard = r->ranks->say;
    for (int i = 0; i < n; i++) {
        uint32_t said = 0;
        if (i != r->ranks->rank)
            memcpy(&said, r->in_at[i], sizeof said);
        r->ranks->heard |= said;
    }
}

/* ---- What is planned ------------------------------------------------------------------------- */

struct iso_exec_bytes iso_exec_shared_bytes(const struct iso_exec *e, int first, int end)
{
    const struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank;
    struct iso_exec_bytes b = { 0, 0 };
    for (int i = 0; i < r->ranks->count; i++)
        if (i != me) {
            b.sent += (size_t)(iso_own_before(r, end, me) - iso_own_before(r, first, me));
            b.received += (size_t)(iso_own_before(r, end, i) - iso_own_before(r, first, i));
        }
    b.sent *= sizeof(float);
    b.received *= sizeof(float);
    return b;
}

static struct iso_exec_bytes sum_of(struct iso_exec_bytes a, struct iso_exec_bytes b)
{
    return (struct iso_exec_bytes){ a.sent + b.sent, a.received + b.received };
}

static struct iso_exec_bytes sums_bytes(const struct iso_exec *e, int shards)
{
    const struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank, others = r->ranks->count - 1, n = r->vector.nbuckets;
    struct iso_exec_bytes bytes = { (uint64_t)others * r->head, (uint64_t)others * r->head };
    if (shards == 1)
        return bytes;
    bytes = sum_of(iso_exec_shared_bytes(e, 0, iso_exec_needs_whole(e) ? n : 1),
                   iso_exec_synchronized_bytes(e, shards));
    for (int b = 0; b < n; b++)
        for (int i = 0; i < r->ranks->count; i++)
            if (i != me) {
                bytes.sent += message_bytes(r, b, me, i, shards);
                bytes.received += message_bytes(r, b, i, me, shards);
            }
    return bytes;
}

struct iso_exec_bytes iso_exec_step_bytes(const struct iso_exec *e, int shards)
{
    return sum_of(sums_bytes(e, shards), iso_exec_shared_bytes(e, 1, e->divided->vector.nbuckets));
}

/* ---- A step ---------------------------------------------------------------------------------- */

iso_rc iso_exec_begin_exchange(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    r->seen = (struct iso_exec_bytes){ r->ranks->sent, r->ranks->received };
    r->waited = r->ranks->waited;
    r->began = iso_clock();
    r->sending = (struct iso_sending){ .subtree = -1 };
    if (e->shards == 1)
        return ISO_OK;
    place_messages(r, e->shards);
    for (int i = 0; i < r->ranks->count; i++)
        if (i != r->ranks->rank)
            memcpy(r->out_at[i], &r->ranks->say, sizeof r->ranks->say);
    return e->synchronized == NULL ? iso_exec_expect_buckets(e, 0, r->vector.nbuckets) : ISO_OK;
}

/* Begins to give the sums of bucket 0 to all, while those of the others are still on their way. */
static iso_rc begin_statistics(struct iso_exec_ranks *r)
{
    const int me = r->ranks->rank;
    for (int i = 0; i <= r->ranks->count; i++)
        r->all_at[i] = (size_t)iso_slice_of(r, 0, i) * sizeof(float);
    memcpy((char *)r->all + r->all_at[me], r->own,
           (size_t)iso_slice_length(r, 0, me) * sizeof(float));
    return iso_ranks_begin_completing(r->ranks, r->all, r->all_at, &r->shared);
}

/* Waits for them, and writes them to the device. */
static iso_rc end_statistics(struct iso_exec *e, int64_t log_row)
{
    struct iso_exec_ranks *r = e->divided;
    const struct iso_bucket *b = &r->vector.buckets[0];
    const struct iso_vector_copy copy = { e,     &e->weight_gradients, 0, b->begin, b->end, log_row,
                                          r->all };
    ISO_TRY(iso_ranks_wait(r->ranks, r->shared));
    drop(r, &r->shared);
    return iso_vector_write(&copy);
}

/* Sends what is left, and receives and adds everything. */
static iso_rc finish_sums(struct iso_exec *e, int64_t log_row)
{
    struct iso_exec_ranks *r = e->divided;
    for (int b = r->sending.next; b < r->vector.nbuckets;
         b++) /* no subtree of this rank has rows */
        ISO_TRY(send_bucket(r, b, e->shards));
    for (int b = 0; b < r->vector.nbuckets; b++) {
        ISO_TRY(iso_ranks_wait(r->ranks, r->received[b]));
        drop(r, &r->received[b]);
        ISO_TRY(add_slice(e, b));
        if (b == 0) {
            hear(r);
            ISO_TRY(begin_statistics(r));
        }
        ISO_TRY(look_after(r));
    }
    for (int b = 0; b < r->vector.nbuckets; b++) {
        ISO_TRY(iso_ranks_wait(r->ranks, r->sent[b]));
        drop(r, &r->sent[b]);
    }
    ISO_TRY(end_statistics(e, log_row));
    return iso_exec_needs_whole(e) ? iso_exec_share_own(e, &e->weight_gradients, true)
                                   : iso_exec_copy_own(e, &e->weight_gradients, iso_vector_write);
}

iso_rc iso_exec_end_exchange(struct iso_exec *e, int64_t log_row)
{
    struct iso_exec_ranks *r = e->divided;
    struct iso_exec_traffic *t = &r->traffic;
    const struct iso_exec_bytes planned = sums_bytes(e, e->shards);
    ISO_TRY(e->shards == 1 ? iso_ranks_agree(r->ranks) : finish_sums(e, log_row));
    t->steps++;
    t->planned.sent += planned.sent;
    t->planned.received += planned.received;
    t->counted.sent += r->ranks->sent - r->seen.sent;
    t->counted.received += r->ranks->received - r->seen.received;
    t->waited += r->ranks->waited - r->waited;
    return ISO_OK;
}
