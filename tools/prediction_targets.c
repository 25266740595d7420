/* prediction_targets.c: a number for each target of each row, as a table, as JSON objects, and as a
 * CSV file. */
#include "prediction.h"
#include "core/text/json.h"

#include "console.h"
#include "core/text/printable.h"
#include "core/train/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = ISO_CLASS_NAME + 24, NUMBER = 10 };

struct telling {
    const struct prediction *p;
    const float *truth; /* [rows, n]; NULL: not known */
    int64_t n;
    int wide;             /* width of the column of names */
    struct iso_file *csv; /* NULL: not wanted */
};

static const char *name_of(const struct telling *t, int64_t target, char buf[TEXT])
{
    const struct iso_prediction *o = &t->p->opened;
    if (o->names != NULL && target < o->nnames && *o->names[target])
        return o->names[target];
    snprintf(buf, TEXT, "target_%lld", (long long)target);
    return buf;
}

/* Returns the width of a target's column. */
static int width_of(const struct telling *t, int64_t target, bool truth)
{
    char buf[TEXT], shown[2 * TEXT];
    const int n = iso_shown_width(iso_shown(name_of(t, target, buf), shown, sizeof shown)) +
                  (truth ? (int)strlen("true ") : 0);
    return n > NUMBER ? n : NUMBER;
}

/* ---- The table ----------------------------------------------------------------------------- */

static void measure(struct telling *t)
{
    char path[ISO_PATH], shown[ISO_PATH];
    t->wide = (int)strlen(iso_prediction_heading(t->p));
    for (int64_t row = 0; row < t->p->opened.job.data[1]->rows; row++) {
        const char *name = iso_prediction_in_table(t->p, iso_prediction_row(t->p, row, 0, path));
        const int n = iso_shown_width(iso_shown(name, shown, sizeof shown));
        t->wide = n > t->wide ? n : t->wide;
    }
}

static void print_heading(const struct telling *t)
{
    char buf[TEXT], text[TEXT + 8];
    printf("%-*s", t->wide, iso_prediction_heading(t->p));
    for (int truth = 0; truth < 2; truth++)
        for (int64_t i = 0; i < t->n && (truth == 0 || t->truth != NULL); i++) {
            snprintf(text, sizeof text, "%s%s", truth ? "true " : "", name_of(t, i, buf));
            printf("  ");
            iso_print_cell(stdout, text, -width_of(t, i, truth));
        }
    printf("\n");
}

static void print_row(const struct telling *t, int64_t row, const float *numbers)
{
    char path[ISO_PATH];
    iso_print_cell(stdout, iso_prediction_in_table(t->p, iso_prediction_row(t->p, row, 0, path)),
                   t->wide);
    for (int64_t i = 0; i < t->n; i++)
        printf("  %*.4f", width_of(t, i, false), (double)numbers[i]);
    for (int64_t i = 0; i < t->n && t->truth != NULL; i++)
        printf("  %*.4g", width_of(t, i, true), (double)t->truth[row * t->n + i]);
    printf("\n");
}

/* ---- JSON and CSV -------------------------------------------------------------------------- */

static json_t *object_of(const struct telling *t, const float *numbers)
{
    char buf[TEXT];
    json_t *object = json_object();
    for (int64_t i = 0; i < t->n; i++) {
        const double value = (double)numbers[i];
        iso_json_set(object, name_of(t, i, buf), isfinite(value) ? json_real(value) : json_null());
    }
    return object;
}

static void print_json(const struct telling *t, int64_t row, const float *numbers)
{
    char path[ISO_PATH];
    const char *own = iso_prediction_name(t->p, row, path);
    json_t *object = json_pack("{s:s, s:I}", "event", "prediction", "row",
                               (json_int_t)iso_prediction_number(t->p, row));
    if (own != NULL)
        iso_json_set(object, iso_prediction_heading(t->p), iso_json_string(own));
    if (t->truth != NULL)
        iso_json_set(object, "true", object_of(t, t->truth + row * t->n));
    iso_json_set(object, "predicted", object_of(t, numbers));
    iso_console_json(object);
}

/* Writes id,a,b: the names of the targets. */
static void write_heading(const struct telling *t)
{
    char buf[TEXT];
    FILE *f = t->csv->stream;
    fputs("id", f);
    for (int64_t i = 0; i < t->n; i++) {
        fputc(',', f);
        iso_prediction_cell(f, name_of(t, i, buf));
    }
    fputc('\n', f);
}

static iso_rc write_row(const struct telling *t, int64_t row, const float *numbers)
{
    char path[ISO_PATH];
    FILE *f = t->csv->stream;
    const char *id = iso_prediction_row(t->p, row, t->p->options->first_id, path);
    iso_prediction_cell(f, iso_prediction_of_files(t->p) ? iso_path_base(id) : id);
    for (int64_t i = 0; i < t->n; i++)
        fprintf(f, ",%.9g", (double)numbers[i]);
    return iso_file_put(t->csv, "\n", 1);
}

/* ---- All rows ------------------------------------------------------------------------------ */

static iso_rc on_row(void *self, int64_t row, const float *numbers)
{
    const struct telling *t = self;
    const struct predict_options *o = t->p->options;
    if (t->csv != NULL) {
        ISO_TRY(iso_prediction_stopped(t->p, row));
        ISO_TRY(write_row(t, row, numbers));
    }
    if (o->json)
        print_json(t, row, numbers);
    else if (o->csv == NULL && o->npy == NULL)
        print_row(t, row, numbers);
    return ISO_OK;
}

static iso_rc tell_all(struct telling *t)
{
    const struct predict_options *o = t->p->options;
    const struct iso_job *job = &t->p->opened.job;
    if (!o->json && o->csv == NULL && o->npy == NULL) {
        measure(t);
        print_heading(t);
    }
    return iso_predict_value(job->exec, 1, job->data[1]->rows, job->graph->output, on_row, t);
}

static iso_rc tell_csv(struct telling *t)
{
    const struct predict_options *o = t->p->options;
    struct iso_file file;
    char source[320];
    ISO_TRY(iso_file_begin(o->csv, &file));
    t->csv = &file;
    write_heading(t);
    const iso_rc rc = tell_all(t);
    if (rc != ISO_OK) {
        iso_file_abort(&file);
        return rc;
    }
    ISO_TRY(iso_file_end(&file));
    if (!o->json)
        printf("%s: %lld rows, of %s\n", o->csv, (long long)t->p->opened.job.data[1]->rows,
               iso_prediction_source(t->p, source, sizeof source));
    return ISO_OK;
}

static iso_rc tell_end(const struct telling *t)
{
    const struct iso_job *job = &t->p->opened.job;
    char hex[65];
    if (!t->p->options->json)
        return ISO_OK;
    ISO_TRY(iso_exec_hash(job->exec, hex));
    iso_console_json(json_pack("{s:s, s:s, s:I, s:s}", "event", "end", "model", job->model->name,
                               "rows", (json_int_t)job->data[1]->rows, "weights_sha256", hex));
    return ISO_OK;
}

iso_rc iso_prediction_targets(struct prediction *p)
{
    const struct predict_options *o = p->options;
    const struct iso_graph *g = p->opened.job.graph;
    struct telling t = { .p = p,
                         .truth = p->opened.job.data[1]->targets,
                         .n = iso_predict_size(g, g->output) };
    if (o->labels != NULL || o->csv_header != NULL || o->top > 1)
        return iso_fail(ISO_EUSAGE,
                        "%s has a number for each target of a row, with a column of its own: "
                        "--labels, --csv-header and --top are for models that tell classes apart",
                        p->opened.job.model->name);
    ISO_TRY(o->csv != NULL ? tell_csv(&t) : tell_all(&t));
    return tell_end(&t);
}
