/* field.c: reads a params struct by its table: defaults, keys, unknown and missing ones.
 * field_value.c reads the single values. */
#include "field.h"
#include "core/text/suggest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 200 };

/* Reads a default that is a list or a mapping. */
static iso_rc default_tree(const struct iso_field *field, void *params)
{
    struct iso_yaml_doc *doc = NULL;
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_yaml_parse("default", field->dflt, strlen(field->dflt), faults, &doc);
    if (rc == ISO_OK)
        rc = iso_field_read(field, "default", doc->root, params, faults);
    assert(faults->count == 0);
    iso_yaml_free(doc);
    free(faults);
    return rc;
}

static iso_rc default_value(const struct iso_field *field, void *params)
{
    static struct iso_faults none; /* stays empty: a bad default is the table's mistake */
    struct iso_yaml scalar = { .kind = ISO_YAML_SCALAR, .text = field->dflt, .plain = true };
    if (strchr("[{", field->dflt[0]) != NULL)
        return default_tree(field, params);
    const iso_rc rc = iso_field_read(field, "default", &scalar, params, &none);
    assert(none.count == 0);
    return rc;
}

iso_rc iso_fields_default(const struct iso_field *fields, void *params)
{
    iso_rc rc = ISO_OK;
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL && rc == ISO_OK; f++)
        if (f->dflt != NULL && *f->dflt)
            rc = default_value(f, params);
    return rc;
}

const struct iso_field *iso_field_find(const struct iso_field *fields, const char *key)
{
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

/* The known key nearest to an unknown one. */
static void nearest_key(const struct iso_field *fields, const char *const *also, const char *key,
                        struct iso_suggest *near)
{
    iso_suggest_begin(near, key);
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++)
        iso_suggest_try(near, f->key);
    for (; also != NULL && *also != NULL; also++)
        iso_suggest_try(near, *also);
}

static void unknown_key(const struct iso_field *fields, const char *what,
                        const struct iso_yaml *key, const char *const *also,
                        struct iso_faults *faults)
{
    char hint[LINE], list[LINE] = "";
    struct iso_suggest near;
    size_t used = 0;
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL && used < sizeof list; f++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s%s",
                                 used ? ", " : " (it knows ", f->key, f[1].key != NULL ? "" : ")");
    nearest_key(fields, also, key->text, &near);
    iso_faults_add(faults, key->location, "%s: unknown key '%.40s'%s", what, key->text,
                   near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint) : list);
}

/* True if an unknown key is this field, mistyped: then it is not missing as well. */
static bool is_mistyped(const struct iso_field *fields, const struct iso_field *field,
                        const struct iso_yaml *args, const char *const *also)
{
    struct iso_suggest near;
    for (int i = 0; args != NULL && args->kind == ISO_YAML_MAPPING && i < args->count; i++) {
        const char *key = args->keys[i]->text;
        nearest_key(fields, also, key, &near);
        if (iso_field_find(fields, key) == NULL && near.best == field->key)
            return true;
    }
    return false;
}

static bool in_list(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static iso_rc read_mapping(const struct iso_field *fields, const char *what,
                           const struct iso_yaml *args, const char *const *also, void *params,
                           struct iso_faults *faults)
{
    for (int i = 0; i < args->count; i++) {
        const struct iso_yaml *key = args->keys[i];
        const struct iso_field *field = iso_field_find(fields, key->text);
        if (field != NULL)
            ISO_TRY(iso_field_read(field, what, args->items[i], params, faults));
        else if (!in_list(also, key->text))
            unknown_key(fields, what, key, also, faults);
    }
    return ISO_OK;
}

iso_rc iso_fields_read(const struct iso_field *fields, const char *what,
                       struct iso_location location, const struct iso_yaml *args,
                       const char *const *also, void *params, struct iso_faults *faults)
{
    ISO_TRY(iso_fields_default(fields, params));
    bool mapping = args != NULL && args->kind == ISO_YAML_MAPPING, bare = args != NULL && !mapping;
    if (mapping)
        ISO_TRY(read_mapping(fields, what, args, also, params, faults));
    if (bare && (fields == NULL || fields->key == NULL))
        iso_faults_add(faults, args->location, "%s takes no parameter", what);
    else if (bare)
        ISO_TRY(iso_field_read(fields, what, args, params, faults));
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        bool given = (bare && f == fields) || (mapping && iso_yaml_get(args, f->key) != NULL);
        if (f->dflt == NULL && !given && !is_mistyped(fields, f, args, also))
            iso_faults_add(faults, location, "%s: '%s' is missing (%s)", what, f->key, f->doc);
    }
    return ISO_OK;
}
