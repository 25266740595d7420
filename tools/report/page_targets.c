/* page_targets.c: the chapter of a report about the targets of rows that have several. */
#include "page.h"

#include <inttypes.h>
#include <math.h>

static void put_number(struct iso_page *p, double value)
{
    char text[ISO_NUMBER];
    iso_page_element(p, "td class=\"n\"", "%s", isnan(value) ? "-" : iso_short_number(value, text));
}

static void put_label(struct iso_page *p, const struct iso_target_score *s)
{
    put_number(p, s->accuracy);
    put_number(p, s->precision);
    put_number(p, s->recall);
    put_number(p, s->f1);
    iso_page_element(p, "td class=\"n\"", "%.0f", s->positives);
}

static void put_regression(struct iso_page *p, const struct iso_target_score *s)
{
    put_number(p, s->mean_absolute_error);
    put_number(p, s->root_mean_squared_error);
    put_number(p, s->r2);
    put_number(p, s->mean);
}

void iso_page_targets(struct iso_page *p, const struct iso_measured *m)
{
    static const char *const headings[2][6] = {
        { "mean absolute error", "root mean squared error", "R2", "mean target" },
        { "accuracy", "precision", "recall", "F1", "rows with it" },
    };
    const struct iso_target_scores *t = &m->targets;
    char buf[16];
    fputs("<div class=\"scroll tall\" tabindex=\"0\"><table class=\"wide sortable\">\n<thead><tr>",
          p->out);
    iso_page_element(p, "th", t->labels ? "label" : "target");
    for (int i = 0; headings[t->labels][i] != NULL; i++)
        iso_page_element(p, "th class=\"n\"", "%s", headings[t->labels][i]);
    fputs("</tr></thead>\n<tbody>\n", p->out);
    for (int i = 0; i < t->n; i++) {
        const struct iso_target_score s = iso_target_score(t, i);
        fputs("<tr>", p->out);
        iso_page_element(p, "th scope=\"row\"", "%s", iso_class_text(m, i, buf));
        (t->labels ? put_label : put_regression)(p, &s);
        fputs("</tr>\n", p->out);
    }
    fputs("</tbody></table></div>\n", p->out);
    iso_page_element(p, "p class=\"small\"",
                     t->labels ? "Of the %s data, %" PRId64
                                 " rows, each of which may have several "
                                 "labels: a label is predicted above a probability of 0.5."
                               : "Of the %s data, %" PRId64
                                 " rows. R2 is the share of a target's "
                                 "variance that the predictions explain; that of the mean is 0.",
                     m->predicted_split, t->rows);
}
