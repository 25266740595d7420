/* predict.c: forward passes up to the value that is wanted, batch by batch. */
#include "predict.h"
#include "exec_private.h"

#include "core/formulas.h"

#include <stdlib.h>

/* ---- A value, row by row ------------------------------------------------------------------- */

/* The node that makes the value; -1: a batch brings it. */
static int find_maker(const struct iso_graph *g, int value)
{
    for (int i = 0; i < g->nnodes; i++)
        for (int k = 0; k < g->nodes[i].ny; k++)
            if (g->nodes[i].y[k] == value)
                return i;
    return -1;
}

int64_t iso_predict_size(const struct iso_graph *g, int value)
{
    return iso_shape_count(&g->values[value].shape) / g->shard_rows;
}

/* The value of the rows of a shard of the current batch. */
static iso_rc one_shard(struct iso_exec *e, int shard, int value, float *numbers)
{
    const int maker = find_maker(e->graph, value);
    ISO_TRY(iso_exec_shard(e, shard));
    if (maker >= 0 && maker < e->first_node)
        return iso_fail(ISO_EUSAGE, "what '%s' gives is not computed: features behind it are kept",
                        e->graph->values[value].name);
    ISO_TRY(iso_exec_infer(e, e->first_node, maker + 1));
    const struct iso_tensor t = iso_exec_value(e, value);
    return iso_tensor_read_f32(e->backend, &t, numbers);
}

static iso_rc predict(struct iso_exec *e, int which, int64_t rows, int value,
                      iso_row_listener *told, void *self, float *numbers)
{
    const int64_t size = iso_predict_size(e->graph, value), batch = e->graph->batch;
    ISO_TRY(iso_exec_order(e, which, NULL));
    for (int64_t first = 0; first < rows; first += batch) {
        ISO_TRY(iso_exec_gather(e, which, first, rows - first < batch ? rows - first : batch));
        for (int s = 0; s < e->shards; s++) {
            ISO_TRY(one_shard(e, s, value, numbers));
            for (int64_t i = 0; i < e->rows; i++)
                ISO_TRY(told(self, first + s * e->graph->shard_rows + i, numbers + i * size));
        }
    }
    return ISO_OK;
}

iso_rc iso_predict_value(struct iso_exec *e, int which, int64_t rows, int value,
                         iso_row_listener *told, void *self)
{
    const struct iso_shape *shape = &e->graph->values[value].shape;
    float *numbers = iso_alloc((size_t)iso_shape_count(shape), sizeof *numbers);
    if (numbers == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = predict(e, which, rows, value, told, self, numbers);
    free(numbers);
    return rc;
}

/* ---- Classes ------------------------------------------------------------------------------- */

struct classes {
    iso_predict_listener *told;
    void *self;
    const int32_t *labels; /* [rows] */
    int classes;
    bool single; /* one unit tells two classes apart */
};

static iso_rc tell(void *self, int64_t row, const float *numbers)
{
    const struct classes *c = self;
    const float pair[2] = { 1 - numbers[0], numbers[0] };
    const struct iso_predicted p = { .row = row,
                                     .label = c->labels[row],
                                     .classes = c->classes,
                                     .probabilities = c->single ? pair : numbers };
    return c->told(c->self, &p);
}

iso_rc iso_predict(struct iso_exec *e, int which, int64_t rows, iso_predict_listener *told,
                   void *self)
{
    const struct iso_graph *g = e->graph;
    int32_t *labels = iso_alloc((size_t)rows + 1, sizeof *labels);
    if (labels == NULL)
        return ISO_ENOMEM;
    struct classes c = { .told = told,
                         .self = self,
                         .labels = labels,
                         .classes = (int)g->classes,
                         .single = iso_predict_size(g, g->output) < g->classes };
    iso_rc rc = iso_exec_labels(e, which, rows, labels);
    if (rc == ISO_OK)
        rc = iso_predict_value(e, which, rows, g->output, tell, &c);
    free(labels);
    return rc;
}

int iso_predicted_class(const struct iso_predicted *p)
{
    int best = 0;
    for (int c = 1; c < p->classes; c++)
        best = iso_beats(p->probabilities[c], p->probabilities[best]) ? c : best;
    return best;
}
