/* exec_advice.c: what to do when a network does not fit in a device's memory. */
#include "exec_private.h"

#include <stdio.h>

enum { MOST_LINES = 32 };

uint64_t iso_exec_bytes(const struct iso_exec *e)
{
    struct iso_memory m[MOST_LINES];
    uint64_t sum = 0;
    for (int i = iso_exec_memory(e, m, MOST_LINES) - 1; i >= 0; i--)
        sum += m[i].bytes;
    return sum;
}

/* As iso_exec_bytes_in_shards, within this limit of memory; 0: none. */
static uint64_t bytes_within(const struct iso_graph *g, struct iso_backend *b,
                             const struct iso_exec_options *o, int64_t shards, int64_t memory)
{
    struct iso_model model = *g->model;
    struct iso_faults faults = { 0 };
    struct iso_graph *graph = NULL;
    struct iso_exec *e = NULL;
    uint64_t bytes = 0;
    model.shards = shards;
    model.memory = memory;
    iso_rc rc =
        iso_graph_build(&model, (int)(g->training - g->model->phases), g->batch, &faults, &graph);
    if (rc == ISO_OK)
        rc = iso_exec_try(graph, b, o, &e);
    if (rc == ISO_OK)
        bytes = iso_exec_bytes(e);
    iso_exec_free(e);
    iso_graph_free(graph);
    iso_error_clear();
    return bytes;
}

uint64_t iso_exec_bytes_in_shards(const struct iso_graph *g, struct iso_backend *b,
                                  const struct iso_exec_options *o, int64_t shards)
{
    return bytes_within(g, b, o, shards, g->model->memory);
}

/* Finds the smallest number of shards that fits, and its bytes; 0: none. */
static int64_t find_shards(const struct iso_graph *g, struct iso_backend *b,
                           const struct iso_exec_options *o, uint64_t *bytes)
{
    for (int64_t n = 2 * g->shards; n < 2 * g->batch && n <= ISO_MOST_SHARDS; n *= 2) {
        *bytes = iso_exec_bytes_in_shards(g, b, o, n);
        if (*bytes > 0)
            return n;
    }
    return 0;
}

/* Finds the largest of a few limits of memory that fits, from 7/8 of what was too large down to the
 * least, and its bytes; 0: none, or the model has a limit, which is what does not suffice. */
static int64_t find_memory(const struct iso_graph *g, struct iso_backend *b,
                           const struct iso_exec_options *o, uint64_t too_large, uint64_t *bytes)
{
    enum { MIB = 1 << 20, EIGHTHS = 8 };
    struct iso_exec_options most = *o;
    most.again = ISO_AGAIN_MOST;
    if (g->model->memory > 0 || too_large == 0)
        return 0;
    for (int64_t k = EIGHTHS - 1; k > 0; k--) {
        const int64_t limit = (int64_t)(too_large / EIGHTHS) * k / MIB * MIB;
        *bytes = limit > 0 ? bytes_within(g, b, o, g->shards, limit) : 0;
        if (*bytes > 0)
            return limit;
    }
    *bytes = bytes_within(g, b, &most, g->shards, 0);
    return (int64_t)((*bytes + MIB - 1) / MIB) * MIB;
}

static void advise_shards(const struct iso_graph *g, struct iso_backend *b,
                          const struct iso_exec_options *o, char *out, size_t n)
{
    uint64_t bytes = 0;
    const int64_t shards = o->training ? find_shards(g, b, o, &bytes) : 0;
    *out = '\0';
    if (shards > 0)
        snprintf(out, n,
                 "--set train.shards=%lld, which computes a batch in %lld shards and needs %.1f "
                 "MiB, or ",
                 (long long)shards, (long long)shards, (double)bytes / 1048576);
}

static void advise_memory(const struct iso_graph *g, struct iso_backend *b,
                          const struct iso_exec_options *o, uint64_t too_large, char *out, size_t n)
{
    uint64_t bytes = 0;
    const int64_t limit = o->training ? find_memory(g, b, o, too_large, &bytes) : 0;
    *out = '\0';
    if (limit > 0)
        snprintf(out, n,
                 "--set train.memory=%lldMiB, which computes results of layers again and needs "
                 "%.1f MiB, or ",
                 (long long)(limit >> 20), (double)bytes / 1048576);
}

iso_rc iso_exec_advise(const struct iso_graph *g, struct iso_backend *b,
                       const struct iso_exec_options *o, uint64_t bytes, iso_rc rc)
{
    char said[512], needs[96] = "", shards[160], memory[160];
    iso_error_take(said, sizeof said);
    if (bytes > 0 && g->model->memory == 0)
        snprintf(needs, sizeof needs, "; this model needs %.1f MiB on %s with batches of %lld",
                 (double)bytes / 1048576, b->device.id, (long long)g->batch);
    advise_shards(g, b, o, shards, sizeof shards);
    advise_memory(g, b, o, bytes, memory, sizeof memory);
    return iso_fail(rc, "%s%s: try %s%s--batch %lld", said, needs, shards, memory,
                    (long long)(g->batch + 1) / 2);
}
