/* layer_list.c: reads the network: the layers in the order of the file, with layer blocks expanded,
 * each with its name and inputs. */
#include "layer_blocks.h"
#include "core/text/suggest.h"
#include "core/ops/conv2d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys of a layer besides its op's own that take a single value. */
struct entry {
    bool trainable, recompute;
    double rate;
    int64_t repeat, first;
};
#define AT(member) offsetof(struct entry, member)

static const struct iso_field entry_fields[] = {
    { "trainable", ISO_FIELD_BOOL, AT(trainable), "true", 0, 0, NULL, "" },
    { "learning_rate_multiplier", ISO_FIELD_REAL, AT(rate), "1", 0, 1e6, NULL, "" },
    { "recompute", ISO_FIELD_BOOL, AT(recompute), "false", 0, 0, NULL, "" },
    { "repeat", ISO_FIELD_INT, AT(repeat), "", 1, ISO_LAYERS_MAX, NULL, "" },
    { "first", ISO_FIELD_INT, AT(first), "1", 0, 1e6, NULL, "" },
    { 0 }
};
#undef AT

/* A list of layers that is read: the model's own, or that of one use of a layer block. */
struct scope {
    const struct scope *outer; /* NULL: the model's */
    int layer_block, depth;
    char prefix[ISO_LAYER_NAME]; /* prefix of every layer's name; "" in the model's list */
    int input;                   /* the layer that `input` names, or -1 for the model's input */
    int last;                    /* the layer that the next one reads by default */
    bool frozen;
    int part;    /* the part of the layers around, as struct iso_layer has it */
    double rate; /* product of the multipliers around */
    int unnamed[ISO_OP_COUNT], unnamed_uses[ISO_LAYER_BLOCKS_MAX];
};
struct use {
    char name[ISO_LAYER_NAME];
    int output;
    struct iso_location location;
};
struct network { /* the model's layers while they are read */
    struct iso_loader *loader;
    int room; /* for layers */
    struct use *uses;
    int nuses; /* uses of layer blocks so far */
    int items; /* read so far, those with faults too */
    bool full; /* there are too many layers */
    int parts; /* number of parts that are computed again, so far */
    int open;  /* the part that the next layer joins if it has the key, too; 0: none */
};
/* One layer, or one use of a layer block. */
struct item {
    struct network *net;
    struct scope *scope;
    struct iso_named named;
    const struct iso_yaml *args; /* NULL unless a mapping */
    const char *what;            /* its op or layer block, begins every fault */
    struct entry entry;
    int64_t turn; /* index of the repetition, from 0 */
};

/* ---- Names --------------------------------------------------------------------------------- */

static int find_layer(const struct iso_model *m, const char *name)
{
    for (int i = 0; i < m->nlayers; i++)
        if (m->layers[i].name[0] && strcmp(m->layers[i].name, name) == 0)
            return i;
    return -1;
}

static const struct use *find_use(const struct network *net, const char *name)
{
    for (int i = 0; i < net->nuses; i++)
        if (strcmp(net->uses[i].name, name) == 0)
            return &net->uses[i];
    return NULL;
}

/* True if the file's name can be one; adds a fault when it cannot. */
static bool check_name(const struct item *it, const struct iso_yaml *node)
{
    static const char *const taken[] = { "input", "target", "sample_weight", "loss", "d", NULL };
    struct iso_faults *faults = it->net->loader->faults;
    char found[64];
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        iso_faults_add(faults, node->location, "%s: name: expected a name, found %s", it->what,
                       iso_yaml_describe(node, found, sizeof found));
        return false;
    }
    if (strlen(node->text) >= ISO_LAYER_NAME || !iso_name_valid(node->text)) {
        iso_faults_add(faults, node->location,
                       "%s: name: a name is made of letters, digits, '_', '-' and "
                       "'.', begins with a letter, a digit or '_', and has at most %d of them",
                       it->what, ISO_LAYER_NAME - 1);
        return false;
    }
    for (int i = 0; taken[i] != NULL; i++)
        if (strcmp(taken[i], node->text) == 0) {
            iso_faults_add(faults, node->location,
                           "%s: name: '%s' already means something else in "
                           "traces",
                           it->what, taken[i]);
            return false;
        }
    return true;
}

/* PREFIX_NAME into out; false when it is too long. */
static bool full_name(const struct scope *s, const char *local, char out[ISO_LAYER_NAME])
{
    const int n = snprintf(out, ISO_LAYER_NAME, "%s%s%s", s->prefix, *s->prefix ? "_" : "", local);
    return n < ISO_LAYER_NAME;
}

/* Writes the item's name in the whole network: the given one, or that of its op or layer block with
 * a number; "" when it cannot be one. False, with a fault, unless the name is its own. */
static bool name_item(const struct item *it, int *unnamed, char out[ISO_LAYER_NAME])
{
    const struct iso_yaml *name = it->args != NULL ? iso_yaml_get(it->args, "name") : NULL;
    const struct iso_location location = name != NULL ? name->location : it->named.name->location;
    struct iso_faults *faults = it->net->loader->faults;
    char local[ISO_LAYER_NAME + 24];
    *out = '\0';
    if (name != NULL && !check_name(it, name))
        return false;
    if (name == NULL)
        snprintf(local, sizeof local, "%s_%d", it->what, ++*unnamed);
    else if (it->entry.repeat > 0)
        snprintf(local, sizeof local, "%s%lld", name->text,
                 (long long)(it->entry.first + it->turn));
    else
        snprintf(local, sizeof local, "%s", name->text);
    if (!full_name(it->scope, local, out)) {
        iso_faults_add(faults, location, "%s: the name %s_%.60s is longer than %d characters",
                       it->what, it->scope->prefix, local, ISO_LAYER_NAME - 1);
        *out = '\0';
        return false;
    }
    const struct iso_model *m = it->net->loader->model;
    const int same = find_layer(m, out);
    const struct use *use = find_use(it->net, out);
    if (same >= 0 || use != NULL)
        iso_faults_add(faults, location, "%s: the %s at line %d has the name '%s' already",
                       it->what, use != NULL ? "layer block" : "layer",
                       (use != NULL ? &use->location : &m->layers[same].location)->line, out);
    return same < 0 && use == NULL;
}

/* ---- Inputs of a layer --------------------------------------------------------------------- */

static void suggest_inputs(const struct item *it, struct iso_suggest *near)
{
    const struct iso_model *m = it->net->loader->model;
    const char *prefix = it->scope->prefix;
    const size_t n = strlen(prefix);
    iso_suggest_try(near, "input");
    if (it->net->loader->faults->count >= ISO_FAULTS_MAX)
        return; /* unseen */
    for (int i = 0; i < m->nlayers; i++)
        if (n == 0 || (strncmp(m->layers[i].name, prefix, n) == 0 && m->layers[i].name[n] == '_'))
            iso_suggest_try(near, m->layers[i].name + (n ? n + 1 : 0));
    for (int i = 0; n == 0 && i < it->net->nuses; i++)
        iso_suggest_try(near, it->net->uses[i].name);
}

/* One entry of inputs: the index of the layer that it names, -1 for the model's input. */
static int read_input(const struct item *it, const struct iso_yaml *node)
{
    struct iso_loader *l = it->net->loader;
    char text[80], name[ISO_LAYER_NAME];
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        iso_faults_add(l->faults, node->location,
                       "%s: inputs: expected the name of a layer, found %s", it->what,
                       iso_yaml_describe(node, text, sizeof text));
        return -1;
    }
    if (strcmp(node->text, "input") == 0)
        return it->scope->input;
    if (full_name(it->scope, node->text, name)) {
        const int layer = find_layer(l->model, name);
        const struct use *use = layer < 0 ? find_use(it->net, name) : NULL;
        if (layer >= 0 || use != NULL)
            return use != NULL ? use->output : layer;
    }
    if (l->unknown_layer)
        return -1;
    struct iso_suggest near;
    iso_suggest_begin(&near, node->text);
    suggest_inputs(it, &near);
    iso_faults_add(l->faults, node->location, "%s: inputs: there is no layer '%.48s' above%s",
                   it->what, node->text, iso_suggest_text(&near, text, sizeof text));
    return -1;
}

/* Reads `inputs:`, of as many as `least` to `most`, into input[]; returns their number, 0 with a
 * fault. Of several in a row, only the first is connected so. */
static int read_inputs(const struct item *it, int least, int most, const char *wanted, int *input)
{
    const struct iso_yaml *inputs =
        it->args != NULL && it->turn == 0 ? iso_yaml_get(it->args, "inputs") : NULL;
    const bool list = inputs != NULL && inputs->kind == ISO_YAML_SEQUENCE;
    const int given = list ? inputs->count : 1;
    input[0] = it->scope->last;
    if (given < least || given > most) {
        iso_faults_add(it->net->loader->faults,
                       inputs != NULL ? inputs->location : it->named.name->location,
                       "%s reads %s, not %d (inputs: names them)", it->what, wanted, given);
        return 0;
    }
    for (int i = 0; inputs != NULL && i < given; i++)
        input[i] = read_input(it, list ? inputs->items[i] : inputs);
    return given;
}

/* ---- Layers -------------------------------------------------------------------------------- */

static iso_rc add_layer(struct network *net, struct iso_layer **out)
{
    struct iso_model *m = net->loader->model;
    if (m->nlayers == net->room) {
        const int room = net->room ? 2 * net->room : 32;
        struct iso_layer *larger = iso_alloc((size_t)room, sizeof *larger);
        if (larger == NULL)
            return ISO_ENOMEM;
        if (m->nlayers > 0)
            memcpy(larger, m->layers, (size_t)m->nlayers * sizeof *larger);
        free(m->layers);
        m->layers = larger;
        net->room = room;
    }
    *out = &m->layers[m->nlayers++];
    return ISO_OK;
}

/* Reads the file's own `winograd` into the layer's params, where its op has the key and the layer
 * does not say it. */
static iso_rc read_winograd(const struct item *it, enum iso_op op, void *params)
{
    static const char key[] = "winograd";
    const struct iso_loader *l = it->net->loader;
    const struct iso_field *field = iso_field_find(iso_ops[op].def->fields, key);
    if (field == NULL || l->winograd == NULL || iso_yaml_is_null(l->winograd) ||
        (it->args != NULL && iso_yaml_get(it->args, key) != NULL))
        return ISO_OK;
    return iso_field_read(field, "model", l->winograd, params, l->faults);
}

iso_rc iso_load_winograd(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_conv2d any = { 0 };
    const struct iso_field *field = iso_field_find(iso_ops[ISO_OP_conv2d].def->fields, "winograd");
    return iso_field_read(field, "model", node, &any, l->faults);
}

/* Returns the part of a layer that is computed again: that of the layer block around it, or the one
 * that it forms with the layers before; 0: none. */
static int part_of(const struct item *it)
{
    struct network *net = it->net;
    if (it->scope->part > 0)
        return it->scope->part;
    if (!it->entry.recompute)
        net->open = 0;
    else if (net->open == 0)
        net->open = ++net->parts;
    return net->open;
}

static iso_rc read_layer(const struct item *it, enum iso_op op)
{
    const char *also[ISO_LAYER_KEYS + 1] = { NULL };
    struct iso_layer layer = { .op = op,
                               .location = it->named.name->location,
                               .frozen = it->scope->frozen || !it->entry.trainable,
                               .part = part_of(it),
                               .rate = it->scope->rate * it->entry.rate },
                     *added;
    struct scope *s = it->scope;
    int least, most;
    char wanted[40], name[ISO_LAYER_NAME];
    for (int i = 0; iso_layer_keys[i].key != NULL; i++)
        also[i] = iso_layer_keys[i].key;
    name_item(it, &s->unnamed[op], name);
    snprintf(layer.name, sizeof layer.name, "%s", name);
    iso_op_inputs(op, &least, &most);
    layer.ninputs =
        read_inputs(it, least, most, iso_op_inputs_text(op, wanted, sizeof wanted), layer.input);
    ISO_TRY(add_layer(it->net, &added));
    *added = layer;
    s->last = it->net->loader->model->nlayers - 1;
    ISO_TRY(iso_load_params(it->net->loader, op, &it->named, also, &added->params));
    return read_winograd(it, op, added->params);
}

/* ---- Layer blocks -------------------------------------------------------------------------- */

static iso_rc read_list(struct network *net, struct scope *scope, const struct iso_yaml *list);

/* True if the layer block can be used here: not within itself, nor too deep. */
static bool check_depth(const struct item *it, int layer_block)
{
    struct iso_faults *faults = it->net->loader->faults;
    for (const struct scope *s = it->scope; s->outer != NULL; s = s->outer)
        if (s->layer_block == layer_block) {
            iso_faults_add(faults, it->named.name->location, "layer block '%s' uses itself",
                           it->what);
            return false;
        }
    if (it->scope->depth < ISO_LAYER_BLOCK_DEPTH)
        return true;
    iso_faults_add(faults, it->named.name->location,
                   "layer blocks within layer blocks, more than %d deep", ISO_LAYER_BLOCK_DEPTH);
    return false;
}

static iso_rc add_use(struct network *net, const char *name, int output,
                      struct iso_location location)
{
    if (net->uses == NULL)
        net->uses = iso_alloc(ISO_LAYERS_MAX, sizeof *net->uses);
    if (net->uses == NULL)
        return ISO_ENOMEM;
    struct use *use = &net->uses[net->nuses++];
    snprintf(use->name, sizeof use->name, "%s", name);
    use->output = output;
    use->location = location;
    return ISO_OK;
}

static iso_rc read_use(const struct item *it, int layer_block)
{
    struct network *net = it->net;
    const struct iso_yaml *layers;
    struct scope inner = { .outer = it->scope,
                           .layer_block = layer_block,
                           .depth = it->scope->depth + 1,
                           .frozen = it->scope->frozen || !it->entry.trainable,
                           .part = it->scope->part,
                           .rate = it->scope->rate * it->entry.rate };
    int input[1];
    net->open = 0;
    if (inner.part == 0 && it->entry.recompute)
        inner.part = ++net->parts;
    if (!check_depth(it, layer_block))
        return ISO_OK;
    if (!name_item(it, &it->scope->unnamed_uses[layer_block], inner.prefix) ||
        read_inputs(it, 1, 1, "1 input", input) == 0)
        return ISO_OK;
    inner.input = inner.last = input[0];
    ISO_TRY(iso_layer_block_layers(net->loader, layer_block, &it->named, &layers));
    net->loader->unknown_layer = net->loader->unknown_layer || layers == NULL;
    if (layers == NULL)
        return ISO_OK;
    ISO_TRY(read_list(net, &inner, layers));
    it->scope->last = inner.last;
    net->open = 0;
    return net->full ? ISO_OK : add_use(net, inner.prefix, inner.last, it->named.name->location);
}

/* ---- Lists --------------------------------------------------------------------------------- */

static iso_rc read_entry(struct item *it)
{
    struct iso_faults *faults = it->net->loader->faults;
    const struct iso_yaml *args = it->args;
    const int before = faults->count;
    ISO_TRY(iso_fields_default(entry_fields, &it->entry));
    for (const struct iso_field *f = entry_fields; args != NULL && f->key != NULL; f++)
        if (iso_yaml_get(args, f->key) != NULL)
            ISO_TRY(iso_field_read(f, it->what, iso_yaml_get(args, f->key), &it->entry, faults));
    if (args != NULL && it->entry.repeat == 0 && faults->count == before &&
        iso_yaml_get(args, "first") != NULL)
        iso_faults_add(faults, iso_yaml_get(args, "first")->location,
                       "%s: 'first' says where "
                       "`repeat` begins to count, and there is none",
                       it->what);
    return ISO_OK;
}

/* Returns true if there is room for one more layer or use; otherwise adds a fault. The number of
 * items is limited too, because items with faults, such as those of a repeated layer block, make no
 * layers. */
static bool has_room(struct network *net, const struct iso_yaml *node)
{
    net->full = net->full || ++net->items > 2 * ISO_LAYERS_MAX + ISO_LAYER_BLOCK_DEPTH;
    if (net->full)
        return false;
    if (net->loader->model->nlayers < ISO_LAYERS_MAX && net->nuses < ISO_LAYERS_MAX)
        return true;
    iso_faults_add(net->loader->faults, node->location, "layers: more than %d", ISO_LAYERS_MAX);
    net->full = true;
    return false;
}

static iso_rc read_item(struct network *net, struct scope *scope, const struct iso_yaml *node)
{
    struct iso_loader *l = net->loader;
    struct item it = { .net = net, .scope = scope };
    if (!iso_named_read(node, "a layer", l->faults, &it.named)) {
        l->unknown_layer = true;
        return ISO_OK;
    }
    const int layer_block = iso_layer_block_find(l, it.named.name->text);
    const int op = layer_block < 0 ? iso_load_op(l, it.named.name, "layers", "a layer") : -1;
    if (layer_block < 0 && op < 0) {
        l->unknown_layer = true;
        return ISO_OK;
    }
    it.what = layer_block < 0 ? iso_ops[op].name : iso_layer_block_name(l, layer_block);
    it.args = it.named.args != NULL && it.named.args->kind == ISO_YAML_MAPPING ? it.named.args
                                                                               : NULL;
    ISO_TRY(read_entry(&it));
    const int before = l->faults->count;
    do {
        if (!has_room(net, node))
            return ISO_OK;
        ISO_TRY(layer_block < 0 ? read_layer(&it, (enum iso_op)op) : read_use(&it, layer_block));
    } while (++it.turn < it.entry.repeat && l->faults->count == before);
    return ISO_OK;
}

static iso_rc read_list(struct network *net, struct scope *scope, const struct iso_yaml *list)
{
    for (int i = 0; i < list->count && !net->full; i++)
        ISO_TRY(read_item(net, scope, list->items[i]));
    return ISO_OK;
}

/* A layer whose result nobody reads is a mistake, most likely in an `inputs:` below it. */
static void find_unread(struct iso_loader *l)
{
    const struct iso_model *m = l->model;
    for (int i = 0; i < m->nlayers - 1; i++) {
        bool read = false;
        for (int j = i + 1; j < m->nlayers && !read; j++)
            for (int k = 0; k < m->layers[j].ninputs; k++)
                read = read || m->layers[j].input[k] == i;
        if (!read)
            iso_faults_add(l->faults, m->layers[i].location, "%s: no layer reads '%s'",
                           iso_ops[m->layers[i].op].name, m->layers[i].name);
    }
}

iso_rc iso_load_layers(struct iso_loader *l, const struct iso_yaml *node)
{
    struct network net = { .loader = l };
    struct scope model = { .input = -1, .last = -1, .rate = 1 };
    char found[64];
    const int before = l->faults->count;
    if (node->kind != ISO_YAML_SEQUENCE || node->count == 0) {
        iso_faults_add(l->faults, node->location, "layers: expected a list of layers, found %s",
                       node->kind == ISO_YAML_SEQUENCE
                           ? "an empty one"
                           : iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    if (l->layer_blocks != NULL)
        ISO_TRY(iso_load_layer_blocks(l, l->layer_blocks));
    const iso_rc rc = read_list(&net, &model, node);
    free(net.uses);
    if (rc == ISO_OK && l->faults->count == before) {
        find_unread(l);
        iso_layer_blocks_check_used(l);
    }
    return rc;
}
