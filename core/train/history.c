#include "history.h"

#include "core/system/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csv {
    FILE *file;
    char path[ISO_PATH];
};
struct iso_history {
    const struct iso_graph *graph; /* borrowed */
    struct csv epochs, batches;
    double *values;    /* values of one metric */
    char warning[512]; /* "": none */
};

/* True if a metric is known of each step, and not of whole epochs only. */
static bool of_steps(const struct iso_graph *g, int metric)
{
    return g->values[g->metric[metric]].role == ISO_ROLE_SCALAR;
}

/* ---- CSV files ----------------------------------------------------------------------------- */

/* Moves the lines of text to keep to its front: the header, if it is the same, and whole lines
 * whose first numbers ascend from 1 to at most keep. Returns their length. Sets *whole to true if
 * there are no others except lines beyond keep, and the last one is keep. (Lines that an earlier
 * damage has taken away are missed only once.) */
static size_t keep_lines(char *text, const char *header, int64_t keep, bool *whole)
{
    size_t kept = strlen(header);
    int64_t last = 0;
    *whole = strncmp(text, header, kept) == 0;
    if (!*whole)
        return 0;
    for (char *line = text + kept, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        const size_t n = (size_t)(end + 1 - line);
        const int64_t number = strtoll(line, NULL, 10);
        *whole = *whole && number > last;
        if (number > keep || number <= last)
            continue;
        last = number;
        memmove(text + kept, line, n);
        kept += n;
    }
    *whole = *whole && last == keep;
    return kept;
}

/* aside: where it is now, or NULL. */
static void warn(struct iso_history *h, const char *path, const char *what, const char *aside)
{
    const size_t n = strlen(h->warning), room = sizeof h->warning - n;
    snprintf(h->warning + n, room, "%s%s %s%s%s", n ? ". " : "", iso_path_base(path), what,
             aside != NULL ? "; what was there is " : "",
             aside != NULL ? iso_path_base(aside) : "");
}

/* Renames the file to a name that is not taken: "PATH.damaged", "PATH.damaged-2" ... */
static iso_rc set_aside(const char *path, char aside[ISO_PATH])
{
    bool fits = snprintf(aside, ISO_PATH, "%s.damaged", path) < ISO_PATH;
    for (int i = 2; fits && access(aside, F_OK) == 0; i++)
        fits = snprintf(aside, ISO_PATH, "%s.damaged-%d", path, i) < ISO_PATH;
    if (!fits)
        return iso_path_too_long(path);
    return rename(path, aside) == 0 ? ISO_OK : iso_file_fail("rename", path);
}

/* text: the file's content. */
static iso_rc cut_back(struct iso_history *h, const char *path, char *text, const char *header,
                       int64_t keep)
{
    static const char other[] =
        "was damaged: its first line is not that of this run, and it "
        "begins anew";
    static const char missing[] =
        "was damaged: lines are missing or changed, and it goes on with "
        "those that are left";
    char aside[ISO_PATH];
    bool whole;
    const size_t n = keep_lines(text, header, keep, &whole);
    if (!whole) {
        ISO_TRY(set_aside(path, aside));
        warn(h, path, n ? missing : other, aside);
    }
    return n ? iso_file_write(path, text, n) : iso_file_write(path, header, strlen(header));
}

static iso_rc start(struct iso_history *h, const char *path, const char *header, int64_t keep)
{
    char *text = NULL;
    size_t n = 0;
    if (access(path, F_OK) != 0) {
        if (keep > 0)
            warn(h, path, "is gone, and begins anew", NULL);
        return iso_file_write(path, header, strlen(header));
    }
    ISO_TRY(iso_file_read(path, &text, &n));
    const iso_rc rc = cut_back(h, path, text, header, keep);
    free(text);
    return rc;
}

static iso_rc open_csv(struct iso_history *h, struct csv *csv, const char *folder, const char *name,
                       const char *header, int64_t keep)
{
    ISO_TRY(iso_path(csv->path, folder, name));
    ISO_TRY(start(h, csv->path, header, keep));
    csv->file = fopen(csv->path, "a");
    return csv->file != NULL ? ISO_OK : iso_file_fail("write", csv->path);
}

static iso_rc flush(struct csv *csv)
{
    errno = 0;
    if (fflush(csv->file) != 0 || ferror(csv->file) || fsync(fileno(csv->file)) != 0)
        return iso_file_fail("write", csv->path);
    return ISO_OK;
}

static void put(struct csv *csv, double value)
{
    if (isfinite(value))
        fprintf(csv->file, ",%.9g", value);
    else
        fputc(',', csv->file);
}

/* ---- The two files ------------------------------------------------------------------------- */

/* Writes the metrics' columns at `to`, and returns the end; the column of a metric's numbers is its
 * name, with the class where it has several. */
static char *add_metrics(char *to, const struct iso_graph *g, bool steps, const char *prefix)
{
    char name[ISO_NAME];
    for (int m = 0; m < g->model->nmetrics; m++)
        for (int64_t v = 0; v < iso_metric_values(g, m) && (!steps || of_steps(g, m)); v++)
            to += sprintf(to, ",%s%s", prefix, iso_metric_name(g, m, v, name));
    return to;
}

static bool has_phases(const struct iso_history *h)
{
    return *h->graph->model->phases[0].name != 0;
}

static iso_rc open_epochs(struct iso_history *h, const char *folder, char *header, int64_t keep)
{
    char *end = header + sprintf(header, "epoch,%sseconds,images_per_second,learning_rate,loss",
                                 has_phases(h) ? "phase," : "");
    end = add_metrics(end, h->graph, false, "");
    end += sprintf(end, ",validation_loss");
    end = add_metrics(end, h->graph, false, "validation_");
    strcpy(end, "\n");
    return open_csv(h, &h->epochs, folder, "history.csv", header, keep);
}

static iso_rc open_batches(struct iso_history *h, const char *folder, char *header, int64_t keep)
{
    char *end = header + sprintf(header, "step,epoch,rows,learning_rate,loss");
    strcpy(add_metrics(end, h->graph, true, ""), "\n");
    return open_csv(h, &h->batches, folder, "batches.csv", header, keep);
}

static iso_rc open_both(struct iso_history *h, const char *folder, int64_t keep_epochs,
                        int64_t keep_steps)
{
    const size_t column = ISO_NAME + sizeof ",validation_";
    size_t columns = 2;
    for (int m = 0; m < h->graph->model->nmetrics; m++)
        columns += 2 * (size_t)iso_metric_values(h->graph, m);
    h->values = iso_alloc((size_t)iso_metric_most(h->graph), sizeof *h->values);
    char *header = iso_alloc(columns, column);
    if (header == NULL || h->values == NULL) {
        free(header);
        return ISO_ENOMEM;
    }
    iso_rc rc = open_epochs(h, folder, header, keep_epochs);
    if (rc == ISO_OK)
        rc = open_batches(h, folder, header, keep_steps);
    free(header);
    return rc;
}

iso_rc iso_history_open(const char *folder, const struct iso_graph *graph, int64_t keep_epochs,
                        int64_t keep_steps, struct iso_history **out)
{
    struct iso_history *h = iso_alloc(1, sizeof *h);
    if (h == NULL)
        return ISO_ENOMEM;
    h->graph = graph;
    iso_rc rc = open_both(h, folder, keep_epochs, keep_steps);
    if (rc != ISO_OK) {
        iso_history_close(h);
        return rc;
    }
    *out = h;
    return ISO_OK;
}

const char *iso_history_warning(const struct iso_history *h) { return h->warning; }

void iso_history_phase(struct iso_history *h, const struct iso_graph *graph) { h->graph = graph; }

iso_rc iso_history_batches(struct iso_history *h, int64_t epoch,
                           const struct iso_fit_batch *batches, int n)
{
    for (int i = 0; i < n; i++) {
        fprintf(h->batches.file, "%lld,%lld,%lld", (long long)batches[i].step + 1, (long long)epoch,
                (long long)batches[i].rows);
        put(&h->batches, batches[i].learning_rate);
        put(&h->batches, batches[i].loss);
        for (int m = 0; m < h->graph->model->nmetrics; m++)
            if (of_steps(h->graph, m))
                put(&h->batches, batches[i].metric[m] / (double)batches[i].rows);
        fputc('\n', h->batches.file);
    }
    fflush(h->batches.file); /* for those who watch; a fault is told with the next epoch */
    return ISO_OK;
}

static void put_scores(struct iso_history *h, const struct iso_scores *scores)
{
    put(&h->epochs, iso_scores_loss(scores));
    for (int m = 0; m < h->graph->model->nmetrics; m++) {
        iso_scores_values(h->graph, scores, m, h->values);
        for (int64_t v = 0; v < iso_metric_values(h->graph, m); v++)
            put(&h->epochs, h->values[v]);
    }
}

iso_rc iso_history_epoch(struct iso_history *h, const struct iso_fit_epoch *epoch)
{
    fprintf(h->epochs.file, "%lld", (long long)epoch->epoch);
    if (has_phases(h))
        fprintf(h->epochs.file, ",%s", epoch->phase);
    put(&h->epochs, epoch->seconds);
    put(&h->epochs, epoch->images_per_second);
    put(&h->epochs, epoch->learning_rate);
    put_scores(h, &epoch->train);
    put_scores(h, &epoch->validation);
    fputc('\n', h->epochs.file);
    return iso_history_flush(h);
}

iso_rc iso_history_flush(struct iso_history *h)
{
    ISO_TRY(flush(&h->batches));
    return flush(&h->epochs);
}

static void close_csv(struct csv *csv)
{
    if (csv->file != NULL)
        fclose(csv->file);
}

void iso_history_close(struct iso_history *h)
{
    if (h == NULL)
        return;
    close_csv(&h->epochs);
    close_csv(&h->batches);
    free(h->values);
    free(h);
}
