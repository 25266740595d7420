/* yaml.h: a YAML file as a tree in which every node knows its location.
 *
 * Aliases share the node they name; merge keys (<<) are applied. Reading stops, with a fault, at
 * the first limit that a file exceeds, so that a hostile file costs little. */
#ifndef ISO_YAML_H
#define ISO_YAML_H
#include "faults.h"

enum {
    ISO_YAML_DEPTH = 64,     /* levels, aliases expanded */
    ISO_YAML_NODES = 100000, /* nodes, aliases expanded */
    ISO_YAML_KEYS = 1000,    /* keys of one mapping */
    ISO_YAML_ANCHORS = 1000,
    ISO_YAML_BYTES = 16 << 20 /* size of a file */
};

enum iso_yaml_kind { ISO_YAML_SCALAR, ISO_YAML_SEQUENCE, ISO_YAML_MAPPING };
struct iso_yaml {
    enum iso_yaml_kind kind;
    struct iso_location location;
    const char *text;        /* text of a scalar; "" for other kinds */
    bool plain;              /* a scalar without quotes */
    int count;               /* items of a sequence, pairs of a mapping */
    struct iso_yaml **keys;  /* keys of a mapping: distinct scalars */
    struct iso_yaml **items; /* items of a sequence, or values of a mapping */
    int size, height;        /* number of nodes and levels, including this one */
    bool open;               /* still being read: an alias to it would never end */
};
struct iso_yaml_doc {
    struct iso_yaml *root;
    void *owned;
};

/* Parses text; file is the name for locations, borrowed. Fails with ISO_EMODEL, with the reason in
 * faults, if it is not one YAML document. Returns ISO_OK but adds faults for errors that leave the
 * tree usable, such as a duplicate key. *out is set only on ISO_OK; free it with iso_yaml_free. */
iso_rc iso_yaml_parse(const char *file, const char *text, size_t size, struct iso_faults *,
                      struct iso_yaml_doc **out);
void iso_yaml_free(struct iso_yaml_doc *); /* NULL is fine */
/* Returns zeroed memory that lives as long as the document, for nodes that are added to it, or
 * NULL. */
void *iso_yaml_alloc(struct iso_yaml_doc *, size_t count, size_t size);
/* Writes a tree as text that reads back the same; *text ends with a NUL. The caller frees it. */
iso_rc iso_yaml_write(const struct iso_yaml *, char **text, size_t *size);
/* Returns the value of a key, or NULL. */
const struct iso_yaml *iso_yaml_get(const struct iso_yaml *mapping, const char *key);
/* Returns true for an empty value, null or ~. */
bool iso_yaml_is_null(const struct iso_yaml *);
/* Writes "a list", "a mapping", "nothing" or "'text'" (shortened) into buf, for messages, and
 * returns buf. */
const char *iso_yaml_describe(const struct iso_yaml *, char *buf, size_t n);

/* Reads a whole file, or standard input for "-", and adds a NUL. Fails with ISO_EIO if it cannot be
 * read, and with ISO_EMODEL and a fault if it exceeds ISO_YAML_BYTES. The caller frees *text. */
iso_rc iso_yaml_read(const char *path, struct iso_faults *, char **text, size_t *size);
#endif
