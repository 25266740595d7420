#include "imprint.h"

#include "exec_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MOST_BYTES = UINT64_C(1) << 28; /* kept for the elements of a fault */

struct mark { /* one value, or gradient of a value, of one shard */
    uint64_t digest;
    int64_t writes; /* the last one counts: a gradient may be summed by several calls */
    double *values; /* owned; NULL: too many are kept already */
};
struct iso_imprint {
    int nvalues, shards;
    struct mark *marks; /* [shards, nvalues, 2] */
    uint64_t bytes;
};

struct walk { /* taking or comparing an imprint */
    struct iso_exec *exec;
    struct iso_imprint *imprint;     /* made by this walk */
    const struct iso_imprint *other; /* to compare with; NULL: taking */
    struct iso_step_fault *fault;
    uint64_t step;
    int shard; /* whose batch has been looked at */
    int node;
    enum iso_pass pass;
};

/* ---- Numbers ------------------------------------------------------------------------------- */

/* FNV-1a over the bits, where any NaN is the same. */
static uint64_t digest_of(const double *v, int64_t n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = UINT64_C(0x7ff8000000000000);
        if (!isnan(v[i]))
            memcpy(&bits, &v[i], sizeof bits);
        h = (h ^ bits) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
    }
    return h;
}

bool iso_step_fault_find(const double *got, const double *want, int64_t n,
                         struct iso_step_fault *out)
{
    int64_t differ = 0, at = 0;
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0 && !(isnan(got[i]) && isnan(want[i])) &&
            differ++ == 0)
            at = i;
    if (differ == 0)
        return false;
    out->values = n;
    out->differ = differ;
    out->at = at;
    out->got = got[at];
    out->want = want[at];
    return true;
}

/* ---- A tensor ------------------------------------------------------------------------------ */

static struct mark *mark_of(const struct iso_imprint *m, int shard, int value, bool gradient)
{
    return &m->marks[((size_t)shard * (size_t)m->nvalues + (size_t)value) * 2 + gradient];
}

static void name_fault(const struct walk *w, int value, bool gradient, int64_t n)
{
    const struct iso_graph *g = w->exec->graph;
    struct iso_step_fault *f = w->fault;
    snprintf(f->tensor, sizeof f->tensor, "%s%s", gradient ? "d/" : "", g->values[value].name);
    f->values = n;
    f->pass = w->pass == ISO_FORWARD ? "forward pass" : "backward pass";
    if (w->node < 0) {
        f->pass = "filling of the batch";
        snprintf(f->op, sizeof f->op, "%s", iso_ops[ISO_OP_gather_images].name);
        return;
    }
    const struct iso_node *node = &g->nodes[w->node];
    snprintf(f->op, sizeof f->op, "%s", iso_ops[node->op].name);
    if (node->layer >= 0)
        snprintf(f->layer, sizeof f->layer, "%s", g->model->layers[node->layer].name);
}

static void keep_values(struct walk *w, struct mark *m, double *values, int64_t n)
{
    const uint64_t bytes = (uint64_t)n * sizeof *values;
    if (m->values != NULL)
        w->imprint->bytes -= bytes;
    free(m->values);
    m->values = NULL;
    if (w->other == NULL && w->imprint->bytes + bytes <= MOST_BYTES) {
        m->values = values;
        w->imprint->bytes += bytes;
    } else {
        free(values);
    }
}

/* Compares the last write of a tensor. */
static void compare(const struct walk *w, const struct mark *m, int value, bool gradient,
                    const double *values, int64_t n)
{
    const struct mark *other = mark_of(w->other, w->exec->shard, value, gradient);
    if (other->writes != m->writes || other->digest == m->digest)
        return;
    name_fault(w, value, gradient, n);
    if (other->values != NULL)
        (void)iso_step_fault_find(values, other->values, n, w->fault);
}

static bool found(const struct walk *w) { return w->other != NULL && *w->fault->tensor != '\0'; }

/* Looks at what a call has written, which is the value or its gradient. */
static iso_rc look(struct walk *w, const struct iso_tensor *t, int value, bool gradient)
{
    if (found(w) || value < 0 || t->mem == NULL)
        return ISO_OK;
    value = iso_graph_root(w->exec->graph, value);
    struct mark *m = mark_of(w->imprint, w->exec->shard, value, gradient);
    const int64_t n = iso_shape_count(&t->shape);
    double *values = iso_alloc((size_t)n + 1, sizeof *values);
    const iso_rc rc = values != NULL ? iso_tensor_read(w->exec->backend, t, values) : ISO_ENOMEM;
    if (rc != ISO_OK) {
        free(values);
        return rc;
    }
    m->digest = digest_of(values, n);
    m->writes++;
    if (w->other != NULL)
        compare(w, m, value, gradient, values, n);
    keep_values(w, m, values, n);
    return ISO_OK;
}

/* ---- A call -------------------------------------------------------------------------------- */

static iso_rc look_forward(struct walk *w, const struct iso_call *c)
{
    const struct iso_graph *g = w->exec->graph;
    const struct iso_node *n = &g->nodes[w->node];
    const struct iso_node *last = &g->nodes[w->exec->fusions[w->node].last];
    for (int i = 0; i < n->ny; i++)
        ISO_TRY(look(w, &c->y[i], i == 0 ? last->y[0] : n->y[i], false));
    return ISO_OK;
}

static iso_rc look_backward(struct walk *w, const struct iso_call *c)
{
    const struct iso_graph *g = w->exec->graph;
    const struct iso_node *n = &g->nodes[w->node];
    const struct iso_fusion *f = &w->exec->fusions[w->node];
    for (int i = 0; i < n->nw; i++)
        ISO_TRY(look(w, &c->dw[i], n->w[i], true));
    for (int i = 0; i < n->nx; i++) {
        const bool fused = i == 0 && f->before >= 0;
        ISO_TRY(look(w, &c->dx[i], fused ? g->nodes[f->before].x[0] : n->x[i], true));
    }
    return c->adds ? look(w, &c->dx[n->nx], f->addend, true) : ISO_OK;
}

/* Looks at the batch before the first call of a shard. Features that are kept have no images. */
static iso_rc look_at_batch(struct walk *w)
{
    const struct iso_graph *g = w->exec->graph;
    const int values[] = { w->exec->first_node > 0 ? -1 : g->input, g->target, g->sample_weight };
    w->node = -1;
    w->shard = w->exec->shard;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct iso_tensor t = { 0 };
        if (values[i] >= 0)
            t = iso_exec_value(w->exec, values[i]);
        ISO_TRY(look(w, &t, values[i], false));
    }
    return ISO_OK;
}

static iso_rc run_and_look(void *self, int node, enum iso_pass pass)
{
    struct walk *w = self;
    struct iso_call c;
    if (w->shard != w->exec->shard)
        ISO_TRY(look_at_batch(w));
    if (found(w))
        return ISO_OK;
    w->node = node;
    w->pass = pass;
    iso_exec_call(w->exec, node, pass, true, w->step, 0, &c);
    ISO_TRY(iso_exec_launch(w->exec, node, pass, &c));
    if (iso_exec_again(w->exec)) /* the results have been looked at */
        return ISO_OK;
    return pass == ISO_FORWARD ? look_forward(w, &c) : look_backward(w, &c);
}

/* ---- A step -------------------------------------------------------------------------------- */

void iso_imprint_free(struct iso_imprint *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; m->marks != NULL && i < 2 * (size_t)m->shards * (size_t)m->nvalues; i++)
        free(m->marks[i].values);
    free(m->marks);
    free(m);
}

static iso_rc walk(struct iso_exec *e, uint64_t step, const struct iso_imprint *other,
                   struct iso_step_fault *fault, struct iso_imprint **out)
{
    struct iso_imprint *m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    m->nvalues = e->graph->nvalues;
    m->shards = e->shards;
    m->marks = iso_alloc(2 * (size_t)m->shards * (size_t)m->nvalues, sizeof *m->marks);
    struct walk w = {
        .exec = e, .imprint = m, .other = other, .fault = fault, .step = step, .shard = -1
    };
    const iso_rc rc = m->marks != NULL ? iso_exec_walk_step(e, 0, run_and_look, &w) : ISO_ENOMEM;
    if (rc == ISO_OK && out != NULL)
        *out = m;
    else
        iso_imprint_free(m);
    return rc;
}

iso_rc iso_imprint_take(struct iso_exec *e, uint64_t step, struct iso_imprint **out)
{
    return walk(e, step, NULL, NULL, out);
}

iso_rc iso_imprint_part(const struct iso_imprint *m, struct iso_exec *e, uint64_t step,
                        struct iso_step_fault *out)
{
    *out = (struct iso_step_fault){ .pass = "" };
    return walk(e, step, m, out, NULL);
}
