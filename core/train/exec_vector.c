/* exec_vector.c: the order in which ranks exchange numbers, and where the device has them. */
#include "exec_ranks.h"

#include <stdlib.h>
#include <string.h>

/* ---- Layout ---------------------------------------------------------------------------------- */

struct summed { /* a weight with a gradient */
    int value, node;
};

static int64_t round_up(int64_t n) { return (n + ISO_PAD - 1) / ISO_PAD * ISO_PAD; }

/* Returns the node whose backward pass is the last to add to a weight's gradient: passes run from
 * the last node to the first. */
static int finishing_node(const struct iso_graph *g, int value)
{
    for (int i = 0; i < g->first_penalty; i++)
        for (int k = 0; k < g->nodes[i].nw; k++)
            if (g->nodes[i].w[k] == value)
                return i;
    return 0;
}

static int finished_first(const void *a, const void *b)
{
    const struct summed *x = a, *y = b;
    return x->node != y->node ? (x->node < y->node ? 1 : -1) : x->value - y->value;
}

static int by_value(const void *a, const void *b)
{
    return ((const struct summed *)a)->value - ((const struct summed *)b)->value;
}

/* Adds a tensor to the current bucket, as a piece of its own or as more of the last one. */
static void add_tensor(struct iso_vector *v, enum iso_vector_kind kind, int chunk, int64_t offset,
                       int64_t n)
{
    struct iso_bucket *b = &v->buckets[v->nbuckets - 1];
    struct iso_piece *last = b->npieces > 0 ? &v->pieces[v->npieces - 1] : NULL;
    if (last != NULL && last->kind == kind && last->chunk == chunk &&
        offset - last->offset == v->length - last->at) {
        last->n = v->length - last->at + n; /* with the zeros between them */
    } else {
        v->pieces[v->npieces++] = (struct iso_piece){ kind, v->length, n, chunk, offset };
        b->npieces++;
    }
    v->length += round_up(n);
    b->end = v->length;
}

static void add_extent(const struct iso_exec *e, struct iso_vector *v, enum iso_vector_kind kind,
                       const struct iso_extent *extent)
{
    const size_t size = e->backend->real_size;
    add_tensor(v, kind, extent->chunk, (int64_t)(extent->offset / size),
               (int64_t)(extent->bytes / size));
}

static void begin_bucket(struct iso_vector *v)
{
    v->buckets[v->nbuckets++] =
        (struct iso_bucket){ .begin = v->length, .end = v->length, .piece = v->npieces };
}

static void end_bucket(struct iso_vector *v)
{
    const struct iso_bucket *b = &v->buckets[v->nbuckets - 1];
    if (b->end - b->begin > v->longest)
        v->longest = b->end - b->begin;
}

/* (Synchronized nodes exchange their statistics themselves.) */
static void add_statistics(const struct iso_exec *e, struct iso_vector *v)
{
    begin_bucket(v);
    for (int i = 0; i < e->graph->nvalues; i++) {
        const struct iso_extent *extent = &e->plan.statistics.extents[i];
        if (extent->bytes > 0 && e->synchronized == NULL)
            add_extent(e, v, ISO_VECTOR_STATISTICS, extent);
    }
    add_tensor(v, ISO_VECTOR_LOG, 0, 0, e->graph->step_columns);
    end_bucket(v);
}

/* Adds a bucket of weights, in the order in which the device has them. */
static void add_weights(const struct iso_exec *e, struct summed *list, int n, struct iso_vector *v)
{
    begin_bucket(v);
    v->buckets[v->nbuckets - 1].node = list[n - 1].node;
    qsort(list, (size_t)n, sizeof *list, by_value);
    for (int i = 0; i < n; i++) {
        const struct iso_extent *extent = &e->plan.weights.extents[list[i].value];
        v->at[list[i].value] = v->length;
        add_extent(e, v, ISO_VECTOR_WEIGHTS, extent);
    }
    end_bucket(v);
}

/* Cuts the weights into buckets. One node's weights stay together. */
static void add_buckets(const struct iso_exec *e, struct summed *list, int n, size_t bucket_bytes,
                        struct iso_vector *v)
{
    size_t bytes = 0;
    for (int i = 0, first = 0; i < n; i++) {
        bytes += e->plan.weights.extents[list[i].value].bytes;
        const bool more = i + 1 < n;
        const bool full = bytes >= bucket_bytes && more && list[i + 1].node != list[i].node;
        if (more && !full && !iso_exec_separates(e, list[i].node, list[i + 1].node))
            continue;
        add_weights(e, list + first, i + 1 - first, v);
        first = i + 1;
        bytes = 0;
    }
}

iso_rc iso_vector_make(const struct iso_exec *e, size_t bucket_bytes, struct iso_vector *v)
{
    const struct iso_graph *g = e->graph;
    const size_t most = (size_t)g->nvalues + 2;
    struct summed *list = iso_alloc(most, sizeof *list);
    int n = 0;
    *v = (struct iso_vector){ .buckets = iso_alloc(most, sizeof *v->buckets),
                              .pieces = iso_alloc(2 * most, sizeof *v->pieces),
                              .at = iso_alloc(most, sizeof *v->at) };
    if (list == NULL || v->buckets == NULL || v->pieces == NULL || v->at == NULL) {
        free(list);
        return ISO_ENOMEM;
    }
    for (int i = 0; i < g->nvalues; i++) {
        v->at[i] = -1;
        if (g->values[i].role == ISO_ROLE_WEIGHT && g->values[i].gradient)
            list[n++] = (struct summed){ i, finishing_node(g, i) };
    }
    qsort(list, (size_t)n, sizeof *list, finished_first);
    add_statistics(e, v);
    add_buckets(e, list, n, bucket_bytes, v);
    free(list);
    return ISO_OK;
}

void iso_vector_clear(struct iso_vector *v)
{
    free(v->buckets);
    free(v->pieces);
    free(v->at);
    *v = (struct iso_vector){ 0 };
}

/* ---- Slices ---------------------------------------------------------------------------------- */

int64_t iso_slice_of(const struct iso_exec_ranks *r, int bucket, int rank)
{
    const struct iso_bucket *b = &r->vector.buckets[bucket];
    const int64_t lanes = (b->end - b->begin) / ISO_PAD;
    return b->begin + iso_ranks_first(r->ranks, lanes, rank) * ISO_PAD;
}

int64_t iso_slice_length(const struct iso_exec_ranks *r, int bucket, int rank)
{
    return iso_slice_of(r, bucket, rank + 1) - iso_slice_of(r, bucket, rank);
}

/* A copy to or from a device has a price of its own, as that of so many numbers. */
enum { LARGE = 16384 };
bool iso_slices_are_large(const struct iso_exec_ranks *r, int bucket)
{
    const struct iso_bucket *b = &r->vector.buckets[bucket];
    return (b->end - b->begin) / r->ranks->count >= LARGE;
}

int64_t iso_own_before(const struct iso_exec_ranks *r, int bucket, int rank)
{
    int64_t n = 0;
    for (int b = 0; b < bucket; b++)
        n += iso_slice_length(r, b, rank);
    return n;
}

/* ---- Copies ---------------------------------------------------------------------------------- */

iso_rc iso_vector_walk(const struct iso_vector *v, int bucket, int64_t begin, int64_t end,
                       iso_piece_visit *visit, void *self)
{
    const struct iso_bucket *b = &v->buckets[bucket];
    for (int i = b->piece; i < b->piece + b->npieces; i++) {
        struct iso_piece part = v->pieces[i];
        const int64_t from = part.at > begin ? part.at : begin;
        const int64_t to = part.at + part.n < end ? part.at + part.n : end;
        if (from >= to)
            continue;
        part.offset += from - part.at;
        part.at = from;
        part.n = to - from;
        ISO_TRY(visit(self, &part));
    }
    return ISO_OK;
}

/* Returns the device's memory of a piece; *offset: where it begins there, in numbers. */
static struct iso_mem *memory_of(const struct iso_vector_copy *c, const struct iso_piece *p,
                                 int64_t *offset)
{
    const struct iso_exec *e = c->exec;
    *offset = p->offset;
    switch (p->kind) {
    case ISO_VECTOR_WEIGHTS: return c->weights->chunk[p->chunk];
    case ISO_VECTOR_STATISTICS: return e->levels[0].statistics.chunk[p->chunk];
    case ISO_VECTOR_LOG: break;
    }
    *offset += c->log_row * e->graph->columns;
    return e->log;
}

/* A copy to the host, and the first number of it that is not there yet. */
struct reading {
    const struct iso_vector_copy *copy;
    int64_t next;
};

/* Sets the numbers up to `end` to 0, which no piece has. */
static void fill_gap(struct reading *r, int64_t end)
{
    memset(r->copy->host + (r->next - r->copy->begin), 0, (size_t)(end - r->next) * sizeof(float));
    r->next = end;
}

static iso_rc read_part(void *reading, const struct iso_piece *p)
{
    struct reading *r = reading;
    const struct iso_vector_copy *c = r->copy;
    struct iso_backend *b = c->exec->backend;
    int64_t offset;
    const struct iso_mem *memory = memory_of(c, p, &offset);
    fill_gap(r, p->at);
    r->next = p->at + p->n;
    return b->ops->read(b, memory, (size_t)offset * sizeof(float), c->host + (p->at - c->begin),
                        (size_t)p->n * sizeof(float));
}

static iso_rc write_part(void *copy, const struct iso_piece *p)
{
    const struct iso_vector_copy *c = copy;
    struct iso_backend *b = c->exec->backend;
    int64_t offset;
    struct iso_mem *memory = memory_of(c, p, &offset);
    return b->ops->write(b, memory, (size_t)offset * sizeof(float), c->host + (p->at - c->begin),
                         (size_t)p->n * sizeof(float));
}

iso_rc iso_vector_read(const struct iso_vector_copy *c)
{
    struct reading r = { c, c->begin };
    ISO_TRY(iso_vector_walk(&c->exec->divided->vector, c->bucket, c->begin, c->end, read_part, &r));
    fill_gap(&r, c->end);
    return ISO_OK;
}

/* (The host's memory is used again at once.) */
iso_rc iso_vector_write(const struct iso_vector_copy *c)
{
    struct iso_vector_copy copy = *c;
    struct iso_backend *b = c->exec->backend;
    ISO_TRY(
        iso_vector_walk(&c->exec->divided->vector, c->bucket, c->begin, c->end, write_part, &copy));
    return b->ops->sync(b);
}
