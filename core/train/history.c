#include "history.h"

#include "../file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csv { FILE *file; char path[ISO_PATH]; };
struct iso_history { const struct iso_model *model; struct csv epochs, batches; };

static const char *metric_name(const struct iso_model *model, int metric)
{
    return iso_ops[model->metrics[metric].op].name;
}

/* ---- CSV files ----------------------------------------------------------------------------- */

/* The lines of text that stay, moved to its front: the header, if it is the same, and whole rows
 * whose first number is at most keep. Returns their length. */
static size_t keep_rows(char *text, const char *header, int64_t keep)
{
    size_t kept = strlen(header);
    if (strncmp(text, header, kept) != 0)
        return 0;
    for (char *row = text + kept, *end; (end = strchr(row, '\n')); row = end + 1) {
        size_t n = (size_t)(end + 1 - row);
        if (strtoll(row, NULL, 10) > keep)
            continue;
        memmove(text + kept, row, n);
        kept += n;
    }
    return kept;
}

static iso_rc start(const char *path, const char *header, int64_t keep)
{
    char *text = NULL;
    size_t n = 0;
    if (keep == 0 || access(path, F_OK) != 0)
        return iso_file_write(path, header, strlen(header));
    ISO_TRY(iso_file_read(path, &text, &n));
    n = keep_rows(text, header, keep);
    iso_rc rc = n ? iso_file_write(path, text, n) : iso_file_write(path, header, strlen(header));
    free(text);
    return rc;
}

static iso_rc open_csv(struct csv *csv, const char *folder, const char *name, const char *header,
                       int64_t keep)
{
    ISO_TRY(iso_path(csv->path, folder, name));
    ISO_TRY(start(csv->path, header, keep));
    csv->file = fopen(csv->path, "a");
    return csv->file ? ISO_OK : iso_file_fail("write", csv->path);
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

static void add_metrics(char *header, size_t size, const struct iso_model *model,
                        const char *prefix)
{
    for (int m = 0; m < model->nmetrics; m++) {
        size_t n = strlen(header);
        snprintf(header + n, size - n, ",%s%s", prefix, metric_name(model, m));
    }
}

static iso_rc open_both(struct iso_history *h, const char *folder, int64_t keep_epochs,
                        int64_t keep_steps)
{
    char header[1024] = "epoch,seconds,images_per_second,learning_rate,loss";
    add_metrics(header, sizeof header - 32, h->model, "");
    strcat(header, ",validation_loss");
    add_metrics(header, sizeof header - 32, h->model, "validation_");
    strcat(header, "\n");
    ISO_TRY(open_csv(&h->epochs, folder, "history.csv", header, keep_epochs));

    strcpy(header, "step,epoch,rows,loss");
    add_metrics(header, sizeof header - 32, h->model, "");
    strcat(header, "\n");
    return open_csv(&h->batches, folder, "batches.csv", header, keep_steps);
}

iso_rc iso_history_open(const char *folder, const struct iso_model *model, int64_t keep_epochs,
                        int64_t keep_steps, struct iso_history **out)
{
    struct iso_history *h = iso_alloc(1, sizeof *h);
    if (!h)
        return ISO_ENOMEM;
    h->model = model;
    iso_rc rc = open_both(h, folder, keep_epochs, keep_steps);
    if (rc != ISO_OK) {
        iso_history_close(h);
        return rc;
    }
    *out = h;
    return ISO_OK;
}

iso_rc iso_history_batches(struct iso_history *h, int64_t epoch,
                           const struct iso_fit_batch *batches, int n)
{
    for (int i = 0; i < n; i++) {
        fprintf(h->batches.file, "%lld,%lld,%lld", (long long)batches[i].step + 1, (long long)epoch,
                (long long)batches[i].rows);
        put(&h->batches, batches[i].loss);
        for (int m = 0; m < h->model->nmetrics; m++)
            put(&h->batches, batches[i].metric[m] / (double)batches[i].rows);
        fputc('\n', h->batches.file);
    }
    return ISO_OK;
}

static void put_scores(struct iso_history *h, const struct iso_scores *scores)
{
    put(&h->epochs, iso_scores_loss(scores));
    for (int m = 0; m < h->model->nmetrics; m++)
        put(&h->epochs, iso_scores_metric(scores, m));
}

iso_rc iso_history_epoch(struct iso_history *h, const struct iso_fit_epoch *epoch)
{
    fprintf(h->epochs.file, "%lld", (long long)epoch->epoch);
    put(&h->epochs, epoch->seconds);
    put(&h->epochs, epoch->images_per_second);
    put(&h->epochs, epoch->learning_rate);
    put_scores(h, &epoch->train);
    put_scores(h, &epoch->validation);
    fputc('\n', h->epochs.file);
    ISO_TRY(flush(&h->batches));
    return flush(&h->epochs);
}

static void close_csv(struct csv *csv)
{
    if (csv->file)
        fclose(csv->file);
}

void iso_history_close(struct iso_history *h)
{
    if (!h)
        return;
    close_csv(&h->epochs);
    close_csv(&h->batches);
    free(h);
}
