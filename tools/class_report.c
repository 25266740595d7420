#include "class_report.h"
#include "core/json.h"

#include "core/printable.h"
#include "core/ops/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, WIDTH = 11, TEXT = ISO_CLASS_NAME + 24 };

struct report {
    struct iso_shape shape; /* classes x classes */
    const double *counts;
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

static const struct iso_value *find_matrix(const struct iso_graph *g)
{
    const int value = iso_graph_find(g, iso_ops[ISO_OP_confusion_matrix].name);
    return value < 0 ? NULL : &g->values[value];
}

static iso_rc open_report(const struct iso_value *matrix, const struct iso_scores *scores,
                          const struct iso_dataset *data, struct report *r)
{
    const struct iso_score of_classes = { ISO_AVERAGE_NONE };
    *r = (struct report){ .shape = matrix->shape,
                          .counts = scores->counts + matrix->at,
                          .data = data };
    for (int op = 0; op < ISO_OP_COUNT && r->nops < COLUMNS; op++) {
        const struct iso_op_def *def = iso_ops[op].def;
        if (iso_ops[op].kind != ISO_SCORE || def->reads != ISO_OP_confusion_matrix)
            continue;
        double *each = iso_alloc((size_t)r->shape.dim[0], sizeof *each);
        if (each == NULL)
            return ISO_ENOMEM;
        def->score(&of_classes, &r->shape, r->counts, each);
        r->each[r->nops] = each;
        r->op[r->nops++] = (enum iso_op)op;
    }
    return ISO_OK;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static void print_average(const struct report *r, int wide, const char *name,
                          enum iso_average average, double rows)
{
    const struct iso_score params = { (int)average };
    printf("%-*s", wide, name);
    for (int i = 0; i < r->nops; i++) {
        double value;
        iso_ops[r->op[i]].def->score(&params, &r->shape, r->counts, &value);
        printf("%*.4f", WIDTH, value);
    }
    printf("%*.0f\n", WIDTH, rows);
}

/* Returns the width of the column that names the classes. */
static int measure_classes(const struct report *r)
{
    char text[TEXT];
    int wide = (int)strlen("weighted");
    for (int64_t class = 0; class < r->shape.dim[0]; class ++) {
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
    printf("\n%-*s", wide, "class");
    for (int i = 0; i < r->nops; i++)
        printf("%*s", WIDTH, iso_ops[r->op[i]].name);
    printf("%*s\n", WIDTH, "rows");
    for (int64_t class = 0; class < r->shape.dim[0]; class ++) {
        const double actual = iso_class_counts(&r->shape, r->counts, class).actual;
        iso_print_cell(stdout, class_text(r, class, text), wide);
        for (int i = 0; i < r->nops; i++)
            printf("%*.4f", WIDTH, r->each[i][class]);
        printf("%*.0f\n", WIDTH, actual);
        rows += actual;
    }
    print_average(r, wide, "macro", ISO_AVERAGE_MACRO, rows);
    print_average(r, wide, "weighted", ISO_AVERAGE_WEIGHTED, rows);
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
    const struct iso_value *matrix = find_matrix(graph);
    bool wanted = false;
    struct report r;
    if (matrix == NULL)
        return ISO_OK;
    for (int m = 0; m < graph->model->nmetrics; m++)
        wanted = wanted || graph->model->metrics[m].op == ISO_OP_confusion_matrix;
    iso_rc rc = open_report(matrix, scores, data, &r);
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
    const struct iso_value *matrix = find_matrix(graph);
    json_t *array = NULL;
    struct report r;
    if (matrix == NULL)
        return NULL;
    if (open_report(matrix, scores, data, &r) == ISO_OK)
        array = json_array();
    for (int64_t class = 0; array != NULL && class < r.shape.dim[0]; class ++) {
        const struct iso_class_counts c = iso_class_counts(&r.shape, r.counts, class);
        json_t *object =
            json_pack("{s:I, s:I}", "class", (json_int_t) class, "rows", (json_int_t)c.actual);
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
