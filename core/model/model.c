/* model.c: a model file into struct iso_model, section by section. */
#include "section.h"
#include "field.h"
#include "core/text/suggest.h"
#include "core/system/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct iso_model, member)
#define SIZE(member) sizeof((struct iso_model *)0)->member
static const struct iso_field name_fields[] = { { "name", ISO_FIELD_TEXT, AT(name), "", 0,
                                                  SIZE(name), NULL,
                                                  "name of the model and of its run folders" },
                                                { 0 } };
static const struct iso_field train_fields[] = {
    { "batch_size", ISO_FIELD_INT, AT(batch_size), "32", 1, 1 << 20, NULL,
      "examples per step; the last batch of an epoch may be smaller" },
    { "shards", ISO_FIELD_INT, AT(shards), "1", 1, ISO_MOST_SHARDS, NULL,
      "computes a step in this number of equal shares of its examples, a power of two, one after "
      "the other, so that only one of them is in memory; their gradients are added. The number is "
      "part of the arithmetic: batch normalization uses the statistics of each share" },
    { "memory", ISO_FIELD_BYTES, AT(memory), "", 1, 1e18, NULL,
      "most memory that training may take on the device, besides the data sets. If it would take "
      "more, the results of some layers are not kept for the backward pass but computed again, as "
      "few as suffice. The bits are the same; a step takes longer, by a third at most" },
    { "epochs", ISO_FIELD_INT, AT(common.epochs), "10", 1, 1e6, NULL,
      "passes over the training data" },
    { "seed", ISO_FIELD_INT, AT(seed), "1", 0, 1e19, NULL,
      "seed of all random numbers: initial weights, order of examples, dropout" },
    { "keep_features", ISO_FIELD_BOOL, AT(keep_features), "false", 0, 0, NULL,
      "compute the result of the first layers, if they are not trained, once for each image, and "
      "keep it on the device, or in a file if it exceeds half of the device's memory. The bits are "
      "the same, and an epoch costs only as much as the trained layers" },
    { "checkpoint_minutes", ISO_FIELD_REAL, AT(checkpoint_minutes), "10", 0, 1e6, NULL,
      "interval at which weights and state are saved within an epoch; 0: after epochs only. Does "
      "not affect results" },
    { 0 }
};
#undef SIZE
#undef AT
#define AT(member) offsetof(struct iso_expect, member)
static const struct iso_field expect_fields[] = {
    { "source", ISO_FIELD_TEXT, AT(source), "", 0, sizeof((struct iso_expect *)0)->source, NULL,
      "source of the expected figures" },
    { "training_accuracy", ISO_FIELD_REAL, AT(training_accuracy), "", 0, 1, NULL,
      "share of correct predictions on the training data, after all epochs" },
    { "validation_accuracy", ISO_FIELD_REAL, AT(validation_accuracy), "", 0, 1, NULL,
      "the same on the validation data" },
    { "test_accuracy", ISO_FIELD_REAL, AT(test_accuracy), "", 0, 1, NULL,
      "the same on the test data" },
    { "training_loss", ISO_FIELD_REAL, AT(training_loss), "", 0, 1e30, NULL,
      "loss on the training data, after all epochs" },
    { "validation_loss", ISO_FIELD_REAL, AT(validation_loss), "", 0, 1e30, NULL,
      "the same on the validation data" },
    { "test_loss", ISO_FIELD_REAL, AT(test_loss), "", 0, 1e30, NULL, "the same on the test data" },
    { "last_epochs", ISO_FIELD_INT, AT(last_epochs), "1", 1, 1e6, NULL,
      "number of last epochs over which our figure is averaged (if it is measured after each "
      "epoch)" },
    { "seconds_per_epoch", ISO_FIELD_REAL, AT(seconds_per_epoch), "", 0, 1e9, NULL,
      "the source's seconds per epoch" },
    { "parameters", ISO_FIELD_REAL, AT(parameters), "", 0, 1e15, NULL, "elements of all weights" },
    { 0 }
};
#undef AT

/* ---- Sections of plain values -------------------------------------------------------------- */

static iso_rc read_name(struct iso_loader *l, const struct iso_yaml *node)
{
    int before = l->faults->count;
    l->model->named = true;
    ISO_TRY(iso_fields_read(name_fields, "model", node->location, node, NULL, l->model, l->faults));
    if (l->faults->count == before && !iso_name_valid(l->model->name))
        iso_faults_add(l->faults, node->location,
                       "model: a name is made of letters, digits, '_', '-' and '.', and "
                       "begins with a letter, a digit or '_'");
    return ISO_OK;
}

static iso_rc read_train(struct iso_loader *l, const struct iso_yaml *node)
{
    ISO_TRY(iso_load_fields(l, node, "train", train_fields, l->model));
    const int64_t n = l->model->shards;
    const struct iso_yaml *given = node->kind == ISO_YAML_MAPPING ? iso_yaml_get(node, "shards")
                                                                  : NULL;
    if (given != NULL && n > 0 && (n & (n - 1)) != 0)
        iso_faults_add(l->faults, given->location,
                       "train: shards is %lld, which is no power of two: write 1, 2, 4, 8, ...",
                       (long long)n);
    return ISO_OK;
}

static iso_rc read_expect(struct iso_loader *l, const struct iso_yaml *node)
{
    return iso_load_fields(l, node, "expect", expect_fields, &l->training->expect);
}

const struct iso_section iso_sections[] = {
    { "model", "The model's name. Default: the file's name.", false, NULL, read_name, false },
    { "data",
      "The data sets of `train`, `validation` and `test`, each with the keys below. `isocl trace "
      "--batch-from` needs none.",
      false, iso_data_fields, iso_load_data, false },
    { "input", "The shape of one example, and its conversion to the network's input.", true,
      iso_input_fields, iso_load_input, false },
    { "blocks",
      "Lists of layers with parameters, used by name like a layer: `name: {parameters: {filters: , "
      "strides: 1}, layers: [...]}`. A parameter without a default must be given; `$filters` "
      "stands for its value. Within a layer block `input` names the block's input; its last layer "
      "is its output. A layer's full name is the use's name, `_`, and its own.",
      false, NULL, iso_load_layer_blocks, false },
    { "augmentation",
      "Random changes of each batch of images before the first layer, in training only: a list of "
      "names, or names with parameters, in the order in which they are applied. A phase without "
      "any has `augmentation: []`.",
      false, NULL, iso_load_augmentation, true },
    { "layers",
      "The network, a list from the input to the output. An entry is a name (`flatten`), a name "
      "with its first parameter (`dropout: 0.5`), or a name with its parameters "
      "(`dense: {units: 10, activation: softmax}`).",
      true, NULL, iso_load_layers, false },
    { "winograd",
      "`auto` or `off`, for every conv2d layer without this key: `auto` (the default) defines "
      "layers by Winograd's algorithm if that is faster. The choice belongs to the model: the same "
      "file gives the same bits on every device, with it and without.",
      false, NULL, iso_load_winograd, false },
    { "loss", "The function that training minimises: a name, or a name with parameters.", true,
      NULL, iso_load_loss, true },
    { "class_weight",
      "The weight of a class's examples in the training loss: `{3: 2.5, 7: 0}`, and 1 for every "
      "other class. In validation all weights are 1. The mean divides by the number of rows, not "
      "by the sum of weights.",
      false, NULL, iso_load_class_weight, false },
    { "optimizer",
      "The rule that updates weights from their gradients: a name, or a name with parameters.",
      true, NULL, iso_load_optimizer, true },
    { "schedule",
      "The course of the learning rate: a name, or a name with parameters. The rate begins at the "
      "optimizer's learning_rate.",
      false, NULL, iso_load_schedule, true },
    { "early_stopping", "Ends the training when a monitored number stops improving.", false,
      iso_early_stopping_fields, iso_load_early_stopping, true },
    { "checkpoint",
      "Selects the epoch whose weights `best.safetensors` keeps. Default: the one with the best "
      "first metric in validation or, without metrics, the smallest loss. The last weights are "
      "always kept.",
      false, iso_checkpoint_fields, iso_load_checkpoint, false },
    { "metrics", "Numbers to compute besides the loss: a list of names.", false, NULL,
      iso_load_metrics, false },
    { "train", "The length of the training, and the size of its steps.", false, train_fields,
      read_train, false },
    { "expect", "Published results of this model, for comparison.", false, expect_fields,
      read_expect, true },
    { "phases",
      "Several trainings on the same weights, one after another: a list. Besides the keys below, a "
      "phase may have its own `augmentation`, `loss`, `optimizer`, `schedule`, `early_stopping` "
      "and `expect`; it inherits the others from the file. The optimizer begins each phase with "
      "fresh state and its step count at 0.",
      false, iso_phase_fields, iso_load_phases, false },
    { .key = NULL }
};

/* ---- The file ------------------------------------------------------------------------------ */

static const struct iso_section *find_section(const char *key)
{
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        if (strcmp(s->key, key) == 0)
            return s;
    return NULL;
}

/* The section nearest to an unknown key. */
static void nearest_section(const char *key, struct iso_suggest *near)
{
    iso_suggest_begin(near, key);
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        iso_suggest_try(near, s->key);
}

static void unknown_section(struct iso_loader *l, const struct iso_yaml *key)
{
    char hint[80];
    struct iso_suggest near;
    nearest_section(key->text, &near);
    iso_faults_add(l->faults, key->location, "unknown section '%.40s'%s", key->text,
                   iso_suggest_text(&near, hint, sizeof hint));
}

/* Returns true if the section is present, even if it is mistyped. */
static bool has_section(const struct iso_yaml *root, const struct iso_section *section)
{
    struct iso_suggest near;
    for (int i = 0; i < root->count; i++) {
        nearest_section(root->keys[i]->text, &near);
        if (near.best == section->key)
            return true;
    }
    return false;
}

static iso_rc read_model(struct iso_loader *l, const struct iso_yaml *root)
{
    char found[64];
    if (root->kind != ISO_YAML_MAPPING) {
        iso_faults_add(l->faults, root->location,
                       "a model file is a mapping (input:, layers:, loss:, ...), not %s",
                       iso_yaml_describe(root, found, sizeof found));
        return ISO_OK;
    }
    for (int i = 0; i < root->count; i++) {
        const struct iso_section *s = find_section(root->keys[i]->text);
        if (s == NULL)
            unknown_section(l, root->keys[i]);
        else if (iso_yaml_is_null(root->items[i]))
            iso_faults_add(l->faults, root->keys[i]->location, "section '%s' is empty", s->key);
        else
            ISO_TRY(s->read(l, root->items[i]));
    }
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++)
        if (s->required && !has_section(root, s) && !(s->in_phase && l->phases != NULL))
            iso_faults_add(l->faults, root->location, "section '%s' is missing", s->key);
    ISO_TRY(iso_make_phases(l));
    iso_check_monitors(l);
    iso_check_value_ranges(l);
    return ISO_OK;
}

/* models/mnist/cnn.yaml is called cnn; bytes a name cannot have become '-'. */
static void name_from_path(const char *path, char *name, size_t n)
{
    const char *base = iso_path_base(path);
    size_t length = strcspn(base, ".");
    snprintf(name, n, "%.*s", (int)(length < n ? length : n - 1), base);
    for (char *c = name; *c; c++)
        if (!iso_name_valid((char[]){ 'x', *c, '\0' }))
            *c = '-';
    if (!iso_name_valid(name))
        snprintf(name, n, "model");
}

static const struct iso_expect nothing = {
    .training_accuracy = NAN,
    .validation_accuracy = NAN,
    .test_accuracy = NAN,
    .training_loss = NAN,
    .validation_loss = NAN,
    .test_loss = NAN,
    .seconds_per_epoch = NAN,
    .parameters = NAN,
    .last_epochs = 1,
};

static iso_rc new_model(const char *path, struct iso_model **out)
{
    struct iso_model *m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    m->file = iso_alloc(strlen(path) + 1, 1);
    if (m->file == NULL || iso_fields_default(train_fields, m) != ISO_OK) {
        iso_model_free(m);
        return ISO_ENOMEM;
    }
    strcpy(m->file, path);
    name_from_path(path, m->name, sizeof m->name);
    m->images = (struct iso_gather_images){ 1, { 1, { 0 } }, { 1, { 1 } }, false };
    m->repeat_channels = 1;
    m->common.expect = nothing;
    *out = m;
    return ISO_OK;
}

/* A location in the file at `path` becomes one in the model's own copy of that path; one at a
 * change stays. */
static void own(struct iso_location *location, const struct iso_model *m, const char *path)
{
    if (location->file == NULL || location->file == path)
        location->file = m->file;
}

static void own_training(struct iso_training *t, const struct iso_model *m, const char *path)
{
    own(&t->location, m, path);
    own(&t->loss.location, m, path);
    own(&t->optimizer.location, m, path);
    own(&t->schedule.location, m, path);
    own(&t->early_stopping.location, m, path);
    for (int k = 0; k < t->naugmentations; k++)
        own(&t->augmentations[k].location, m, path);
}

/* Copies the locations of uses to m->uses, from the inside out; returns the first copy. */
static const struct iso_location *own_uses(struct iso_model *m, const struct iso_location *used_at,
                                           int *n, const char *path)
{
    struct iso_location *first = used_at != NULL ? &m->uses[*n] : NULL;
    for (; used_at != NULL; used_at = used_at->used_at) {
        struct iso_location *copy = &m->uses[(*n)++];
        *copy = *used_at;
        own(copy, m, path);
        copy->used_at = used_at->used_at != NULL ? copy + 1 : NULL;
    }
    return first;
}

static iso_rc own_layers(struct iso_model *m, const char *path)
{
    int n = 0;
    for (int i = 0; i < m->nlayers; i++)
        for (const struct iso_location *at = m->layers[i].location.used_at; at != NULL;
             at = at->used_at)
            n++;
    m->uses = iso_alloc((size_t)n + 1, sizeof *m->uses);
    if (m->uses == NULL)
        return ISO_ENOMEM;
    n = 0;
    for (int i = 0; i < m->nlayers; i++) {
        own(&m->layers[i].location, m, path);
        m->layers[i].location.used_at = own_uses(m, m->layers[i].location.used_at, &n, path);
    }
    return ISO_OK;
}

/* Makes the locations of a finished model its own: while a file is read, they borrow the caller's
 * path, which outlives a model that fails, and its tree. */
static iso_rc own_locations(struct iso_model *m, const char *path)
{
    own(&m->input_location, m, path);
    own(&m->train.location, m, path);
    own(&m->validation.location, m, path);
    own(&m->test.location, m, path);
    own_training(&m->common, m, path);
    for (int i = 0; i < m->nphases; i++)
        own_training(&m->phases[i], m, path);
    own(&m->checkpoint.location, m, path);
    for (int i = 0; i < m->nclass_weights; i++)
        own(&m->class_weights[i].location, m, path);
    for (int i = 0; i < m->nmetrics; i++)
        own(&m->metrics[i].location, m, path);
    return own_layers(m, path);
}

/* Takes the file's bytes from text, or where that is NULL from the file. */
static iso_rc take_text(struct iso_model *m, const char *path, const char *text,
                        struct iso_faults *faults)
{
    if (text == NULL)
        return iso_yaml_read(path, faults, &m->text, &m->text_size);
    m->text_size = strlen(text);
    m->text = iso_alloc(m->text_size + 1, 1);
    if (m->text == NULL)
        return ISO_ENOMEM;
    memcpy(m->text, text, m->text_size);
    return ISO_OK;
}

/* Makes text and tree what the changes make of them. Locations in the tree stay those of the file;
 * l->written has those in the new text. */
static iso_rc change(struct iso_loader *l, const char *path, const struct iso_changes *changes)
{
    char *text = NULL;
    size_t size = 0;
    ISO_TRY(iso_changes_apply(changes, l->doc, l->faults));
    ISO_TRY(iso_yaml_write(l->doc->root, &text, &size));
    free(l->model->text);
    l->model->text = text;
    l->model->text_size = size;
    return iso_yaml_parse(path, text, size, l->faults, &l->written);
}

static iso_rc read_tree(struct iso_loader *l, const char *path, const struct iso_changes *changes)
{
    const struct iso_yaml_doc *doc = l->doc;
    if (!iso_changes_none(changes))
        ISO_TRY(change(l, path, changes));
    l->layer_blocks = iso_yaml_get(doc->root, "blocks");
    l->winograd = iso_yaml_get(doc->root, "winograd");
    ISO_TRY(read_model(l, doc->root));
    return own_locations(l->model, path);
}

static iso_rc load(struct iso_loader *l, const char *path, const char *text,
                   const struct iso_changes *changes)
{
    ISO_TRY(take_text(l->model, path, text, l->faults));
    ISO_TRY(iso_yaml_parse(path, l->model->text, l->model->text_size, l->faults, &l->doc));
    const iso_rc rc = read_tree(l, path, changes);
    iso_yaml_free(l->doc);
    iso_yaml_free(l->written);
    return rc;
}

iso_rc iso_model_load(const char *path, struct iso_faults *faults, struct iso_model **out)
{
    return iso_model_load_changed(path, NULL, NULL, faults, out);
}

iso_rc iso_model_parse(const char *path, const char *text, struct iso_faults *faults,
                       struct iso_model **out)
{
    return iso_model_load_changed(path, text, NULL, faults, out);
}

iso_rc iso_model_load_changed(const char *path, const char *text, const struct iso_changes *changes,
                              struct iso_faults *faults, struct iso_model **out)
{
    int before = faults->count;
    struct iso_loader loader = { .faults = faults };
    ISO_TRY(new_model(path, &loader.model));
    loader.training = &loader.model->common;
    iso_rc rc = load(&loader, path, text, changes);
    int found = faults->count - before;
    if (found > 0 && (rc == ISO_OK || rc == ISO_EMODEL))
        rc = iso_fail(ISO_EMODEL, "%s: %d fault%s in this model file", path, found,
                      found == 1 ? "" : "s");
    if (rc != ISO_OK) {
        iso_model_free(loader.model);
        return rc;
    }
    *out = loader.model;
    return ISO_OK;
}

/* Params that a phase has taken over are not its own. */
static void free_own(struct iso_op_use *use, const struct iso_op_use *common)
{
    if (use->params != common->params)
        free(use->params);
}

void iso_model_free(struct iso_model *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < m->nlayers; i++)
        free(m->layers[i].params);
    for (int i = 0; i < m->nmetrics; i++)
        free(m->metrics[i].params);
    for (int i = 0; i < m->nphases; i++) {
        free_own(&m->phases[i].loss, &m->common.loss);
        free_own(&m->phases[i].optimizer, &m->common.optimizer);
        for (int k = 0; k < m->phases[i].naugmentations; k++)
            free_own(&m->phases[i].augmentations[k], &m->common.augmentations[k]);
    }
    for (int k = 0; k < m->common.naugmentations; k++)
        free(m->common.augmentations[k].params);
    free(m->common.loss.params);
    free(m->common.optimizer.params);
    free(m->phases);
    free(m->layers);
    free(m->class_weights);
    free(m->train.classes);
    free(m->validation.classes);
    free(m->test.classes);
    free(m->uses);
    free(m->text);
    free(m->file);
    free(m);
}
