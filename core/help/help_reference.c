/* help_reference.c: models/README.md, the reference page, from the tables that read model files.
 * This file contains the layout only, nothing about any op, section or data set. */
#include "help_page.h"
#include "help_sums.h"
#include "help_tables.h"
#include "core/data/folders.h"
#include "core/model/section.h"

#include <ctype.h>
#include <string.h>

static void table_head(FILE *out)
{
    fprintf(out, "| key | value | default | |\n|---|---|---|---|\n");
}

static void table_fields(FILE *out, const struct iso_field *fields)
{
    char value[ISO_HELP_TEXT];
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        iso_help_value(f, value, sizeof value);
        fprintf(out,
                f->dflt != NULL && *f->dflt ? "| `%s` | %s | `%s` | %s |\n"
                                            : "| `%s` | %s | %s | %s |\n",
                f->key, value, iso_help_default(f), f->doc);
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
    iso_help_weights(def, weights);
    markdown_names(out, "Weights: ", weights);
    markdown_names(out, "State of each weight: ", def->slots);
}

static void markdown_ops(FILE *out, const struct iso_help_op_topic *t)
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
        markdown_fields(out, iso_help_clipping_fields());
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
        if (iso_help_has_topic(op, t->topic))
            markdown_op(out, op);
}

static void markdown_tables(FILE *out)
{
    for (const struct iso_help_named_topic *t = iso_help_named_topics; t->topic != NULL; t++) {
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
        for (const struct iso_dataset_doc *d = iso_help_datasets[i]; d->name != NULL; d++)
            fprintf(out, "| `%s` | %s |\n", d->name, d->doc);
}

static void markdown_backends(FILE *out)
{
    char list[ISO_HELP_LIST];
    fprintf(out, "\n## Backends\n\n| backend | | of all %d ops it lacks |\n|---|---|---|\n",
            ISO_OP_COUNT);
    for (int b = 0; iso_backends[b] != NULL; b++)
        fprintf(out, "| `%s` | %s | %s |\n", iso_backends[b]->name, iso_backends[b]->doc,
                iso_help_lacking(iso_backends[b], list));
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
    for (const struct iso_help_op_topic *t = iso_help_op_topics; t->topic != NULL; t++)
        markdown_ops(out, t);
    markdown_tables(out);
    iso_sums_markdown(out);
    markdown_backends(out);
    markdown_transfer(out);
}
