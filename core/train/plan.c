/* plan.c: sizes, lifetimes (plan_lifetimes.c), then first fit. */
#include "plan.h"

#include <stdlib.h>

/* ---- Laying out one arena ------------------------------------------------------------------ */

static size_t round_up(size_t bytes) { return (bytes + ISO_ALIGN - 1) / ISO_ALIGN * ISO_ALIGN; }

static bool meet(const struct iso_extent *a, const struct iso_extent *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset in a chunk where e fits beside every placed extent alive at the same time: each
 * try moves past an extent in the way, so it ends after at most as many rounds as there are
 * extents. */
static size_t lowest_offset(const struct iso_extent *e, struct iso_extent *const *placed, int n,
                            int chunk)
{
    size_t at = 0;
    for (int i = 0; i < n;) {
        const struct iso_extent *p = placed[i++];
        if (p->chunk == chunk && meet(p, e) && at < p->offset + round_up(p->bytes) &&
            p->offset < at + round_up(e->bytes)) {
            at = p->offset + round_up(p->bytes);
            i = 0;
        }
    }
    return at;
}

static int larger_first(const void *a, const void *b)
{
    const struct iso_extent *x = *(struct iso_extent *const *)a,
                            *y = *(struct iso_extent *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x < y ? -1 : x > y; /* one order on every machine */
}

static iso_rc put_extent(struct iso_arena *a, struct iso_extent *e,
                         struct iso_extent *const *placed, int n, size_t chunk_max)
{
    const size_t bytes = round_up(e->bytes);
    if (chunk_max > 0 && bytes > chunk_max)
        return iso_fail(ISO_ENOMEM,
                        "one tensor of the %s needs %.1f MiB and the device allocates at most %.1f "
                        "MiB at once: %s",
                        a->name, (double)bytes / 1048576, (double)chunk_max / 1048576, a->advice);
    for (int c = 0;; c++) {
        const size_t at = lowest_offset(e, placed, n, c);
        if (at > SIZE_MAX / 2 - bytes)
            return iso_fail(ISO_ENOMEM, "the %s need more memory than can be addressed: %s",
                            a->name, a->advice);
        if (chunk_max > 0 && at + bytes > chunk_max && c < a->nchunks)
            continue;
        e->chunk = c;
        e->offset = at;
        if (c >= a->nchunks)
            a->chunk[a->nchunks++] = 0;
        if (at + bytes > a->chunk[c])
            a->chunk[c] = at + bytes;
        return ISO_OK;
    }
}

iso_rc iso_arena_layout(struct iso_arena *a, size_t chunk_max, bool in_order)
{
    struct iso_extent **order = iso_alloc((size_t)a->nextents + 1, sizeof *order);
    a->chunk = iso_alloc((size_t)a->nextents + 1, sizeof *a->chunk);
    if (order == NULL || a->chunk == NULL) {
        free(order);
        return ISO_ENOMEM;
    }
    int n = 0;
    for (int i = 0; i < a->nextents; i++)
        if (a->extents[i].bytes > 0)
            order[n++] = &a->extents[i];
    if (!in_order)
        qsort(order, (size_t)n, sizeof *order, larger_first);
    iso_rc rc = ISO_OK;
    for (int i = 0; i < n && rc == ISO_OK; i++) {
        a->total += round_up(order[i]->bytes);
        rc = put_extent(a, order[i], order, i, chunk_max);
    }
    free(order);
    return rc;
}

void iso_arena_clear(struct iso_arena *a)
{
    free(a->extents);
    free(a->chunk);
    *a = (struct iso_arena){ 0 };
}

/* ---- Sizes --------------------------------------------------------------------------------- */

static size_t value_bytes(const struct iso_value *v, size_t real_size)
{
    const size_t size = v->dtype == ISO_REAL ? real_size : v->dtype == ISO_I32 ? 4 : 1;
    return (size_t)iso_shape_count(&v->shape) * size;
}

/* Sums of a shard, for the weights that a node's forward pass changes. */
static void set_statistics(const struct iso_graph *g, const struct iso_plan_options *o, int node,
                           struct iso_plan *p)
{
    const struct iso_node *n = &g->nodes[node];
    const unsigned changes = iso_ops[n->op].def->forward_changes;
    for (int i = 0; i < n->nw && o->training && g->shards > 1 && !n->inference; i++)
        if (n->w[i] >= 0 && (changes >> i & 1))
            p->statistics.extents[n->w[i]].bytes = value_bytes(&g->values[n->w[i]], o->real_size);
}

/* Weights keep the lifetime 0 to 0: they are all alive at the same time. */
static void set_sizes(const struct iso_graph *g, const struct iso_plan_options *o,
                      struct iso_plan *p)
{
    for (int i = 0; i < g->nvalues; i++) {
        const struct iso_value *v = &g->values[i];
        const size_t bytes = value_bytes(v, o->real_size);
        if (v->role == ISO_ROLE_WEIGHT) {
            (v->trainable ? &p->weights : &p->fixed)->extents[i].bytes = bytes;
            continue;
        }
        if (v->role == ISO_ROLE_SCALAR || v->role == ISO_ROLE_COUNTS || v->view_of >= 0)
            continue;
        p->values.extents[i].bytes = bytes;
        if (v->gradient && o->training)
            p->gradients.extents[i].bytes = bytes;
    }
    for (int i = 0; i < g->nnodes; i++) {
        set_statistics(g, o, i, p);
        if (o->fusions != NULL && o->fusions[i].absent)
            p->values.extents[g->nodes[i].y[0]].bytes = 0;
        if (o->fusions != NULL && o->fusions[i].absent_gradient)
            p->gradients.extents[g->nodes[i].y[0]].bytes = 0;
    }
}

iso_rc iso_plan_make(const struct iso_graph *g, const struct iso_plan_options *o,
                     struct iso_plan *p)
{
    static const char *const smaller_layer = "make the layer smaller, or choose another --device";
    static const char *const smaller_batch = "use a smaller --batch, or more shards";
    *p = (struct iso_plan){
        .weights = { .name = "weights", .advice = smaller_layer },
        .fixed = { .name = "fixed weights", .advice = smaller_layer },
        .values = { .name = "values", .advice = smaller_batch },
        .gradients = { .name = "gradients of values", .advice = smaller_batch },
        .statistics = { .name = "sums of shards", .advice = smaller_layer },
    };
    struct iso_arena *const arenas[] = { &p->weights, &p->fixed, &p->statistics, &p->values,
                                         &p->gradients };
    for (int i = 0; i < 5; i++) {
        const bool late = arenas[i] == &p->values && o->parts != NULL;
        arenas[i]->nextents = late ? 2 * g->nvalues : g->nvalues;
        arenas[i]->extents = iso_alloc((size_t)arenas[i]->nextents + 1, sizeof *arenas[i]->extents);
        if (arenas[i]->extents == NULL)
            return ISO_ENOMEM;
    }
    set_sizes(g, o, p);
    ISO_TRY(iso_plan_set_lifetimes(g, o, p));
    for (int i = 0; i < 5; i++)
        ISO_TRY(iso_arena_layout(arenas[i], o->max_alloc, i < 3));
    return ISO_OK;
}

void iso_plan_clear(struct iso_plan *p)
{
    free(p->late);
    free(p->again);
    p->late = NULL;
    p->again = NULL;
    iso_arena_clear(&p->weights);
    iso_arena_clear(&p->fixed);
    iso_arena_clear(&p->values);
    iso_arena_clear(&p->gradients);
    iso_arena_clear(&p->statistics);
}
