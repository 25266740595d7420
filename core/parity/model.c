/* model.c: a whole model. Lockstep runs each node on the device with the reference's inputs, so
 * that the guilty layer is named; then the model trains freely on both, and the weights are
 * compared. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../train/exec.h"
#include "harness.h"

/* Streams of the synthetic batch, and of the directions in which weights are moved by one ULP. */
enum { STREAM_X = 1u << 28, STREAM_CLASS, STREAM_ULP, JUNK_NAN = 0xFF };
static const int64_t batches[] = {2, 3};
/* In fast mode the device may end this many times as far from the reference as one ULP moves it. */
static const double sensitivity_share = 16;

struct subject {                       /* one model at one batch size */
    const struct iso_ladder *ladder;
    struct iso_report *report;
    const char *path;
    int64_t steps;
    struct iso_graph *graph;
    float *x;
    int32_t *classes;
    bool fast;
};

/* ---- running ------------------------------------------------------------------------------- */

static iso_rc make_batch(struct subject *s)
{
    const struct iso_shape *shape = &s->graph->values[s->graph->input].shape;
    const int64_t n = iso_shape_count(shape);
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

/* keep_all: every value stays readable. Without it memory is shared and layers run their
 * activations, as in training. */
static iso_rc open_on(const struct subject *s, struct iso_backend *b, bool keep_all,
                      struct iso_exec **out)
{
    const struct iso_exec_options o = {
        .training = true, .keep_all = keep_all, .seed = s->ladder->seed, .log_steps = 1};
    struct iso_exec *e;
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

static iso_rc train(const struct subject *s, struct iso_exec *e)
{
    for (int64_t step = 0; step < s->steps; step++) {
        ISO_TRY(iso_exec_forward(e, true, (uint64_t)step, 0));
        ISO_TRY(iso_exec_backward(e, (uint64_t)step));
        ISO_TRY(iso_exec_update(e, (uint64_t)step));
    }
    return iso_exec_backend(e)->ops->sync(iso_exec_backend(e));
}

static void report(const struct subject *s, enum iso_rung rung, int pass, const char *layer,
                   const struct iso_distance *d, iso_rc rc)
{
    char detail[ISO_NAME + 80], repeat[640];
    const char *phase = s->graph->model->training.name;
    snprintf(detail, sizeof detail, "%s, batch %lld%s%s", layer, (long long)s->graph->batch,
             *phase ? ", " : "", phase);
    snprintf(repeat, sizeof repeat, "%s --steps %lld", s->path, (long long)s->steps);
    const struct iso_check check = {
        .rung = rung,
        .device = s->ladder->device->device.id,
        .subject = s->graph->model->name,
        .detail = detail,
        .repeat = repeat,
        .pass = pass,
        .mode = s->ladder->device->mode,
        .distance = *d,
    };
    iso_report_check(s->report, &check, rc);
}

/* ---- lockstep ------------------------------------------------------------------------------ */

static iso_rc read_tensor(struct iso_backend *b, const struct iso_tensor *t, struct iso_array *a)
{
    ISO_TRY(iso_array_set(a, iso_shape_count(&t->shape)));
    return iso_tensor_read(b, t, a->v);
}

/* Every tensor of the call that has memory. */
static iso_rc read_call(struct iso_backend *b, const struct iso_call *call, struct iso_values *v)
{
    *v = (struct iso_values){0};
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_SLOTS; i++) {
            const struct iso_tensor *t = &iso_call_group_of(call, (enum iso_group)g)[i];
            iso_rc rc = t->mem != NULL ? read_tensor(b, t, &v->a[g][i]) : ISO_OK;
            if (rc != ISO_OK) {
                iso_values_free(v);
                return rc;
            }
        }
    return ISO_OK;
}

/* The device's result of one pass on v, against the reference's on the same v. */
static iso_rc compare_pass(const struct subject *s, enum iso_op op, const struct iso_call *call,
                           enum iso_pass pass, const struct iso_values *v, struct iso_distance *d)
{
    const struct iso_ladder *l = s->ladder;
    const struct iso_how how = {.junk = JUNK_NAN};
    struct iso_values got = {0}, want = {0};
    iso_rc rc = iso_values_copy(&got, v);
    if (rc == ISO_OK)
        rc = iso_run_pass(l->device, op, call, pass, &how, &got);
    if (rc == ISO_OK && s->fast && iso_ops[op].def->product) {
        rc = iso_rung_bounded(l->judge, iso_algorithm_of(l->device, op, call), op, call, pass,
                              &got, d);
    } else if (rc == ISO_OK) {
        rc = iso_values_copy(&want, v);
        if (rc == ISO_OK)
            rc = iso_run_pass(l->reference, op, call, pass, &how, &want);
        if (rc == ISO_OK)
            rc = iso_compare_exact(pass, &want, &got, d);
    }
    iso_values_free(&got);
    iso_values_free(&want);
    return rc;
}

static void check_pass(const struct subject *s, enum iso_op op, const struct iso_call *call,
                       enum iso_pass pass, const char *layer)
{
    struct iso_distance d = {0};
    struct iso_values v;
    iso_rc rc = read_call(s->ladder->reference, call, &v);
    if (rc == ISO_OK) {
        rc = compare_pass(s, op, call, pass, &v, &d);
        iso_values_free(&v);
    }
    report(s, ISO_RUNG_LOCKSTEP, pass, layer, &d, rc);
}

static bool wants_gradient(const struct iso_call *c)
{
    for (int i = 0; i < ISO_SLOTS; i++)
        if (c->dx[i].mem != NULL || c->dw[i].mem != NULL)
            return true;
    return false;
}

/* A shape that is there although no gradient is wanted would be written by the harness. */
static void drop_unwanted(struct iso_call *c)
{
    for (int i = 0; i < ISO_SLOTS; i++) {
        if (c->dx[i].mem == NULL)
            c->dx[i] = (struct iso_tensor){0};
        if (c->dw[i].mem == NULL)
            c->dw[i] = (struct iso_tensor){0};
        if (c->dy[i].mem == NULL)
            c->dy[i] = (struct iso_tensor){0};
    }
}

static iso_rc lockstep_nodes(const struct subject *s, struct iso_exec *reference)
{
    const struct iso_graph *g = s->graph;
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++)
        for (int i = 0; i < g->nnodes; i++) {
            const enum iso_op op = g->nodes[i].op;
            const char *layer =
                g->nodes[i].layer < 0 ? iso_ops[op].name : g->model->layers[g->nodes[i].layer].name;
            struct iso_call call;
            if (!iso_op_has_pass(op, (enum iso_pass)pass))
                continue;
            ISO_TRY(iso_exec_call(reference, i, (enum iso_pass)pass, true, 0, 0, &call));
            if (pass == ISO_BACKWARD && !wants_gradient(&call))
                continue;
            if (pass == ISO_BACKWARD)
                drop_unwanted(&call);
            check_pass(s, op, &call, (enum iso_pass)pass, layer);
        }
    return ISO_OK;
}

/* Each trainable weight's update, from the gradients and slots that the reference holds. */
static iso_rc lockstep_updates(const struct subject *s, struct iso_exec *reference)
{
    const struct iso_op_use *optimizer = &s->graph->model->training.optimizer;
    for (int i = 0; i < iso_exec_nweights(reference); i++) {
        const char *weight = iso_exec_weight(reference, i);
        struct iso_call call = {
            .params = optimizer->params, .seed = s->ladder->seed, .training = true};
        char name[2 * ISO_NAME];
        snprintf(name, sizeof name, "d/%s", weight);
        if (!iso_exec_tensor(reference, weight, &call.w[0]) ||
            !iso_exec_tensor(reference, name, &call.dw[0]))
            continue;                  /* not trained */
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

static iso_rc lockstep(const struct subject *s)
{
    struct iso_exec *reference;
    ISO_TRY(open_on(s, s->ladder->reference, true, &reference));
    iso_rc rc = iso_exec_forward(reference, true, 0, 0);
    if (rc == ISO_OK)
        rc = iso_exec_backward(reference, 0);
    if (rc == ISO_OK)
        rc = lockstep_nodes(s, reference);
    if (rc == ISO_OK)
        rc = lockstep_updates(s, reference);
    iso_exec_free(reference);
    return rc;
}

/* ---- free running -------------------------------------------------------------------------- */

static iso_rc read_weight(struct iso_exec *e, int i, struct iso_array *a, struct iso_tensor *t)
{
    if (!iso_exec_tensor(e, iso_exec_weight(e, i), t))
        return iso_fail(ISO_EPARITY, "the executor has no %s", iso_exec_weight(e, i));
    return read_tensor(iso_exec_backend(e), t, a);
}

/* The root of the summed squares of what the weights of two runs differ by; the first weight
 * that does. */
static iso_rc distance(struct iso_exec *a, struct iso_exec *b, double *out, int64_t *values,
                       const char **first)
{
    double sum = 0;
    for (int i = 0; i < iso_exec_nweights(a); i++) {
        struct iso_array p = {0}, q = {0};
        struct iso_tensor t;
        iso_rc rc = read_weight(a, i, &p, &t);
        if (rc == ISO_OK)
            rc = read_weight(b, i, &q, &t);
        double part = 0;
        for (int64_t k = 0; rc == ISO_OK && k < p.n; k++)
            part += (p.v[k] - q.v[k]) * (p.v[k] - q.v[k]);
        if (!(part <= 0) && *first == NULL)
            *first = iso_exec_weight(a, i);
        sum += part;
        *values += p.n;
        free(p.v);
        free(q.v);
        ISO_TRY(rc);
    }
    *out = sqrt(sum);
    return ISO_OK;
}

static iso_rc move_weights(const struct subject *s, struct iso_exec *e)
{
    for (int i = 0; i < iso_exec_nweights(e); i++) {
        struct iso_array a = {0};
        struct iso_tensor t;
        iso_rc rc = read_weight(e, i, &a, &t);
        for (int64_t k = 0; rc == ISO_OK && k < a.n; k++) {
            const bool up =
                iso_fill_word(s->ladder->seed, STREAM_ULP + (uint32_t)i, (uint64_t)k) & 1;
            a.v[k] = a.v[k] == 0 ? 0 : (double)nextafterf((float)a.v[k], up ? INFINITY : -INFINITY);
        }
        if (rc == ISO_OK)
            rc = iso_tensor_write(iso_exec_backend(e), &t, a.v);
        free(a.v);
        ISO_TRY(rc);
    }
    return ISO_OK;
}

/* How far the reference ends from itself when it begins with weights moved by one ULP. */
static iso_rc sensitivity(const struct subject *s, struct iso_exec *reference, double *out)
{
    struct iso_exec *moved;
    const char *first = NULL;
    int64_t values = 0;
    ISO_TRY(open_on(s, s->ladder->reference, true, &moved));
    iso_rc rc = move_weights(s, moved);
    if (rc == ISO_OK)
        rc = train(s, moved);
    if (rc == ISO_OK)
        rc = distance(reference, moved, out, &values, &first);
    iso_exec_free(moved);
    return rc;
}

static iso_rc compare_exact_runs(const struct subject *s, struct iso_exec *reference,
                                 struct iso_exec *device, const char *first)
{
    char want[65], got[65], key[2 * ISO_NAME];
    ISO_TRY(iso_exec_hash(reference, want));
    ISO_TRY(iso_exec_hash(device, got));
    if (strcmp(want, got) != 0)
        return iso_fail(ISO_EPARITY,
                        "after %lld steps the weights are %.16s... instead of %.16s...; first that "
                        "differs: %s",
                        (long long)s->steps, got, want, first != NULL ? first : "a sign of zero");
    if (s->ladder->record == NULL)
        return ISO_OK;
    const char *phase = s->graph->model->training.name;
    snprintf(key, sizeof key, "%s/batch %lld/steps %lld%s%s", s->graph->model->name,
             (long long)s->graph->batch, (long long)s->steps, *phase ? "/" : "", phase);
    return iso_record_put(s->ladder->record, s->ladder->device->device.id, key, got);
}

static iso_rc compare_fast_runs(const struct subject *s, struct iso_exec *reference, double apart,
                                const char *first, struct iso_distance *d)
{
    double moved;
    ISO_TRY(sensitivity(s, reference, &moved));
    const double allowed = sensitivity_share * moved;
    if (!(apart <= allowed))
        return iso_fail(
            ISO_EPARITY,
            "after %lld steps the weights are %.3g apart; one ULP in the first weights moves "
            "them by %.3g, and %.0f times that is allowed; first that differs: %s",
            (long long)s->steps, apart, moved, sensitivity_share, first != NULL ? first : "none");
    d->share = allowed > 0 ? apart / allowed : 0;
    return ISO_OK;
}

static iso_rc compare_runs(const struct subject *s, struct iso_exec *reference,
                           struct iso_exec *device, struct iso_distance *d)
{
    const char *first = NULL;
    double apart;
    ISO_TRY(train(s, reference));
    ISO_TRY(train(s, device));
    ISO_TRY(distance(reference, device, &apart, &d->values, &first));
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "the model has no weights to compare");
    return s->fast ? compare_fast_runs(s, reference, apart, first, d)
                   : compare_exact_runs(s, reference, device, first);
}

static void training(const struct subject *s)
{
    struct iso_exec *reference = NULL, *device = NULL;
    struct iso_distance d = {0};
    iso_rc rc = open_on(s, s->ladder->reference, true, &reference);
    if (rc == ISO_OK)
        rc = open_on(s, s->ladder->device, false, &device);
    if (rc == ISO_OK)
        rc = compare_runs(s, reference, device, &d);
    iso_exec_free(device);
    iso_exec_free(reference);
    report(s, ISO_RUNG_TRAINING, -1, "all layers", &d, rc);
}

/* ---- a model file -------------------------------------------------------------------------- */

static iso_rc check_batch(struct subject *s, const struct iso_model *model, int64_t batch,
                          struct iso_faults *faults)
{
    ISO_TRY(iso_graph_build(model, batch, faults, &s->graph));
    iso_rc rc = make_batch(s);
    if (rc == ISO_OK) {
        const struct iso_distance none = {0};
        rc = lockstep(s);
        if (rc != ISO_OK)
            report(s, ISO_RUNG_LOCKSTEP, -1, "all layers", &none, rc);
        training(s);
        rc = ISO_OK;
    }
    free(s->x);
    free(s->classes);
    iso_graph_free(s->graph);
    s->x = NULL;
    s->classes = NULL;
    return rc;
}

/* Each phase is a training of its own, from the initial weights; what every phase has in common is
 * checked at other batch sizes in the first one only. */
static iso_rc check_phases(struct subject *s, struct iso_model *model, struct iso_faults *faults)
{
    for (int phase = 0; phase < model->nphases; phase++) {
        iso_model_choose(model, phase);
        for (size_t i = 0; i < (phase ? 1 : sizeof batches / sizeof batches[0]); i++)
            ISO_TRY(check_batch(s, model, batches[i], faults));
    }
    return ISO_OK;
}

iso_rc iso_parity_model(struct iso_report *report_to, const char *path,
                        const struct iso_ladder *ladder)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_model *model = NULL;
    const int64_t steps = report_to->options->steps;
    struct subject s = {.ladder = ladder,
                        .report = report_to,
                        .path = path,
                        .steps = steps > 0 ? steps : 3,
                        .fast = ladder->device->mode == ISO_MODE_FAST};
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_model_load(path, faults, &model);
    if (rc == ISO_OK)
        rc = check_phases(&s, model, faults);
    if (faults->count > 0)
        iso_faults_print(faults, stderr);
    iso_model_free(model);
    free(faults);
    return rc;
}
