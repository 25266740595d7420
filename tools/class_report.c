#include "class_report.h"
#include "core/text/json.h"

#include "core/text/printable.h"
#include "core/ops/binary_counts.h"
#include "core/ops/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, WIDTH = 11, TEXT = ISO_CLASS_NAME + 24 };

struct report {
    struct iso_shape shape; /* classes x classes; of labels 2 x 2, a matrix for each */
    const double *counts;
    int64_t n;   /* classes or labels */
    bool labels; /* rows may have several */
    enum iso_op op[COLUMNS];
    int nops;                       /* the scores there are */
    double *each[COLUMNS];          /* one per class */
    const struct iso_dataset *data; /* names the classes, if they have names */
};

/* Returns the class's name, or "" if it has none. */
static const char *name_of(const struct report *r, int64_t class)
{
    return r->data->class_names != NULL && class < r->data->classes ? r->data->class_names[class]
                                                                    : "";
}

static const char *class_text(const struct report *r, int64_t class, char text[TEXT])
{
    const char *name = name_of(r, class);
    snprintf(text, TEXT, "%lld%s%s", (long long)class, *name ? " " : "", name);
    return iso_printable(text, false);
}

static void close_report(struct report *r)
{
    for (int i = 0; i < r->nops; i++)
        free(r->each[i]);
}

/* Returns the confusion matrix, or the counts of labels; NULL: the model has neither. */
static const struct iso_value *find_counts(const struct iso_graph *g)
{
    const int matrix = iso_graph_find(g, iso_ops[ISO_OP_confusion_matrix].name);
    const int labels = iso_graph_find(g, iso_ops[ISO_OP_binary_counts].name);
    return matrix >= 0 ? &g->values[matrix] : labels >= 0 && g->targets ? &g->values[labels] : NULL;
}

/* Writes a score of each class; of a label it is that of the second class of two. */
static void score_each(const struct report *r, const struct iso_op_def *def, double *each)
{
    const struct iso_score of_classes = { ISO_AVERAGE_NONE }, of_label = { ISO_AVERAGE_BINARY };
    if (!r->labels)
        def->score(&of_classes, &r->shape, r->counts, each);
    for (int64_t c = 0; r->labels && c < r->n; c++)
        def->score(&of_label, &r->shape, r->counts + c * ISO_BINARY_KINDS, &each[c]);
}

/* Returns the rows of a class, or those that have a label. */
static double rows_of(const struct report *r, int64_t class)
{
    const double *counts = r->labels ? r->counts + class * ISO_BINARY_KINDS : r->counts;
    return iso_class_counts(&r->shape, counts, r->labels ? 1 : class).actual;
}

static iso_rc open_report(const struct iso_value *found, const struct iso_scores *scores,
                          const struct iso_dataset *data, struct report *r)
{
    const bool labels = found->shape.dim[0] != found->shape.dim[1] ||
                        strcmp(found->name, iso_ops[ISO_OP_binary_counts].name) == 0;
    *r = (struct report){ .shape = labels ? (struct iso_shape){ 2, { 2, 2 } } : found->shape,
                          .counts = scores->counts + found->at,
                          .n = found->shape.dim[0],
                          .labels = labels,
                          .data = data };
    for (int op = 0; op < ISO_OP_COUNT && r->nops < COLUMNS; op++) {
        const struct iso_op_def *def = iso_ops[op].def;
        if (iso_ops[op].kind != ISO_SCORE || def->reads != ISO_OP_confusion_matrix)
            continue;
        double *each = iso_alloc((size_t)r->n, sizeof *each);
        if (each == NULL)
            return ISO_ENOMEM;
        score_each(r, def, each);
        r->each[r->nops] = each;
        r->op[r->nops++] = (enum iso_op)op;
    }
    return ISO_OK;
}

/* ---- Tables -------------------------------------------------------------------------------- */

/* The mean over the classes, as score.c has it. */
static void print_average(const struct report *r, int wide, const char *name, bool weighted,
                          double rows)
{
    printf("%-*s", wide, name);
    for (int i = 0; i < r->nops; i++) {
        double sum = 0, weights = 0;
        for (int64_t class = 0; class < r->n; class ++) {
            const double weight = weighted ? rows_of(r, class) : 1;
            sum += weight * r->each[i][class];
            weights += weight;
        }
        printf("%*.4f", WIDTH, iso_share(sum, weights));
    }
    printf("%*.0f\n", WIDTH, rows);
}

/* Returns the width of the column that names the classes. */
static int measure_classes(const struct report *r)
{
    char text[TEXT];
    int wide = (int)strlen("weighted");
    for (int64_t class = 0; class < r->n; class ++) {
        const int n = iso_shown_width(class_text(r, class, text));
        wide = n > wide ? n : wide;
    }
    return wide;
}

static void print_classes(const struct report *r)
{
    const int wide = measure_classes(r);
    char text[TEXT];
    double rows = 0;
    printf("\n%-*s", wide, r->labels ? "label" : "class");
    for (int i = 0; i < r->nops; i++)
        printf("%*s", WIDTH, iso_ops[r->op[i]].name);
    printf("%*s\n", WIDTH, "rows");
    for (int64_t class = 0; class < r->n; class ++) {
        const double actual = rows_of(r, class);
        iso_print_cell(stdout, class_text(r, class, text), wide);
        for (int i = 0; i < r->nops; i++)
            printf("%*.4f", WIDTH, r->each[i][class]);
        printf("%*.0f\n", WIDTH, actual);
        rows += actual;
    }
    print_average(r, wide, "macro", false, rows);
    print_average(r, wide, "weighted", true, rows);
}

static int digits(double n) { return snprintf(NULL, 0, "%.0f", n); }

static void print_matrix(const struct report *r)
{
    const int64_t n = r->shape.dim[0];
    double largest = (double)n - 1; /* the classes' own numbers stand above */
    for (int64_t i = 0; i < n * n; i++)
        largest = r->counts[i] > largest ? r->counts[i] : largest;
    const int width = digits(largest) + 2, side = digits((double)n - 1);
    printf(
        "\nconfusion matrix: rows of each true class (down) predicted as each class (across)\n%*s",
        side, "");
    for (int64_t c = 0; c < n; c++)
        printf("%*lld", width, (long long)c);
    for (int64_t t = 0; t < n; t++) {
        printf("\n%*lld", side, (long long)t);
        for (int64_t c = 0; c < n; c++)
            printf("%*.0f", width, r->counts[t * n + c]);
    }
    printf("\n\n");
}

iso_rc iso_class_report_print(const struct iso_graph *graph, const struct iso_scores *scores,
                              const struct iso_dataset *data)
{
    const struct iso_value *found = find_counts(graph);
    bool wanted = false;
    struct report r;
    if (found == NULL)
        return ISO_OK;
    for (int m = 0; m < graph->model->nmetrics; m++)
        wanted = wanted || graph->model->metrics[m].op == ISO_OP_confusion_matrix;
    iso_rc rc = open_report(found, scores, data, &r);
    if (rc == ISO_OK)
        print_classes(&r);
    if (rc == ISO_OK && wanted)
        print_matrix(&r);
    else if (rc == ISO_OK)
        printf("\n");
    close_report(&r);
    return rc;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

void *iso_class_report_json(const struct iso_graph *graph, const struct iso_scores *scores,
                            const struct iso_dataset *data)
{
    const struct iso_value *found = find_counts(graph);
    json_t *array = NULL;
    struct report r;
    if (found == NULL)
        return NULL;
    if (open_report(found, scores, data, &r) == ISO_OK)
        array = json_array();
    for (int64_t class = 0; array != NULL && class < r.n; class ++) {
        json_t *object = json_pack("{s:I, s:I}", "class", (json_int_t) class, "rows",
                                   (json_int_t)rows_of(&r, class));
        json_t *name = *name_of(&r, class) ? json_string(name_of(&r, class)) : NULL;
        if (name != NULL) /* and its bytes are UTF-8 */
            iso_json_set(object, "name", name);
        for (int i = 0; i < r.nops; i++)
            iso_json_set(object, iso_ops[r.op[i]].name, json_real(r.each[i][class]));
        iso_json_append(array, object);
    }
    close_report(&r);
    return array;
}
