/* exec_rooms.c: memory of a step with synchronized layers: each of a rank's shards keeps its values
 * in memory of its own, a room. */
#include "exec_synchronized.h"

#include <stdlib.h>

/* ---- Memory ---------------------------------------------------------------------------------- */

int iso_exec_rooms(const struct iso_exec *e)
{
    return e->synchronized != NULL ? e->synchronized->nrooms : 1;
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
    s->rooms[0] = (struct iso_room){ e->values, e->gradients, -1 };
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

/* ---- Rooms ----------------------------------------------------------------------------------- */

void iso_exec_clear_rooms(struct iso_exec *e)
{
    for (int i = 0; e->synchronized != NULL && i < e->synchronized->nrooms; i++)
        e->synchronized->rooms[i].shard = -1;
}

iso_rc iso_exec_enter_room(struct iso_exec *e, int shard, int64_t rows)
{
    struct iso_synchronized *s = e->synchronized;
    const struct iso_share own = iso_exec_own_shards(e);
    struct iso_room *room = &s->rooms[s->walking ? shard - (int)own.begin : 0];
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
