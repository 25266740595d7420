#include "threshold.h"

#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 480, HEIGHT = 300, FEW = 10, N = ISO_THRESHOLDS };
static const double LOGIT = 10; /* thresholds go from this logit to its negative, at equal steps */

struct curve { /* after the first so many thresholds */
    double precision[N], recall[N], threshold[N];
};

iso_rc iso_thresholds_new(struct iso_thresholds *t, int classes)
{
    t->classes = classes;
    t->counts = iso_alloc((size_t)classes * 2 * N, sizeof *t->counts);
    return t->counts != NULL ? ISO_OK : ISO_ENOMEM;
}

void iso_thresholds_free(struct iso_thresholds *t)
{
    free(t->counts);
    t->counts = NULL;
}

static int64_t *counts_of(const struct iso_thresholds *t, int class, bool own)
{
    return t->counts + ((int64_t) class * 2 + own) * N;
}

static int index_of(double p)
{
    const double logit = p <= 0 ? -LOGIT : p >= 1 ? LOGIT : log(p / (1 - p));
    const double i = (LOGIT - logit) / (2 * LOGIT) * N;
    return !(i > 0) ? 0 : i >= N ? N - 1 : (int)i;
}

void iso_thresholds_add(struct iso_thresholds *t, int label, const float *probabilities)
{
    for (int c = 0; c < t->classes; c++)
        counts_of(t, c, c == label)[index_of((double)probabilities[c])]++;
}

/* Fills the curve of the classes from `from` to before `to`, taken together. Returns how many rows
 * are of them. */
static int64_t follow(const struct iso_thresholds *t, int from, int to, struct curve *out)
{
    int64_t all = 0, right = 0, wrong = 0;
    for (int c = from; c < to; c++)
        for (int i = 0; i < N; i++)
            all += counts_of(t, c, true)[i];
    for (int i = 0; i < N; i++) {
        for (int c = from; c < to; c++) {
            right += counts_of(t, c, true)[i];
            wrong += counts_of(t, c, false)[i];
        }
        const double logit = LOGIT - 2 * LOGIT * (i + 1) / N;
        out->threshold[i] = 1 / (1 + exp(-logit));
        out->precision[i] = right + wrong > 0 ? (double)right / (double)(right + wrong)
                                              : (double)NAN;
        out->recall[i] = all > 0 ? (double)right / (double)all : (double)NAN;
    }
    return all;
}

double iso_average_precision(const struct iso_thresholds *t, int class)
{
    struct curve c;
    double sum = 0, before = 0;
    if (follow(t, class, class + 1, &c) == 0)
        return NAN;
    for (int i = 0; i < N; i++) {
        sum += isfinite(c.precision[i]) ? (c.recall[i] - before) * c.precision[i] : 0;
        before = c.recall[i];
    }
    return sum;
}

static iso_rc draw(const struct iso_chart *chart, const char *name, struct iso_svg *s)
{
    ISO_TRY(iso_svg_begin(s, name, WIDTH, HEIGHT));
    iso_svg_title(s, "%s", chart->title);
    iso_chart_draw(s, chart, 0, 0, WIDTH, HEIGHT);
    return iso_svg_end(s);
}

static iso_rc draw_classes(const struct iso_thresholds *t, iso_name_class *name, const void *self,
                           struct curve *curves, struct iso_svg *s)
{
    struct iso_chart chart = { .title = "precision over recall", .x_label = "recall" };
    char labels[FEW][16];
    const int shown = t->classes <= FEW ? t->classes : 0;
    for (int c = 0; c < shown; c++)
        if (follow(t, c, c + 1, &curves[c]) > 0)
            iso_chart_add(&chart, &(struct iso_series){ .label = name(self, c, labels[c]),
                                                        .x = curves[c].recall,
                                                        .y = curves[c].precision,
                                                        .n = N,
                                                        .look = c < 7 ? c : c + 1 });
    follow(t, 0, t->classes, &curves[shown]);
    iso_chart_add(&chart, &(struct iso_series){ .label = "all together",
                                                .x = curves[shown].recall,
                                                .y = curves[shown].precision,
                                                .n = N,
                                                .look = 7 });
    return draw(&chart, "precision-recall", s);
}

iso_rc iso_draw_precision_recall(const struct iso_thresholds *t, iso_name_class *name,
                                 const void *self, struct iso_svg *s)
{
    struct curve *curves = iso_alloc(FEW + 1, sizeof *curves);
    const iso_rc rc = curves != NULL ? draw_classes(t, name, self, curves, s) : ISO_ENOMEM;
    free(curves);
    return rc;
}

iso_rc iso_draw_thresholds(const struct iso_thresholds *t, struct iso_svg *s)
{
    struct curve c;
    struct iso_chart chart = { .title = "precision and recall over the threshold",
                               .x_label = "probability from which on a class is taken" };
    follow(t, 0, t->classes, &c);
    iso_chart_add(&chart, &(struct iso_series){
                              .label = "precision", .x = c.threshold, .y = c.precision, .n = N });
    iso_chart_add(&chart,
                  &(struct iso_series){
                      .label = "recall", .x = c.threshold, .y = c.recall, .n = N, .look = 1 });
    return draw(&chart, "thresholds", s);
}
