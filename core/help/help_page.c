/* help_page.c: help as plain text, from the tables that read model files. This file contains the
 * layout only, nothing about any op, section or data set. */
#include "help_page.h"
#include "help_sums.h"
#include "help_tables.h"
#include "help_words.h"
#include "core/model/section.h"
#include "core/text/suggest.h"
#include "core/text/wrap.h"
#include "core/data/folders.h"
#include "core/system/environment.h"
#include "core/ops/activation.h"

#include <string.h>

/* The topics that are none of the tables. */
static const char *const other_topics[] = { "file", "datasets",    "backends", "modes",
                                            "sums", "environment", "paths",    NULL };

/* Prints "name: explanation". */
static void print_title(FILE *out, const char *name, const char *doc, const char *end)
{
    char text[ISO_HELP_LIST];
    snprintf(text, sizeof text, "%s: %s%s", name, doc, end);
    iso_wrap(out, "", 0, text);
}

static void print_names(FILE *out, const char *title, const char *const *names)
{
    if (names == NULL || names[0] == NULL)
        return;
    fprintf(out, "%s:", title);
    for (int i = 0; names[i] != NULL; i++)
        fprintf(out, "%s %s", i ? "," : "", names[i]);
    fprintf(out, "\n");
}

static void print_op(FILE *out, int op)
{
    const struct iso_op_def *def = iso_ops[op].def;
    const char *weights[ISO_OPERANDS + 1];
    print_title(out, iso_ops[op].name, def->doc, "");
    iso_help_fields(out, def->fields);
    if (iso_help_has_topic(op, "layers"))
        for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++)
            iso_help_entry(out, k->key, k->doc);
    if (iso_help_has_topic(op, "optimizers")) {
        const bool own = iso_field_find(def->fields, iso_weight_decay_fields[0].key) != NULL;
        iso_help_fields(out, iso_help_clipping_fields());
        iso_help_fields(out, iso_weight_decay_fields + own);
        iso_help_fields(out, iso_weight_average_fields);
    }
    iso_help_weights(def, weights);
    print_names(out, "weights", weights);
    print_names(out, "state of each weight", def->slots);
}

static void print_ops(FILE *out, const char *topic)
{
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_help_has_topic(op, topic))
            iso_help_entry(out, iso_ops[op].name, iso_ops[op].def->doc);
}

static void print_named(FILE *out, const struct iso_named_doc *doc)
{
    print_title(out, doc->name, doc->doc, "");
    iso_help_fields(out, doc->fields);
}

static void print_section(FILE *out, const struct iso_section *s)
{
    print_title(out, s->key, s->doc, s->required ? " Required." : "");
    iso_help_fields(out, s->fields);
    for (int i = 0; s->fields == iso_data_fields && iso_dataset_fields_at(i) != NULL; i++)
        iso_help_fields(out, iso_dataset_fields_at(i)->fields);
}

static void print_backends(FILE *out)
{
    char list[ISO_HELP_LIST], text[2 * ISO_HELP_LIST];
    for (int b = 0; iso_backends[b] != NULL; b++) {
        snprintf(text, sizeof text, "%s; of all %d ops it lacks %s", iso_backends[b]->doc,
                 ISO_OP_COUNT, iso_help_lacking(iso_backends[b], list));
        iso_help_entry(out, iso_backends[b]->name, text);
    }
}

static void print_modes(FILE *out)
{
    char text[ISO_HELP_TEXT];
    iso_help_entry(
        out, "exact",
        "the same bits on every device, with any number of threads; the default, except on "
        "devices that do not compute exactly");
    iso_help_entry(out, "fast",
                   "numbers within a bound of the exact ones, if a device has a faster way. It "
                   "changes:");
    for (int b = 0; iso_backends[b] != NULL; b++) {
        snprintf(text, sizeof text, "%s: %s", iso_backends[b]->name,
                 iso_backends[b]->fast != NULL ? iso_backends[b]->fast : "nothing");
        iso_wrap(out, "", ISO_HELP_COLUMN + 2, text);
    }
}

static void print_list(FILE *out, const char *title, const char *list)
{
    fprintf(out, "\n%s:\n", title);
    iso_wrap(out, "", 2, list);
}

static void print_overview(FILE *out)
{
    char list[ISO_HELP_LIST] = "";
    fprintf(out, "isocl help TOPIC explains any of these:\n");
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        iso_help_append(list, " ", s->key);
    print_list(out, "sections of a model file", list);
    for (const struct iso_help_op_topic *t = iso_help_op_topics; t->topic != NULL; t++) {
        *list = '\0';
        for (int op = 0; op < ISO_OP_COUNT; op++)
            if (iso_help_has_topic(op, t->topic))
                iso_help_append(list, " ", iso_ops[op].name);
        print_list(out, t->topic, list);
    }
    for (const struct iso_help_named_topic *t = iso_help_named_topics; t->topic != NULL; t++) {
        *list = '\0';
        for (int i = 0; i < t->n; i++)
            iso_help_append(list, " ", t->docs[i].name);
        print_list(out, t->topic, list);
    }
    *list = '\0';
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        iso_help_append(list, " ", iso_activation_names[i]);
    print_list(out, "activations", list);
    *list = '\0';
    for (int i = 0; i < 2; i++)
        for (const struct iso_dataset_doc *d = iso_help_datasets[i]; d->name != NULL; d++)
            iso_help_append(list, " ", d->name);
    print_list(out, "datasets", list);
    *list = '\0';
    for (int i = 0; other_topics[i] != NULL; i++)
        iso_help_append(list, " ", other_topics[i]);
    print_list(out, "other topics, and every key", list);
}

static void print_environment(FILE *out)
{
    char text[ISO_HELP_TEXT];
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++) {
        iso_help_entry(out, v->name, v->doc);
        snprintf(text, sizeof text, "%s (default %s)", v->values, v->dflt);
        iso_wrap(out, "", ISO_HELP_COLUMN + 2, text);
    }
}

/* One of other_topics. */
static void print_other(FILE *out, const char *topic)
{
    if (strcmp(topic, "file") == 0)
        for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
            print_section(out, s);
    else if (strcmp(topic, "datasets") == 0)
        for (int i = 0; i < 2; i++)
            for (const struct iso_dataset_doc *d = iso_help_datasets[i]; d->name != NULL; d++)
                iso_help_entry(out, d->name, d->doc);
    else if (strcmp(topic, "paths") == 0)
        iso_wrap(out, "", 0, iso_data_folders_help);
    else if (strcmp(topic, "environment") == 0)
        print_environment(out);
    else if (strcmp(topic, "modes") == 0)
        print_modes(out);
    else if (strcmp(topic, "sums") == 0)
        iso_sums_print(out);
    else
        print_backends(out);
}

/* Holds the name that is asked for, and what is done with every topic. */
struct inquiry {
    struct iso_suggest near;
    bool found;
    void (*visit)(void *self, const char *topic); /* may be NULL */
    void *self;
};

static bool is_topic(struct inquiry *q, const char *name)
{
    const bool same = strcmp(name, q->near.word) == 0;
    iso_suggest_try(&q->near, name);
    if (q->visit != NULL)
        q->visit(q->self, name);
    q->found = q->found || same;
    return same;
}

static void print_activations(FILE *out, struct inquiry *q)
{
    if (is_topic(q, "activations"))
        iso_help_activations(out);
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        if (is_topic(q, iso_activation_names[i]))
            iso_help_activation(out, i);
}

static void print_sources(FILE *out, struct inquiry *q)
{
    char word[64];
    for (int i = 0; i < 2; i++)
        for (const struct iso_dataset_doc *d = iso_help_datasets[i]; d->name != NULL; d++) {
            const bool whole = is_topic(q, d->name);
            iso_help_source_word(d->name, word, sizeof word);
            const bool same = strcmp(word, q->near.word) == 0;
            q->found = q->found || same;
            if (whole || same)
                iso_help_source(out, d->name, d->doc);
        }
}

/* Prints whatever has the name q->near.word; it may be both a section and a topic of ops. */
static void print_topic(FILE *out, struct inquiry *q)
{
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        if (is_topic(q, s->key))
            print_section(out, s);
    for (const struct iso_help_op_topic *t = iso_help_op_topics; t->topic != NULL; t++)
        if (is_topic(q, t->topic))
            print_ops(out, t->topic);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].def->topic != NULL && is_topic(q, iso_ops[op].name))
            print_op(out, op);
    for (const struct iso_help_named_topic *t = iso_help_named_topics; t->topic != NULL; t++) {
        const bool all = is_topic(q, t->topic);
        for (int i = 0; i < t->n; i++)
            if (is_topic(q, t->docs[i].name) || all)
                print_named(out, &t->docs[i]);
    }
    print_activations(out, q);
    print_sources(out, q);
    for (int i = 0; other_topics[i] != NULL; i++)
        if (is_topic(q, other_topics[i]))
            print_other(out, other_topics[i]);
}

void iso_help_topics(void (*visit)(void *self, const char *topic), void *self)
{
    struct inquiry q = { .visit = visit, .self = self };
    iso_suggest_begin(&q.near, "");
    print_topic(NULL, &q); /* no topic has this name: nothing is printed */
}

static void try_key(void *self, const char *key) { iso_suggest_try(self, key); }

iso_rc iso_help_print(FILE *out, const char *topic)
{
    char hint[80];
    struct inquiry q = { .found = false };
    if (topic == NULL || !*topic) {
        print_overview(out);
        return ISO_OK;
    }
    iso_suggest_begin(&q.near, topic);
    print_topic(out, &q);
    if (q.found || iso_help_key(out, topic, try_key, &q.near))
        return ISO_OK;
    return iso_fail(ISO_EUSAGE, "unknown topic '%.40s'%s", topic,
                    q.near.best != NULL ? iso_suggest_text(&q.near, hint, sizeof hint)
                                        : "; `isocl help` lists them");
}
