#include "step_lockstep.h"

#include "subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JUNK_NAN = 0xFF };
static const double apart = 2; /* bounds, of two results that are both within theirs */

struct walk {
    struct iso_exec *exec;
    struct iso_backend *judge;
    uint64_t step;
    struct iso_step_fault *fault;
};

/* ---- One pass of one node ------------------------------------------------------------------ */

static iso_rc compare_bounds(const struct walk *w, enum iso_op op, const struct iso_call *call,
                             enum iso_pass pass, const struct iso_values *want,
                             const struct iso_values *got, struct iso_distance *d)
{
    struct iso_values allowed = { 0 };
    ISO_TRY(iso_rung_allowed(w->judge, op, call, pass, got, ISO_ANY_ORDER, &allowed));
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            for (int64_t k = 0; k < allowed.a[g][i].n; k++)
                allowed.a[g][i].v[k] *= apart;
    const iso_rc rc = iso_compare_bounded(pass, want, got, &allowed, d);
    iso_values_free(&allowed);
    return rc;
}

/* Has both devices compute the pass on v, and compares. */
static iso_rc compare(const struct walk *w, enum iso_op op, const struct iso_call *call,
                      enum iso_pass pass, const struct iso_values *v, struct iso_distance *d)
{
    const struct iso_how how = { .junk = JUNK_NAN };
    struct iso_values got = { 0 }, want = { 0 };
    iso_rc rc = iso_values_copy(&got, v);
    if (rc == ISO_OK)
        rc = iso_values_copy(&want, v);
    if (rc == ISO_OK)
        rc = iso_execute_pass(iso_exec_backend(w->exec), op, call, pass, &how, &got);
    if (rc == ISO_OK)
        rc = iso_execute_pass(w->judge, op, call, pass, &how, &want);
    if (rc == ISO_OK)
        rc = iso_ops[op].def->product ? compare_bounds(w, op, call, pass, &want, &got, d)
                                      : iso_compare_exact(pass, &want, &got, d);
    iso_values_free(&got);
    iso_values_free(&want);
    return rc;
}

static int value_of(const struct iso_node *n, const struct iso_distance *d)
{
    switch (d->group) {
    case ISO_Y: return n->y[d->operand];
    case ISO_X:
    case ISO_DX: return n->x[d->operand];
    case ISO_W:
    case ISO_DW: return n->w[d->operand];
    default: return n->ny > 0 ? n->y[0] : -1;
    }
}

static void name_fault(const struct walk *w, int node, enum iso_pass pass,
                       const struct iso_distance *d)
{
    const struct iso_graph *g = iso_exec_graph(w->exec);
    const struct iso_node *n = &g->nodes[node];
    const int value = value_of(n, d);
    struct iso_step_fault *f = w->fault;
    snprintf(f->tensor, sizeof f->tensor, "%s%s", pass == ISO_BACKWARD ? "d/" : "",
             value >= 0 ? g->values[value].name : iso_ops[n->op].name);
    snprintf(f->op, sizeof f->op, "%s", iso_ops[n->op].name);
    if (n->layer >= 0)
        snprintf(f->layer, sizeof f->layer, "%s", g->model->layers[n->layer].name);
    f->pass = pass == ISO_FORWARD ? "forward pass" : "backward pass";
    f->values = d->values;
    f->at = d->at;
    f->got = d->got;
    f->want = d->want;
}

/* Sets of a call what the pass itself reads and writes; a shard's sums are its executor's. */
static struct iso_call alone(const struct iso_call *c, enum iso_pass pass)
{
    struct iso_call out = *c;
    if (pass == ISO_FORWARD) {
        memset(out.dx, 0, sizeof out.dx);
        memset(out.dy, 0, sizeof out.dy);
        memset(out.dw, 0, sizeof out.dw);
    } else {
        iso_subject_drop_unwanted(&out);
    }
    return out;
}

static iso_rc run_and_compare(void *self, int node, enum iso_pass pass)
{
    struct walk *w = self;
    const enum iso_op op = iso_exec_graph(w->exec)->nodes[node].op;
    struct iso_distance d = { 0 };
    struct iso_values v = { 0 };
    struct iso_call call;
    if (*w->fault->tensor != '\0')
        return ISO_OK;
    iso_exec_call(w->exec, node, pass, true, w->step, 0, &call);
    const struct iso_call own = alone(&call, pass);
    if (iso_op_has_pass(op, pass))
        ISO_TRY(iso_subject_read_call(iso_exec_backend(w->exec), &own, &v));
    iso_rc rc = iso_exec_launch(w->exec, node, pass, &call);
    if (rc == ISO_OK && iso_op_has_pass(op, pass))
        rc = compare(w, op, &own, pass, &v, &d);
    iso_values_free(&v);
    if (rc == ISO_EPARITY) {
        name_fault(w, node, pass, &d);
        iso_error_clear();
        return ISO_OK;
    }
    return rc;
}

/* ---- A step -------------------------------------------------------------------------------- */

iso_rc iso_step_lockstep(struct iso_exec *kept, struct iso_backend *judge, uint64_t step,
                         struct iso_step_fault *out)
{
    struct walk w = { kept, judge, step, out };
    *out = (struct iso_step_fault){ .pass = NULL };
    return iso_exec_walk_step(kept, 0, run_and_compare, &w);
}

static iso_rc copy_tensor(struct iso_exec *from, struct iso_exec *to, const char *name)
{
    struct iso_tensor a, b;
    if (!iso_exec_tensor(from, name, &a) || !iso_exec_tensor(to, name, &b))
        return ISO_OK; /* there is no gradient of a weight that is not trained */
    double *values = iso_alloc((size_t)iso_shape_count(&a.shape) + 1, sizeof *values);
    if (values == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_tensor_read(iso_exec_backend(from), &a, values);
    if (rc == ISO_OK)
        rc = iso_tensor_write(iso_exec_backend(to), &b, values);
    free(values);
    return rc;
}

iso_rc iso_step_hand_on(struct iso_exec *from, struct iso_exec *to)
{
    const struct iso_graph *g = iso_exec_graph(from);
    for (int i = 0; i < iso_exec_nweights(from); i++) {
        const char *name = iso_exec_weight(from, i);
        char gradient[ISO_NAME + 2];
        snprintf(gradient, sizeof gradient, "d/%s", name);
        ISO_TRY(copy_tensor(from, to, gradient));
        if (!g->values[iso_graph_find(g, name)].trainable)
            ISO_TRY(copy_tensor(from, to, name));
    }
    return ISO_OK;
}
