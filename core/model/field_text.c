/* field_text.c: a field's value, type and range as text, for help, summaries and saved models. */
#include "field.h"
#include "initializer.h"
#include "core/text/number.h"
#include "regularizer.h"
#include "core/data/class_map.h"
#include "core/ops/activation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const *iso_field_choices(const struct iso_field *field)
{
    return field->type == ISO_FIELD_ACTIVATION ? iso_activation_names
           : field->type == ISO_FIELD_ENUM     ? field->choices
                                               : NULL;
}

const char *iso_field_type_text(const struct iso_field *field, char *buf, size_t n)
{
    static const char *const text[] = {
        [ISO_FIELD_INT] = "whole number",
        [ISO_FIELD_BYTES] = "bytes, such as 512 MiB or 2 GiB",
        [ISO_FIELD_INT2] = "whole number or [height, width]",
        [ISO_FIELD_SIDES] = "whole number, [height, width] or [[above, below], [left, right]]",
        [ISO_FIELD_REAL] = "number",
        [ISO_FIELD_REAL2] = "[from, to]",
        [ISO_FIELD_SPREAD] = "number z, for [1 - z, 1 + z], or [from, to]",
        [ISO_FIELD_REALS] = "number or [one, for, each, channel]",
        [ISO_FIELD_CHOICE] = "number or [numbers, to, choose, from]",
        [ISO_FIELD_BOOL] = "true or false",
        [ISO_FIELD_ENUM] = "one of",
        [ISO_FIELD_INITIALIZER] = "initializer",
        [ISO_FIELD_REGULARIZER] = "regularizer",
        [ISO_FIELD_ACTIVATION] = "one of",
        [ISO_FIELD_TEXT] = "text",
        [ISO_FIELD_LIST] = "[names]",
        [ISO_FIELD_SHAPE] = "[height, width, channels] or [length]",
        [ISO_FIELD_CLASSES] = "list of classes, or of lists of them",
    };
    const char *const *choices = iso_field_choices(field);
    size_t used = (size_t)snprintf(buf, n, "%s", text[field->type]);
    if ((field->type == ISO_FIELD_REALS || field->type == ISO_FIELD_REAL2) &&
        field->choices != NULL && used < n)
        snprintf(buf + used, n - used, ", or %s", field->choices[0]);
    for (int i = 0; choices != NULL && choices[i] != NULL && used < n; i++)
        used += (size_t)snprintf(buf + used, n - used, "%s %s", i ? "," : "", choices[i]);
    return buf;
}

const char *iso_field_range_text(const struct iso_field *field, char *buf, size_t n)
{
    char low[32], high[32];
    bool number = field->type == ISO_FIELD_INT || field->type == ISO_FIELD_BYTES ||
                  field->type == ISO_FIELD_INT2 || field->type == ISO_FIELD_SIDES ||
                  field->type == ISO_FIELD_REAL || field->type == ISO_FIELD_REAL2 ||
                  field->type == ISO_FIELD_SPREAD || field->type == ISO_FIELD_REALS ||
                  field->type == ISO_FIELD_CHOICE || field->type == ISO_FIELD_SHAPE;
    iso_number_text(field->min, low, sizeof low);
    iso_number_text(field->max, high, sizeof high);
    if (!number || (field->min == 0 && field->max == 0))
        snprintf(buf, n, "%s", "");
    else if (field->max >= 1e15)
        snprintf(buf, n, "at least %s", low);
    else if (field->min <= -1e15)
        snprintf(buf, n, "at most %s", high);
    else
        snprintf(buf, n, "from %s to %s", low, high);
    return buf;
}

/* A named thing with the parameters it has. */
static void named_text(const struct iso_named_doc *doc, const void *params, char *buf, size_t n)
{
    if (doc->fields[0].key == NULL) {
        snprintf(buf, n, "%s", doc->name);
        return;
    }
    char value[64];
    size_t used = (size_t)snprintf(buf, n, "{%s: {", doc->name);
    for (const struct iso_field *f = doc->fields; f->key != NULL && used < n; f++)
        used += (size_t)snprintf(buf + used, n - used, "%s%s: %s", f == doc->fields ? "" : ", ",
                                 f->key, iso_field_text(f, params, value, sizeof value));
    if (used < n)
        snprintf(buf + used, n - used, "}}");
}

static void real2_text(const struct iso_field *field, const double *number, char *buf, size_t n)
{
    char from[32], to[32];
    if (field->choices != NULL && isnan(number[0]))
        snprintf(buf, n, "%s", field->choices[0]);
    else
        snprintf(buf, n, "[%s, %s]", iso_number_text(number[0], from, sizeof from),
                 iso_number_text(number[1], to, sizeof to));
}

static const char *list_text(const double *v, int count, char *buf, size_t n)
{
    char number[32];
    size_t used = (size_t)snprintf(buf, n, "[");
    for (int i = 0; i < count && used < n; i++)
        used += (size_t)snprintf(buf + used, n - used, "%s%s", i ? ", " : "",
                                 iso_number_text(v[i], number, sizeof number));
    if (used < n)
        snprintf(buf + used, n - used, "]");
    return buf;
}

const char *iso_reals_text(const struct iso_reals *reals, char *buf, size_t n)
{
    return list_text(reals->v, reals->n, buf, n);
}

static void choice_text(const struct iso_choice *choice, char *buf, size_t n)
{
    if (choice->n > 0)
        list_text(choice->v, choice->n, buf, n);
    else
        iso_number_text(choice->v[0], buf, n);
}

static void sides_text(const int64_t *s, char *buf, size_t n)
{
    snprintf(buf, n, "[[%" PRId64 ", %" PRId64 "], [%" PRId64 ", %" PRId64 "]]", s[0], s[1], s[2],
             s[3]);
}

static void shape_text(const struct iso_shape *s, char *buf, size_t n)
{
    size_t used = (size_t)snprintf(buf, n, "[");
    for (int i = 1; i < s->ndim && used < n; i++)
        used += (size_t)snprintf(buf + used, n - used, "%s%" PRId64, i > 1 ? ", " : "", s->dim[i]);
    if (used < n)
        snprintf(buf + used, n - used, "]");
}

const char *iso_field_text(const struct iso_field *field, const void *params, char *buf, size_t n)
{
    const void *at = (const char *)params + field->offset;
    const int64_t *whole = at;
    const struct iso_initializer *init = at;
    switch (field->type) {
    case ISO_FIELD_INT: snprintf(buf, n, "%" PRId64, *whole); break;
    case ISO_FIELD_BYTES: iso_number_bytes_text(*whole, buf, n); break;
    case ISO_FIELD_INT2: snprintf(buf, n, "[%" PRId64 ", %" PRId64 "]", whole[0], whole[1]); break;
    case ISO_FIELD_SIDES: sides_text(whole, buf, n); break;
    case ISO_FIELD_REAL: iso_number_text(*(const double *)at, buf, n); break;
    case ISO_FIELD_SPREAD:
    case ISO_FIELD_REAL2: real2_text(field, at, buf, n); break;
    case ISO_FIELD_REALS: iso_reals_text(at, buf, n); break;
    case ISO_FIELD_CHOICE: choice_text(at, buf, n); break;
    case ISO_FIELD_BOOL: snprintf(buf, n, "%s", *(const bool *)at ? "true" : "false"); break;
    case ISO_FIELD_ENUM:
    case ISO_FIELD_ACTIVATION:
        snprintf(buf, n, "%s", iso_field_choices(field)[*(const int *)at]);
        break;
    case ISO_FIELD_INITIALIZER: named_text(&iso_initializer_docs[init->kind], at, buf, n); break;
    case ISO_FIELD_REGULARIZER:
        named_text(&iso_regularizer_docs[iso_regularizer_kind(at)], at, buf, n);
        break;
    case ISO_FIELD_TEXT:
    case ISO_FIELD_LIST: snprintf(buf, n, "%s", (const char *)at); break;
    case ISO_FIELD_SHAPE: shape_text(at, buf, n); break;
    case ISO_FIELD_CLASSES: iso_class_map_text(*(struct iso_class_map *const *)at, buf, n); break;
    }
    return buf;
}
