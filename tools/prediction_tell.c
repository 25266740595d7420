/* prediction_tell.c: the predicted classes, as a table, as JSON objects, and as a submission. */
#include "prediction.h"
#include "core/text/json.h"

#include "console.h"
#include "core/text/printable.h"
#include "core/data/class_map.h"
#include "core/arithmetic/formulas.h"
#include "core/train/predict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = ISO_CLASS_NAME + 16 };

struct telling {
    const struct prediction *p;
    int classes, top, wide, broad; /* columns of a row's name, and of a class's */
    int *order;                    /* [top]: the most probable classes */
    const char *(*label)(const struct telling *, int class, char buf[TEXT]); /* for a submission */
    char **labels;        /* [classes], from --labels; NULL: not given */
    struct iso_file *csv; /* NULL: not wanted */
    int64_t known, right; /* rows whose class is known, and was predicted */
};

/* ---- Names --------------------------------------------------------------------------------- */

static const char *name_of(const struct telling *t, int class, char buf[TEXT])
{
    const struct prediction *p = t->p;
    if (p->opened.names != NULL && class < p->opened.nnames && *p->opened.names[class])
        return p->opened.names[class];
    snprintf(buf, TEXT, "%d", class);
    return buf;
}

static int width_of(const char *name)
{
    char buf[ISO_PATH];
    return iso_shown_width(iso_shown(name, buf, sizeof buf));
}

static void measure(struct telling *t)
{
    char buf[TEXT], path[ISO_PATH];
    t->wide = (int)strlen(iso_prediction_heading(t->p));
    t->broad = (int)strlen("predicted");
    for (int64_t row = 0; row < t->p->opened.job.data[1]->rows; row++) {
        const int n =
            width_of(iso_prediction_in_table(t->p, iso_prediction_row(t->p, row, 0, path)));
        t->wide = n > t->wide ? n : t->wide;
    }
    for (int c = 0; c < t->classes; c++) {
        const int n = width_of(name_of(t, c, buf));
        t->broad = n > t->broad ? n : t->broad;
    }
}

/* ---- The table ----------------------------------------------------------------------------- */

static bool labelled(const struct telling *t) { return t->p->opened.job.data[1]->labels != NULL; }

static void print_heading(const struct telling *t)
{
    printf("%-*s", t->wide, iso_prediction_heading(t->p));
    if (labelled(t))
        printf("  %-*s", t->broad, "true");
    printf("  %-*s  probability", t->broad, "predicted");
    for (int i = 1; i < t->top; i++) {
        char rank[16];
        snprintf(rank, sizeof rank, "%d.", i + 1);
        printf("  %-*s  probability", t->broad, rank);
    }
    printf("\n");
}

static void print_name(const struct telling *t, int class)
{
    char buf[TEXT];
    printf("  ");
    iso_print_cell(stdout, name_of(t, class, buf), t->broad);
}

static void print_row(const struct telling *t, const struct iso_predicted *p)
{
    char path[ISO_PATH];
    iso_print_cell(stdout, iso_prediction_in_table(t->p, iso_prediction_row(t->p, p->row, 0, path)),
                   t->wide);
    if (labelled(t))
        print_name(t, p->label);
    for (int i = 0; i < t->top; i++) {
        print_name(t, t->order[i]);
        printf("  %*.4f", (int)strlen("probability"), (double)p->probabilities[t->order[i]]);
    }
    printf("\n");
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* Returns a JSON string, or null if the text is not UTF-8. */
static json_t *text(const char *s)
{
    errno = 0;
    json_t *string = json_string(s);
    return string == NULL && errno != ENOMEM ? json_null() : string;
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *class_object(const struct telling *t, int class, float probability)
{
    char buf[TEXT];
    return json_pack("{s:i, s:o, s:o}", "class", class, "name", text(name_of(t, class, buf)),
                     "probability", number((double)probability));
}

static void print_json(const struct telling *t, const struct iso_predicted *p)
{
    char buf[TEXT], path[ISO_PATH];
    const char *own = iso_prediction_name(t->p, p->row, path);
    json_t *object = json_pack("{s:s, s:I}", "event", "prediction", "row",
                               (json_int_t)iso_prediction_number(t->p, p->row));
    json_t *top = json_array();
    if (own != NULL)
        iso_json_set(object, iso_prediction_heading(t->p), text(own));
    if (p->label >= 0) {
        iso_json_set(object, "true_class", json_integer(p->label));
        iso_json_set(object, "true_name", text(name_of(t, p->label, buf)));
    }
    for (int i = 0; i < t->top; i++)
        iso_json_append(top, class_object(t, t->order[i], p->probabilities[t->order[i]]));
    iso_json_set(object, "predicted", top);
    iso_console_json(object);
}

/* ---- A submission -------------------------------------------------------------------------- */

static const char *given_label(const struct telling *t, int class, char buf[TEXT])
{
    (void)buf;
    return t->labels[class];
}

static const char *number_label(const struct telling *t, int class, char buf[TEXT])
{
    (void)t;
    snprintf(buf, TEXT, "%d", class);
    return buf;
}

/* The id of an image is its name without the folder. */
static iso_rc write_row(const struct telling *t, const struct iso_predicted *p)
{
    char buf[TEXT], path[ISO_PATH];
    FILE *f = t->csv->stream;
    const char *id = iso_prediction_row(t->p, p->row, t->p->options->first_id, path);
    iso_prediction_cell(f, iso_prediction_of_files(t->p) ? iso_path_base(id) : id);
    fputc(',', f);
    iso_prediction_cell(f, t->label(t, t->order[0], buf));
    return iso_file_put(t->csv, "\n", 1);
}

/* Classes that are several of the data set's cannot be told back. */
static bool merged(const struct iso_class_map *map) { return map != NULL && map->n > map->classes; }

/* Cuts text at its commas into the labels of all classes; both are t->labels's. */
static iso_rc split_labels(struct telling *t, const char *list)
{
    const size_t n = strlen(list);
    int count = 1;
    for (const char *at = list; (at = strchr(at, ',')) != NULL; at++)
        count++;
    if (count != t->classes)
        return iso_fail(ISO_EUSAGE,
                        "--labels names %d labels and the model tells %d classes "
                        "apart: give one for each, such as 1,2,3",
                        count, t->classes);
    t->labels = iso_alloc((size_t)count * sizeof *t->labels + n + 1, 1);
    if (t->labels == NULL)
        return ISO_ENOMEM;
    char *rest = memcpy((char *)(t->labels + count), list, n);
    for (int c = 0; c < count; c++)
        t->labels[c] = strsep(&rest, ",");
    return ISO_OK;
}

static iso_rc choose_labels(struct telling *t)
{
    const struct predict_options *o = t->p->options;
    t->label = merged(t->p->opened.job.model->train.classes) ? number_label : name_of;
    if (o->labels == NULL)
        return ISO_OK;
    t->label = given_label;
    return split_labels(t, o->labels);
}

/* ---- All rows ------------------------------------------------------------------------------ */

/* The most probable classes in their order, of equals the first first: each finds its place among
 * those so far. */
static void find_top(const struct telling *t, const struct iso_predicted *p)
{
    const float *q = p->probabilities;
    int n = 0;
    for (int c = 0; c < p->classes; c++) {
        int at = n;
        while (at > 0 && iso_beats(q[c], q[t->order[at - 1]]))
            at--;
        if (n < t->top)
            n++;
        if (at == n)
            continue;
        memmove(&t->order[at + 1], &t->order[at], (size_t)(n - 1 - at) * sizeof *t->order);
        t->order[at] = c;
    }
}

static iso_rc on_row(void *self, const struct iso_predicted *p)
{
    struct telling *t = self;
    const struct predict_options *o = t->p->options;
    find_top(t, p);
    t->known += p->label >= 0;
    t->right += p->label == t->order[0];
    if (t->csv != NULL) {
        ISO_TRY(iso_prediction_stopped(t->p, p->row));
        ISO_TRY(write_row(t, p));
    }
    if (o->json)
        print_json(t, p);
    else if (o->csv == NULL && o->npy == NULL)
        print_row(t, p);
    return ISO_OK;
}

static iso_rc tell_end(const struct telling *t)
{
    const struct prediction *p = t->p;
    char hex[65], source[320];
    iso_prediction_source(p, source, sizeof source);
    if (p->options->json) {
        ISO_TRY(iso_exec_hash(p->opened.job.exec, hex));
        json_t *object = json_pack("{s:s, s:s, s:I, s:s}", "event", "end", "model",
                                   p->opened.job.model->name, "rows",
                                   (json_int_t)p->opened.job.data[1]->rows, "weights_sha256", hex);
        if (t->known > 0)
            iso_json_set(object, "accuracy", json_real((double)t->right / (double)t->known));
        iso_console_json(object);
        return ISO_OK;
    }
    if (p->options->csv != NULL)
        printf("%s: %lld row%s, of %s\n", p->options->csv, (long long)p->opened.job.data[1]->rows,
               p->opened.job.data[1]->rows == 1 ? "" : "s", source);
    if (t->known > 0)
        printf("%s: accuracy %.4f of %lld row%s\n", source, (double)t->right / (double)t->known,
               (long long)t->known, t->known == 1 ? "" : "s");
    return ISO_OK;
}

static iso_rc tell_all(struct telling *t)
{
    const struct predict_options *o = t->p->options;
    ISO_TRY(choose_labels(t));
    measure(t);
    if (!o->json && o->csv == NULL && o->npy == NULL)
        print_heading(t);
    return iso_predict(t->p->opened.job.exec, 1, t->p->opened.job.data[1]->rows, on_row, t);
}

static iso_rc tell_csv(struct telling *t)
{
    const struct predict_options *o = t->p->options;
    struct iso_file file;
    ISO_TRY(iso_file_begin(o->csv, &file));
    t->csv = &file;
    fprintf(file.stream, "%s\n", o->csv_header != NULL ? o->csv_header : "id,target");
    const iso_rc rc = tell_all(t);
    if (rc == ISO_OK)
        return iso_file_end(&file);
    iso_file_abort(&file);
    return rc;
}

iso_rc iso_prediction_tell(struct prediction *p)
{
    const struct predict_options *o = p->options;
    const int classes = (int)p->opened.job.graph->classes;
    if (p->opened.job.graph->targets)
        return iso_prediction_targets(p);
    struct telling t = { .p = p,
                         .classes = classes,
                         .top = o->top < classes ? (int)o->top : classes };
    t.order = iso_alloc((size_t)t.top, sizeof *t.order);
    iso_rc rc = t.order == NULL ? ISO_ENOMEM : o->csv != NULL ? tell_csv(&t) : tell_all(&t);
    if (rc == ISO_OK)
        rc = tell_end(&t);
    free(t.order);
    free(t.labels);
    return rc;
}
