/* exec_targets.c: whether the targets of a data set are those that a graph takes. */
#include "exec_private.h"

#include "core/ops/activation.h"

#include <stdio.h>

static iso_rc other_kind(const struct iso_exec *e, const char *which, const struct iso_dataset *d)
{
    const struct iso_source_options *o = &e->graph->model->train.options;
    const bool wanted = e->graph->targets;
    return iso_fail(ISO_EDATA,
                    "%s data: the rows of %s have %s, and those of the training data %s: give both "
                    "the same %s",
                    which, d->name, wanted ? "a class each" : "targets",
                    wanted ? "have targets" : "a class each",
                    *o->label_separator ? "`label_separator:`"
                    : *o->target_array  ? "`target_array:`"
                                        : "`target_columns:`");
}

static iso_rc other_number(const struct iso_exec *e, const char *which, const struct iso_dataset *d)
{
    const long long columns = e->graph->values[e->graph->target].shape.dim[1];
    char names[120];
    size_t used = 0;
    for (int i = 0; i < d->classes && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 d->class_names[i]);
    return iso_fail(ISO_EDATA,
                    "%s data: %s has %d targets (%s%s), and the model's last layer gives %lld "
                    "number%s: give it %d units",
                    which, d->name, d->classes, names, used < sizeof names ? "" : "...", columns,
                    columns == 1 ? "" : "s", d->classes);
}

/* Returns what of the graph takes numbers from 0 to 1 only; NULL: nothing. */
static const char *takes_shares(const struct iso_graph *g)
{
    const enum iso_op loss = g->training->loss.op;
    if (iso_ops[loss].def->absorbs != ISO_LINEAR)
        return iso_ops[loss].name;
    for (int i = 0; i < g->model->nmetrics; i++)
        if (iso_ops[g->model->metrics[i].op].kind == ISO_SCORE)
            return iso_ops[g->model->metrics[i].op].name;
    return NULL;
}

/* Names the first row whose target is no share. */
static iso_rc check_shares(const struct iso_exec *e, const char *which, const struct iso_dataset *d)
{
    const char *takes = takes_shares(e->graph);
    char name[ISO_DATASET_NAME];
    for (int64_t i = 0; takes != NULL && i < d->rows * d->classes; i++) {
        const float value = d->targets[i];
        if (value >= 0 && value <= 1)
            continue;
        const int64_t row = i / d->classes;
        const char *own = iso_dataset_row_name(d, row, name, sizeof name);
        return iso_fail(ISO_EDATA,
                        "%s data: %s: row %lld%s%s has %g for '%s', and %s takes 0, 1 and what is "
                        "between: correct it, or use mean_squared_error for other numbers",
                        which, d->name, (long long)row, own != NULL ? ", " : "",
                        own != NULL ? own : "", (double)value, d->class_names[i % d->classes],
                        takes);
    }
    return ISO_OK;
}

iso_rc iso_exec_check_targets(const struct iso_exec *e, const char *which,
                              const struct iso_dataset *d)
{
    const struct iso_graph *g = e->graph;
    if (d->targets == NULL)
        return g->targets && d->labels != NULL ? other_kind(e, which, d) : ISO_OK;
    if (!g->targets)
        return other_kind(e, which, d);
    if (d->classes != g->values[g->target].shape.dim[1])
        return other_number(e, which, d);
    return check_shares(e, which, d);
}
