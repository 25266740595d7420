#include "help_words.h"
#include "help_tables.h"
#include "core/model/initializer.h"
#include "core/model/regularizer.h"
#include "core/model/schedule.h"
#include "core/model/section.h"
#include "core/data/dataset.h"
#include "core/text/wrap.h"
#include "core/ops/activation.h"

#include <string.h>

/* ---- Activations --------------------------------------------------------------------------- */

/* The formulas as core/arithmetic/formulas.h has them; functions of whole rows have none here. */
#define FORMULA(name, NAME, reads, y, dx) { #name, #y },
static const struct {
    const char *name, *formula;
} formulas[] = { ISO_ACTIVATIONS(FORMULA) };
enum { FORMULAS = sizeof formulas / sizeof formulas[0] };

/* Writes the formula without the marks that make it C and OpenCL C. */
static void print_formula(FILE *out, const char *c)
{
    while (*c) {
        if (strncmp(c, "ISO_R(", 6) == 0) {
            fprintf(out, "%.*s", (int)strcspn(c + 6, ")"), c + 6);
            c += 6 + strcspn(c + 6, ")") + 1;
        } else if (strncmp(c, "iso_", 4) == 0) {
            c += 4;
        } else {
            putc(*c++, out);
        }
    }
}

static void print_line(FILE *out, int i)
{
    fprintf(out, "  %-20s ", iso_activation_names[i]);
    for (int k = 0; k < FORMULAS; k++)
        if (strcmp(formulas[k].name, iso_activation_names[i]) == 0) {
            print_formula(out, formulas[k].formula);
            fprintf(out, "\n");
            return;
        }
    fprintf(out, "of all numbers of a row or pixel together\n");
}

void iso_help_activations(FILE *out)
{
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        print_line(out, i);
}

void iso_help_activation(FILE *out, int i)
{
    const char *name = iso_activation_names[i];
    print_line(out, i);
    char text[320];
    snprintf(text, sizeof text,
             "%s is an activation: `activation: %s` of a layer such as dense or conv2d, or a "
             "layer of its own, `- activation: %s`, which also takes:",
             name, name, name);
    fprintf(out, "\n");
    iso_wrap(out, "", 0, text);
    iso_help_fields(out, iso_ops[ISO_OP_activation].def->fields);
}

/* ---- Sources of data ----------------------------------------------------------------------- */

const char *iso_help_source_word(const char *name, char *buf, size_t n)
{
    const bool file = strstr(name, ":PATH") != NULL;
    snprintf(buf, n, "%.*s", (int)(file ? strcspn(name, ":") : strlen(name)), name);
    return buf;
}

void iso_help_source(FILE *out, const char *name, const char *doc)
{
    char path[128];
    snprintf(path, sizeof path, "%s", name);
    const struct iso_source_fields *own = iso_dataset_fields(path);
    char text[1024];
    snprintf(text, sizeof text, "%s: %s", name, doc);
    iso_wrap(out, "", 0, text);
    if (own != NULL)
        fprintf(out, "Its own keys, beside those of `isocl help data`:\n");
    if (own != NULL)
        iso_help_fields(out, own->fields);
    fprintf(out, "Written: data: {train: {dataset: '%s', split: train}}\n", name);
}

/* ---- Keys ---------------------------------------------------------------------------------- */

struct search {
    FILE *out;
    const char *key;
    int found;
    void (*visit)(void *self, const char *key);
    void *self;
};

/* Looks through the keys of one thing; the first one that has the key explains it. */
static void look(struct search *s, const char *owner, const struct iso_field *fields)
{
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        if (s->visit != NULL)
            s->visit(s->self, f->key);
        if (strcmp(f->key, s->key) != 0)
            continue;
        const struct iso_field only[] = { *f, { 0 } };
        if (s->found++ == 0) {
            fprintf(s->out, "%s is a key of %s:\n", f->key, owner);
            iso_help_fields(s->out, only);
        } else {
            fprintf(s->out, "%s%s", s->found == 2 ? "and of: " : ", ", owner);
        }
    }
}

static void look_named(struct search *s, const struct iso_named_doc *docs, int n)
{
    for (int i = 0; i < n; i++)
        look(s, docs[i].name, docs[i].fields);
}

bool iso_help_key(FILE *out, const char *key, void (*visit)(void *self, const char *key),
                  void *self)
{
    struct search s = { .out = out, .key = key, .visit = visit, .self = self };
    for (const struct iso_section *section = iso_sections; section->key != NULL; section++)
        look(&s, section->key, section->fields);
    for (int i = 0; iso_dataset_fields_at(i) != NULL; i++)
        look(&s, iso_dataset_fields_at(i)->of, iso_dataset_fields_at(i)->fields);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].def->topic != NULL)
            look(&s, iso_ops[op].name, iso_ops[op].def->fields);
    look_named(&s, iso_initializer_docs, ISO_INITIALIZERS);
    look_named(&s, iso_regularizer_docs, ISO_REGULARIZERS);
    look_named(&s, iso_schedule_docs, ISO_SCHEDULES);
    for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++) {
        if (visit != NULL)
            visit(self, k->key);
        if (strcmp(k->key, key) == 0 && s.found++ == 0)
            fprintf(out, "%s is a key of every layer: %s\n", k->key, k->doc);
    }
    fprintf(out, "%s", s.found > 1 ? "\n" : "");
    return s.found > 0;
}
