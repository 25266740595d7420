/* field.h: reads and prints params structs by their field tables. No other code does. */
#ifndef ISO_FIELD_H
#define ISO_FIELD_H
#include "yaml.h"

/* A thing that a model file can name, with its parameters; fields (never NULL) describe them. */
struct iso_named_doc {
    const char *name, *doc;
    const struct iso_field *fields;
};

/* A thing with parameters, as written: `relu`, `relu:`, `dropout: 0.5`, `dense: {units: 10}`. */
struct iso_named {
    const struct iso_yaml *name, *args;
}; /* args NULL: none */
/* Reads a name with its parameters. kind: "a layer", for the fault. Returns false, with a fault, if
 * the node is something else. */
bool iso_named_read(const struct iso_yaml *node, const char *kind, struct iso_faults *,
                    struct iso_named *out);

/* Sets the table's defaults; required fields stay as they are. Fails with ISO_ENOMEM only. */
iso_rc iso_fields_default(const struct iso_field *fields, void *params);

/* Sets the defaults, then reads args: a mapping, or the bare value of the first field, or NULL for
 * none. what: "conv2d", the beginning of every fault. location: for faults about missing keys.
 * also: keys of the mapping that the caller reads itself, NULL-terminated, or NULL. Adds a fault
 * for each value that cannot be read, and reads the others. Fails with ISO_ENOMEM only. */
iso_rc iso_fields_read(const struct iso_field *fields, const char *what,
                       struct iso_location location, const struct iso_yaml *args,
                       const char *const *also, void *params, struct iso_faults *);

/* Returns the field with this key, or NULL; fields may be NULL. */
const struct iso_field *iso_field_find(const struct iso_field *fields, const char *key);

/* Reads one value as its field describes, or adds a fault. Fails with ISO_ENOMEM only. */
iso_rc iso_field_read(const struct iso_field *, const char *what, const struct iso_yaml *value,
                      void *params, struct iso_faults *);

/* Returns the names that an ENUM or ACTIVATION field accepts, NULL-terminated; NULL for other
 * types. */
const char *const *iso_field_choices(const struct iso_field *);
/* Writes the kind of value that the field accepts, "whole number", "one of valid, same", ..., into
 * buf and returns buf. */
const char *iso_field_type_text(const struct iso_field *, char *buf, size_t n);
/* Writes the limits of its value, "at least 1", "from 0 to 1", or "" if there are none, into buf
 * and returns buf. */
const char *iso_field_range_text(const struct iso_field *, char *buf, size_t n);
/* Writes "[0.5, 0.4]", with brackets also for one number, truncated to n bytes, into buf and
 * returns buf. */
const char *iso_reals_text(const struct iso_reals *, char *buf, size_t n);
/* Writes the field's value in params as YAML text that reads back to the same value, "[5, 5]",
 * "{truncated_normal: {mean: 0, stddev: 0.01}}", into buf and returns buf. */
const char *iso_field_text(const struct iso_field *, const void *params, char *buf, size_t n);
#endif
