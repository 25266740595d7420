/* exec_slices.c: each rank updates its slices of the weights, and has the optimizer's slots of
 * these only; then the updated slices are given to all (exec_ranks.h). */
#include "exec_ranks.h"
#include "core/system/machine.h"

#include <stdlib.h>
#include <string.h>

/* ---- Own numbers of all ---------------------------------------------------------------------- */

/* Sends a rank's own numbers to rank 0, or receives those of the others. */
static iso_rc gather_at_first(struct iso_exec_ranks *r)
{
    char *all = (char *)r->all;
    const int n = r->ranks->count, me = r->ranks->rank;
    int m = 0;
    for (int i = me == 0 ? 1 : me; i < (me == 0 ? n : me + 1); i++) {
        const size_t bytes = r->all_at[i + 1] - r->all_at[i];
        if (bytes > 0)
            r->messages[m++] = (struct iso_message){ me == 0 ? i : 0, all + r->all_at[i], bytes };
    }
    return me == 0 ? iso_ranks_swap(r->ranks, NULL, 0, r->messages, m)
                   : iso_ranks_swap(r->ranks, r->messages, m, NULL, 0);
}

/* Gives the own numbers of the weights' buckets of all ranks to all, or to rank 0: to its `all`,
 * rank by rank. */
static iso_rc gather_own(struct iso_exec_ranks *r, const float *own, bool to_all)
{
    const int me = r->ranks->rank, end = r->vector.nbuckets;
    size_t at = 0;
    for (int i = 0; i < r->ranks->count; i++) {
        r->all_at[i] = at;
        at += (size_t)(iso_own_before(r, end, i) - iso_own_before(r, 1, i)) * sizeof(float);
    }
    r->all_at[r->ranks->count] = at;
    memcpy((char *)r->all + r->all_at[me], own, r->all_at[me + 1] - r->all_at[me]);
    return to_all ? iso_ranks_complete(r->ranks, r->all, r->all_at) : gather_at_first(r);
}

/* Returns where `all` has a rank's numbers of a bucket. */
static float *place_in_all(const struct iso_exec_ranks *r, int bucket, int rank)
{
    return (float *)(void *)((char *)r->all + r->all_at[rank]) +
           (iso_own_before(r, bucket, rank) - iso_own_before(r, 1, rank));
}

/* Puts a bucket together from all ranks' own numbers: [bucket]. */
static void assemble(const struct iso_exec_ranks *r, int bucket, float *out)
{
    for (int i = 0; i < r->ranks->count; i++) {
        const int64_t n = iso_slice_length(r, bucket, i);
        memcpy(out, place_in_all(r, bucket, i), (size_t)n * sizeof *out);
        out += n;
    }
}

/* Writes what `all` has to the device, slice by slice or a bucket at once. */
static iso_rc put_all(struct iso_exec *e, const struct iso_arena_memory *weights, bool own)
{
    const struct iso_exec_ranks *r = e->divided;
    for (int b = 1; b < r->vector.nbuckets; b++) {
        const struct iso_bucket *bucket = &r->vector.buckets[b];
        struct iso_vector_copy copy = { e, weights, b, bucket->begin, bucket->end, 0, r->stage };
        if (!iso_slices_are_large(r, b)) {
            assemble(r, b, r->stage);
            ISO_TRY(iso_vector_write(&copy));
            continue;
        }
        for (int i = 0; i < r->ranks->count; i++) {
            copy.begin = iso_slice_of(r, b, i);
            copy.end = iso_slice_of(r, b, i + 1);
            copy.host = place_in_all(r, b, i);
            if (i != r->ranks->rank || own)
                ISO_TRY(iso_vector_write(&copy));
        }
    }
    return ISO_OK;
}

iso_rc iso_exec_share_own(struct iso_exec *e, const struct iso_arena_memory *weights, bool own)
{
    struct iso_exec_ranks *r = e->divided;
    ISO_TRY(gather_own(r, r->own + iso_own_before(r, 1, r->ranks->rank), true));
    return put_all(e, weights, own);
}

iso_rc iso_exec_copy_own(struct iso_exec *e, const struct iso_arena_memory *weights,
                         iso_vector_way *way)
{
    struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank;
    for (int b = 1; b < r->vector.nbuckets; b++) {
        float *own = r->own + iso_own_before(r, b, me);
        const int64_t begin = iso_slice_of(r, b, me), end = iso_slice_of(r, b, me + 1);
        const struct iso_vector_copy copy = { e, weights, b, begin, end, 0, own };
        ISO_TRY(way(&copy));
    }
    return ISO_OK;
}

/* ---- The update ------------------------------------------------------------------------------ */

struct update {
    struct iso_exec *exec;
    uint64_t step;
    int64_t shift; /* from the vector to this rank's slots */
    bool asks;     /* only asks the device about the calls */
};

/* A slot's part that lies like a piece of the vector. */
static struct iso_tensor slot_part(const struct update *u, const struct iso_piece *p, int slot)
{
    const struct iso_arena_memory *m = &u->exec->slots[slot];
    return (struct iso_tensor){
        m->n > 0 ? m->chunk[0] : NULL, (size_t)(p->at + u->shift), ISO_REAL, { 1, { p->n } }
    };
}

/* The optimizer's call over a part of this rank's slices. */
static void part_call(const struct update *u, const struct iso_piece *p, struct iso_call *c)
{
    const struct iso_exec *e = u->exec;
    iso_exec_optimizer_call(e, p->chunk, c);
    c->step = (uint32_t)u->step;
    c->w[0].shape.dim[0] = c->dw[0].shape.dim[0] = p->n;
    c->w[0].offset = c->dw[0].offset = (size_t)p->offset;
    for (int i = 0; i < e->nslots - iso_exec_averages(e); i++)
        c->state[i] = slot_part(u, p, i);
}

static iso_rc update_part(void *update, const struct iso_piece *p)
{
    const struct update *u = update;
    struct iso_exec *e = u->exec;
    const enum iso_op op = e->graph->training->optimizer.op;
    struct iso_call c;
    part_call(u, p, &c);
    if (u->asks && iso_exec_averages(e))
        ISO_TRY(iso_exec_need_average(e, &c.w[0]));
    if (u->asks)
        return iso_exec_need(e, op, iso_ops[op].name, &c, ISO_UPDATE);
    ISO_TRY(iso_exec_run_optimizer(e, &c, p->chunk, p->offset));
    if (!iso_exec_averages(e))
        return ISO_OK;
    const struct iso_tensor average = slot_part(u, p, e->nslots - 1);
    return iso_exec_average(e, &c.w[0], &average, u->step);
}

static iso_rc walk_own(struct update *u)
{
    const struct iso_exec_ranks *r = u->exec->divided;
    const int me = r->ranks->rank;
    for (int b = 1; b < r->vector.nbuckets; b++) {
        const int64_t begin = iso_slice_of(r, b, me), end = iso_slice_of(r, b, me + 1);
        u->shift = iso_own_before(r, b, me) - iso_own_before(r, 1, me) - begin;
        ISO_TRY(iso_vector_walk(&r->vector, b, begin, end, update_part, u));
    }
    return ISO_OK;
}

iso_rc iso_exec_need_slices(struct iso_exec *e)
{
    struct update u = { .exec = e, .asks = true };
    return e->divided != NULL ? walk_own(&u) : ISO_OK;
}

iso_rc iso_exec_update_slices(struct iso_exec *e, uint64_t step)
{
    struct iso_exec_ranks *r = e->divided;
    struct iso_exec_traffic *t = &r->traffic;
    struct update u = { .exec = e, .step = step };
    const struct iso_exec_bytes planned = iso_exec_shared_bytes(e, 1, r->vector.nbuckets);
    const uint64_t sent = r->ranks->sent, received = r->ranks->received;
    const double waited = r->ranks->waited;
    ISO_TRY(walk_own(&u));
    ISO_TRY(iso_exec_copy_own(e, &e->weights, iso_vector_read));
    ISO_TRY(iso_exec_share_own(e, &e->weights, false));
    t->planned.sent += planned.sent;
    t->planned.received += planned.received;
    t->counted.sent += r->ranks->sent - sent;
    t->counted.received += r->ranks->received - received;
    t->waited += r->ranks->waited - waited;
    t->seconds += iso_clock() - r->began;
    return ISO_OK;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

size_t iso_exec_own_slot_bytes(const struct iso_exec *e)
{
    const struct iso_exec_ranks *r = e->divided;
    const int me = r->ranks->rank;
    return (size_t)(iso_own_before(r, r->vector.nbuckets, me) - iso_own_before(r, 1, me)) *
           sizeof(float);
}

/* Returns the bucket that has a number of the vector. */
static int bucket_of(const struct iso_vector *v, int64_t at)
{
    int b = v->nbuckets - 1;
    while (b > 0 && v->buckets[b].begin > at)
        b--;
    return b;
}

iso_rc iso_exec_slot_write_f32(struct iso_exec *e, int weight, int slot, const float *numbers)
{
    const struct iso_exec_ranks *r = e->divided;
    const int64_t at = r->vector.at[weight], n = iso_shape_count(&e->graph->values[weight].shape);
    const int b = bucket_of(&r->vector, at), me = r->ranks->rank;
    const int64_t begin = iso_slice_of(r, b, me), end = iso_slice_of(r, b, me + 1);
    const int64_t from = at > begin ? at : begin, to = at + n < end ? at + n : end;
    const int64_t own = iso_own_before(r, b, me) - iso_own_before(r, 1, me) + (from - begin);
    if (from >= to)
        return ISO_OK;
    ISO_TRY(e->backend->ops->write(e->backend, e->slots[slot].chunk[0], (size_t)own * sizeof(float),
                                   numbers + (from - at), (size_t)(to - from) * sizeof(float)));
    return e->backend->ops->sync(e->backend); /* the caller's memory is free again */
}

iso_rc iso_exec_slot_read_f32(const struct iso_exec *e, int weight, int slot, float *numbers)
{
    const struct iso_exec_ranks *r = e->divided;
    const int64_t n = iso_shape_count(&e->graph->values[weight].shape);
    if (r->collected == NULL)
        return iso_fail(ISO_EUSAGE, "the slots of %s are divided among the ranks",
                        e->graph->values[weight].name);
    memcpy(numbers, r->collected[slot] + (r->vector.at[weight] - r->vector.buckets[0].end),
           (size_t)n * sizeof *numbers);
    return ISO_OK;
}

iso_rc iso_exec_slot_write(struct iso_exec *e, int weight, int slot, const double *numbers)
{
    const int64_t n = iso_shape_count(&e->graph->values[weight].shape);
    float *rounded = iso_alloc((size_t)n + 1, sizeof *rounded);
    if (rounded == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        rounded[i] = (float)numbers[i];
    const iso_rc rc = iso_exec_slot_write_f32(e, weight, slot, rounded);
    free(rounded);
    return rc;
}

iso_rc iso_exec_slot_read(const struct iso_exec *e, int weight, int slot, double *numbers)
{
    const int64_t n = iso_shape_count(&e->graph->values[weight].shape);
    float *exact = iso_alloc((size_t)n + 1, sizeof *exact);
    if (exact == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_exec_slot_read_f32(e, weight, slot, exact);
    for (int64_t i = 0; rc == ISO_OK && i < n; i++)
        numbers[i] = (double)exact[i];
    free(exact);
    return rc;
}

/* ---- Collecting ------------------------------------------------------------------------------ */

/* Gathers one slot of all ranks; a rank that keeps it puts it in the vector's order. */
static iso_rc collect_slot(struct iso_exec *e, int slot, bool all, bool keep)
{
    struct iso_exec_ranks *r = e->divided;
    const size_t bytes = iso_exec_own_slot_bytes(e);
    const int64_t first = r->vector.buckets[0].end;
    if (bytes > 0)
        ISO_TRY(e->backend->ops->read(e->backend, e->slots[slot].chunk[0], 0, r->own, bytes));
    ISO_TRY(gather_own(r, r->own, all));
    if (!keep)
        return ISO_OK;
    float *whole = r->collected[slot] =
        iso_alloc((size_t)(r->vector.length - first) + 1, sizeof *whole);
    if (whole == NULL)
        return ISO_ENOMEM;
    for (int b = 1; b < r->vector.nbuckets; b++)
        assemble(r, b, whole + (r->vector.buckets[b].begin - first));
    return ISO_OK;
}

/* The gradients of the last step, of which each rank has its own slices. */
static iso_rc collect_gradients(struct iso_exec *e, bool all, bool keep)
{
    struct iso_exec_ranks *r = e->divided;
    ISO_TRY(iso_exec_copy_own(e, &e->weight_gradients, iso_vector_read));
    ISO_TRY(gather_own(r, r->own + iso_own_before(r, 1, r->ranks->rank), all));
    return keep ? put_all(e, &e->weight_gradients, true) : ISO_OK;
}

iso_rc iso_exec_collect(struct iso_exec *e, bool all)
{
    struct iso_exec_ranks *r = e->divided;
    if (r == NULL)
        return ISO_OK;
    iso_exec_release(e);
    const bool keep = all || r->ranks->rank == 0;
    if (keep) {
        r->collected = iso_alloc((size_t)e->nslots + 1, sizeof *r->collected);
        if (r->collected == NULL)
            return ISO_ENOMEM;
    }
    for (int i = 0; i < e->nslots; i++)
        ISO_TRY(collect_slot(e, i, all, keep));
    return collect_gradients(e, all, keep);
}

void iso_exec_release(struct iso_exec *e)
{
    struct iso_exec_ranks *r = e->divided;
    if (r == NULL || r->collected == NULL)
        return;
    for (int i = 0; i < e->nslots; i++)
        free(r->collected[i]);
    free(r->collected);
    r->collected = NULL;
}
