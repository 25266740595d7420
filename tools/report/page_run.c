/* page_run.c: the report on one run: what its files tell, in the order in which people look. */
#include "page.h"

#include "curves.h"
#include "drawing.h"
#include "made.h"
#include "ridges.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shown { /* the metrics of a run's history */
    struct iso_metric_columns m[ISO_METRICS_SHOWN];
    int n, loss, main; /* -1: none */
};

static struct shown shown_of(const struct iso_told *t)
{
    struct shown s;
    s.n = iso_told_metrics(t, s.m, ISO_METRICS_SHOWN);
    s.main = iso_told_main_metric(s.m, s.n);
    s.loss = -1;
    for (int i = 0; i < s.n; i++)
        if (strcmp(s.m[i].name, "loss") == 0)
            s.loss = i;
    return s;
}

/* ---- Summary ------------------------------------------------------------------------------- */

static void put_data_facts(struct iso_page *p, const struct iso_told *t)
{
    char line[512];
    iso_page_fact(p, "Training data", "%s", iso_told_line(t, "train", line, sizeof line));
    iso_page_fact(p, "Validation data", "%s", iso_told_line(t, "validation", line, sizeof line));
    if (t->has_state && t->settings.limit > 0)
        iso_page_fact(p, "Limit", "the first %" PRId64 " rows of each", t->settings.limit);
}

static void put_setting_facts(struct iso_page *p, const struct iso_told *t,
                              const struct iso_measured *m)
{
    const struct iso_model *model = m->job.graph != NULL ? m->job.model : NULL;
    if (model != NULL)
        iso_page_fact(p, "Parameters", "%" PRId64 ", of which %" PRId64 " are trained",
                      m->parameters, m->trainable);
    for (int i = 0; model != NULL && i < model->nphases; i++) {
        const struct iso_training *g = &model->phases[i];
        char name[48];
        snprintf(name, sizeof name, "%s%s", *g->name ? "Phase " : "Training", g->name);
        iso_page_fact(p, name, "%s by %s, planned for %" PRId64 " epochs%s",
                      iso_ops[g->loss.op].name, iso_ops[g->optimizer.op].name, g->epochs,
                      g->shuffle_weights ? ", after shuffling the weights" : "");
    }
    if (t->has_state)
        iso_page_fact(p, "Batches, seed", "%" PRId64 " rows, seed %" PRIu64, t->settings.batch,
                      t->settings.seed);
    if (*t->device.id)
        iso_page_fact(p, "Device", "%s (%s), %s mode", t->device.id, t->device.name,
                      t->device.mode);
}

/* Writes the best and the last number of each metric, on the validation data if there are any. */
static void put_result_facts(struct iso_page *p, const struct iso_told *t, const struct shown *s)
{
    for (int i = 0; i < s->n; i++) {
        const struct iso_metric_columns *m = &s->m[i];
        const int columns[2] = { m->train, m->validation };
        for (int k = 0; k < 2 && !m->classes; k++) {
            char name[ISO_NAME + 24], last[ISO_NUMBER], best[ISO_NUMBER];
            int64_t at, best_at;
            const double a = iso_table_last(&t->epochs, columns[k], &at);
            const double b =
                iso_table_best(&t->epochs, columns[k], iso_metric_is_error(m->name), &best_at);
            if (at < 0)
                continue;
            snprintf(name, sizeof name, "%s %s", k ? "Validation" : "Training", m->name);
            iso_page_fact(p, name, "%s in epoch %" PRId64 ", best %s in epoch %" PRId64,
                          iso_short_number(a, last), at + 1, iso_short_number(b, best),
                          best_at + 1);
        }
    }
}

static void put_summary(struct iso_page *p, const struct iso_told *t, const struct iso_measured *m,
                        const struct shown *s)
{
    char text[32], each[32], verified[1024];
    const double seconds = iso_told_seconds(t);
    iso_page_chapter(p, "summary", "Settings and results");
    if (*t->faults)
        iso_page_note(p, "Not all of the run could be read: %s.", t->faults);
    if (*m->no_model)
        iso_page_note(p, "The model could not be read: %s.", m->no_model);
    if (*m->device)
        iso_page_note(p, "%s", m->device);
    if (*m->no_device)
        iso_page_note(p, "No device could be opened: %s.", m->no_device);
    fputs("<table class=\"facts\">\n<tbody>\n", p->out);
    put_data_facts(p, t);
    put_setting_facts(p, t, m);
    if (t->epochs.rows > 0)
        iso_page_fact(p, "Time", "%s, %s an epoch", iso_duration(seconds, text, sizeof text),
                      iso_duration(seconds / (double)t->epochs.rows, each, sizeof each));
    put_result_facts(p, t, s);
    if (*m->hash)
        iso_page_fact(p, "Weights", "sha256 %s, %s", m->hash, t->device.mode);
    iso_page_fact(p, "Verified", "%s", iso_made_verified(t, verified, sizeof verified));
    if (*t->device.version)
        iso_page_fact(p, "isocl", "%s", t->device.version);
    fputs("</tbody>\n</table>\n</section>\n", p->out);
}

/* ---- Model and curves ---------------------------------------------------------------------- */

static iso_rc put_model(struct iso_page *p, const struct iso_measured *m)
{
    struct iso_svg s = { .out = NULL };
    iso_page_chapter(p, "model", "Model");
    if (m->job.graph == NULL) {
        iso_page_note(p, "Without its model file there is no drawing: %s.", m->no_model);
    } else {
        fputs(
            "<p class=\"tools\" hidden=\"hidden\">"
            "<button type=\"button\" data-zoom=\"1.25\">larger</button>\n"
            "<button type=\"button\" data-zoom=\"0.8\">smaller</button>\n"
            "<button type=\"button\" data-zoom=\"0\">fit</button></p>\n"
            "<div class=\"scroll tall\" tabindex=\"0\">\n",
            p->out);
        ISO_TRY(iso_page_picture(p, iso_draw_model(m->job.graph, &s), &s, NULL));
        fputs("</div>\n", p->out);
    }
    iso_page_close(p, "section");
    return ISO_OK;
}

static iso_rc put_epoch_curves(struct iso_page *p, const struct iso_told *t, const struct shown *s)
{
    struct iso_svg svg = { .out = NULL };
    for (int i = 0; i < s->n; i++)
        ISO_TRY(iso_page_picture(p, iso_draw_metric(t, &s->m[i], &svg), &svg, NULL));
    if (s->loss >= 0 && s->main >= 0)
        ISO_TRY(iso_page_picture(p, iso_draw_loss_against(t, &s->m[s->loss], &s->m[s->main], &svg),
                                 &svg, NULL));
    return ISO_OK;
}

static iso_rc put_curves(struct iso_page *p, const struct iso_told *t, const struct shown *s)
{
    struct iso_svg svg = { .out = NULL };
    const char *metric = s->main >= 0 ? s->m[s->main].name : NULL;
    iso_page_chapter(p, "curves", "Curves");
    if (t->epochs.rows == 0)
        iso_page_note(p,
                      "No epoch has ended yet: history.csv has no row. Go on with: isocl train "
                      "--resume --out %s",
                      t->folder);
    if (t->batches.rows == 0)
        iso_page_note(p, "The run has no batches.csv with numbers of each step.");
    iso_page_chart_tools(p);
    fputs("<div class=\"grid-of-figures\">\n", p->out);
    if (t->epochs.rows > 0)
        ISO_TRY(put_epoch_curves(p, t, s));
    if (t->batches.rows > 0)
        ISO_TRY(iso_page_picture(p, iso_draw_batches(t, metric, &svg), &svg, NULL));
    if (t->epochs.rows > 0 || t->batches.rows > 0)
        ISO_TRY(iso_page_picture(p, iso_draw_rate(t, &svg), &svg, NULL));
    if (t->epochs.rows > 0)
        ISO_TRY(iso_page_picture(p, iso_draw_speed(t, &svg), &svg, NULL));
    fputs("</div>\n</section>\n", p->out);
    return ISO_OK;
}

/* ---- Weights ------------------------------------------------------------------------------- */

enum { WEIGHTS_SHOWN = 24 };

/* Shows the kernels alone if there are many weights, and the first ones if there are very many. */
static iso_rc put_ridges(struct iso_page *p, const struct iso_ridges *r)
{
    const bool many = iso_ridges_weight(r, WEIGHTS_SHOWN) != NULL;
    const char *weight;
    int shown = 0, left = 0;
    fputs("<div class=\"grid-of-figures\">\n", p->out);
    for (int i = 0; (weight = iso_ridges_weight(r, i)) != NULL; i++) {
        struct iso_svg svg = { .out = NULL };
        if ((many && strstr(weight, "kernel") == NULL) || shown == WEIGHTS_SHOWN) {
            left++;
            continue;
        }
        shown++;
        ISO_TRY(iso_page_picture(p, iso_draw_ridges(r, weight, &svg), &svg, NULL));
    }
    fputs("</div>\n", p->out);
    iso_page_element(p, "p class=\"small\"",
                     "Each line is an epoch, the last one in front; gradients (d/...) are those of "
                     "its last step.");
    if (left > 0)
        iso_page_note(p, "%d weights more are in histograms.csv.", left);
    return ISO_OK;
}

static iso_rc put_weights(struct iso_page *p, const struct iso_told *t)
{
    struct iso_ridges r;
    iso_rc rc = iso_ridges_read(t->folder, &r);
    iso_page_chapter(p, "weights", "Weights and gradients");
    if (rc == ISO_OK && r.n > 0)
        rc = put_ridges(p, &r);
    else if (rc == ISO_OK)
        iso_page_note(p, "The run has no histograms.csv with an epoch.");
    iso_page_close(p, "section");
    iso_ridges_free(&r);
    return rc;
}

/* ---- Files --------------------------------------------------------------------------------- */

static void put_file(struct iso_page *p, const char *name, const char *text)
{
    if (text == NULL)
        return;
    fputs("<details>\n", p->out);
    iso_page_element(p, "summary", "%s", name);
    iso_page_element(p, "pre", "%s", text);
    fputs("</details>\n", p->out);
}

iso_rc iso_page_of_run(struct iso_page *p, const struct iso_told *t, const struct iso_measured *m)
{
    char title[160];
    const struct shown s = shown_of(t);
    snprintf(title, sizeof title, "%s: isocl report", t->name);
    ISO_TRY(iso_page_begin(p, title));
    iso_page_head(p, t, m);
    iso_page_pair(p);
    ISO_TRY(put_model(p, m));
    put_summary(p, t, m, &s);
    iso_page_close(p, "div");
    ISO_TRY(put_curves(p, t, &s));
    ISO_TRY(put_weights(p, t));
    ISO_TRY(iso_page_measured(p, m));
    iso_page_chapter(p, "files", "Files of the run");
    put_file(p, "model.yaml", t->yaml);
    put_file(p, "log.txt", t->log);
    put_file(p, "run.json", t->about);
    fputs("</section>\n</main>\n", p->out);
    return iso_page_end(p);
}
