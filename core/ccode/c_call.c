#include "c_call.h"

#include <stdlib.h>
#include <string.h>

/* ---- Params -------------------------------------------------------------------------------- */

static void write_numbers(const int64_t *v, int n, FILE *out)
{
    fprintf(out, "{ ");
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%lld", i > 0 ? ", " : "", (long long)v[i]);
    fprintf(out, " }");
}

static void write_reals(const double *v, int n, FILE *out)
{
    fprintf(out, "{ ");
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%a", i > 0 ? ", " : "", v[i]);
    fprintf(out, " }");
}

/* Returns true unless only training or the shapes depend on the field. */
static bool is_read(const struct iso_field *f)
{
    return f->type != ISO_FIELD_INITIALIZER && f->type != ISO_FIELD_REGULARIZER &&
           f->type != ISO_FIELD_TEXT && f->type != ISO_FIELD_LIST && f->type != ISO_FIELD_CLASSES &&
           f->type != ISO_FIELD_SHAPE;
}

/* Writes ".filters = 32,". */
static void write_field(const struct iso_field *f, const void *params, FILE *out)
{
    const void *at = (const char *)params + f->offset;
    const struct iso_reals *reals = at;
    const struct iso_choice *choice = at;
    fprintf(out, "            .%s = ", f->key);
    switch (f->type) {
    case ISO_FIELD_INT: fprintf(out, "%lld", (long long)*(const int64_t *)at); break;
    case ISO_FIELD_INT2: write_numbers(at, 2, out); break;
    case ISO_FIELD_SIDES: write_numbers(at, 4, out); break;
    case ISO_FIELD_REAL: fprintf(out, "%a", *(const double *)at); break;
    case ISO_FIELD_REAL2:
    case ISO_FIELD_SPREAD: write_reals(at, 2, out); break;
    case ISO_FIELD_REALS:
        fprintf(out, "{ %d, ", reals->n);
        write_reals(reals->v, ISO_REALS, out);
        fprintf(out, " }");
        break;
    case ISO_FIELD_CHOICE:
        fprintf(out, "{ %d, ", choice->n);
        write_reals(choice->v, ISO_CHOICES, out);
        fprintf(out, " }");
        break;
    case ISO_FIELD_BOOL: fprintf(out, "%s", *(const bool *)at ? "true" : "false"); break;
    default: fprintf(out, "%d", *(const int *)at);
    }
    fprintf(out, ",\n");
}

void iso_c_params_write(const struct iso_c_items *items, enum iso_op op, const void *params,
                        FILE *out)
{
    char type[ISO_NAME];
    iso_c_params_name(items, op, type);
    if (!*type)
        return;
    bool begun = false;
    fprintf(out, "        static const struct %s params", type);
    for (const struct iso_field *f = iso_ops[op].def->fields; f != NULL && f->key != NULL; f++)
        if (is_read(f)) {
            fprintf(out, begun ? "" : " = {\n");
            write_field(f, params, out);
            begun = true;
        }
    fprintf(out, begun ? "        };\n" : ";\n");
}

/* ---- Tensors ------------------------------------------------------------------------------- */

static const char *const dtypes[] = {
    [ISO_REAL] = "ISO_REAL", [ISO_I32] = "ISO_I32", [ISO_U8] = "ISO_U8"
};

void iso_c_tensor_write(const struct iso_tensor *t, const char *where, FILE *out)
{
    fprintf(out, "{ .mem = at(%s), .dtype = %s, .shape = { %d, ", where, dtypes[t->dtype],
            t->shape.ndim);
    write_numbers(t->shape.dim, ISO_DIMS, out);
    fprintf(out, " } }");
}

void iso_c_scalars_write(const double *scalars, FILE *out)
{
    int n = ISO_SCALARS;
    while (n > 0 && scalars[n - 1] == 0)
        n--;
    if (n == 0)
        return;
    fprintf(out, "            .scalars = ");
    write_reals(scalars, n, out);
    fprintf(out, ",\n");
}

static void where_of(const struct iso_c_place *p, int value, char *buf, size_t n)
{
    const int root = iso_graph_root(p->graph, value);
    if (root == iso_graph_root(p->graph, p->graph->output))
        snprintf(buf, n, "output");
    else
        snprintf(buf, n, "memory + %lld",
                 (long long)(p->plan->values.extents[root].offset / sizeof(float)));
}

void iso_c_value_write(const struct iso_c_place *p, int value, FILE *out)
{
    char where[64];
    where_of(p, value, where, sizeof where);
    fprintf(out, "%s", where);
}

static void write_values(const struct iso_c_place *p, const char *name, int n, const int *values,
                         const struct iso_tensor *tensors, FILE *out)
{
    char where[64];
    if (n == 0)
        return;
    fprintf(out, "            .%s = { ", name);
    for (int i = 0; i < n; i++) {
        where_of(p, values[i], where, sizeof where);
        fprintf(out, i > 0 ? ",\n                   " : "");
        iso_c_tensor_write(&tensors[i], where, out);
    }
    fprintf(out, " },\n");
}

/* Whole numbers become floats before the call, one weight behind the other. */
static int64_t write_unpacking(const struct iso_c_place *p, const struct iso_c_step *s, FILE *out)
{
    int64_t to = p->unpacked;
    for (int i = 0; i < s->nw; i++) {
        const int index = s->w[i] >= 0 ? iso_c_weights_find(p->weights, s->w[i]) : -1;
        const struct iso_c_weight *w = index >= 0 ? &p->weights->list[index] : NULL;
        if (w == NULL || w->channels == 0)
            continue;
        fprintf(out, "        unpack(%lld, %lld, %sw%d, %sw%d_scales, memory + %lld);\n",
                (long long)w->count, (long long)w->channels, p->prefix, index, p->prefix, index,
                (long long)to);
        to += w->count;
    }
    return to;
}

static void write_weights(const struct iso_c_place *p, const struct iso_c_step *s,
                          const struct iso_tensor *tensors, FILE *out)
{
    int64_t unpacked = p->unpacked;
    bool begun = false;
    for (int i = 0; i < s->nw; i++) {
        char where[ISO_NAME + 32];
        if (s->w[i] < 0)
            continue;
        const int index = iso_c_weights_find(p->weights, s->w[i]);
        const struct iso_c_weight *w = &p->weights->list[index];
        snprintf(where, sizeof where, "%sw%d", p->prefix, index);
        if (w->channels > 0) {
            snprintf(where, sizeof where, "memory + %lld", (long long)unpacked);
            unpacked += w->count;
        }
        fprintf(out, begun ? ",\n                   [%d] = " : "            .w = { [%d] = ", i);
        iso_c_tensor_write(&tensors[i], where, out);
        begun = true;
    }
    fprintf(out, begun ? " },\n" : "");
}

/* ---- Steps --------------------------------------------------------------------------------- */

static void write_copy(const struct iso_c_place *p, const struct iso_c_step *s, FILE *out)
{
    fprintf(out, "    copy(%lld, ", (long long)iso_shape_count(&p->graph->values[s->x[0]].shape));
    iso_c_value_write(p, s->x[0], out);
    fprintf(out, ", ");
    iso_c_value_write(p, s->y[0], out);
    fprintf(out, "); /* %s */\n", iso_ops[s->op].name);
}

void iso_c_step_write(const struct iso_c_place *p, const struct iso_c_step *s, const char *function,
                      FILE *out)
{
    struct iso_call call;
    if (s->copies) {
        write_copy(p, s, out);
        return;
    }
    iso_c_step_call(p->graph, s, &call);
    fprintf(out, "    { /* %s: %s */\n", s->layer, iso_ops[s->op].name);
    iso_c_params_write(p->items, s->op, s->params, out);
    write_unpacking(p, s, out);
    fprintf(out, "        const struct iso_call call = {\n");
    if (iso_ops[s->op].def->params_size > 0)
        fprintf(out, "            .params = &params,\n");
    write_values(p, "x", s->nx, s->x, call.x, out);
    write_values(p, "y", s->ny, s->y, call.y, out);
    write_weights(p, s, call.w, out);
    write_values(p, "saved", s->nsaved, s->saved, call.saved, out);
    if (p->workspace_bytes > 0)
        fprintf(out,
                "            .workspace = { .mem = at(memory + %lld), .dtype = ISO_U8, "
                ".shape = { 1, { %zu } } },\n",
                (long long)p->workspace, p->workspace_bytes);
    iso_c_scalars_write(call.scalars, out);
    fprintf(out, "            .step_rows = 1,\n        };\n        (void)%s(NULL, &call);\n    }\n",
            function);
}
