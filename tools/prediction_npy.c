/* prediction_npy.c: what the network, or one of its layers, gives for each row, as an array. */
#include "prediction.h"

#include "core/data/npy.h"
#include "core/train/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct array { uint8_t *bytes; size_t row; };  /* a whole file; bytes of a row */

static iso_rc take_row(void *self, int64_t row, const float *numbers)
{
    const struct array *a = self;
    memcpy(a->bytes + ISO_NPY_HEADER + (size_t)row * a->row, numbers, a->row);
    return ISO_OK;
}

/* The layer's value, or the output. */
static int find_value(const struct prediction *p)
{
    char name[ISO_NAME + 2];
    if (!p->options->layer)
        return p->setup.graph->output;
    snprintf(name, sizeof name, "%s/y", p->options->layer);
    return iso_graph_find(p->setup.graph, name);
}

static iso_rc fill(struct prediction *p, int value, const struct iso_shape *shape, struct array *a)
{
    iso_npy_header(shape->ndim, shape->dim, a->bytes);
    ISO_TRY(iso_predict_value(p->setup.exec, 1, p->data->rows, value, take_row, a));
    return iso_file_write(p->options->npy, a->bytes,
                          ISO_NPY_HEADER + (size_t)p->data->rows * a->row);
}

iso_rc iso_prediction_npy(struct prediction *p)
{
    const struct iso_graph *g = p->setup.graph;
    const int value = find_value(p);
    struct iso_shape shape = g->values[value].shape;
    struct array a = { .row = (size_t)iso_predict_size(g, value) * sizeof(float) };
    char source[320], text[64];
    shape.dim[0] = p->data->rows;
    a.bytes = iso_alloc((size_t)p->data->rows + ISO_NPY_HEADER / a.row + 1, a.row);
    const iso_rc rc = a.bytes ? fill(p, value, &shape, &a) : ISO_ENOMEM;
    free(a.bytes);
    if (rc == ISO_OK && !p->options->json)
        printf("%s: float32 %s, %s of %s\n", p->options->npy,
               iso_shape_text(&shape, 0, text, sizeof text), g->values[value].name,
               iso_prediction_source(p, source, sizeof source));
    return rc;
}
