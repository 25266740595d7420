#include "warnings.h"

#include "core/ops/activation.h"
#include "exec_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 16384, /* numbers read at a time */
    ROWS = 16,     /* fewest rows for a judgement by zeros */
    EPOCHS = 3
}; /* epochs at chance, or with a rising loss, before a warning */
/* A loss this many times that of the first step has exploded. A rising loss is distinguished from
 * noise at the end of a training by these shares of the least and of the first loss. */
static const double exploded = 10, above_least = 1.5, above_first = 0.1;

struct iso_watcher {
    struct iso_exec *exec;
    double first;          /* loss of the first step; NaN: none yet */
    double least, last;    /* loss of epochs; NaN: none yet */
    int rising, at_chance; /* epochs in a row */
    bool told_chance, told_rising, told_exploded, told_validation;
    bool *dead, *told_dead; /* by node */
    float *values;          /* [PIECE] */
};
struct teller {
    const struct iso_fit_epoch *epoch;
    int64_t step;
    iso_warned *warned;
    void *self;
};

iso_rc iso_watcher_new(struct iso_exec *exec, struct iso_watcher **out)
{
    const size_t nodes = (size_t)iso_exec_graph(exec)->nnodes;
    struct iso_watcher *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    *w = (struct iso_watcher){ .exec = exec, .first = NAN, .least = NAN, .last = NAN };
    w->dead = iso_alloc(nodes, sizeof *w->dead);
    w->told_dead = iso_alloc(nodes, sizeof *w->told_dead);
    w->values = iso_alloc(PIECE, sizeof *w->values);
    if (w->dead == NULL || w->told_dead == NULL || w->values == NULL) {
        iso_watcher_free(w);
        return ISO_ENOMEM;
    }
    *out = w;
    return ISO_OK;
}

void iso_watcher_free(struct iso_watcher *w)
{
    if (w == NULL)
        return;
    free(w->dead);
    free(w->told_dead);
    free(w->values);
    free(w);
}

static iso_rc tell(const struct teller *t, const char *kind, const char *layer, const char *fmt,
                   ...) ISO_PRINTF(4, 5);
static iso_rc tell(const struct teller *t, const char *kind, const char *layer, const char *fmt,
                   ...)
{
    struct iso_warning warning = { .kind = kind, .epoch = t->epoch->epoch, .step = t->step };
    va_list arguments;
    snprintf(warning.layer, sizeof warning.layer, "%s", layer);
    va_start(arguments, fmt);
    vsnprintf(warning.text, sizeof warning.text, fmt, arguments);
    va_end(arguments);
    return t->warned(t->self, &warning);
}

/* ---- Dead relus ---------------------------------------------------------------------------- */

/* True if the node is a relu whose result the last batch has left in memory: it was run, and no
 * later value may use its memory before the backward pass has read it. */
static bool is_readable_relu(const struct iso_exec *e, int node)
{
    const struct iso_node *n = &e->graph->nodes[node];
    const struct iso_activation *a = n->params;
    if (n->op != ISO_OP_activation || a->function != ISO_RELU || node < e->first_node)
        return false;
    return e->plan.values.extents[iso_graph_root(e->graph, n->y[0])].last >= e->graph->nnodes;
}

/* Reads piece by piece: of a layer that lives, the first has a number that is not zero. */
static iso_rc is_zero(struct iso_watcher *w, const struct iso_tensor *t, bool *zero)
{
    const int64_t n = iso_shape_count(&t->shape);
    *zero = true;
    for (int64_t first = 0; first < n && *zero; first += PIECE) {
        const int64_t count = n - first < PIECE ? n - first : PIECE;
        const struct iso_tensor piece = {
            t->mem, t->offset + (size_t)first, t->dtype, { 1, { count } }
        };
        ISO_TRY(iso_tensor_read_f32(w->exec->backend, &piece, w->values));
        for (int64_t i = 0; i < count && *zero; i++)
            *zero = w->values[i] == 0;
    }
    return ISO_OK;
}

iso_rc iso_watcher_values(struct iso_watcher *w)
{
    const struct iso_graph *g = w->exec->graph;
    for (int i = 0; i < g->nlayer_nodes && w->exec->rows >= ROWS; i++) {
        if (w->dead[i] || !is_readable_relu(w->exec, i))
            continue;
        const struct iso_tensor t = iso_exec_value(w->exec, g->nodes[i].y[0]);
        if (t.mem != NULL)
            ISO_TRY(is_zero(w, &t, &w->dead[i]));
    }
    return ISO_OK;
}

static iso_rc tell_dead(struct iso_watcher *w, const struct teller *t)
{
    const struct iso_graph *g = w->exec->graph;
    for (int i = 0; i < g->nlayer_nodes; i++) {
        if (!w->dead[i] || w->told_dead[i])
            continue;
        const char *layer = g->model->layers[g->nodes[i].layer].name;
        w->told_dead[i] = true;
        ISO_TRY(tell(t, "dead_relu", layer,
                     "%s: its relu gave nothing but 0 for a whole batch, so "
                     "that nothing learns through it. Try a smaller learning_rate, "
                     "kernel_initializer: he_normal, a batch_normalization before the relu, or "
                     "leaky_relu or elu in its place",
                     layer));
    }
    return ISO_OK;
}

/* ---- Numbers of the epochs ----------------------------------------------------------------- */

void iso_watcher_step(struct iso_watcher *w, double loss)
{
    if (isnan(w->first))
        w->first = loss;
}

static int find_accuracy(const struct iso_model *m)
{
    for (int i = 0; i < m->nmetrics; i++)
        if (m->metrics[i].op == ISO_OP_accuracy)
            return i;
    return -1;
}

/* Up to three standard deviations above the share of one class, and a tenth of it, is chance. */
static bool is_chance(double accuracy, int64_t classes, int64_t rows)
{
    const double p = 1 / (double)classes;
    return accuracy <= 1.1 * p + 3 * sqrt(p * (1 - p) / (double)rows);
}

static iso_rc judge_accuracy(struct iso_watcher *w, const struct teller *t)
{
    const struct iso_graph *g = w->exec->graph;
    const struct iso_fit_epoch *e = t->epoch;
    const int metric = find_accuracy(g->model);
    if (metric < 0 || g->classes < 2)
        return ISO_OK;
    const double training = iso_scores_metric(g, &e->train, metric);
    bool chance = is_chance(training, g->classes, e->train.rows);
    if (e->validated)
        chance = chance && is_chance(iso_scores_metric(g, &e->validation, metric), g->classes,
                                     e->validation.rows);
    w->at_chance = chance ? w->at_chance + 1 : 0;
    if (w->at_chance < EPOCHS || w->told_chance)
        return ISO_OK;
    w->told_chance = true;
    return tell(t, "at_chance", "",
                "the accuracy has been at chance for %d epochs (%.4f, of %lld "
                "classes): nothing is learned. Try a smaller learning_rate, other initial weights "
                "(he_normal before relu, glorot_uniform before sigmoid or tanh), `scale: 1/255` of "
                "the input, and see whether labels and images belong together",
                EPOCHS, training, (long long)g->classes);
}

static iso_rc judge_loss(struct iso_watcher *w, const struct teller *t)
{
    const double loss = iso_scores_loss(&t->epoch->train), rate = t->epoch->learning_rate;
    const bool explodes = loss > exploded * w->first;
    w->rising = loss > w->last ? w->rising + 1 : 0;
    w->last = loss;
    w->least = loss > w->least ? w->least : loss;
    const bool rises = w->rising >= EPOCHS && loss > above_least * w->least &&
                       loss > above_first * w->first;
    if (explodes && !w->told_exploded) {
        w->told_exploded = true;
        return tell(t, "loss_explodes", "",
                    "the loss is %.4g, %.3g times that of the first step: "
                    "it explodes. Try a smaller learning_rate (it is %g), clipnorm in the "
                    "optimizer, or warmup_steps in a schedule",
                    loss, loss / w->first, rate);
    }
    if (explodes || !rises || w->told_rising)
        return ISO_OK;
    w->told_rising = true;
    return tell(t, "loss_rises", "",
                "the training loss has risen for %d epochs, from %.4g to "
                "%.4g. Try a smaller learning_rate (it is %g), or a schedule that lowers it",
                EPOCHS, w->least, loss, rate);
}

static iso_rc judge_validation(struct iso_watcher *w, const struct teller *t)
{
    if (!t->epoch->validated || w->told_validation ||
        isfinite(iso_scores_loss(&t->epoch->validation)))
        return ISO_OK;
    w->told_validation = true;
    return tell(t, "validation_not_finite", "",
                "the loss of the validation is not finite, while "
                "that of the training is: a layer that works otherwise when not training, as "
                "batch_normalization with its moving statistics, gives numbers that are too large. "
                "Try a smaller learning_rate, or a smaller momentum of batch_normalization");
}

iso_rc iso_watcher_epoch(struct iso_watcher *w, const struct iso_fit_epoch *epoch, int64_t step,
                         iso_warned *warned, void *self)
{
    const struct teller t = { epoch, step, warned, self };
    ISO_TRY(judge_loss(w, &t));
    ISO_TRY(judge_validation(w, &t));
    ISO_TRY(judge_accuracy(w, &t));
    return tell_dead(w, &t);
}
