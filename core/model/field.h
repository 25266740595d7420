/* field.h: reads and prints a params struct by its field table; the only code that does. */
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
/* kind: "a layer", for the fault. False, with a fault, when the node is no such thing. */
bool iso_named_read(const struct iso_yaml *node, const char *kind, struct iso_faults *,
                    struct iso_named *out);

/* The table's defaults; required fields stay as they are. Fails with ISO_ENOMEM only. */
iso_rc iso_fields_default(const struct iso_field *fields, void *params);

/* Sets the defaults, then reads args: a mapping, or the bare value of the first field, or NULL for
 * none. what: "conv2d", begins every fault. location: where the thing stands, for what is missing.
 * also: keys of the mapping that the caller reads, NULL-terminated, or NULL. Whatever can be read
 * is read, the rest becomes faults. Fails with ISO_ENOMEM only. */
iso_rc iso_fields_read(const struct iso_field *fields, const char *what,
                       struct iso_location location, const struct iso_yaml *args,
                       const char *const *also, void *params, struct iso_faults *);

/* The field of this key, or NULL; fields may be NULL. */
const struct iso_field *iso_field_find(const struct iso_field *fields, const char *key);

/* Reads one value as the field says; what cannot be read becomes a fault. Fails with ISO_ENOMEM
 * only. */
iso_rc iso_field_read(const struct iso_field *, const char *what, const struct iso_yaml *value,
                      void *params, struct iso_faults *);

/* The names an ENUM or ACTIVATION field may have, NULL-terminated; NULL for other types. */
const char *const *iso_field_choices(const struct iso_field *);
/* "whole number", "one of valid, same", ...: what may stand as the value. Returns buf. */
const char *iso_field_type_text(const struct iso_field *, char *buf, size_t n);
/* "at least 1", "from 0 to 1", or "" when there is no limit. Returns buf. */
const char *iso_field_range_text(const struct iso_field *, char *buf, size_t n);
/* "[0.5, 0.4]", also of one number; cut off after n - 1 bytes. Returns buf. */
const char *iso_reals_text(const struct iso_reals *, char *buf, size_t n);
/* The field's value in params as YAML text that reads back the same: "[5, 5]",
 * "{truncated_normal: {mean: 0, stddev: 0.01}}". Returns buf. */
const char *iso_field_text(const struct iso_field *, const void *params, char *buf, size_t n);
#endif
