/* api_log.c: numbers with their names, as callbacks get them. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t count_numbers(const struct iso_graph *g)
{
    int64_t n = 1; /* the loss */
    for (int m = 0; m < g->model->nmetrics; m++)
        n += iso_metric_values(g, m);
    return 2 * n + 1; /* for training and validation, and the learning rate */
}

iso_rc iso_api_log_begin(struct iso_api_log *l, const struct iso_graph *g)
{
    const int64_t room = count_numbers(g);
    l->log = (struct isocl_log){ .phase = g->training->name };
    if (room <= l->room)
        return ISO_OK;
    iso_api_log_free(l);
    l->text = iso_alloc((size_t)room, sizeof *l->text);
    l->names = iso_alloc((size_t)room, sizeof *l->names);
    l->values = iso_alloc((size_t)room, sizeof *l->values);
    if (l->text == NULL || l->names == NULL || l->values == NULL)
        return ISO_ENOMEM;
    l->room = (int)room;
    return ISO_OK;
}

void iso_api_log_add(struct iso_api_log *l, const char *prefix, const char *name, double value)
{
    const int i = l->log.count++;
    snprintf(l->text[i], sizeof l->text[i], "%s%s", prefix, name);
    l->names[i] = l->text[i];
    l->values[i] = value;
}

static void add_metric(struct iso_api_log *l, const char *prefix, const struct iso_graph *g,
                       const struct iso_scores *scores, int metric)
{
    char name[ISO_NAME];
    const int64_t n = iso_metric_values(g, metric);
    double *values = iso_alloc((size_t)n, sizeof *values);
    if (values == NULL || n == 0) {
        free(values); /* without memory the numbers are not known */
        return;
    }
    iso_scores_values(g, scores, metric, values);
    for (int64_t v = 0; v < n; v++)
        iso_api_log_add(l, prefix, iso_metric_name(g, metric, v, name), values[v]);
    free(values);
}

void iso_api_log_scores(struct iso_api_log *l, const char *prefix, const struct iso_graph *g,
                        const struct iso_scores *scores)
{
    iso_api_log_add(l, prefix, "loss", iso_scores_loss(scores));
    for (int m = 0; m < g->model->nmetrics; m++)
        add_metric(l, prefix, g, scores, m);
}

iso_rc iso_api_log_tell(struct iso_api_log *l, isocl_log_fn *told, void *self, const char *whose)
{
    l->log.names = l->names;
    l->log.values = l->values;
    return told != NULL ? iso_api_told(told(self, &l->log), whose) : ISO_OK;
}

void iso_api_log_free(struct iso_api_log *l)
{
    free(l->text);
    free(l->names);
    free(l->values);
    *l = (struct iso_api_log){ .log = l->log };
}
