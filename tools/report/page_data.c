/* page_data.c: the chapters of a report that data and device are needed for. */
#include "page.h"

#include "chart.h"
#include "core/ops/score.h"
#include "grids.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum iso_op scores[] = { ISO_OP_precision, ISO_OP_recall, ISO_OP_f1 };
enum { SCORES = sizeof scores / sizeof scores[0] };

/* Why nothing was measured at all; NULL when something was. */
static const char *obstacle(const struct iso_measured *m)
{
    return *m->no_model             ? m->no_model
           : *m->no_device          ? m->no_device
           : *m->no_weights         ? m->no_weights
           : m->watched             ? "the run is still being trained; they come when it ends"
           : m->job.backend == NULL ? "only the history was asked for; leave --history out"
                                    : NULL;
}

static void put_number(struct iso_page *p, double value)
{
    char text[ISO_NUMBER];
    iso_page_element(p, "td class=\"n\"", "%s", iso_short_number(value, text));
}

static struct iso_shape shape_of(const struct iso_split *s)
{
    return (struct iso_shape){ 2, { s->classes, s->classes } };
}

static double accuracy_of(const struct iso_split *s, const struct iso_split_scores *scored)
{
    double right = 0;
    for (int64_t c = 0; c < s->classes; c++)
        right += scored->matrix[c * s->classes + c];
    return iso_share(right, (double)s->rows);
}

double iso_split_accuracy(const struct iso_split *s)
{
    return s->last.matrix != NULL ? accuracy_of(s, &s->last) : NAN;
}

/* ---- Scores of the splits ------------------------------------------------------------------ */

static void put_split(struct iso_page *p, const struct iso_split *s,
                      const struct iso_split_scores *scored, const char *weights)
{
    const struct iso_score macro = { ISO_AVERAGE_MACRO };
    const struct iso_shape shape = shape_of(s);
    if (!scored->known)
        return;
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", s->name);
    iso_page_element(p, "td class=\"n\"", "%" PRId64, s->rows);
    put_number(p, scored->loss);
    if (scored->matrix != NULL)
        put_number(p, accuracy_of(s, scored));
    for (int i = 0; scored->matrix != NULL && i < SCORES; i++) {
        double value;
        iso_ops[scores[i]].def->score(&macro, &shape, scored->matrix, &value);
        put_number(p, value);
    }
    iso_page_element(p, "td", "%s", weights);
    iso_page_element(p, "td", "%s", s->data);
    fputs("</tr>\n", p->out);
}

static void put_scores(struct iso_page *p, const struct iso_measured *m)
{
    const char *why = obstacle(m);
    bool any = false, matrix = false;
    char best[64];
    snprintf(best, sizeof best, "best, epoch %" PRId64, m->best_epoch);
    iso_page_chapter(p, "scores",
                     m->best_epoch ? "Scores of the last and the best weights"
                                   : "Scores of the last weights");
    if (why != NULL)
        iso_page_note(p, "No scores: %s.", why);
    for (int i = 0; why == NULL && i < ISO_SPLITS; i++) {
        const struct iso_split *s = &m->split[i];
        any = any || !*s->missing;
        matrix = matrix || s->last.matrix != NULL;
        if (*s->missing)
            iso_page_note(p, "No scores of the %s data: %s.", s->name, s->missing);
    }
    if (any) {
        fputs(
            "<div class=\"scroll\" tabindex=\"0\"><table class=\"wide "
            "sortable\">\n<thead><tr><th>data</th><th class=\"n\">rows</th>"
            "<th class=\"n\">loss</th>",
            p->out);
        if (matrix)
            fputs(
                "<th class=\"n\">accuracy</th><th class=\"n\">precision</th>"
                "<th class=\"n\">recall</th><th class=\"n\">F1</th>",
                p->out);
        fputs("<th>weights</th><th>which</th></tr></thead>\n<tbody>\n", p->out);
        for (int i = 0; i < ISO_SPLITS; i++)
            if (!*m->split[i].missing) {
                put_split(p, &m->split[i], &m->split[i].last, "last");
                put_split(p, &m->split[i], &m->split[i].best, best);
            }
        fputs("</tbody></table></div>\n", p->out);
        if (matrix)
            iso_page_element(p, "p class=\"small\"",
                             "Precision, recall and F1 are means over the "
                             "classes. All are of whole passes without dropout and augmentation, "
                             "so that those of the training data differ from its curve.");
    }
    iso_page_close(p, "section");
}

/* ---- Classes ------------------------------------------------------------------------------- */

static void put_class(struct iso_page *p, const struct iso_measured *m, const struct iso_split *s,
                      double *const each[SCORES], int64_t class)
{
    const struct iso_shape shape = shape_of(s);
    char buf[16];
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", iso_class_text(m, (int)class, buf));
    for (int i = 0; i < SCORES; i++)
        put_number(p, each[i][class]);
    if (m->thresholds.counts != NULL && strcmp(s->name, m->predicted_split) == 0)
        put_number(p, iso_average_precision(&m->thresholds, (int)class));
    iso_page_element(p, "td class=\"n\"", "%.0f",
                     iso_class_counts(&shape, s->last.matrix, class).actual);
    fputs("</tr>\n", p->out);
}

static void put_classes(struct iso_page *p, const struct iso_measured *m, const struct iso_split *s,
                        double *const each[SCORES])
{
    fputs(
        "<div class=\"scroll tall\" tabindex=\"0\"><table class=\"wide sortable\">\n"
        "<thead><tr><th>class</th>",
        p->out);
    for (int i = 0; i < SCORES; i++)
        iso_page_element(p, "th class=\"n\"", "%s", iso_ops[scores[i]].name);
    if (m->thresholds.counts != NULL && strcmp(s->name, m->predicted_split) == 0)
        fputs("<th class=\"n\">average precision</th>", p->out);
    fputs("<th class=\"n\">rows</th></tr></thead>\n<tbody>\n", p->out);
    for (int64_t c = 0; c < s->classes; c++)
        put_class(p, m, s, each, c);
    fputs("</tbody></table></div>\n", p->out);
}

static const char *name_class(const void *m, int class, char buf[16])
{
    return iso_class_text(m, class, buf);
}

/* Puts the curves of the split that rows were predicted of. */
static iso_rc put_thresholds(struct iso_page *p, const struct iso_measured *m,
                             const struct iso_split *s)
{
    struct iso_svg svg = { .out = NULL };
    if (m->thresholds.counts == NULL || strcmp(s->name, m->predicted_split) != 0)
        return ISO_OK;
    ISO_TRY(iso_page_picture(p, iso_draw_precision_recall(&m->thresholds, name_class, m, &svg),
                             &svg, NULL));
    return iso_page_picture(p, iso_draw_thresholds(&m->thresholds, &svg), &svg, NULL);
}

static iso_rc put_confusion_of(struct iso_page *p, const struct iso_measured *m,
                               const struct iso_split *s)
{
    const struct iso_score of_classes = { ISO_AVERAGE_NONE };
    const struct iso_shape shape = shape_of(s);
    double *each[SCORES];
    struct iso_svg svg = { .out = NULL };
    double *all = iso_alloc((size_t)(SCORES * s->classes), sizeof *all);
    if (all == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < SCORES; i++) {
        each[i] = all + i * s->classes;
        iso_ops[scores[i]].def->score(&of_classes, &shape, s->last.matrix, each[i]);
    }
    fputs("<div class=\"grid-of-figures\">\n", p->out);
    const iso_rc rc = iso_page_picture(p, iso_draw_confusion(m, s, &svg), &svg,
                                       "Rows of each true class that were predicted as each class. "
                                       "The colour is their share of the true class.");
    put_classes(p, m, s, each);
    free(all);
    ISO_TRY(rc);
    ISO_TRY(put_thresholds(p, m, s));
    fputs("</div>\n", p->out);
    return ISO_OK;
}

/* Shows the confusion matrix of the test data if there are any; otherwise of the validation or the
 * training data. */
static iso_rc put_confusion(struct iso_page *p, const struct iso_measured *m)
{
    const struct iso_split *s = NULL;
    const char *why = obstacle(m);
    iso_rc rc = ISO_OK;
    for (int i = 0; i < ISO_SPLITS; i++)
        if (m->split[i].last.matrix != NULL)
            s = &m->split[i];
    iso_page_chapter(p, "confusion", m->targets.of != NULL ? "Targets" : "Classes");
    if (s != NULL)
        rc = put_confusion_of(p, m, s);
    else if (m->targets.of != NULL)
        iso_page_targets(p, m);
    else
        iso_page_note(p, "No confusion matrix: %s.",
                      why != NULL ? why
                                  : "there are no scores, as said "
                                    "above, or the model does not tell classes apart");
    iso_page_close(p, "section");
    return rc;
}

/* ---- Images -------------------------------------------------------------------------------- */

static iso_rc put_augmented(struct iso_page *p, const struct iso_measured *m)
{
    for (int i = 0; i < m->naugmented; i++) {
        const struct iso_augmented *a = &m->augmented[i];
        char name[32], title[256];
        struct iso_svg svg = { .out = NULL };
        snprintf(name, sizeof name, "augmented%s%d", i ? "-" : "", i + 1);
        snprintf(title, sizeof title, "augmented%s%s: %s", *a->phase ? ", " : "", a->phase, a->ops);
        ISO_TRY(iso_page_picture(p, iso_draw_images(m, &a->rows, 8, name, title, &svg), &svg,
                                 "The first of the samples as the network sees them in one step: "
                                 "made by the ops that augment in training."));
    }
    return ISO_OK;
}

static iso_rc put_samples(struct iso_page *p, const struct iso_measured *m)
{
    const char *why = obstacle(m);
    struct iso_svg svg = { .out = NULL };
    iso_page_chapter(p, "samples", "Samples");
    if (m->samples.n == 0)
        iso_page_note(p, "No samples: %s.", why != NULL ? why : m->split[0].missing);
    if (*m->no_augmented)
        iso_page_note(p, "No augmented samples: %s.", m->no_augmented);
    if (m->samples.n > 0)
        ISO_TRY(iso_page_picture(
            p, iso_draw_images(m, &m->samples, 5, "samples", "training samples", &svg), &svg,
            NULL));
    ISO_TRY(put_augmented(p, m));
    fputs("</section>\n", p->out);
    return ISO_OK;
}

static iso_rc put_predictions(struct iso_page *p, const struct iso_measured *m)
{
    const char *why = obstacle(m);
    struct iso_svg svg = { .out = NULL };
    iso_rc rc = ISO_OK;
    iso_page_chapter(p, "predictions", "Predictions");
    if (m->predictions.n == 0)
        iso_page_note(p, "No predictions: %s.",
                      why != NULL             ? why
                      : m->targets.of != NULL ? "rows have targets, not one class each"
                                              : "there is no data to predict, as said of the "
                                                "scores");
    else
        rc = iso_page_picture(p, iso_draw_predictions(m, &svg), &svg,
                              "What the network took each image for, and how sure it was: blue is "
                              "right, red is wrong. Bars are probabilities: the true class blue, "
                              "a wrong answer red. Behind the mistakes come right answers, the "
                              "least sure ones first.");
    iso_page_close(p, "section");
    return rc;
}

/* ---- Time and parity ----------------------------------------------------------------------- */

enum { BARS_SHOWN = 24 };

static const char *node_name(const struct iso_measured *m, const struct iso_bench_node *n)
{
    return n->layer < 0 ? iso_ops[n->op].name : m->job.graph->model->layers[n->layer].name;
}

/* Collects the passes of a layer in one bar; returns their number. */
static int gather_bars(const struct iso_measured *m, struct iso_bar *bars)
{
    int n = 0;
    for (int i = 0; i < m->nnodes; i++) {
        const struct iso_bench_node *node = &m->nodes[i];
        char label[64];
        int k = 0;
        snprintf(label, sizeof label, "%.63s", node_name(m, node));
        if (node->layer >= 0 &&
            strncmp(label, iso_ops[node->op].name, strlen(iso_ops[node->op].name)) != 0)
            snprintf(label, sizeof label, "%.30s (%.28s)", node_name(m, node),
                     iso_ops[node->op].name);
        while (k < n && strcmp(bars[k].label, label) != 0)
            k++;
        if (k == n) {
            bars[n] = (struct iso_bar){ .label = "" };
            strcpy(bars[n++].label, label);
        }
        bars[k].piece[node->pass] += 1e3 * node->seconds;
    }
    return n;
}

static int longest_first(const void *a, const void *b)
{
    const double *x = ((const struct iso_bar *)a)->piece, *y = ((const struct iso_bar *)b)->piece;
    const double left = x[0] + x[1] + x[2], right = y[0] + y[1] + y[2];
    return (left < right) - (left > right);
}

static iso_rc draw_times(const struct iso_measured *m, struct iso_svg *s)
{
    static const char *const passes[] = { "forward", "backward", "update", NULL };
    struct iso_bar *bars = iso_alloc((size_t)m->nnodes + 1, sizeof *bars);
    if (bars == NULL)
        return ISO_ENOMEM;
    int n = gather_bars(m, bars);
    qsort(bars, (size_t)n, sizeof *bars, longest_first);
    if (n > BARS_SHOWN) {
        strcpy(bars[BARS_SHOWN - 1].label, "all others");
        for (int i = BARS_SHOWN; i < n; i++)
            for (int k = 0; k < 3; k++)
                bars[BARS_SHOWN - 1].piece[k] += bars[i].piece[k];
        n = BARS_SHOWN;
    }
    iso_rc rc = iso_svg_begin(s, "time", 480, 0);
    if (rc == ISO_OK) {
        iso_svg_title(s, "time of each op in a training step");
        iso_svg_text(s, 0, 14, ISO_LEFT, "ink title", "time of each op in a training step");
        s->height = 26 + iso_bars_draw(s, bars, n, passes, "ms", 24);
        rc = iso_svg_end(s);
    }
    free(bars);
    return rc;
}

static iso_rc put_times(struct iso_page *p, const struct iso_measured *m)
{
    const char *why = *m->no_times ? m->no_times : obstacle(m);
    char caption[256], where[160];
    struct iso_svg svg = { .out = NULL };
    iso_rc rc = ISO_OK;
    iso_page_chapter(p, "time", "Time per op");
    if (m->nnodes == 0) {
        iso_page_note(p, "No times: %s.", why != NULL ? why : "the model has no op to time");
    } else {
        snprintf(caption, sizeof caption,
                 "A step of %lld rows takes %.3g ms on %s, when each op "
                 "is waited for. Measured now, for a moment: `isocl bench --ops` measures better.",
                 (long long)m->job.model->batch_size, 1e3 * m->step_seconds,
                 iso_job_where(m->job.backend, where, sizeof where));
        rc = iso_page_picture(p, draw_times(m, &svg), &svg, caption);
    }
    iso_page_close(p, "section");
    return rc;
}

static void put_parity(struct iso_page *p, const struct iso_measured *m)
{
    const char *why = *m->no_parity ? m->no_parity : obstacle(m);
    const bool exact = m->job.backend != NULL && m->job.backend->mode == ISO_MODE_EXACT;
    char where[160];
    iso_page_chapter(p, "parity", "Parity");
    if (m->parity == NULL || *m->no_parity) {
        iso_page_note(p, "Not compared with the reference: %s.",
                      why != NULL ? why : "it did not run");
    } else {
        iso_job_where(m->job.backend, where, sizeof where);
        if (m->parity_passed)
            iso_page_element(p, "p class=\"good\"", "\xe2\x9c\x93 %s computes %s.", where,
                             exact ? "the bits of the reference"
                                   : "numbers within the bounds around "
                                     "the reference's");
        else
            iso_page_element(p, "p class=\"bad\"",
                             "\xe2\x9c\x97 %s does not keep to the reference "
                             "in every check:",
                             where);
        iso_page_element(p, "pre class=\"tight\"", "%s", m->parity);
        iso_page_element(p, "p class=\"small\"",
                         "The model's own ops, layer by layer in batches "
                         "of 2 and 3, and three steps of training from the initial weights. "
                         "More steps: isocl parity %s --steps 10; every op: isocl parity",
                         m->model_path);
    }
    iso_page_close(p, "section");
}

iso_rc iso_page_measured(struct iso_page *p, const struct iso_measured *m)
{
    put_scores(p, m);
    ISO_TRY(put_confusion(p, m));
    iso_page_pair(p);
    ISO_TRY(put_samples(p, m));
    ISO_TRY(put_predictions(p, m));
    iso_page_close(p, "div");
    iso_page_pair(p);
    ISO_TRY(put_times(p, m));
    put_parity(p, m);
    iso_page_close(p, "div");
    return ISO_OK;
}
