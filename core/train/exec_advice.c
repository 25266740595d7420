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

uint64_t iso_exec_bytes_in_shards(const struct iso_graph *g, struct iso_backend *b,
                                  const struct iso_exec_options *o, int64_t shards)
{
    struct iso_model model = *g->model;
    struct iso_faults faults = { 0 };
    struct iso_graph *graph = NULL;
    struct iso_exec *e = NULL;
    uint64_t bytes = 0;
    model.shards = shards;
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

iso_rc iso_exec_advise(const struct iso_graph *g, struct iso_backend *b,
                       const struct iso_exec_options *o, uint64_t bytes, iso_rc rc)
{
    char said[512], needs[96] = "";
    uint64_t fits = 0;
    iso_error_take(said, sizeof said);
    if (bytes > 0)
        snprintf(needs, sizeof needs, "; this model needs %.1f MiB on %s with batches of %lld",
                 (double)bytes / 1048576, b->device.id, (long long)g->batch);
    const int64_t shards = o->training ? find_shards(g, b, o, &fits) : 0;
    if (shards > 0)
        return iso_fail(rc,
                        "%s%s: try --set train.shards=%lld, which computes a batch in %lld shards "
                        "and needs %.1f MiB, or --batch %lld",
                        said, needs, (long long)shards, (long long)shards, (double)fits / 1048576,
                        (long long)(g->batch + 1) / 2);
    return iso_fail(rc, "%s%s: try --batch %lld", said, needs, (long long)(g->batch + 1) / 2);
}
