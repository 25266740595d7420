/* help_tables.h (private): the topics of help, and texts of their tables, for the files that print
 * them: help_page.c and help_words.c as plain text, help_reference.c as Markdown. */
#ifndef ISO_HELP_TABLES_H
#define ISO_HELP_TABLES_H
#include "core/data/dataset.h"
#include "core/model/field.h"

#include <stdio.h>

enum {
    ISO_HELP_TEXT = 400,
    ISO_HELP_LIST = 2048,
    ISO_HELP_COLUMN = 23 /* at which explanations begin */
};

/* A topic that ops belong to, as their descriptors say. */
struct iso_help_op_topic {
    const char *topic, *title;
};
extern const struct iso_help_op_topic iso_help_op_topics[]; /* ends with topic NULL */

/* A topic of things that the value of a key can name, with parameters of their own. */
struct iso_help_named_topic {
    const char *topic, *title, *example;
    const struct iso_named_doc *docs;
    int n;
};
extern const struct iso_help_named_topic iso_help_named_topics[]; /* ends with topic NULL */

/* The documentation of data sets, and of their files; each ends with name NULL. */
extern const struct iso_dataset_doc *const iso_help_datasets[2];

bool iso_help_has_topic(int op, const char *topic);
/* Returns the fields that every optimizer has besides its own. */
const struct iso_field *iso_help_clipping_fields(void);
/* Sets names to those of an op's weights, ended with NULL. */
void iso_help_weights(const struct iso_op_def *, const char *names[ISO_OPERANDS + 1]);
/* Appends a name to a list, behind the separator if it is not the first. */
void iso_help_append(char list[ISO_HELP_LIST], const char *separator, const char *name);
/* Lists the ops that the backend has no kernel for, though their kind needs one, or "nothing".
 * Returns list, or a text of its own. */
const char *iso_help_lacking(const struct iso_backend_ops *, char list[ISO_HELP_LIST]);
/* Writes "whole number, at least 1" of a field that is one. */
void iso_help_value(const struct iso_field *, char *buf, size_t n);
/* Returns the default's text, or "required", or "none". */
const char *iso_help_default(const struct iso_field *);

/* ---- Plain text ---------------------------------------------------------------------------- */

/* Prints a name and its explanation, side by side. */
void iso_help_entry(FILE *, const char *name, const char *doc);
/* Prints a table of keys, each with its documentation, values and default. */
void iso_help_fields(FILE *, const struct iso_field *);
#endif
