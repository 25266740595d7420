/* exec_compare.c: a shard that two ranks compute, before a step. The one that the shard belongs to
 * gives its rows to the next rank; both run the shard forward and backward, and compare a hash of
 * all that it adds to the step: gradients, sums for moving statistics, numbers of the log. If these
 * differ, the cpu backend decides, of a third rank if there is one. All of it is written anew by
 * the step itself. */
#include "exec_ranks.h"
#include "core/system/sha256.h"
#include "core/system/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shared { /* one shard, computed by several ranks */
    struct iso_exec *exec;
    int shard, owner, second, judge; /* judge: the rank that decides */
    int64_t rows;
    uint64_t step;
    int64_t log_row;
    double *batch; /* input, target, and weights of the rows */
    int64_t nbatch;
};
struct said {
    char hex[65], device[64];
};

/* ---- The rows ------------------------------------------------------------------------------- */

enum { BATCH_VALUES = 3 };

/* Writes the values that a batch fills; -1: the graph has no such one. */
static void find_batch(const struct iso_exec *e, int value[BATCH_VALUES])
{
    value[0] = e->first_node > 0 ? e->kept.value : e->graph->input;
    value[1] = e->graph->target;
    value[2] = e->graph->sample_weight;
}

static int64_t count_batch(const struct iso_exec *e)
{
    int value[BATCH_VALUES];
    int64_t n = 0;
    find_batch(e, value);
    for (int i = 0; i < BATCH_VALUES; i++)
        n += value[i] >= 0 ? iso_shape_count(&e->graph->values[value[i]].shape) : 0;
    return n;
}

static iso_rc copy_batch(const struct iso_exec *e, double *numbers, bool write)
{
    int value[BATCH_VALUES];
    find_batch(e, value);
    for (int i = 0; i < BATCH_VALUES; i++) {
        if (value[i] < 0)
            continue;
        const struct iso_tensor t = iso_exec_value(e, value[i]);
        ISO_TRY(write ? iso_tensor_write(e->backend, &t, numbers)
                      : iso_tensor_read(e->backend, &t, numbers));
        numbers += iso_shape_count(&t.shape);
    }
    return ISO_OK;
}

/* Gives the owner's rows to another rank. */
static iso_rc give_batch(const struct shared *s, int to)
{
    struct iso_ranks *ranks = s->exec->options.ranks;
    const struct iso_message m = { ranks->rank == to ? s->owner : to, s->batch,
                                   (size_t)s->nbatch * sizeof *s->batch };
    if (to == s->owner || (ranks->rank != to && ranks->rank != s->owner))
        return ISO_OK;
    return ranks->rank == to ? iso_ranks_swap(ranks, NULL, 0, &m, 1)
                             : iso_ranks_swap(ranks, &m, 1, NULL, 0);
}

/* ---- The shard ------------------------------------------------------------------------------ */

static iso_rc add_tensor(const struct iso_exec *e, const struct iso_tensor *t,
                         struct iso_sha256 *sum)
{
    const size_t n = (size_t)iso_shape_count(&t->shape);
    double *numbers = iso_alloc(n + 1, sizeof *numbers);
    const iso_rc rc = numbers != NULL ? iso_tensor_read(e->backend, t, numbers) : ISO_ENOMEM;
    if (rc == ISO_OK)
        iso_sha256_add(sum, numbers, n * sizeof *numbers);
    free(numbers);
    return rc;
}

static iso_rc add_statistics(struct iso_exec *e, int node, struct iso_sha256 *sum)
{
    struct iso_call c = e->forward[node];
    memset(c.dw, 0, sizeof c.dw);
    iso_exec_place_statistics(e, node, 0, &c);
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (c.dw[i].mem != NULL)
            ISO_TRY(add_tensor(e, &c.dw[i], sum));
    return ISO_OK;
}

/* The hash of all that the shard in place has given. */
static iso_rc hash_sums(struct iso_exec *e, int64_t log_row, char hex[65])
{
    const struct iso_graph *g = e->graph;
    const struct iso_tensor log = {
        e->log, (size_t)(log_row * g->columns), ISO_REAL, { 1, { g->step_columns } }
    };
    struct iso_sha256 sum;
    iso_sha256_init(&sum);
    ISO_TRY(add_tensor(e, &log, &sum));
    for (int i = 0; i < e->nsorted; i++) {
        const struct iso_tensor t = iso_exec_gradient(e, e->sorted[i]);
        if (t.mem != NULL)
            ISO_TRY(add_tensor(e, &t, &sum));
    }
    for (int i = 0; i < g->nnodes; i++)
        if (iso_graph_changes(g, i))
            ISO_TRY(add_statistics(e, i, &sum));
    iso_sha256_hex(&sum, hex);
    return ISO_OK;
}

/* Runs the shard, whose rows are in place, alone; metrics that count do not count it. */
static iso_rc run_shard(const struct shared *s, struct iso_exec *e, char hex[65])
{
    struct iso_pass_walk w = { e, true, s->step, s->log_row };
    const struct iso_tensor t = { e->counts, 0, ISO_I32, { 1, { e->graph->ncounts } } };
    double *counts = iso_alloc((size_t)e->graph->ncounts + 1, sizeof *counts);
    iso_rc rc = counts != NULL ? ISO_OK : ISO_ENOMEM;
    if (rc == ISO_OK && e->counts != NULL)
        rc = iso_tensor_read(e->backend, &t, counts);
    if (rc == ISO_OK)
        rc = iso_exec_walk_rows(e, ISO_FORWARD, iso_exec_run_node, &w);
    if (rc == ISO_OK)
        rc = iso_exec_walk_rows(e, ISO_BACKWARD, iso_exec_run_node, &w);
    if (rc == ISO_OK)
        rc = hash_sums(e, s->log_row, hex);
    if (rc == ISO_OK && e->counts != NULL)
        rc = iso_tensor_write(e->backend, &t, counts);
    free(counts);
    return rc;
}

/* Makes a shard the one in place, with rows of another rank. */
static iso_rc enter(const struct shared *s, struct iso_exec *e)
{
    ISO_TRY(iso_exec_set_rows(e, s->rows));
    e->shard = s->shard;
    e->level = 0;
    return copy_batch(e, s->batch, true);
}

/* Has the owner and the second rank run the shard. */
static iso_rc compute(struct shared *s, char hex[65])
{
    struct iso_exec *e = s->exec;
    const int rank = e->options.ranks->rank;
    if (rank == s->owner) {
        ISO_TRY(iso_exec_shard(e, s->shard));
        e->level = 0;
        ISO_TRY(copy_batch(e, s->batch, false));
    }
    ISO_TRY(give_batch(s, s->second));
    if (rank == s->second)
        ISO_TRY(enter(s, e));
    iso_rc rc = rank == s->owner || rank == s->second ? run_shard(s, e, hex) : ISO_OK;
    e->shard = -1; /* the step fills it again */
    return rc;
}

/* ---- Who is right --------------------------------------------------------------------------- */

static iso_rc copy_weights(struct iso_exec *from, struct iso_exec *to)
{
    for (int i = 0; i < from->nsorted; i++) {
        const struct iso_tensor a = iso_exec_value(from, from->sorted[i]),
                                b = iso_exec_value(to, from->sorted[i]);
        double *numbers = iso_alloc((size_t)iso_shape_count(&a.shape) + 1, sizeof *numbers);
        iso_rc rc = numbers != NULL ? iso_tensor_read(from->backend, &a, numbers) : ISO_ENOMEM;
        if (rc == ISO_OK)
            rc = iso_tensor_write(to->backend, &b, numbers);
        free(numbers);
        ISO_TRY(rc);
    }
    return ISO_OK;
}

/* The shard on the cpu backend. */
static iso_rc judge_on(const struct shared *s, struct iso_backend *cpu, char hex[65])
{
    struct iso_exec *own = NULL;
    const struct iso_exec_options o = { .training = true,
                                        .seed = s->exec->options.seed,
                                        .log_steps = s->exec->options.log_steps };
    ISO_TRY(iso_exec_new(s->exec->graph, cpu, &o, &own));
    iso_rc rc = copy_weights(s->exec, own);
    if (rc == ISO_OK)
        rc = iso_exec_begin_batch(own, -1, 0, s->exec->batch.rows);
    own->first_node = s->exec->first_node;
    own->kept = s->exec->kept;
    if (rc == ISO_OK)
        rc = enter(s, own);
    if (rc == ISO_OK)
        rc = run_shard(s, own, hex);
    iso_exec_free(own);
    return rc;
}

static iso_rc judge(const struct shared *s, char hex[65])
{
    struct iso_backend *cpu = NULL;
    ISO_TRY(give_batch(s, s->judge));
    if (s->exec->options.ranks->rank != s->judge)
        return ISO_OK;
    ISO_TRY(iso_backend_open("cpu", ISO_MODE_EXACT, 0, &cpu));
    const iso_rc rc = judge_on(s, cpu, hex);
    iso_backend_close(cpu);
    return rc;
}

static iso_rc name_stray(const struct shared *s, const struct said *all, const char *right)
{
    char who[192];
    const struct said *a = &all[s->owner], *b = &all[s->second];
    if ((strcmp(a->hex, right) == 0) == (strcmp(b->hex, right) == 0))
        snprintf(who, sizeof who, "neither has those of the cpu of rank %d", s->judge);
    else
        snprintf(who, sizeof who, "%s of rank %d has strayed, says the cpu of rank %d",
                 strcmp(a->hex, right) != 0 ? a->device : b->device,
                 strcmp(a->hex, right) != 0 ? s->owner : s->second, s->judge);
    return iso_fail(ISO_EPARITY,
                    "step %llu, shard %d: rank %d (%s) and rank %d (%s) have other sums: %s; go on "
                    "from the last checkpoint without it",
                    (unsigned long long)s->step + 1, s->shard, s->owner, a->device, s->second,
                    b->device, who);
}

static iso_rc compare(struct shared *s, struct said *all)
{
    struct iso_ranks *ranks = s->exec->options.ranks;
    struct said mine = { .hex = "" };
    snprintf(mine.device, sizeof mine.device, "%s", s->exec->backend->device.id);
    ISO_TRY(compute(s, mine.hex));
    ISO_TRY(iso_ranks_gather(ranks, &mine, sizeof mine, all));
    if (strcmp(all[s->owner].hex, all[s->second].hex) == 0)
        return ISO_OK;
    const struct said own = all[s->owner], other = all[s->second];
    *mine.hex = '\0';
    ISO_TRY(judge(s, mine.hex));
    ISO_TRY(iso_ranks_gather(ranks, &mine, sizeof mine, all));
    char right[65];
    snprintf(right, sizeof right, "%s", all[s->judge].hex);
    all[s->owner] = own;
    all[s->second] = other;
    return name_stray(s, all, right);
}

static int owner_of(const struct iso_exec *e, int shard)
{
    int rank = 0;
    while (iso_exec_first_shard(e, rank + 1, e->shards) <= shard)
        rank++;
    return rank;
}

iso_rc iso_exec_compare_shard(struct iso_exec *e, uint64_t step, int64_t log_row)
{
    const uint64_t every = (uint64_t)e->options.compare_every;
    if (every == 0 || step % every != 0 || !iso_exec_divides(e))
        return ISO_OK;
    struct iso_ranks *ranks = e->options.ranks;
    struct shared s = { .exec = e, .step = step, .log_row = log_row };
    s.shard = (int)(step / every % (uint64_t)e->shards);
    s.owner = owner_of(e, s.shard);
    s.second = (s.owner + 1) % ranks->count;
    s.judge = ranks->count > 2 ? (s.owner + 2) % ranks->count : s.second;
    const int64_t left = e->batch.rows - s.shard * e->graph->shard_rows;
    s.rows = left < e->graph->shard_rows ? left : e->graph->shard_rows;
    s.nbatch = count_batch(e);
    s.batch = iso_alloc((size_t)s.nbatch + 1, sizeof *s.batch);
    struct said *all = iso_alloc((size_t)ranks->count, sizeof *all);
    const double began = iso_clock();
    const iso_rc rc = s.batch != NULL && all != NULL ? compare(&s, all) : ISO_ENOMEM;
    e->divided->traffic.compared += rc == ISO_OK;
    e->divided->traffic.comparing += iso_clock() - began;
    free(s.batch);
    free(all);
    return rc;
}
