#include "not_finite.h"

#include "core/data/shuffle.h"
#include "exec_private.h"
#include "fit.h"
#include "learning_rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    struct iso_exec *exec;
    struct iso_not_finite *out;
    int64_t step; /* the step being checked, from 0 */
    const char *where;
};

static bool found(const struct search *s) { return *s->out->tensor; }

/* ---- Looking at tensors -------------------------------------------------------------------- */

/* Looks at the tensor of a value, or of its gradient, unless something has been found. */
static iso_rc look(struct search *s, const struct iso_tensor *t, int value, bool gradient)
{
    const struct iso_graph *g = s->exec->graph;
    bool finite = true;
    if (found(s) || value < 0 || t->mem == NULL || t->dtype != ISO_REAL)
        return ISO_OK;
    ISO_TRY(iso_tensor_finite(s->exec->backend, t, &finite));
    if (finite)
        return ISO_OK;
    const struct iso_value *v = &g->values[value];
    snprintf(s->out->tensor, sizeof s->out->tensor, "%s%s", gradient ? "d/" : "", v->name);
    snprintf(s->out->layer, sizeof s->out->layer, "%s",
             v->layer >= 0 ? g->model->layers[v->layer].name : "");
    s->out->where = s->where;
    s->out->step = s->step + 1;
    return ISO_OK;
}

static iso_rc look_at_weights(struct search *s)
{
    for (int i = 0; i < s->exec->nsorted && !found(s); i++) {
        const struct iso_tensor t = iso_exec_value(s->exec, s->exec->sorted[i]);
        ISO_TRY(look(s, &t, s->exec->sorted[i], false));
    }
    return ISO_OK;
}

/* ---- A step, call by call ------------------------------------------------------------------ */

static iso_rc look_forward(struct search *s, int node, const struct iso_call *c)
{
    const struct iso_node *n = &s->exec->graph->nodes[node];
    const struct iso_node *last = &s->exec->graph->nodes[s->exec->fusions[node].last];
    for (int i = 0; i < n->ny; i++)
        ISO_TRY(look(s, &c->y[i], i == 0 ? last->y[0] : n->y[i], false));
    return ISO_OK;
}

static iso_rc look_backward(struct search *s, int node, const struct iso_call *c)
{
    const struct iso_node *n = &s->exec->graph->nodes[node];
    for (int i = 0; i < n->nw; i++)
        ISO_TRY(look(s, &c->dw[i], n->w[i], true));
    const int before = s->exec->fusions[node].before;
    for (int i = 0; i < n->nx; i++) {
        const bool fused = i == 0 && before >= 0;
        ISO_TRY(look(s, &c->dx[i], fused ? s->exec->graph->nodes[before].x[0] : n->x[i], true));
    }
    return c->adds ? look(s, &c->dx[n->nx], s->exec->fusions[node].addend, true) : ISO_OK;
}

static iso_rc run_and_look(void *self, int node, enum iso_pass pass)
{
    struct search *s = self;
    struct iso_call c;
    if (found(s))
        return ISO_OK;
    s->where = pass == ISO_FORWARD ? "in the forward pass" : "in the backward pass";
    iso_exec_call(s->exec, node, pass, true, (uint64_t)s->step, 0, &c);
    ISO_TRY(iso_exec_launch(s->exec, node, pass, &c));
    if (iso_exec_again(s->exec)) /* the results have been looked at */
        return ISO_OK;
    return pass == ISO_FORWARD ? look_forward(s, node, &c) : look_backward(s, node, &c);
}

/* As iso_exec_train and iso_exec_update, with a look at each result. */
static iso_rc look_at_step(struct search *s, int64_t first_step, double rate)
{
    ISO_TRY(iso_exec_walk_step(s->exec, 0, run_and_look, s));
    if (found(s))
        return ISO_OK;
    ISO_TRY(iso_exec_update(s->exec, (uint64_t)(s->step - first_step), rate));
    s->where = "after the update";
    return look_at_weights(s);
}

/* ---- Searching ----------------------------------------------------------------------------- */

/* The learning rate of the step that is looked at. */
static double rate_of(const struct search *s, const struct iso_fit_options *o,
                      const struct iso_fit_state *from)
{
    const struct iso_graph *g = s->exec->graph;
    return iso_training_rate(g->training, from->plateau.rate, (o->rows + g->batch - 1) / g->batch,
                             (uint64_t)(s->step - from->first_step));
}

static iso_rc look_at_steps(struct search *s, const struct iso_fit_options *o,
                            const struct iso_fit_state *from, int64_t last)
{
    const int64_t batch = s->exec->graph->batch;
    int32_t *order = iso_alloc((size_t)o->rows, sizeof *order);
    if (order == NULL)
        return ISO_ENOMEM;
    iso_shuffle(o->seed, (uint32_t)from->epoch, order, o->rows);
    iso_rc rc = iso_exec_order(s->exec, 0, order);
    free(order);
    for (int64_t i = 0; rc == ISO_OK && !found(s) && from->step + i <= last; i++) {
        const int64_t first = (from->epoch_step + i) * batch, left = o->rows - first;
        if (left <= 0)
            break;
        s->step = from->step + i;
        rc = iso_exec_gather(s->exec, 0, first, left < batch ? left : batch);
        if (rc == ISO_OK)
            rc = look_at_step(s, from->first_step, rate_of(s, o, from));
    }
    return rc;
}

static iso_rc search(struct search *s, const struct iso_fit_options *o, struct iso_fit_state *state,
                     int64_t last)
{
    const struct iso_fit_options again = { .epochs = state->epoch + 1,
                                           .steps = last - 1,
                                           .rows = o->rows,
                                           .seed = o->seed,
                                           .stop = o->stop };
    s->where = "at the beginning";
    s->step = state->step;
    ISO_TRY(look_at_weights(s));
    if (!found(s) && state->step < last - 1)
        ISO_TRY(iso_fit(s->exec, &again, state));
    if (found(s) || state->step < last - 1 || state->step > last)
        return ISO_OK;
    return look_at_steps(s, o, state, last);
}

iso_rc iso_not_finite_find(struct iso_exec *exec, const struct iso_fit_options *options,
                           struct iso_fit_state *state, int64_t step, struct iso_not_finite *out)
{
    struct search s = { .exec = exec, .out = out };
    return search(&s, options, state, step);
}
