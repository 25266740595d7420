/* predict.c: forward passes up to the value that is wanted, batch by batch. */
#include "predict.h"
#include "exec_private.h"

#include "core/arithmetic/formulas.h"

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
    if (e->views != NULL && value != e->graph->output)
        return iso_fail(ISO_EUSAGE, "--tta is the mean of the output, not of '%s'",
                        e->graph->values[value].name);
    if (e->views != NULL)
        ISO_TRY(iso_exec_score_views(e, 0));
    else
        ISO_TRY(iso_exec_infer(e, e->first_node, maker + 1));
    const struct iso_tensor t = iso_exec_value(e, value);
    return iso_tensor_read_f32(e->backend, &t, numbers);
}

/* A prediction: its rows and value, and its listener. */
struct prediction {
    struct iso_exec *exec;
    int which, value;
    int64_t rows, size; /* size: numbers of a row */
    iso_row_listener *told;
    void *self;
};

/* The value of the rows [first, first + rows), which are a batch. */
static iso_rc one_batch(const struct prediction *p, int64_t first, int64_t rows, float *numbers)
{
    struct iso_exec *e = p->exec;
    ISO_TRY(iso_exec_gather(e, p->which, first, rows));
    for (int s = 0; s < e->shards; s++)
        ISO_TRY(one_shard(e, s, p->value, numbers + s * e->graph->shard_rows * p->size));
    return ISO_OK;
}

static int64_t rows_left(const struct prediction *p, int64_t first)
{
    const int64_t left = p->rows - first, batch = p->exec->graph->batch;
    return left < 0 ? 0 : left < batch ? left : batch;
}

/* Gives rank 0 the numbers of the other ranks' batches, which follow its own from `first` on. */
static iso_rc collect(const struct prediction *p, struct iso_ranks *ranks, int64_t first,
                      float *numbers)
{
    struct iso_message m[ISO_RANKS_MOST];
    const int64_t batch = p->exec->graph->batch;
    int n = 0;
    for (int i = 1; i < ranks->count; i++) {
        const int64_t rows = rows_left(p, first + i * batch);
        float *place = ranks->rank == 0 ? numbers + i * batch * p->size : numbers;
        const struct iso_message now = { ranks->rank == 0 ? i : 0, place,
                                         (size_t)(rows * p->size) * sizeof *numbers };
        if (rows > 0 && (ranks->rank == 0 || ranks->rank == i))
            m[n++] = now;
    }
    return ranks->rank == 0 ? iso_ranks_swap(ranks, NULL, 0, m, n)
                            : iso_ranks_swap(ranks, m, n, NULL, 0);
}

/* Predicts one batch on each rank, and tells rank 0's listener about them in their order. */
static iso_rc one_round(const struct prediction *p, int64_t first, float *numbers)
{
    struct iso_ranks *ranks = iso_exec_ranks(p->exec);
    const int rank = ranks != NULL ? ranks->rank : 0, count = ranks != NULL ? ranks->count : 1;
    const int64_t batch = p->exec->graph->batch, own = first + rank * batch;
    if (rows_left(p, own) > 0)
        ISO_TRY(one_batch(p, own, rows_left(p, own), numbers));
    if (ranks != NULL)
        ISO_TRY(collect(p, ranks, first, numbers));
    for (int64_t i = 0; rank == 0 && i < count * batch && first + i < p->rows; i++)
        ISO_TRY(p->told(p->self, first + i, numbers + i * p->size));
    return ISO_OK;
}

iso_rc iso_predict_value(struct iso_exec *e, int which, int64_t rows, int value,
                         iso_row_listener *told, void *self)
{
    const struct iso_ranks *ranks = iso_exec_ranks(e);
    const int64_t size = iso_predict_size(e->graph, value);
    const int64_t together = e->graph->batch * (ranks != NULL ? ranks->count : 1);
    const int64_t room = ranks == NULL || ranks->rank == 0 ? together : e->graph->batch;
    const struct prediction p = { e, which, value, rows, size, told, self };
    float *numbers = iso_alloc((size_t)(room * size), sizeof *numbers);
    iso_rc rc = numbers != NULL ? iso_exec_order(e, which, NULL) : ISO_ENOMEM;
    for (int64_t first = 0; rc == ISO_OK && first < rows; first += together)
        rc = one_round(&p, first, numbers);
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
