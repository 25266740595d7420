/* exec_average.c: the moving average of the weights (core/model/weight_average.h), a slot behind
 * the optimizer's own. Its two roundings are those of two steps of sgd: with the average itself as
 * the gradient and the rate 1 - momentum, then with the weight and the rate -(1 - momentum). */
#include "exec_private.h"
#include "core/ops/sgd.h"

#include <stdlib.h>

bool iso_exec_averages(const struct iso_exec *e)
{
    return e->options.training && e->graph->training->average.use_ema;
}

static struct iso_call call_of(const struct iso_exec *e, const struct iso_tensor *average,
                               const struct iso_tensor *gradient, const struct iso_sgd *p)
{
    struct iso_call c = { .params = p, .step_rows = e->rows, .training = true };
    c.w[0] = *average;
    c.dw[0] = *gradient;
    iso_ops[ISO_OP_sgd].def->scalars(p, 0, c.scalars);
    return c;
}

/* Returns the share of a step's weights in the average. */
static double share(const struct iso_exec *e, uint64_t step)
{
    return step == 0 ? 1 : 1 - e->graph->training->average.ema_momentum;
}

iso_rc iso_exec_need_average(struct iso_exec *e, const struct iso_tensor *average)
{
    const struct iso_sgd p = { .learning_rate = 1 };
    const struct iso_call c = call_of(e, average, average, &p);
    return iso_exec_need(e, ISO_OP_sgd, "use_ema", &c, ISO_UPDATE);
}

iso_rc iso_exec_average(struct iso_exec *e, const struct iso_tensor *weight,
                        const struct iso_tensor *average, uint64_t step)
{
    const struct iso_sgd shrink = { .learning_rate = share(e, step) };
    const struct iso_sgd grow = { .learning_rate = -share(e, step) };
    const struct iso_kernel *sgd = e->backend->kernels[ISO_OP_sgd];
    const struct iso_call first = call_of(e, average, average, &shrink);
    const struct iso_call second = call_of(e, average, weight, &grow);
    ISO_TRY(sgd->update(e->backend, &first));
    return sgd->update(e->backend, &second);
}

/* ---- What becomes of it -------------------------------------------------------------------- */

iso_rc iso_exec_begin_average(struct iso_exec *e, const char *weight, const double *values)
{
    const int value = iso_graph_find(e->graph, weight), slot = e->nslots - 1;
    struct iso_tensor t;
    if (!iso_exec_averages(e) || value < 0 || !iso_exec_slot_tensor(e, value, slot, &t))
        return ISO_OK;
    return e->divided != NULL ? iso_exec_slot_write(e, value, slot, values)
                              : iso_tensor_write(e->backend, &t, values);
}

/* Makes a weight its average; values: room for it. */
static iso_rc finish_weight(struct iso_exec *e, int value, double *values)
{
    const struct iso_tensor weight = iso_exec_value(e, value);
    struct iso_tensor t;
    if (!iso_exec_slot_tensor(e, value, e->nslots - 1, &t))
        return ISO_OK; /* it is not trained */
    ISO_TRY(e->divided != NULL ? iso_exec_slot_read(e, value, e->nslots - 1, values)
                               : iso_tensor_read(e->backend, &t, values));
    ISO_TRY(iso_tensor_write(e->backend, &weight, values));
    return e->backend->ops->sync(e->backend);
}

iso_rc iso_exec_finish_average(struct iso_exec *e)
{
    if (!iso_exec_averages(e))
        return ISO_OK;
    ISO_TRY(iso_exec_collect(e, true));
    for (int i = 0; i < e->nsorted; i++) {
        const int64_t n = iso_shape_count(&e->graph->values[e->sorted[i]].shape);
        double *values = iso_alloc((size_t)n + 1, sizeof *values);
        if (values == NULL)
            return ISO_ENOMEM;
        const iso_rc rc = finish_weight(e, e->sorted[i], values);
        free(values);
        ISO_TRY(rc);
    }
    return ISO_OK;
}
