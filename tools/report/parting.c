#include "parting.h"

#include "core/train/history_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Rows ---------------------------------------------------------------------------------- */

static bool by_a_clock(const char *name, size_t n)
{
    static const char *const names[] = { "seconds", "images_per_second" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
            return true;
    return false;
}

static void copy_cell(const char *row, int column, char out[ISO_PARTING_CELL])
{
    const char *cell = iso_csv_cell(row, column);
    snprintf(out, ISO_PARTING_CELL, "%.*s", (int)strcspn(cell, ",\n"), cell);
}

/* Finds the first column of csv_a in which the two rows differ. */
static bool rows_differ(const char *csv_a, const char *csv_b, const char *a, const char *b,
                        struct iso_row_parting *out)
{
    const char *name = csv_a;
    for (int column = 0; *name && *name != '\n'; column++) {
        const size_t n = strcspn(name, ",\n");
        snprintf(out->column, sizeof out->column, "%.*s", (int)n, name);
        const int other = by_a_clock(name, n) ? -1 : iso_csv_column(csv_b, out->column);
        copy_cell(a, column, out->a);
        copy_cell(b, other < 0 ? 0 : other, out->b);
        if (other >= 0 && strcmp(out->a, out->b) != 0)
            return true;
        name += n + (name[n] == ',');
    }
    return false;
}

void iso_parting_of_rows(const char *a, const char *b, struct iso_row_parting *out)
{
    *out = (struct iso_row_parting){ .rows = 0 };
    const char *row_a = iso_csv_next(a), *row_b = iso_csv_next(b);
    for (; row_a != NULL && row_b != NULL;
         row_a = iso_csv_next(row_a), row_b = iso_csv_next(row_b)) {
        out->rows++;
        if (!rows_differ(a, b, row_a, row_b, out))
            continue;
        out->number = strtoll(row_a, NULL, 10);
        return;
    }
}

/* ---- Tensors ------------------------------------------------------------------------------- */

enum kind { READ, RESULT, LOSS, GRADIENT }; /* in the order of computation, within a step */
struct when {                               /* a tensor is made */
    int64_t step;
    enum kind kind;
    int layer; /* in the order in which its kind goes through the layers */
};

static bool ends_with(const char *name, size_t n, const char *end)
{
    const size_t length = strlen(end);
    return n >= length && strncmp(name + n - length, end, length) == 0;
}

static int layer_of(const struct iso_model *m, const char *name)
{
    const size_t n = strcspn(name, "/@");
    for (int i = 0; i < m->nlayers; i++)
        if (strlen(m->layers[i].name) == n && strncmp(m->layers[i].name, name, n) == 0)
            return i;
    return -1;
}

static struct when when_made(const struct iso_model *m, const char *name)
{
    const char *at = strrchr(name, '@');
    const bool gradient = strncmp(name, "d/", 2) == 0;
    const int layer = layer_of(m, gradient ? name + 2 : name);
    const size_t n = at != NULL ? (size_t)(at - name) : strlen(name);
    const bool result = ends_with(name, n, "/y") || ends_with(name, n, "/mask");
    return (struct when){
        .step = at != NULL ? strtoll(at + 1, NULL, 10) : 0,
        .kind = gradient                                  ? GRADIENT
                : n == 4 && strncmp(name, "loss", n) == 0 ? LOSS
                : result                                  ? RESULT
                                                          : READ,
        .layer = gradient ? m->nlayers - layer : layer,
    };
}

static bool before(const struct when *a, const struct when *b)
{
    if (a->step != b->step)
        return a->step < b->step;
    return a->kind != b->kind ? a->kind < b->kind : a->layer < b->layer;
}

static bool same_shape(const struct iso_st_tensor *a, const struct iso_st_tensor *b)
{
    return a->type == b->type && a->ndim == b->ndim &&
           memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim) == 0;
}

/* Counts the elements whose bits differ, and notes the first one. */
static void compare_elements(const struct iso_st_tensor *a, const struct iso_st_tensor *b,
                             struct iso_tensor_parting *out)
{
    const size_t all = (size_t)iso_st_bytes(a);
    const size_t size = (size_t)iso_st_size(a->type);
    const char *bytes_a = a->data, *bytes_b = b->data;
    out->count = (int64_t)(all / size);
    out->elements = 0;
    snprintf(out->first, sizeof out->first, "%s", a->name);
    for (int64_t i = out->count - 1; i >= 0; i--)
        if (memcmp(bytes_a + (size_t)i * size, bytes_b + (size_t)i * size, size) != 0) {
            out->elements++;
            out->element = i;
        }
    out->a = iso_st_at(a, out->element);
    out->b = iso_st_at(b, out->element);
}

void iso_parting_of_tensors(const struct iso_st_file *a, const struct iso_st_file *b,
                            const struct iso_model *model, struct iso_tensor_parting *out)
{
    struct when first = { .step = 0 };
    *out = (struct iso_tensor_parting){ .tensors = 0 };
    for (int i = 0; i < a->n; i++) {
        const struct iso_st_tensor *own = &a->tensors[i], *other = iso_st_find(b, own->name);
        if (other == NULL || !same_shape(own, other))
            continue;
        const struct when when = when_made(model, own->name);
        out->tensors++;
        if (memcmp(own->data, other->data, (size_t)iso_st_bytes(own)) == 0)
            continue;
        if (out->differing++ == 0 || before(&when, &first)) {
            first = when;
            compare_elements(own, other, out);
        }
    }
    out->alone = a->n + b->n - 2 * out->tensors;
}
