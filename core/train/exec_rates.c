/* exec_rates.c: learning rates of layers (learning_rate_multiplier): the optimizer runs over one
 * stretch of weights with one rate after the other. */
#include "exec_private.h"

static double multiplier_of(const struct iso_exec *e, int value)
{
    return e->graph->model->layers[e->graph->values[value].layer].rate;
}

bool iso_exec_has_rates(const struct iso_exec *e)
{
    for (int i = 0; i < e->nsorted; i++)
        if (e->graph->values[e->sorted[i]].trainable && multiplier_of(e, e->sorted[i]) != 1)
            return true;
    return false;
}

double iso_exec_rate(const struct iso_exec *e, int value, double rate)
{
    return rate * multiplier_of(e, value);
}

/* Returns where a trained weight begins in its chunk, in numbers. */
static int64_t begin_of(const struct iso_exec *e, int value)
{
    return (int64_t)(e->plan.weights.extents[value].offset / e->backend->real_size);
}

/* Finds the weight that has number `at` of a chunk, or the gap behind it, and where the next
 * begins; `end` if there is none before. */
static int weight_at(const struct iso_exec *e, int chunk, int64_t at, int64_t end, int64_t *next)
{
    int found = -1;
    *next = end;
    for (int i = 0; i < e->nsorted; i++) {
        const int value = e->sorted[i];
        if (!e->graph->values[value].trainable || e->plan.weights.extents[value].chunk != chunk)
            continue;
        const int64_t begin = begin_of(e, value);
        if (begin > at)
            *next = begin < *next ? begin : *next;
        else if (found < 0 || begin > begin_of(e, found))
            found = value;
    }
    return found;
}

/* The part [from, from + n) of a tensor. */
static void cut(struct iso_tensor *t, int64_t from, int64_t n)
{
    t->offset += (size_t)from;
    t->shape.dim[0] = n;
}

static iso_rc update_stretch(struct iso_exec *e, const struct iso_call *whole, int64_t from,
                             int64_t n, double rate)
{
    const enum iso_op op = e->graph->training->optimizer.op;
    struct iso_call c = *whole;
    cut(&c.w[0], from, n);
    cut(&c.dw[0], from, n);
    for (int i = 0; i < e->nslots - iso_exec_averages(e); i++)
        cut(&c.state[i], from, n);
    *iso_op_learning_rate(op, e->optimizer) = rate;
    iso_ops[op].def->scalars(c.params, c.step, c.scalars);
    return e->backend->kernels[op]->update(e->backend, &c);
}

iso_rc iso_exec_run_optimizer(struct iso_exec *e, const struct iso_call *call, int chunk,
                              int64_t begin)
{
    const enum iso_op op = e->graph->training->optimizer.op;
    const double rate = *iso_op_learning_rate(op, e->optimizer);
    const int64_t end = begin + call->w[0].shape.dim[0];
    iso_rc rc = ISO_OK;
    if (!iso_exec_has_rates(e))
        return update_stretch(e, call, 0, end - begin, rate);
    for (int64_t at = begin, next; at < end && rc == ISO_OK; at = next) {
        const int value = weight_at(e, chunk, at, end, &next);
        const double own = value >= 0 ? iso_exec_rate(e, value, rate) : rate;
        rc = update_stretch(e, call, at - begin, next - at, own);
    }
    *iso_op_learning_rate(op, e->optimizer) = rate;
    return rc;
}
