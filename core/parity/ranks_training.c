/* ranks_training.c: a model in shards that ranks share (core/ranks/ranks.h), against the reference,
 * which computes all of them by itself: the outputs of this rank's shards, the sums of all, and the
 * weights after an update and after some steps.
 *
 * All ranks do the same, and each compares what it holds. A check has passed if it has on all of
 * them, so that they agree on what follows, and rank 0 prints it. A rank that cannot go on, because
 * of its device or of messages, ends the others. */
#include "subject.h"
#include "core/ranks/ranks.h"
#include "core/train/learning_rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY = 400, ID = 64, DEVICES = 96 };

struct outputs { /* the outputs of a step, for each row of the batch that this process computes */
    struct iso_exec *exec;
    double *numbers; /* [batch, row] */
    int64_t row;
    bool *computed; /* [shards] */
};
struct sharing {
    struct iso_subject *subject;
    struct iso_ranks *ranks;
    char (*ids)[ID]; /* [count]: their devices */
    struct outputs alone, shared;
};

/* ---- What all ranks say ---------------------------------------------------------------------- */

struct said {
    int32_t rc, stop;
    char why[WHY];
};

static bool wants_end(const struct iso_subject *s)
{
    const volatile sig_atomic_t *stop = s->report->options->stop;
    return stop != NULL && *stop != 0;
}

/* Sets the verdict of all ranks: the first failure, or ISO_OK. */
static iso_rc judge(const struct sharing *k, const struct said *all)
{
    for (int i = 0; i < k->ranks->count; i++)
        k->subject->report->ended |= all[i].stop != 0;
    for (int i = 0; i < k->ranks->count; i++)
        if (all[i].rc != ISO_OK)
            return iso_fail((iso_rc)all[i].rc, "rank %d (%s): %s", i, k->ids[i], all[i].why);
    return ISO_OK;
}

/* Makes *rc what all ranks have seen, each of which gives its own. */
static iso_rc agree(const struct sharing *k, iso_rc *rc)
{
    struct said mine = { (int32_t)*rc, wants_end(k->subject), "" };
    struct said *all = iso_alloc((size_t)k->ranks->count, sizeof *all);
    if (*rc != ISO_OK)
        iso_error_take(mine.why, sizeof mine.why);
    const iso_rc gathered = all != NULL ? iso_ranks_gather(k->ranks, &mine, sizeof mine, all)
                                        : ISO_ENOMEM;
    if (gathered == ISO_OK)
        *rc = judge(k, all);
    free(all);
    return gathered;
}

static void report(const struct sharing *k, const char *what, int64_t values, iso_rc rc)
{
    const struct iso_distance d = { .values = values };
    char text[ISO_NAME];
    snprintf(text, sizeof text, "%s of %lld shards on %d ranks", what,
             (long long)k->subject->graph->shards, k->ranks->count);
    iso_subject_report(k->subject, ISO_RUNG_RANKS, -1, text, &d, rc);
}

/* Reports a check of which this rank has seen rc. */
static iso_rc conclude(const struct sharing *k, const char *what, int64_t values, iso_rc rc)
{
    ISO_TRY(agree(k, &rc));
    report(k, what, values, rc);
    return ISO_OK;
}

/* ---- Outputs --------------------------------------------------------------------------------- */

static iso_rc read_output(struct outputs *o, int64_t shard)
{
    const struct iso_graph *g = iso_exec_graph(o->exec);
    struct iso_array a = { 0 };
    struct iso_tensor t;
    if (!iso_exec_tensor(o->exec, g->values[g->output].name, &t))
        return iso_fail(ISO_EPARITY, "the executor has no output");
    iso_rc rc = iso_subject_read(iso_exec_backend(o->exec), &t, &a);
    if (rc == ISO_OK)
        memcpy(o->numbers + shard * g->shard_rows * o->row, a.v, (size_t)a.n * sizeof *a.v);
    free(a.v);
    o->computed[shard] = true;
    return rc;
}

/* Runs a node; with the loss, which computes a softmax before it, too, the output of the shard in
 * place is there, and is taken. */
static iso_rc run_node(void *outputs, int node, enum iso_pass pass)
{
    struct outputs *o = outputs;
    const struct iso_graph *g = iso_exec_graph(o->exec);
    struct iso_call call;
    iso_exec_call(o->exec, node, pass, true, 0, 0, &call);
    ISO_TRY(iso_exec_launch(o->exec, node, pass, &call));
    return node == g->loss_node && pass == ISO_FORWARD
               ? read_output(o, call.first_row / g->shard_rows)
               : ISO_OK;
}

static iso_rc prepare(const struct iso_subject *s, struct outputs *o)
{
    const struct iso_graph *g = s->graph;
    o->row = iso_shape_count(&g->values[g->output].shape) / g->shard_rows;
    o->numbers = iso_alloc((size_t)(g->shards * g->shard_rows * o->row), sizeof *o->numbers);
    o->computed = iso_alloc((size_t)g->shards, sizeof *o->computed);
    return o->numbers != NULL && o->computed != NULL ? ISO_OK : ISO_ENOMEM;
}

static void clear(struct outputs *o)
{
    iso_exec_free(o->exec);
    free(o->numbers);
    free(o->computed);
    *o = (struct outputs){ .exec = NULL };
}

/* Compares the outputs of this rank's shards, and counts their numbers. */
static iso_rc compare_outputs(const struct sharing *k, int64_t *values)
{
    const struct iso_graph *g = k->subject->graph;
    for (int64_t i = 0; i < g->shards; i++) {
        const int64_t first = i * g->shard_rows, end = first + g->shard_rows;
        const int64_t rows = (end < g->batch ? end : g->batch) - first;
        char name[48];
        if (!k->shared.computed[i])
            continue;
        snprintf(name, sizeof name, "the output of shard %lld", (long long)i);
        *values += rows * k->shared.row;
        ISO_TRY(iso_subject_compare_numbers(name, k->alone.numbers + first * k->alone.row,
                                            k->shared.numbers + first * k->shared.row,
                                            rows * k->shared.row));
    }
    return ISO_OK;
}

/* ---- A step, part by part -------------------------------------------------------------------- */

/* Compares the gradients, or as weights that are not trained the moving statistics. */
static iso_rc compare_weights(const struct sharing *k, bool gradients, int64_t *values)
{
    struct iso_exec *e = k->alone.exec;
    for (int i = 0; i < iso_exec_nweights(e); i++) {
        const char *weight = iso_exec_weight(e, i);
        char name[ISO_NAME + 2];
        struct iso_tensor t;
        snprintf(name, sizeof name, "d/%s", weight);
        const bool trained = iso_exec_tensor(e, name, &t);
        if (trained != gradients)
            continue;
        if (iso_exec_tensor(e, weight, &t))
            *values += iso_shape_count(&t.shape);
        ISO_TRY(iso_subject_compare_tensor(e, k->shared.exec, gradients ? name : weight));
    }
    return ISO_OK;
}

static iso_rc check_passes(struct sharing *k)
{
    int64_t outputs = 0, gradients = 0, statistics = 0;
    ISO_TRY(iso_exec_walk_step(k->alone.exec, 0, run_node, &k->alone));
    ISO_TRY(iso_exec_walk_step(k->shared.exec, 0, run_node, &k->shared));
    ISO_TRY(iso_exec_collect(k->shared.exec, true));
    iso_rc rc = compare_outputs(k, &outputs);
    if (rc == ISO_OK)
        rc = iso_subject_compare_log(k->alone.exec, k->shared.exec);
    ISO_TRY(conclude(k, "forward", outputs, rc));
    rc = compare_weights(k, true, &gradients);
    ISO_TRY(conclude(k, "gradients", gradients, rc));
    rc = compare_weights(k, false, &statistics);
    return statistics > 0 ? conclude(k, "statistics", statistics, rc) : ISO_OK;
}

static iso_rc check_update(struct sharing *k)
{
    const double rate = iso_training_rate_alone(k->subject->graph->training, 0);
    struct iso_apart apart = { .values = 0 };
    ISO_TRY(iso_exec_update(k->alone.exec, 0, rate));
    ISO_TRY(iso_exec_update(k->shared.exec, 0, rate));
    ISO_TRY(iso_exec_collect(k->shared.exec, true));
    iso_rc rc = iso_subject_distance(k->alone.exec, k->shared.exec, &apart);
    if (rc == ISO_OK && *apart.first != '\0')
        rc = iso_fail(ISO_EPARITY, "after the update weights or slots differ; the first: %s",
                      apart.first);
    return conclude(k, "update", apart.values, rc);
}

/* ---- Trainings ------------------------------------------------------------------------------- */

/* Opens both executors. *good: every rank has, and none wants to end. keep_all: of the one that
 * ranks share. */
static iso_rc open_both(struct sharing *k, bool keep_all, bool *good)
{
    const struct iso_subject *s = k->subject;
    const struct iso_exec_options o = { .training = true, .keep_all = keep_all, .ranks = k->ranks };
    iso_rc rc = prepare(s, &k->alone);
    if (rc == ISO_OK)
        rc = prepare(s, &k->shared);
    if (rc == ISO_OK)
        rc = iso_subject_open(s, s->ladder->reference, &iso_subject_readable, &k->alone.exec);
    if (rc == ISO_OK)
        rc = iso_subject_open(s, s->ladder->device, &o, &k->shared.exec);
    ISO_TRY(agree(k, &rc));
    if (rc != ISO_OK)
        report(k, "plan", 0, rc);
    *good = rc == ISO_OK && !k->subject->report->ended;
    return ISO_OK;
}

/* Compares loss, sums, counts of metrics, weights and slots at the end. */
static iso_rc compare_ends(const struct sharing *k, const double *want, const double *got,
                           struct iso_apart *apart)
{
    const struct iso_graph *g = k->subject->graph;
    ISO_TRY(iso_subject_compare_sums(k->alone.exec, k->shared.exec));
    if (want != NULL && got != NULL)
        ISO_TRY(iso_subject_compare_numbers("the metrics' counts", want, got, g->ncounts));
    ISO_TRY(iso_subject_distance(k->alone.exec, k->shared.exec, apart));
    return iso_subject_together(k->subject, apart);
}

static iso_rc check_training(struct sharing *k)
{
    const double *want = NULL, *got = NULL;
    struct iso_apart apart = { .values = 0 };
    char what[32];
    ISO_TRY(iso_subject_steps(k->subject, k->alone.exec));
    ISO_TRY(iso_subject_steps(k->subject, k->shared.exec));
    ISO_TRY(iso_exec_counts(k->alone.exec, 0, &want));
    ISO_TRY(iso_exec_counts(k->shared.exec, 0, &got));
    ISO_TRY(iso_exec_collect(k->shared.exec, true));
    const iso_rc rc = compare_ends(k, want, got, &apart);
    snprintf(what, sizeof what, "%lld steps", (long long)k->subject->steps);
    return conclude(k, what, apart.values, rc);
}

static iso_rc check_both(struct sharing *k)
{
    bool good;
    ISO_TRY(open_both(k, true, &good));
    if (!good)
        return ISO_OK;
    ISO_TRY(check_passes(k));
    ISO_TRY(check_update(k));
    clear(&k->alone);
    clear(&k->shared);
    ISO_TRY(open_both(k, false, &good));
    return good ? check_training(k) : ISO_OK;
}

/* Writes the shortest list that gives each rank its device, as --devices takes it. */
static void list_devices(const struct sharing *k, char text[DEVICES])
{
    const int n = k->ranks->count;
    int period = 1;
    for (int i = 0; i < n; i++)
        if (strcmp(k->ids[i], k->ids[i % period]) != 0) {
            period++;
            i = -1;
        }
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < period && used < DEVICES; i++)
        used += (size_t)snprintf(text + used, DEVICES - used, "%s%s", i > 0 ? "," : "", k->ids[i]);
}

iso_rc iso_subject_share(struct iso_subject *s)
{
    struct sharing k = { .subject = s, .ranks = s->ladder->ranks };
    char mine[ID], devices[DEVICES];
    k.ids = iso_alloc((size_t)k.ranks->count, sizeof *k.ids);
    snprintf(mine, sizeof mine, "%s", s->ladder->device->device.id);
    iso_rc rc = k.ids != NULL ? iso_ranks_gather(k.ranks, mine, sizeof mine, k.ids) : ISO_ENOMEM;
    if (rc == ISO_OK) {
        list_devices(&k, devices);
        s->devices = devices;
        rc = check_both(&k);
        s->devices = NULL;
    }
    clear(&k.alone);
    clear(&k.shared);
    free(k.ids);
    return rc;
}
