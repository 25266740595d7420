/* help_page.c: help and the reference page, from the tables that read model files. This file
 * contains the layout only, nothing about any op, section or data set. */
#include "help_page.h"
#include "help_sums.h"
#include "help_words.h"
#include "core/model/field.h"
#include "core/model/initializer.h"
#include "core/model/regularizer.h"
#include "core/model/schedule.h"
#include "core/model/section.h"
#include "core/suggest.h"
#include "core/wrap.h"
#include "core/data/dataset.h"
#include "core/data/folders.h"
#include "core/environment.h"
#include "core/ops/activation.h"

#include <ctype.h>
#include <string.h>

enum { TEXT = 400, LIST = 2048, COLUMN = 23 }; /* COLUMN: at which explanations begin */

/* The topics that ops belong to, as their descriptors say, and what else a topic can be. */
struct op_topic {
    const char *topic, *title;
};
static const struct op_topic op_topics[] = {
    { "augmentations", "Augmentations" }, { "layers", "Layers" },   { "losses", "Losses" },
    { "optimizers", "Optimizers" },       { "metrics", "Metrics" }, { NULL, NULL }
};
static const char *const other_topics[] = { "file", "datasets",    "backends", "modes",
                                            "sums", "environment", "paths",    NULL };

/* A topic of things that the value of a key can name, with parameters of their own. */
struct named_topic {
    const char *topic, *title, *example;
    const struct iso_named_doc *docs;
    int n;
};
static const struct named_topic named_topics[] = {
    { "initializers", "Initializers", "{constant: 0.1}", iso_initializer_docs, ISO_INITIALIZERS },
    { "regularizers", "Regularizers", "{l2: 0.01}", iso_regularizer_docs, ISO_REGULARIZERS },
    { "schedules", "Schedules", "{step_decay: {period: 10}}", iso_schedule_docs, ISO_SCHEDULES },
    { .topic = NULL }
};

static const struct iso_dataset_doc *const datasets[] = { iso_dataset_docs, iso_dataset_file_docs };

static bool has_topic(int op, const char *topic)
{
    return iso_ops[op].def->topic != NULL && strcmp(iso_ops[op].def->topic, topic) == 0;
}

/* Returns the fields that every optimizer has besides its own. */
static const struct iso_field *clipping_fields(void)
{
    return iso_ops[ISO_OP_gradient_clipping].def->fields;
}

static const char *default_text(const struct iso_field *f)
{
    return f->dflt == NULL ? "required" : *f->dflt ? f->dflt : "none";
}

/* "whole number, at least 1" */
static void value_text(const struct iso_field *f, char *buf, size_t n)
{
    char range[100];
    iso_field_type_text(f, buf, n);
    iso_field_range_text(f, range, sizeof range);
    size_t used = strlen(buf);
    if (*range && used < n)
        snprintf(buf + used, n - used, ", %s", range);
}

/* ---- Plain text ---------------------------------------------------------------------------- */

/* Prints a name and its explanation, side by side. */
static void print_entry(FILE *out, const char *name, const char *doc)
{
    char left[64];
    snprintf(left, sizeof left, "  %s ", name);
    iso_wrap(out, left, COLUMN, doc);
}

/* Prints "name: explanation". */
static void print_title(FILE *out, const char *name, const char *doc, const char *end)
{
    char text[LIST];
    snprintf(text, sizeof text, "%s: %s%s", name, doc, end);
    iso_wrap(out, "", 0, text);
}

void iso_help_fields(FILE *out, const struct iso_field *fields)
{
    char value[2 * TEXT];
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        value_text(f, value, sizeof value);
        print_entry(out, f->key, f->doc);
        size_t used = strlen(value);
        snprintf(value + used, sizeof value - used, " (%s%s)",
                 f->dflt != NULL && *f->dflt ? "default " : "", default_text(f));
        iso_wrap(out, "", COLUMN + 2, value);
    }
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

/* Names of an op's weights; room for ISO_OPERANDS of them and the NULL. */
static void weight_names(const struct iso_op_def *def, const char *names[ISO_OPERANDS + 1])
{
    int n = 0;
    for (const struct iso_weight_def *w = def->weights;
         w != NULL && w->name != NULL && n < ISO_OPERANDS; w++)
        names[n++] = w->name;
    names[n] = NULL;
}

static void print_op(FILE *out, int op)
{
    const struct iso_op_def *def = iso_ops[op].def;
    const char *weights[ISO_OPERANDS + 1];
    print_title(out, iso_ops[op].name, def->doc, "");
    iso_help_fields(out, def->fields);
    if (has_topic(op, "layers"))
        for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++)
            print_entry(out, k->key, k->doc);
    if (has_topic(op, "optimizers")) {
        const bool own = iso_field_find(def->fields, iso_weight_decay_fields[0].key) != NULL;
        iso_help_fields(out, clipping_fields());
        iso_help_fields(out, iso_weight_decay_fields + own);
        iso_help_fields(out, iso_weight_average_fields);
    }
    weight_names(def, weights);
    print_names(out, "weights", weights);
    print_names(out, "state of each weight", def->slots);
}

static void print_ops(FILE *out, const char *topic)
{
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (has_topic(op, topic))
            print_entry(out, iso_ops[op].name, iso_ops[op].def->doc);
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

static void append(char list[LIST], const char *separator, const char *name)
{
    const size_t used = strlen(list);
    snprintf(list + used, LIST - used, "%s%s", used > 0 ? separator : "", name);
}

/* Lists the ops that the backend has no kernel for, though their kind needs one, or "nothing". */
static const char *lacking(const struct iso_backend_ops *backend, char list[LIST])
{
    *list = '\0';
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].kind != ISO_VIEW && iso_ops[op].kind != ISO_SCORE &&
            backend->kernels[op] == NULL)
            append(list, ", ", iso_ops[op].name);
    return *list ? list : "nothing";
}

static void print_backends(FILE *out)
{
    char list[LIST], text[2 * LIST];
    for (int b = 0; iso_backends[b] != NULL; b++) {
        snprintf(text, sizeof text, "%s; of all %d ops it lacks %s", iso_backends[b]->doc,
                 ISO_OP_COUNT, lacking(iso_backends[b], list));
        print_entry(out, iso_backends[b]->name, text);
    }
}

static void print_modes(FILE *out)
{
    char text[TEXT];
    print_entry(out, "exact",
                "the same bits on every device, with any number of threads; the default, except on "
                "devices that do not compute exactly");
    print_entry(out, "fast",
                "numbers within a bound of the exact ones, if a device has a faster way. It "
                "changes:");
    for (int b = 0; iso_backends[b] != NULL; b++) {
        snprintf(text, sizeof text, "%s: %s", iso_backends[b]->name,
                 iso_backends[b]->fast != NULL ? iso_backends[b]->fast : "nothing");
        iso_wrap(out, "", COLUMN + 2, text);
    }
}

static void print_list(FILE *out, const char *title, const char *list)
{
    fprintf(out, "\n%s:\n", title);
    iso_wrap(out, "", 2, list);
}

static void print_overview(FILE *out)
{
    char list[LIST] = "";
    fprintf(out, "isocl help TOPIC explains any of these:\n");
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        append(list, " ", s->key);
    print_list(out, "sections of a model file", list);
    for (const struct op_topic *t = op_topics; t->topic != NULL; t++) {
        *list = '\0';
        for (int op = 0; op < ISO_OP_COUNT; op++)
            if (has_topic(op, t->topic))
                append(list, " ", iso_ops[op].name);
        print_list(out, t->topic, list);
    }
    for (const struct named_topic *t = named_topics; t->topic != NULL; t++) {
        *list = '\0';
        for (int i = 0; i < t->n; i++)
            append(list, " ", t->docs[i].name);
        print_list(out, t->topic, list);
    }
    *list = '\0';
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        append(list, " ", iso_activation_names[i]);
    print_list(out, "activations", list);
    *list = '\0';
    for (int i = 0; i < 2; i++)
        for (const struct iso_dataset_doc *d = datasets[i]; d->name != NULL; d++)
            append(list, " ", d->name);
    print_list(out, "datasets", list);
    *list = '\0';
    for (int i = 0; other_topics[i] != NULL; i++)
        append(list, " ", other_topics[i]);
    print_list(out, "other topics, and every key", list);
}

static void print_environment(FILE *out)
{
    char text[TEXT];
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++) {
        print_entry(out, v->name, v->doc);
        snprintf(text, sizeof text, "%s (default %s)", v->values, v->dflt);
        iso_wrap(out, "", COLUMN + 2, text);
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
            for (const struct iso_dataset_doc *d = datasets[i]; d->name != NULL; d++)
                print_entry(out, d->name, d->doc);
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
        for (const struct iso_dataset_doc *d = datasets[i]; d->name != NULL; d++) {
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
    for (const struct op_topic *t = op_topics; t->topic != NULL; t++)
        if (is_topic(q, t->topic))
            print_ops(out, t->topic);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].def->topic != NULL && is_topic(q, iso_ops[op].name))
            print_op(out, op);
    for (const struct named_topic *t = named_topics; t->topic != NULL; t++) {
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

/* ---- Markdown ------------------------------------------------------------------------------ */

static void table_head(FILE *out)
{
    fprintf(out, "| key | value | default | |\n|---|---|---|---|\n");
}

static void table_fields(FILE *out, const struct iso_field *fields)
{
    char value[TEXT];
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        value_text(f, value, sizeof value);
        fprintf(out,
                f->dflt != NULL && *f->dflt ? "| `%s` | %s | `%s` | %s |\n"
                                            : "| `%s` | %s | %s | %s |\n",
                f->key, value, default_text(f), f->doc);
    }
}

static void markdown_fields(FILE *out, const struct iso_field *fields)
{
    if (fields == NULL || fields->key == NULL)
        return;
    table_head(out);
    table_fields(out, fields);
    for (int i = 0; fields == iso_data_fields && iso_dataset_fields_at(i) != NULL; i++)
        table_fields(out, iso_dataset_fields_at(i)->fields);
    fprintf(out, "\n");
}

/* A heading and its line of explanation, as a sentence. */
static void markdown_entry(FILE *out, const char *name, const char *doc)
{
    fprintf(out, "### `%s`\n\n%c%s.\n\n", name, toupper((unsigned char)doc[0]), doc + 1);
}

static void markdown_sections(FILE *out)
{
    fprintf(out, "## Sections of a model file\n\n");
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++) {
        fprintf(out, "### `%s`%s\n\n%s\n\n", s->key, s->required ? " (required)" : "", s->doc);
        markdown_fields(out, s->fields);
    }
}

static void markdown_names(FILE *out, const char *title, const char *const *names)
{
    for (int i = 0; names != NULL && names[i] != NULL; i++)
        fprintf(out, "%s`%s`%s", i ? ", " : title, names[i], names[i + 1] != NULL ? "" : ".\n\n");
}

static void markdown_op(FILE *out, int op)
{
    const struct iso_op_def *def = iso_ops[op].def;
    const char *weights[ISO_OPERANDS + 1];
    markdown_entry(out, iso_ops[op].name, def->doc);
    markdown_fields(out, def->fields);
    weight_names(def, weights);
    markdown_names(out, "Weights: ", weights);
    markdown_names(out, "State of each weight: ", def->slots);
}

static void markdown_ops(FILE *out, const struct op_topic *t)
{
    fprintf(out, "## %s\n\n", t->title);
    if (strcmp(t->topic, "layers") == 0) {
        fprintf(out, "Every layer has these keys besides its own:\n\n| key | |\n|---|---|\n");
        for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++)
            fprintf(out, "| `%s` | %s |\n", k->key, k->doc);
        fprintf(out, "\n");
    }
    if (strcmp(t->topic, "optimizers") == 0) {
        fprintf(out,
                "Every optimizer has one of these keys, if it is wanted, besides its own; it "
                "acts on the gradients of the\nbatch mean with regularisers, before the "
                "optimizer sees them:\n\n");
        markdown_fields(out, clipping_fields());
        fprintf(out,
                "And these, which act on the weights before the step, as Keras's optimizers do "
                "(adamw has a `weight_decay` of its own):\n\n");
        markdown_fields(out, iso_weight_decay_fields);
        fprintf(
            out,
            "And these, for an average of the weights over the steps, exact on every device:\n\n");
        markdown_fields(out, iso_weight_average_fields);
    }
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (has_topic(op, t->topic))
            markdown_op(out, op);
}

static void markdown_tables(FILE *out)
{
    for (const struct named_topic *t = named_topics; t->topic != NULL; t++) {
        fprintf(out,
                "## %s\n\nWritten as a name (`%s`), or as `{name: {keys}}`; the first key can "
                "be left out: `%s`.\n\n",
                t->title, t->docs[0].name, t->example);
        for (int i = 0; i < t->n; i++) {
            markdown_entry(out, t->docs[i].name, t->docs[i].doc);
            markdown_fields(out, t->docs[i].fields);
        }
    }
    fprintf(out, "## Paths\n\n%s\n## Data sets\n\n| name | |\n|---|---|\n", iso_data_folders_help);
    for (int i = 0; i < 2; i++)
        for (const struct iso_dataset_doc *d = datasets[i]; d->name != NULL; d++)
            fprintf(out, "| `%s` | %s |\n", d->name, d->doc);
}

static void markdown_backends(FILE *out)
{
    char list[LIST];
    fprintf(out, "\n## Backends\n\n| backend | | of all %d ops it lacks |\n|---|---|---|\n",
            ISO_OP_COUNT);
    for (int b = 0; iso_backends[b] != NULL; b++)
        fprintf(out, "| `%s` | %s | %s |\n", iso_backends[b]->name, iso_backends[b]->doc,
                lacking(iso_backends[b], list));
}

/* The commands of transfer learning, as they are tried. */
static void markdown_transfer(FILE *out)
{
    fprintf(
        out,
        "\n## Transfer learning, step by step\n\n"
        "A network that has learnt one thing begins another: its weights, trained here or read "
        "from PyTorch or Keras, stay as they are below a new last layer, which learns from what "
        "they give for each image, computed once (`keep_features`). Then all layers are trained "
        "at a lower rate (`unfreeze`).\n\n"
        "```sh\n"
        "isocl train models/cifar10/resnet18.yaml --epochs 1 --out runs/source\n"
        "isocl export runs/source --out resnet18.safetensors              # PyTorch's state dict\n"
        "isocl import resnet18.safetensors models/cifar10/resnet18.yaml --out "
        "pretrained.safetensors\n"
        "isocl new photos/ --from models/cifar10/resnet18.yaml --weights pretrained.safetensors "
        "--out target.yaml\n"
        "isocl train target.yaml --weights target.safetensors --set 'phases=[{name: head, epochs: "
        "8},\n"
        "    {name: fine, epochs: 3, unfreeze: all, optimizer: {adam: {learning_rate: "
        "0.0001}}}]'\n"
        "```\n");
}

void iso_help_markdown(FILE *out)
{
    fprintf(out,
            "# Model files\n\n"
            "Written by `make docs` from the tables that read model files; change those, not "
            "this page.\n\n"
            "A model file is YAML 1.2: anchors, aliases and merge keys (`<<`) work, tabs do "
            "not indent, and truth is written `true` or `false`. Numbers are decimal or a "
            "fraction (`1/255`). Every fault is shown with its line and column, all faults "
            "of a file at once. `demo.yaml` is the file to begin with; `mnist/`, "
            "`fashion-mnist/`, `cifar10/` and `cifar100/` hold published experiments, `ops/` "
            "the cases that compare the backends.\n\n");
    markdown_sections(out);
    for (const struct op_topic *t = op_topics; t->topic != NULL; t++)
        markdown_ops(out, t);
    markdown_tables(out);
    iso_sums_markdown(out);
    markdown_backends(out);
    markdown_transfer(out);
}
