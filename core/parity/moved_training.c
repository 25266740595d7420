/* moved_training.c: measures how far the end of a training on the reference moves if its numbers
 * are moved a little: the effect that a device with other rounding may have on the weights. */
#include "subject.h"
#include "core/train/learning_rate.h"

#include <math.h>
#include <stdlib.h>

/* Streams of the directions in which numbers are moved. */
enum {
    STREAM_ULP = 1u << 29,
    STREAM_RESULT = 3u << 29,
    STREAMS_A_CALL = ISO_GROUPS * ISO_OPERANDS
};

static double direction(const struct iso_subject *s, uint32_t stream, int64_t element)
{
    return iso_fill_word(s->ladder->seed, stream, (uint64_t)element) & 1 ? 1 : -1;
}

/* ---- the first weights, by one ULP --------------------------------------------------------- */

iso_rc iso_subject_move_weights(const struct iso_subject *s, struct iso_exec *e)
{
    for (int i = 0; i < iso_exec_nweights(e); i++) {
        struct iso_array a = { 0 };
        struct iso_tensor t;
        iso_rc rc = iso_subject_read_weight(e, i, &a, &t);
        for (int64_t k = 0; rc == ISO_OK && k < a.n; k++) {
            const double to = direction(s, STREAM_ULP + (uint32_t)i, k) * INFINITY;
            a.v[k] = a.v[k] == 0 ? 0 : (double)nextafterf((float)a.v[k], (float)to);
        }
        if (rc == ISO_OK)
            rc = iso_tensor_write(iso_exec_backend(e), &t, a.v);
        free(a.v);
        ISO_TRY(rc);
    }
    return ISO_OK;
}

static iso_rc train_from_moved(const struct iso_subject *s, struct iso_exec *e)
{
    ISO_TRY(iso_subject_move_weights(s, e));
    return iso_subject_steps(s, e);
}

/* ---- Every sum of products, moved by its bound ---------------------------------------------- */

struct moving { /* a training on the reference; its present call */
    const struct iso_subject *subject;
    struct iso_exec *exec;
    int64_t step;
    int node;
    enum iso_pass pass;
    struct iso_call call;
    uint32_t stream; /* random stream of this call alone */
};

static iso_rc move_tensor(const struct moving *m, enum iso_group group, int operand,
                          const struct iso_array *allowed)
{
    const struct iso_tensor *t = &iso_call_group_of(&m->call, group)[operand];
    struct iso_backend *b = iso_exec_backend(m->exec);
    const uint32_t stream = m->stream + (uint32_t)(group * ISO_OPERANDS + operand);
    struct iso_array a = { 0 };
    if (t->mem == NULL || t->dtype != ISO_REAL || allowed->n == 0)
        return ISO_OK;
    iso_rc rc = iso_subject_read(b, t, &a);
    for (int64_t k = 0; rc == ISO_OK && k < a.n; k++)
        a.v[k] += direction(m->subject, stream, k) * allowed->v[k];
    if (rc == ISO_OK)
        rc = iso_tensor_write(b, t, a.v);
    free(a.v);
    return rc;
}

/* The pass, and then each result as far from it as the rung of bounds lets the device be. */
static iso_rc run_and_move(const struct moving *m, enum iso_op op)
{
    const struct iso_ladder *l = m->subject->ladder;
    struct iso_call wanted = m->call;
    struct iso_values v = { 0 }, allowed = { 0 };
    iso_subject_drop_unwanted(&wanted);
    ISO_TRY(iso_subject_read_call(iso_exec_backend(m->exec), &wanted, &v));
    iso_rc rc = iso_rung_allowed(l->judge, op, &wanted, m->pass, &v, ISO_ANY_ORDER, &allowed);
    iso_values_free(&v);
    if (rc == ISO_OK)
        rc = iso_exec_launch(m->exec, m->node, m->pass, &m->call);
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(m->pass, (enum iso_group)g); i++)
            if (rc == ISO_OK)
                rc = move_tensor(m, (enum iso_group)g, i, &allowed.a[g][i]);
    iso_values_free(&allowed);
    return rc;
}

static iso_rc run_node(void *self, int node, enum iso_pass pass)
{
    struct moving *m = self;
    const struct iso_graph *g = m->subject->graph;
    const enum iso_op op = g->nodes[node].op;
    const int calls = 2 * g->nnodes, call = 2 * node + (pass == ISO_BACKWARD);
    m->node = node;
    m->pass = pass;
    m->stream = STREAM_RESULT + (uint32_t)(m->step * calls + call) * STREAMS_A_CALL;
    iso_exec_call(m->exec, node, pass, true, (uint64_t)m->step, 0, &m->call);
    return iso_ops[op].def->product ? run_and_move(m, op)
                                    : iso_exec_launch(m->exec, node, pass, &m->call);
}

/* As iso_subject_steps. */
static iso_rc train_with_moved_sums(const struct iso_subject *s, struct iso_exec *e)
{
    struct moving m = { .subject = s, .exec = e };
    for (; m.step < s->steps; m.step++) {
        ISO_TRY(iso_exec_walk_step(e, 0, run_node, &m));
        ISO_TRY(iso_exec_update(e, (uint64_t)m.step,
                                iso_training_rate_alone(s->graph->training, (uint64_t)m.step)));
    }
    return ISO_OK;
}

/* ---- The distance at the end ---------------------------------------------------------------- */

static iso_rc distance_after(const struct iso_subject *s, struct iso_exec *reference,
                             iso_rc (*train)(const struct iso_subject *, struct iso_exec *),
                             struct iso_apart *out)
{
    struct iso_exec *moved;
    ISO_TRY(iso_subject_open(s, s->ladder->reference, &iso_subject_readable, &moved));
    iso_rc rc = train(s, moved);
    if (rc == ISO_OK)
        rc = iso_subject_distance(reference, moved, out);
    iso_exec_free(moved);
    return rc;
}

iso_rc iso_subject_moved_by_ulp(const struct iso_subject *s, struct iso_exec *reference,
                                struct iso_apart *out)
{
    return distance_after(s, reference, train_from_moved, out);
}

iso_rc iso_subject_moved_by_bounds(const struct iso_subject *s, struct iso_exec *reference,
                                   struct iso_apart *out)
{
    return distance_after(s, reference, train_with_moved_sums, out);
}
