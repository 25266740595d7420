/* lockstep.c: a whole model. Lockstep runs each node on the device with the reference's inputs, so
 * that the guilty layer is named; then the model trains and predicts freely on both. */
#include "subject.h"
#include "core/system/sha256.h"
#include "core/ranks/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams of the synthetic batch. */
enum { STREAM_X = 1u << 28, STREAM_CLASS, JUNK_NAN = 0xFF };
static const int64_t batches[] = { 2, 3 };
/* A step in shards: two whole ones, a short one, and one without rows; unless the model has its own
 * number of them. */
enum { SHARDS = 4, SHARDED_BATCH = 5 };
enum { INFERENCE_ROWS = 64, INFERENCE_FLOPS = 1500000000 };

const struct iso_exec_options iso_subject_readable = { .training = true, .keep_all = true };

/* ---- running ------------------------------------------------------------------------------- */

static iso_rc make_batch(struct iso_subject *s)
{
    const struct iso_shape *shape = &s->graph->values[s->graph->input].shape;
    const int64_t n = iso_shape_count(shape) / s->graph->shard_rows * s->graph->batch;
    s->x = iso_alloc((size_t)n, sizeof *s->x);
    s->classes = iso_alloc((size_t)s->graph->batch, sizeof *s->classes);
    if (s->x == NULL || s->classes == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        s->x[i] = (float)(iso_fill_word(s->ladder->seed, STREAM_X, (uint64_t)i) >> 24) / 256;
    for (int64_t i = 0; i < s->graph->batch; i++)
        s->classes[i] = (int32_t)(iso_fill_word(s->ladder->seed, STREAM_CLASS, (uint64_t)i) %
                                  s->graph->classes);
    return ISO_OK;
}

void iso_subject_works(const struct iso_subject *s, const struct iso_backend *b)
{
    iso_report_work(s->report, -1, b == s->ladder->device ? ISO_WORK_MODEL : ISO_WORK_ENDS);
}

iso_rc iso_subject_open(const struct iso_subject *s, struct iso_backend *b,
                        const struct iso_exec_options *options, struct iso_exec **out)
{
    struct iso_exec_options o = *options;
    struct iso_exec *e;
    o.seed = s->ladder->seed;
    o.log_steps = 1;
    iso_subject_works(s, b);
    ISO_TRY(iso_exec_new(s->graph, b, &o, &e));
    iso_rc rc = iso_exec_initialize(e);
    if (rc == ISO_OK)
        rc = iso_exec_feed(e, s->graph->batch, s->x, s->classes, NULL);
    if (rc == ISO_OK)
        *out = e;
    else
        iso_exec_free(e);
    return rc;
}

enum { DETAIL = ISO_NAME + 80, REPEAT = 640 };
static struct iso_check check_of(const struct iso_subject *s, enum iso_rung rung, int pass,
                                 const char *layer, char detail[DETAIL], char repeat[REPEAT])
{
    const char *phase = s->graph->training->name;
    snprintf(detail, DETAIL, "%s, batch %lld%s%s", layer, (long long)s->graph->batch,
             *phase ? ", " : "", phase);
    snprintf(repeat, REPEAT, "%s --steps %lld", s->path, (long long)s->steps);
    return (struct iso_check){
        .rung = rung,
        .device = s->devices != NULL ? s->devices : s->ladder->device->device.id,
        .subject = s->graph->model->name,
        .detail = detail,
        .repeat = repeat,
        .pass = pass,
        .mode = s->ladder->device->mode,
    };
}

void iso_subject_report(const struct iso_subject *s, enum iso_rung rung, int pass,
                        const char *layer, const struct iso_distance *d, iso_rc rc)
{
    char detail[DETAIL], repeat[REPEAT];
    struct iso_check check = check_of(s, rung, pass, layer, detail, repeat);
    check.distance = *d;
    iso_report_check(s->report, &check, rc);
}

iso_rc iso_subject_attempt(const struct iso_subject *s, enum iso_rung rung, int pass,
                           const char *layer)
{
    char detail[DETAIL], repeat[REPEAT];
    const struct iso_check check = check_of(s, rung, pass, layer, detail, repeat);
    return iso_report_attempt(s->report, &check);
}

/* ---- lockstep ------------------------------------------------------------------------------ */

iso_rc iso_subject_read(struct iso_backend *b, const struct iso_tensor *t, struct iso_array *a)
{
    ISO_TRY(iso_array_set(a, iso_shape_count(&t->shape)));
    return iso_tensor_read(b, t, a->v);
}

iso_rc iso_subject_read_call(struct iso_backend *b, const struct iso_call *call,
                             struct iso_values *v)
{
    *v = (struct iso_values){ 0 };
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_tensor *t = &iso_call_group_of(call, (enum iso_group)g)[i];
            iso_rc rc = t->mem != NULL ? iso_subject_read(b, t, &v->a[g][i]) : ISO_OK;
            if (rc != ISO_OK) {
                iso_values_free(v);
                return rc;
            }
        }
    return ISO_OK;
}

/* The device's result of one pass on v, against the reference's on the same v. */
static iso_rc compare_pass(const struct iso_subject *s, enum iso_op op, const struct iso_call *call,
                           enum iso_pass pass, const struct iso_values *v, struct iso_distance *d)
{
    const struct iso_ladder *l = s->ladder;
    const struct iso_how how = { .junk = JUNK_NAN },
                         told = { .junk = JUNK_NAN, .report = s->report };
    struct iso_values got = { 0 }, want = { 0 };
    iso_rc rc = iso_values_copy(&got, v);
    if (rc == ISO_OK)
        rc = iso_execute_pass(l->device, op, call, pass, &told, &got);
    if (rc == ISO_OK && s->fast && iso_ops[op].def->product) {
        rc = iso_rung_bounded(l->judge, op, call, pass, &got, ISO_ANY_ORDER, d);
    } else if (rc == ISO_OK) {
        rc = iso_values_copy(&want, v);
        if (rc == ISO_OK)
            rc = iso_execute_pass(l->reference, op, call, pass, &how, &want);
        if (rc == ISO_OK)
            rc = iso_compare_exact(pass, &want, &got, d);
    }
    iso_values_free(&got);
    iso_values_free(&want);
    return rc;
}

static void check_pass(const struct iso_subject *s, enum iso_op op, const struct iso_call *call,
                       enum iso_pass pass, const char *layer)
{
    struct iso_distance d = { 0 };
    struct iso_values v;
    if (s->report->ended)
        return;
    iso_rc rc = iso_subject_attempt(s, ISO_RUNG_LOCKSTEP, pass, layer);
    if (rc == ISO_OK)
        rc = iso_subject_read_call(s->ladder->reference, call, &v);
    if (rc == ISO_OK) {
        rc = compare_pass(s, op, call, pass, &v, &d);
        iso_values_free(&v);
    }
    iso_subject_report(s, ISO_RUNG_LOCKSTEP, pass, layer, &d, rc);
}

static bool wants_gradient(const struct iso_call *c)
{
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (c->dx[i].mem != NULL || c->dw[i].mem != NULL)
            return true;
    return false;
}

void iso_subject_drop_unwanted(struct iso_call *c)
{
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (c->dx[i].mem == NULL)
            c->dx[i] = (struct iso_tensor){ 0 };
        if (c->dw[i].mem == NULL)
            c->dw[i] = (struct iso_tensor){ 0 };
        if (c->dy[i].mem == NULL)
            c->dy[i] = (struct iso_tensor){ 0 };
    }
}

static iso_rc lockstep_nodes(const struct iso_subject *s, struct iso_exec *reference)
{
    const struct iso_graph *g = s->graph;
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++)
        for (int i = 0; i < g->nnodes; i++) {
            const enum iso_op op = g->nodes[i].op;
            const char *layer = g->nodes[i].layer < 0 ? iso_ops[op].name
                                                      : g->model->layers[g->nodes[i].layer].name;
            struct iso_call call;
            if (!iso_op_has_pass(op, (enum iso_pass)pass))
                continue;
            iso_exec_call(reference, i, (enum iso_pass)pass, true, 0, 0, &call);
            if (pass == ISO_BACKWARD && !wants_gradient(&call))
                continue;
            if (pass == ISO_BACKWARD)
                iso_subject_drop_unwanted(&call);
            check_pass(s, op, &call, (enum iso_pass)pass, layer);
        }
    return ISO_OK;
}

/* Each trainable weight's update, from the gradients and slots that the reference holds. */
static iso_rc lockstep_updates(const struct iso_subject *s, struct iso_exec *reference)
{
    const struct iso_op_use *optimizer = &s->graph->training->optimizer;
    for (int i = 0; i < iso_exec_nweights(reference); i++) {
        const char *weight = iso_exec_weight(reference, i);
        struct iso_call call = { .params = optimizer->params,
                                 .seed = s->ladder->seed,
                                 .step_rows = s->graph->shard_rows,
                                 .training = true };
        char name[2 * ISO_NAME];
        snprintf(name, sizeof name, "d/%s", weight);
        if (!iso_exec_tensor(reference, weight, &call.w[0]) ||
            !iso_exec_tensor(reference, name, &call.dw[0]))
            continue; /* not trained */
        for (int k = 0; k < iso_exec_nslots(reference); k++) {
            snprintf(name, sizeof name, "%s/%s", weight, iso_exec_slot(reference, k));
            if (!iso_exec_tensor(reference, name, &call.state[k]))
                return iso_fail(ISO_EPARITY, "the executor has no %s", name);
        }
        if (iso_ops[optimizer->op].def->scalars != NULL)
            iso_ops[optimizer->op].def->scalars(optimizer->params, 0, call.scalars);
        check_pass(s, optimizer->op, &call, ISO_UPDATE, weight);
    }
    return ISO_OK;
}

static iso_rc lockstep(const struct iso_subject *s)
{
    struct iso_exec *reference;
    ISO_TRY(iso_subject_open(s, s->ladder->reference, &iso_subject_readable, &reference));
    iso_rc rc = iso_exec_feed(reference, s->graph->shard_rows, s->x, s->classes, NULL);
    if (rc == ISO_OK)
        rc = iso_exec_train(reference, 0, 0);
    if (rc == ISO_OK)
        rc = lockstep_nodes(s, reference);
    if (rc == ISO_OK)
        rc = lockstep_updates(s, reference);
    iso_exec_free(reference);
    return rc;
}

/* ---- a model file -------------------------------------------------------------------------- */

/* Builds the graph and the batch, and frees them after the checks; returns what these return. */
static iso_rc with_batch(struct iso_subject *s, const struct iso_model *model, int phase,
                         int64_t batch, struct iso_faults *faults,
                         iso_rc (*check)(struct iso_subject *))
{
    ISO_TRY(iso_graph_build(model, phase, batch, faults, &s->graph));
    iso_rc rc = make_batch(s);
    if (rc == ISO_OK)
        rc = check(s);
    free(s->x);
    free(s->classes);
    iso_graph_free(s->graph);
    s->graph = NULL;
    s->x = NULL;
    s->classes = NULL;
    return rc;
}

static iso_rc check_free_training(struct iso_subject *s)
{
    iso_subject_train(s);
    return ISO_OK;
}

static iso_rc check_predictions(struct iso_subject *s)
{
    iso_subject_infer(s);
    return ISO_OK;
}

static iso_rc check_training(struct iso_subject *s)
{
    const struct iso_distance none = { 0 };
    const iso_rc rc = lockstep(s);
    if (rc != ISO_OK)
        iso_subject_report(s, ISO_RUNG_LOCKSTEP, -1, "all layers", &none, rc);
    return check_free_training(s);
}

static double forward_flops(const struct iso_graph *g)
{
    double sum = 0;
    for (int i = 0; i < g->nlayer_nodes; i++) {
        const struct iso_node *n = &g->nodes[i];
        struct iso_shape x[ISO_OPERANDS] = { 0 };
        struct iso_cost cost = { 0 };
        for (int k = 0; k < n->nx; k++)
            x[k] = g->values[n->x[k]].shape;
        if (iso_ops[n->op].def->cost != NULL)
            iso_ops[n->op].def->cost(n->params, x, ISO_FORWARD, &cost);
        sum += cost.flops;
    }
    return sum;
}

/* Predictions are made of more rows at once, as many as the reference computes in a second or so:
 * with few, a kernel has read all its input before it writes anything, and memory that two values
 * wrongly share goes unnoticed. */
static iso_rc check_inference(struct iso_subject *s, const struct iso_model *model,
                              struct iso_faults *faults)
{
    struct iso_graph *one;
    const int last = model->nphases - 1;
    ISO_TRY(iso_graph_build(model, last, 1, faults, &one));
    const double rows = INFERENCE_FLOPS / (forward_flops(one) + 1);
    iso_graph_free(one);
    const int64_t batch = rows >= INFERENCE_ROWS ? INFERENCE_ROWS : rows > 2 ? (int64_t)rows : 2;
    return with_batch(s, model, last, batch, faults, check_predictions);
}

/* Returns true if a model that has no shards is one with them, too: not one in which only some
 * layers of batch normalization are synchronized. */
static bool may_have_shards(const struct iso_model *model)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_graph *graph = NULL;
    const bool may = faults == NULL ||
                     iso_graph_build(model, 0, SHARDED_BATCH, faults, &graph) != ISO_EMODEL;
    iso_error_clear();
    iso_graph_free(graph);
    free(faults);
    return may;
}

/* The numbers of a step in shards follow from their number, and every device must give them; so
 * must ranks, which check nothing else. */
static iso_rc check_shards(struct iso_subject *s, const struct iso_model *model,
                           struct iso_faults *faults)
{
    const struct iso_ranks *ranks = s->ladder->ranks;
    const int count = ranks != NULL ? ranks->count : 1;
    struct iso_model sharded = *model;
    int64_t shards = SHARDS, batch = SHARDED_BATCH;
    for (; shards < count; shards *= 2)
        batch = 2 * shards + 1;
    if (sharded.shards == 1 || sharded.shards < count) {
        sharded.shards = shards;
        if (!may_have_shards(&sharded))
            return ISO_OK;
    }
    return with_batch(s, &sharded, 0, batch, faults,
                      ranks != NULL ? iso_subject_share : check_free_training);
}

/* Each phase is a training of its own, from the initial weights; what every phase has in common is
 * checked at other batch sizes in the first one only. */
static iso_rc check_phases(struct iso_subject *s, const struct iso_model *model,
                           struct iso_faults *faults)
{
    if (s->ladder->ranks != NULL)
        return check_shards(s, model, faults);
    for (int phase = 0; phase < model->nphases; phase++)
        for (size_t i = 0; i < (phase ? 1 : sizeof batches / sizeof batches[0]); i++)
            ISO_TRY(with_batch(s, model, phase, batches[i], faults, check_training));
    ISO_TRY(check_shards(s, model, faults));
    return check_inference(s, model, faults);
}

/* All ranks must have read the same text. */
static iso_rc compare_files(struct iso_ranks *ranks, const struct iso_model *model)
{
    struct iso_sha256 sum;
    char hex[65];
    iso_sha256_init(&sum);
    iso_sha256_add(&sum, model->text, strlen(model->text));
    iso_sha256_hex(&sum, hex);
    return iso_ranks_same(ranks, "model", hex);
}

iso_rc iso_parity_model(struct iso_report *report_to, const char *path, const char *text,
                        const struct iso_ladder *ladder)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_model *model = NULL;
    const int64_t steps = report_to->options->steps;
    struct iso_subject s = { .ladder = ladder,
                             .report = report_to,
                             .path = path,
                             .steps = steps > 0 ? steps : 3,
                             .fast = ladder->device->mode == ISO_MODE_FAST };
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_model_parse(path, text, faults, &model);
    if (rc == ISO_OK && ladder->ranks != NULL)
        rc = compare_files(ladder->ranks, model);
    if (rc == ISO_OK)
        rc = check_phases(&s, model, faults);
    if (faults->count > 0)
        iso_faults_print(faults, stderr);
    iso_model_free(model);
    free(faults);
    return rc;
}
