/* exec_initialize.c: what weights and optimizer slots hold before the first step. */
#include "exec_private.h"
#include "core/model/initializer.h"

#include <stdlib.h>

bool iso_exec_slot_tensor(const struct iso_exec *e, int value, int slot, struct iso_tensor *out)
{
    if (!e->graph->values[value].trainable)
        return false;
    *out = iso_exec_value(e, value);
    out->mem = NULL;
    if (e->divided == NULL)
        out->mem = e->slots[slot].chunk[e->plan.weights.extents[value].chunk];
    return true;
}

static iso_rc initialize_weight(struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    const struct iso_tensor t = iso_exec_value(e, value);
    float *w = iso_alloc((size_t)iso_shape_count(&v->shape), sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_initialize(v->initializer, &v->shape, e->options.seed, (uint32_t)v->layer,
                               (uint32_t)v->weight, w);
    if (rc == ISO_OK)
        rc = iso_tensor_write_f32(e->backend, &t, w);
    free(w);
    return rc;
}

/* Fills the slot of every trainable weight; the gaps between tensors stay zero. */
static iso_rc fill_slot(struct iso_exec *e, int slot, double initial)
{
    for (int i = 0; i < e->nsorted; i++) {
        struct iso_tensor t;
        if (!iso_exec_slot_tensor(e, e->sorted[i], slot, &t))
            continue;
        const int64_t n = iso_shape_count(&t.shape);
        double *values = iso_alloc((size_t)n, sizeof *values);
        if (values == NULL)
            return ISO_ENOMEM;
        for (int64_t k = 0; k < n; k++)
            values[k] = initial;
        const iso_rc rc = e->divided != NULL ? iso_exec_slot_write(e, e->sorted[i], slot, values)
                                             : iso_tensor_write(e->backend, &t, values);
        free(values);
        ISO_TRY(rc);
    }
    return ISO_OK;
}

static iso_rc initialize_slot(struct iso_exec *e, int slot)
{
    const struct iso_op_use *optimizer = &e->graph->training->optimizer;
    const bool average = iso_exec_averages(e) && slot == e->nslots - 1;
    const double initial = average ? 0
                                   : iso_op_slot_initial(optimizer->op, optimizer->params, slot);
    for (int c = 0; c < e->slots[slot].n; c++)
        ISO_TRY(e->backend->ops->fill(e->backend, e->slots[slot].chunk[c], 0, 0,
                                      e->divided != NULL ? iso_exec_own_slot_bytes(e)
                                                         : e->plan.weights.chunk[c]));
    return initial != 0 ? fill_slot(e, slot, initial) : ISO_OK;
}

iso_rc iso_exec_initialize(struct iso_exec *e)
{
    for (int i = 0; i < e->nsorted; i++)
        ISO_TRY(initialize_weight(e, e->sorted[i]));
    for (int s = 0; s < e->nslots; s++)
        ISO_TRY(initialize_slot(e, s));
    return e->backend->ops->sync(e->backend);
}
