/* exec.c: the calls of a step: forward, backward, update. */
#include "exec_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- Tensors ------------------------------------------------------------------------------- */

static struct iso_tensor describe(const struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    struct iso_tensor t = { .dtype = v->dtype, .shape = v->shape };
    if (v->batched)
        t.shape.dim[0] = e->rows;
    return t;
}

static void locate(const struct iso_exec *e, const struct iso_arena_memory *m,
                   const struct iso_extent *extent, struct iso_tensor *t)
{
    if (extent->bytes == 0 || m->n == 0)
        return;
    t->mem = m->chunk[extent->chunk];
    t->offset = extent->offset / iso_dtype_size(e->backend, t->dtype);
}

struct iso_tensor iso_exec_value(const struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    struct iso_tensor t = describe(e, value);
    if (v->role == ISO_ROLE_COUNTS)
        t = (struct iso_tensor){ e->counts, (size_t)v->at, v->dtype, v->shape };
    else if (v->role == ISO_ROLE_WEIGHT && v->trainable)
        locate(e, &e->weights, &e->plan.weights.extents[value], &t);
    else if (v->role == ISO_ROLE_WEIGHT)
        locate(e, &e->fixed, &e->plan.fixed.extents[value], &t);
    else
        locate(e, &e->values, &e->plan.values.extents[iso_graph_root(e->graph, value)], &t);
    return t;
}

struct iso_tensor iso_exec_gradient(const struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    struct iso_tensor t = describe(e, value);
    if (!v->gradient || !e->options.training)
        return t;
    if (v->role == ISO_ROLE_WEIGHT)
        locate(e, &e->weight_gradients, &e->plan.weights.extents[value], &t);
    else
        locate(e, &e->gradients, &e->plan.gradients.extents[iso_graph_root(e->graph, value)], &t);
    return t;
}

/* ---- Calls --------------------------------------------------------------------------------- */

/* The gradient of a value, as that of input i of a node. */
static void add_input_gradient(const struct iso_exec *e, const struct iso_node *n, int value, int i,
                               bool *written, struct iso_call *c)
{
    c->dx[i] = iso_exec_gradient(e, value);
    if (c->dx[i].mem == NULL || iso_ops[n->op].kind == ISO_VIEW)
        return; /* a view's dx and dy are the same memory */
    bool *first = &written[iso_graph_root(e->graph, value)];
    c->add_dx[i] = *first;
    *first = true;
}

static void add_gradients(const struct iso_exec *e, int index, bool *written, struct iso_call *c)
{
    const struct iso_graph *g = e->graph;
    const struct iso_node *n = &g->nodes[index];
    const struct iso_fusion *f = &e->fusions[index];
    for (int i = 0; i < n->ny; i++)
        c->dy[i] = iso_exec_gradient(e, i == 0 && f->backward ? g->nodes[f->last].y[0] : n->y[i]);
    for (int i = 0; i < n->nw; i++) {
        if (n->w[i] >= 0)
            c->dw[i] = iso_exec_gradient(e, n->w[i]);
        c->add_dw[i] = iso_ops[n->op].kind == ISO_PENALTY; /* the layer has overwritten it */
    }
    for (int i = 0; i < n->nx; i++) {
        const bool before = i == 0 && f->before >= 0;
        add_input_gradient(e, n, before ? g->nodes[f->before].x[0] : n->x[i], i, written, c);
        c->dx[i].shape = c->x[i].shape; /* a view may lie between */
    }
    if (f->backward && f->addend >= 0)
        add_input_gradient(e, n, f->addend, n->nx, written, c);
}

/* A value as a node finds it: in its forward pass, or late: in its backward pass and when it runs
 * forward again. */
static struct iso_tensor value_for(const struct iso_exec *e, int node, bool late, int value)
{
    const int root = iso_graph_root(e->graph, value);
    const int extent = iso_plan_late_extent(e->graph, &e->plan, e->parts, node, root);
    struct iso_tensor t = iso_exec_value(e, value);
    if (late && extent != root)
        locate(e, &e->values, &e->plan.values.extents[extent], &t);
    return t;
}

static void make_forward(const struct iso_exec *e, int index, bool late, struct iso_call *c)
{
    const struct iso_node *n = &e->graph->nodes[index];
    const struct iso_fusion *f = &e->fusions[index];
    for (int i = 0; i < n->nx; i++)
        c->x[i] = value_for(e, index, late, n->x[i]);
    for (int i = 0; i < n->ny; i++)
        c->y[i] = value_for(e, index, late, n->y[i]);
    if (f->last > index)
        c->y[0] = value_for(e, index, late, e->graph->nodes[f->last].y[0]);
    c->activation = f->activation;
    c->x_activation = f->before >= 0 ? e->graph->nodes[f->before].params : NULL;
    c->adds = f->addend >= 0;
    if (c->adds)
        c->x[n->nx] = value_for(e, index, late, f->addend);
    for (int i = 0; i < n->nw; i++)
        if (n->w[i] >= 0)
            c->w[i] = iso_exec_value(e, n->w[i]);
    for (int i = 0; i < n->nsaved; i++)
        c->saved[i] = value_for(e, index, late, n->saved[i]);
    c->workspace =
        (struct iso_tensor){ e->workspace, 0, ISO_U8, { 1, { (int64_t)e->workspace_bytes } } };
    c->seed = e->options.seed;
}

iso_rc iso_exec_set_rows(struct iso_exec *e, int64_t rows)
{
    const struct iso_graph *g = e->graph;
    if (rows == e->rows)
        return ISO_OK;
    if (rows < 1 || rows > g->shard_rows)
        return iso_fail(ISO_EUSAGE, "a batch of %lld rows where the plan holds %lld",
                        (long long)rows, (long long)g->shard_rows);
    bool *written = iso_alloc((size_t)g->nvalues + 1, sizeof *written);
    if (written == NULL)
        return ISO_ENOMEM;
    e->rows = rows;
    iso_rc rc = ISO_OK;
    for (int i = g->nnodes - 1; i >= 0 && rc == ISO_OK; i--) {
        struct iso_call *c = &e->forward[i];
        rc = iso_graph_call(g, i, rows, c);
        e->second[i] = *c;
        make_forward(e, i, false, c);
        make_forward(e, i, true, &e->second[i]);
        e->backward[i] = e->second[i];
        if (!e->fusions[i].backward) {
            e->backward[i].activation = NULL;
            e->backward[i].adds = false;
        }
        if (e->options.training && iso_graph_has_backward(g, i) && !e->fusions[i].joined_backward)
            add_gradients(e, i, written, &e->backward[i]);
    }
    free(written);
    return rc;
}

/* Sets *t to where this step's number goes in the log, when the value is one. */
static void set_log_row(const struct iso_exec *e, int value, int64_t log_row, struct iso_tensor *t)
{
    const struct iso_value *v = &e->graph->values[value];
    if (v->role == ISO_ROLE_SCALAR)
        *t = (struct iso_tensor){
            e->log, (size_t)(log_row * e->graph->columns + v->at), ISO_REAL, { 1, { 1 } }
        };
}

void iso_exec_call(struct iso_exec *e, int node, enum iso_pass pass, bool training, uint64_t step,
                   int64_t log_row, struct iso_call *out)
{
    const struct iso_graph *g = e->graph;
    const struct iso_node *n = &g->nodes[node];
    const struct iso_op_def *def = iso_ops[n->op].def;
    *out = pass == ISO_BACKWARD ? e->backward[node] : e->again ? e->second[node] : e->forward[node];
    out->training = training && !n->inference;
    if (iso_ops[n->op].kind == ISO_AUGMENTATION && e->options.augmented)
        out->training = false;
    out->step = (uint32_t)step;
    if (def->scalars != NULL)
        def->scalars(out->params, step, out->scalars);
    for (int i = 0; i < n->ny; i++)
        set_log_row(e, n->y[i], iso_exec_shard_log(e, log_row), &out->y[i]);
    if (e->shards > 1)
        iso_exec_place_shard(e, node, pass, out);
    if (e->again)
        iso_exec_place_unread(e, node, out);
}

bool iso_exec_again(const struct iso_exec *e) { return e->again; }
void iso_exec_set_again(struct iso_exec *e, bool again) { e->again = again; }

static bool has_gradient(const struct iso_call *c)
{
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (c->dx[i].mem != NULL || c->dw[i].mem != NULL)
            return true;
    return false;
}

bool iso_exec_runs(const struct iso_exec *e, int node, enum iso_pass pass)
{
    const struct iso_node *n = &e->graph->nodes[node];
    if (iso_ops[n->op].kind == ISO_VIEW)
        return false;
    if (pass == ISO_BACKWARD)
        return iso_graph_has_backward(e->graph, node) && has_gradient(&e->backward[node]);
    return !e->fusions[node].joined;
}

iso_rc iso_exec_launch(struct iso_exec *e, int node, enum iso_pass pass,
                       const struct iso_call *call)
{
    const struct iso_kernel *k = e->backend->kernels[e->graph->nodes[node].op];
    return pass == ISO_FORWARD ? k->forward(e->backend, call) : k->backward(e->backend, call);
}

static iso_rc visit_node(struct iso_exec *e, int node, enum iso_pass pass, iso_exec_visit *visit,
                         void *self)
{
    return iso_exec_runs(e, node, pass) ? visit(self, node, pass) : ISO_OK;
}

iso_rc iso_exec_walk_rows(struct iso_exec *e, enum iso_pass pass, iso_exec_visit *visit, void *self)
{
    const struct iso_graph *g = e->graph;
    for (int i = g->loss_node; pass == ISO_BACKWARD && i >= 0; i--) {
        ISO_TRY(iso_exec_walk_again(e, i, visit, self));
        ISO_TRY(visit_node(e, i, pass, visit, self));
    }
    for (int i = e->first_node; pass == ISO_FORWARD && i < g->first_penalty; i++)
        ISO_TRY(visit_node(e, i, pass, visit, self));
    return ISO_OK;
}

iso_rc iso_exec_walk_penalties(struct iso_exec *e, enum iso_pass pass, iso_exec_visit *visit,
                               void *self)
{
    for (int i = e->graph->first_penalty; i < e->graph->nnodes; i++)
        ISO_TRY(visit_node(e, i, pass, visit, self));
    return ISO_OK;
}

/* Backward begins at the loss; the penalties after it add to the gradients. */
iso_rc iso_exec_walk(struct iso_exec *e, enum iso_pass pass, iso_exec_visit *visit, void *self)
{
    ISO_TRY(iso_exec_walk_rows(e, pass, visit, self));
    return iso_exec_walk_penalties(e, pass, visit, self);
}

iso_rc iso_exec_run_node(void *self, int node, enum iso_pass pass)
{
    const struct iso_pass_walk *w = self;
    struct iso_call c;
    iso_exec_call(w->exec, node, pass, w->training, w->step, w->log_row, &c);
    return iso_exec_launch(w->exec, node, pass, &c);
}

iso_rc iso_exec_infer(struct iso_exec *e, int from, int to)
{
    struct iso_pass_walk w = { .exec = e };
    for (int i = from; i < to; i++)
        ISO_TRY(visit_node(e, i, ISO_FORWARD, iso_exec_run_node, &w));
    return ISO_OK;
}

iso_rc iso_exec_forward(struct iso_exec *e, bool training, uint64_t step, int64_t log_row)
{
    struct iso_pass_walk w = { e, training, step, log_row };
    return iso_exec_walk(e, ISO_FORWARD, iso_exec_run_node, &w);
}

iso_rc iso_exec_backward(struct iso_exec *e, uint64_t step)
{
    struct iso_pass_walk w = { e, true, step, 0 };
    return iso_exec_walk(e, ISO_BACKWARD, iso_exec_run_node, &w);
}

/* The optimizer runs once a chunk: weights, gradients and slots lie alike, and the gaps between
 * tensors hold zeros, which every optimizer leaves zero. */
void iso_exec_optimizer_call(const struct iso_exec *e, int chunk, struct iso_call *out)
{
    const size_t n = e->plan.weights.chunk[chunk] / e->backend->real_size;
    const struct iso_tensor t = { NULL, 0, ISO_REAL, { 1, { (int64_t)n } } };
    *out = (struct iso_call){
        .params = e->optimizer, .seed = e->options.seed, .step_rows = e->rows, .training = true
    };
    out->w[0] = out->dw[0] = t;
    out->w[0].mem = e->weights.n ? e->weights.chunk[chunk] : NULL;
    out->dw[0].mem = e->weight_gradients.n ? e->weight_gradients.chunk[chunk] : NULL;
    for (int i = 0; i < e->nslots - iso_exec_averages(e); i++) {
        out->state[i] = t;
        out->state[i].mem = e->slots[i].n ? e->slots[i].chunk[chunk] : NULL;
    }
    out->workspace =
        (struct iso_tensor){ e->workspace, 0, ISO_U8, { 1, { (int64_t)e->workspace_bytes } } };
}

iso_rc iso_exec_update(struct iso_exec *e, uint64_t step, double rate)
{
    const enum iso_op op = e->graph->training->optimizer.op;
    *iso_op_learning_rate(op, e->optimizer) = rate;
    ISO_TRY(iso_exec_clip(e));
    ISO_TRY(iso_exec_decay(e, rate));
    if (e->divided != NULL)
        return iso_exec_update_slices(e, step);
    for (int chunk = 0; chunk < e->weights.n; chunk++) {
        struct iso_call c;
        iso_exec_optimizer_call(e, chunk, &c);
        c.step = (uint32_t)step;
        ISO_TRY(iso_exec_run_optimizer(e, &c, chunk, 0));
        if (iso_exec_averages(e)) {
            struct iso_tensor average = c.w[0];
            average.mem = e->slots[e->nslots - 1].chunk[chunk];
            ISO_TRY(iso_exec_average(e, &c.w[0], &average, step));
        }
    }
    return ISO_OK;
}
