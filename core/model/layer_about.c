#include "layer_about.h"

#include <stdio.h>

const struct iso_value *iso_layer_value(const struct iso_graph *graph, int layer)
{
    char name[ISO_NAME + 4];
    if (layer < 0)
        return &graph->values[graph->augmented];
    snprintf(name, sizeof name, "%s/y", graph->model->layers[layer].name);
    int value = iso_graph_find(graph, name);
    return value < 0 ? NULL : &graph->values[value];
}

const char *iso_layer_shape(const struct iso_graph *graph, int layer, char *buf, size_t n)
{
    const struct iso_value *v = iso_layer_value(graph, layer);
    buf[0] = 0;
    return v != NULL ? iso_shape_text(&v->shape, 1, buf, n) : buf;
}

int64_t iso_layer_parameters(const struct iso_graph *graph, int layer, bool trainable)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nvalues; i++) {
        const struct iso_value *v = &graph->values[i];
        if (v->role == ISO_ROLE_WEIGHT && v->layer == layer && (v->trainable || !trainable))
            sum += iso_shape_count(&v->shape);
    }
    return sum;
}
