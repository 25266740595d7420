/* field_value.c: one YAML node into the value that a field describes. field_text.c is the way
 * back. */
#include "field.h"
#include "class_list.h"
#include "initializer.h"
#include "core/text/number.h"
#include "regularizer.h"
#include "core/ops/activation.h"
#include "core/text/suggest.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WHAT = 160, LINE = 200, NAMED_MOST = 32 };

/* A value being read, with the beginning of its faults: "conv2d: filters: ". */
struct value {
    const struct iso_field *field;
    const struct iso_yaml *node;
    const char *what;
    struct iso_faults *faults;
};

bool iso_named_read(const struct iso_yaml *node, const char *kind, struct iso_faults *faults,
                    struct iso_named *out)
{
    char found[64];
    bool named = node->kind == ISO_YAML_SCALAR && !iso_yaml_is_null(node);
    if (named)
        *out = (struct iso_named){ node, NULL };
    if (node->kind == ISO_YAML_MAPPING && node->count == 1) {
        const struct iso_yaml *args = node->items[0];
        *out = (struct iso_named){ node->keys[0], iso_yaml_is_null(args) ? NULL : args };
        return true;
    }
    if (node->kind == ISO_YAML_MAPPING && node->count > 1)
        iso_faults_add(faults, node->keys[1]->location,
                       "%s is one name, with its parameters inside: "
                       "'%.40s: {...}'; '%.40s' is beside it (indent it further)",
                       kind, node->keys[0]->text, node->keys[1]->text);
    else if (!named)
        iso_faults_add(faults, node->location, "expected %s, found %s", kind,
                       node->kind == ISO_YAML_MAPPING
                           ? "an empty mapping"
                           : iso_yaml_describe(node, found, sizeof found));
    return named;
}

static void expected(const struct value *v, const char *type, const char *hint)
{
    char found[64];
    iso_faults_add(v->faults, v->node->location, "%s: %s: expected %s, found %s%s", v->what,
                   v->field->key, type, iso_yaml_describe(v->node, found, sizeof found), hint);
}

static void out_of_range(const struct value *v, const struct iso_yaml *node, const char *limit)
{
    iso_faults_add(v->faults, node->location, "%s: %s must be %s, not %.40s", v->what,
                   v->field->key, limit, node->text);
}

static bool in_range(const struct value *v, const struct iso_yaml *node, double number)
{
    char limit[96];
    const struct iso_field *f = v->field;
    if ((f->min == 0 && f->max == 0) || (number >= f->min && number <= f->max))
        return true;
    out_of_range(v, node, iso_field_range_text(f, limit, sizeof limit));
    return false;
}

static const char *number_hint(const struct iso_yaml *node)
{
    int64_t whole;
    double real;
    if (node->kind != ISO_YAML_SCALAR)
        return "";
    bool number = iso_number_real(node->text, &real) == ISO_NUMBER_OK;
    if (number && !node->plain)
        return " in quotes (leave them out)";
    if (number && iso_number_int(node->text, &whole) == ISO_NUMBER_OK)
        return "";
    return strchr(node->text, ',') != NULL ? " (write a decimal point)" : "";
}

/* node: v->node, or one entry of it. */
static void read_int(const struct value *v, const struct iso_yaml *node, int64_t *out)
{
    struct value entry = { v->field, node, v->what, v->faults };
    int64_t number = 0;
    enum iso_number rc = node->kind == ISO_YAML_SCALAR && node->plain
                             ? iso_number_int(node->text, &number)
                             : ISO_NUMBER_BAD;
    if (rc == ISO_NUMBER_BAD)
        expected(&entry, "a whole number", number_hint(node));
    else if (rc == ISO_NUMBER_RANGE)
        out_of_range(v, node, "a number that fits in 64 bits");
    else if (in_range(v, node, (double)number))
        *out = number;
}

static void read_bytes(const struct value *v, int64_t *out)
{
    int64_t bytes = 0;
    const enum iso_number rc =
        v->node->kind == ISO_YAML_SCALAR ? iso_number_bytes(v->node->text, &bytes) : ISO_NUMBER_BAD;
    if (rc == ISO_NUMBER_BAD)
        expected(v, "a number of bytes, such as 512 MiB or 2 GiB", "");
    else if (rc == ISO_NUMBER_RANGE)
        out_of_range(v, v->node, "a number that fits in 64 bits");
    else if (in_range(v, v->node, (double)bytes))
        *out = bytes;
}

static void read_int2(const struct value *v, int64_t out[2])
{
    if (v->node->kind == ISO_YAML_SCALAR) {
        read_int(v, v->node, &out[0]);
        out[1] = out[0];
    } else if (v->node->kind == ISO_YAML_SEQUENCE && v->node->count == 2) {
        read_int(v, v->node->items[0], &out[0]);
        read_int(v, v->node->items[1], &out[1]);
    } else {
        expected(v, "a whole number or two: [height, width]", "");
    }
}

/* 1, [2, 3] or [[1, 2], [3, 4]]. */
static void read_sides(const struct value *v, int64_t out[4])
{
    const struct iso_yaml *node = v->node;
    if (node->kind == ISO_YAML_SCALAR) {
        read_int2(v, &out[0]);
        memcpy(&out[2], &out[0], 2 * sizeof *out);
        return;
    }
    bool fits = node->kind == ISO_YAML_SEQUENCE && node->count == 2;
    for (int i = 0; i < 2 && fits; i++)
        fits = node->items[i]->kind == ISO_YAML_SCALAR ||
               (node->items[i]->kind == ISO_YAML_SEQUENCE && node->items[i]->count == 2);
    for (int i = 0; i < 2 && fits; i++)
        read_int2(&(struct value){ v->field, node->items[i], v->what, v->faults }, &out[2 * i]);
    if (!fits)
        expected(v, "a whole number, [height, width] or [[above, below], [left, right]]", "");
}

/* node: v->node, or one entry of it. */
static void read_real(const struct value *v, const struct iso_yaml *node, double *out)
{
    struct value entry = { v->field, node, v->what, v->faults };
    double number = 0;
    enum iso_number rc = node->kind == ISO_YAML_SCALAR && node->plain
                             ? iso_number_real(node->text, &number)
                             : ISO_NUMBER_BAD;
    if (rc == ISO_NUMBER_BAD)
        expected(&entry, "a number", number_hint(node));
    else if (rc == ISO_NUMBER_RANGE)
        out_of_range(v, node, "a finite number that a double can hold");
    else if (fabs(number) > (double)FLT_MAX)
        out_of_range(v, node, "a number that a float32 can hold");
    else if (in_range(v, node, number))
        *out = number;
}

/* Returns true if the value is the field's word instead of numbers. */
static bool is_word(const struct value *v)
{
    return v->node->kind == ISO_YAML_SCALAR && v->field->choices != NULL &&
           strcmp(v->node->text, v->field->choices[0]) == 0;
}

static void read_real2(const struct value *v, double out[2])
{
    if (is_word(v)) {
        out[0] = out[1] = NAN;
        return;
    }
    if (v->node->kind != ISO_YAML_SEQUENCE || v->node->count != 2) {
        expected(v,
                 v->field->choices != NULL ? "auto, or two numbers: [from, to]"
                                           : "two numbers: [from, to]",
                 "");
        return;
    }
    read_real(v, v->node->items[0], &out[0]);
    read_real(v, v->node->items[1], &out[1]);
}

/* [from, to], or z for [1 - z, 1 + z]. */
static void read_spread(const struct value *v, double out[2])
{
    double z = 0;
    if (v->node->kind != ISO_YAML_SCALAR) {
        read_real2(v, out);
        return;
    }
    read_real(v, v->node, &z);
    out[0] = 1 - z;
    out[1] = 1 + z;
    if (z < 0 || z > 1)
        out_of_range(v, v->node, "from 0 to 1, or [from, to]");
}

/* 0.5, or a list of one to ISO_REALS numbers, or the field's word for them: v stays then. */
static void read_reals(const struct value *v, struct iso_reals *out)
{
    struct iso_reals read = { .n = 1 };
    const bool list = v->node->kind == ISO_YAML_SEQUENCE;
    if (is_word(v)) {
        out->n = 0;
        return;
    }
    if (v->node->kind == ISO_YAML_MAPPING ||
        (list && (v->node->count < 1 || v->node->count > ISO_REALS))) {
        expected(v,
                 v->field->choices != NULL ? "auto, a number, or one to four in a list"
                                           : "a number, or one to four in a list",
                 "");
        return;
    }
    read.n = list ? v->node->count : 1;
    for (int i = 0; i < read.n; i++)
        read_real(v, list ? v->node->items[i] : v->node, &read.v[i]);
    *out = read;
}

/* 0.5, or a list of one to ISO_CHOICES numbers. */
static void read_numbers(const struct value *v, struct iso_choice *out)
{
    struct iso_choice read = { 0 };
    const bool list = v->node->kind == ISO_YAML_SEQUENCE;
    if (v->node->kind == ISO_YAML_MAPPING ||
        (list && (v->node->count < 1 || v->node->count > ISO_CHOICES))) {
        expected(v, "a number, or one to eight in a list", "");
        return;
    }
    read.n = list ? v->node->count : 0;
    for (int i = 0; i < (list ? read.n : 1); i++)
        read_real(v, list ? v->node->items[i] : v->node, &read.v[i]);
    *out = read;
}

/* The other spellings of YAML 1.1, which are texts in YAML 1.2. */
static const char *bool_hint(const char *text)
{
    static const char *const spelled[2][8] = { { "no", "No", "NO", "n", "off", "Off", "OFF" },
                                               { "yes", "Yes", "YES", "y", "on", "On", "ON" } };
    for (int is = 0; is < 2; is++)
        for (int i = 0; spelled[is][i] != NULL; i++)
            if (strcmp(spelled[is][i], text) == 0)
                return is ? " (write true)" : " (write false)";
    return "";
}

static void read_bool(const struct value *v, bool *out)
{
    const char *text = v->node->kind == ISO_YAML_SCALAR && v->node->plain ? v->node->text : "";
    if (strcmp(text, "true") == 0 || strcmp(text, "True") == 0 || strcmp(text, "TRUE") == 0)
        *out = true;
    else if (strcmp(text, "false") == 0 || strcmp(text, "False") == 0 || strcmp(text, "FALSE") == 0)
        *out = false;
    else
        expected(v, "true or false", bool_hint(text));
}

/* The index of the node's text among the names, or -1 with a fault. */
static int find_choice(const struct value *v, const struct iso_yaml *node, const char *const *names)
{
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        expected(v, "a name", "");
        return -1;
    }
    const bool function = names == iso_activation_names;
    const char *text = function ? iso_activation_own_name(node->text) : node->text;
    char hint[LINE], list[LINE];
    struct iso_suggest near;
    iso_suggest_begin(&near, node->text);
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
        iso_suggest_try(&near, names[i]);
    }
    size_t used = (size_t)snprintf(list, sizeof list, "; choose from");
    for (int i = 0; names[i] != NULL && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s %s", i ? "," : "", names[i]);
    iso_faults_add(v->faults, node->location, "%s: %s: unknown value '%.40s'%s", v->what,
                   v->field->key, node->text,
                   near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint) : list);
    return -1;
}

static void read_choice(const struct value *v, int *out)
{
    int choice = find_choice(v, v->node, iso_field_choices(v->field));
    if (choice >= 0)
        *out = choice;
}

/* Returns the index in docs that a node names, with its parameters in *named, or -1 with a fault.
 */
static int find_named(const struct value *v, const char *kind, const struct iso_named_doc *docs,
                      int n, struct iso_named *named)
{
    const char *names[NAMED_MOST + 1] = { 0 };
    assert(n <= NAMED_MOST);
    for (int i = 0; i < n; i++)
        names[i] = docs[i].name;
    if (v->node->kind == ISO_YAML_SEQUENCE)
        expected(v, kind, "");
    else if (iso_named_read(v->node, kind, v->faults, named))
        return find_choice(v, named->name, names);
    return -1;
}

static iso_rc read_named(const struct value *v, const struct iso_named_doc *doc,
                         const struct iso_named *named, void *params)
{
    char what[WHAT];
    snprintf(what, sizeof what, "%s: %s: %s", v->what, v->field->key, doc->name);
    return iso_fields_read(doc->fields, what, named->name->location, named->args, NULL, params,
                           v->faults);
}

static iso_rc read_initializer(const struct value *v, struct iso_initializer *out)
{
    struct iso_named named;
    const int kind =
        find_named(v, "an initializer", iso_initializer_docs, ISO_INITIALIZERS, &named);
    if (kind < 0)
        return ISO_OK;
    *out = (struct iso_initializer){ .kind = (enum iso_initializer_kind)kind };
    ISO_TRY(read_named(v, &iso_initializer_docs[kind], &named, out));
    if (out->kind == ISO_INIT_RANDOM_UNIFORM && !(out->a <= out->b))
        iso_faults_add(v->faults, named.name->location, "%s: %s: %s: minval must not exceed maxval",
                       v->what, v->field->key, iso_initializer_docs[kind].name);
    return ISO_OK;
}

static iso_rc read_regularizer(const struct value *v, struct iso_regularizer *out)
{
    struct iso_named named;
    const int kind = find_named(v, "a regularizer", iso_regularizer_docs, ISO_REGULARIZERS, &named);
    if (kind < 0)
        return ISO_OK;
    *out = (struct iso_regularizer){ 0 };
    return read_named(v, &iso_regularizer_docs[kind], &named, out);
}

static void read_text(const struct value *v, char *out)
{
    size_t room = (size_t)v->field->max;
    if (v->node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(v->node))
        expected(v, "a text", "");
    else if (strlen(v->node->text) >= room)
        iso_faults_add(v->faults, v->node->location, "%s: %s: longer than %d bytes", v->what,
                       v->field->key, (int)room - 1);
    else
        strcpy(out, v->node->text);
}

/* [a, b], or a,b, as which both are kept. */
static void read_list(const struct value *v, char *out)
{
    const struct iso_yaml *node = v->node;
    const size_t room = (size_t)v->field->max;
    size_t used = 0;
    if (node->kind == ISO_YAML_SCALAR) {
        read_text(v, out);
        return;
    }
    for (int i = 0; i < node->count; i++) {
        const struct iso_yaml *entry = node->items[i];
        if (node->kind != ISO_YAML_SEQUENCE || entry->kind != ISO_YAML_SCALAR ||
            *entry->text == '\0' || strchr(entry->text, ',') != NULL) {
            expected(v, "a list of names without commas, [a, b]", "");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%s", i > 0 ? "," : "", entry->text);
        if (used >= room) {
            iso_faults_add(v->faults, node->location, "%s: %s: longer than %d bytes", v->what,
                           v->field->key, (int)room - 1);
            *out = '\0';
            return;
        }
    }
}

static void read_shape(const struct value *v, struct iso_shape *out)
{
    if (v->node->kind != ISO_YAML_SEQUENCE || v->node->count < 1 || v->node->count >= ISO_DIMS) {
        expected(v, "[height, width, channels] or [length]", "");
        return;
    }
    out->ndim = v->node->count + 1;
    out->dim[0] = 0;
    for (int i = 0; i < v->node->count; i++)
        read_int(v, v->node->items[i], &out->dim[i + 1]);
}

iso_rc iso_field_read(const struct iso_field *field, const char *what, const struct iso_yaml *value,
                      void *params, struct iso_faults *faults)
{
    const struct value given = { field, value, what, faults }, *v = &given;
    void *at = (char *)params + field->offset;
    if (iso_yaml_is_null(v->node)) {
        iso_faults_add(v->faults, v->node->location, "%s: '%s' has no value", v->what,
                       v->field->key);
        return ISO_OK;
    }
    switch (v->field->type) {
    case ISO_FIELD_INT: read_int(v, v->node, at); break;
    case ISO_FIELD_BYTES: read_bytes(v, at); break;
    case ISO_FIELD_INT2: read_int2(v, at); break;
    case ISO_FIELD_SIDES: read_sides(v, at); break;
    case ISO_FIELD_REAL: read_real(v, v->node, at); break;
    case ISO_FIELD_REAL2: read_real2(v, at); break;
    case ISO_FIELD_SPREAD: read_spread(v, at); break;
    case ISO_FIELD_REALS: read_reals(v, at); break;
    case ISO_FIELD_CHOICE: read_numbers(v, at); break;
    case ISO_FIELD_BOOL: read_bool(v, at); break;
    case ISO_FIELD_ENUM:
    case ISO_FIELD_ACTIVATION: read_choice(v, at); break;
    case ISO_FIELD_INITIALIZER: return read_initializer(v, at);
    case ISO_FIELD_REGULARIZER: return read_regularizer(v, at);
    case ISO_FIELD_TEXT: read_text(v, at); break;
    case ISO_FIELD_LIST: read_list(v, at); break;
    case ISO_FIELD_SHAPE: read_shape(v, at); break;
    case ISO_FIELD_CLASSES:
        return iso_class_list_read(v->node, v->what, v->field->key, v->faults, at);
    }
    return ISO_OK;
}
