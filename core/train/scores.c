#include "scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double iso_scores_loss(const struct iso_scores *s)
{
    return s->rows > 0 ? s->loss_sum / (double)s->rows : NAN;
}

static const struct iso_value *counted(const struct iso_graph *g, int metric)
{
    return &g->values[g->metric[metric]];
}

int64_t iso_metric_values(const struct iso_graph *g, int metric)
{
    const struct iso_op_use *use = &g->model->metrics[metric];
    struct iso_shapes score;
    if (iso_ops[use->op].kind != ISO_SCORE)
        return counted(g, metric)->role == ISO_ROLE_SCALAR ? 1 : 0;
    if (iso_ops[use->op].def->infer(use->params, &counted(g, metric)->shape, &score) != ISO_OK)
        return 0; /* never: the graph was built with it */
    return iso_shape_count(&score.y[0]);
}

const char *iso_metric_name(const struct iso_graph *g, int metric, int64_t value,
                            char buf[ISO_NAME])
{
    const struct iso_op_use *use = &g->model->metrics[metric];
    iso_op_label(use->op, use->params, buf);
    const size_t n = strlen(buf);
    if (value >= 0 && iso_metric_values(g, metric) > 1)
        snprintf(buf + n, ISO_NAME - n, "_%lld", (long long)value);
    return buf;
}

void iso_scores_values(const struct iso_graph *g, const struct iso_scores *s, int metric,
                       double *out)
{
    const struct iso_op_use *use = &g->model->metrics[metric];
    const struct iso_value *v = counted(g, metric);
    const int64_t n = iso_metric_values(g, metric);
    if (s->rows > 0 && iso_ops[use->op].kind == ISO_SCORE)
        iso_ops[use->op].def->score(use->params, &v->shape, s->counts + v->at, out);
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = s->rows > 0 ? s->metric_sum[metric] / (double)s->rows : NAN;
}

double iso_scores_metric(const struct iso_graph *g, const struct iso_scores *s, int metric)
{
    double value;
    iso_scores_values(g, s, metric, &value);
    return value;
}

int iso_metric_first(const struct iso_graph *g)
{
    for (int m = 0; m < g->model->nmetrics; m++)
        if (iso_metric_values(g, m) == 1)
            return m;
    return -1;
}

int64_t iso_metric_most(const struct iso_graph *g)
{
    int64_t most = 1;
    for (int m = 0; m < g->model->nmetrics; m++)
        if (iso_metric_values(g, m) > most)
            most = iso_metric_values(g, m);
    return most;
}
