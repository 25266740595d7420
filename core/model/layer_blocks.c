/* layer_blocks.c: definitions of layer blocks, and the copies that their uses make. */
#include "layer_blocks.h"
#include "core/text/suggest.h"

#include <stdio.h>
#include <string.h>

static const struct iso_yaml *definition_of(const struct iso_loader *l, int index)
{
    return l->layer_blocks->items[index];
}

const char *iso_layer_block_name(const struct iso_loader *l, int index)
{
    return l->layer_blocks->keys[index]->text;
}

/* True if help explains the name, which can be no layer block's then. */
static bool has_meaning(const char *name)
{
    const int op = iso_op_find(name);
    return op >= 0 && iso_ops[op].def->topic != NULL;
}

int iso_layer_block_find(const struct iso_loader *l, const char *name)
{
    const struct iso_yaml *all = l->layer_blocks;
    for (int i = 0; all != NULL && all->kind == ISO_YAML_MAPPING && i < all->count; i++)
        if (i < ISO_LAYER_BLOCKS_MAX && strcmp(all->keys[i]->text, name) == 0 && !has_meaning(name))
            return i;
    return -1;
}

void iso_layer_blocks_suggest(const struct iso_loader *l, struct iso_suggest *near)
{
    const struct iso_yaml *all = l->layer_blocks;
    for (int i = 0; all != NULL && all->kind == ISO_YAML_MAPPING && i < all->count; i++)
        iso_suggest_try(near, all->keys[i]->text);
}

static bool is_layer_key(const char *key)
{
    for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++)
        if (strcmp(k->key, key) == 0)
            return true;
    return false;
}

static const struct iso_yaml *get_of_kind(const struct iso_yaml *definition, const char *key,
                                          enum iso_yaml_kind kind)
{
    const struct iso_yaml *node = iso_yaml_get(definition, key);
    return node != NULL && node->kind == kind ? node : NULL;
}

static const struct iso_yaml *parameters_of(const struct iso_yaml *definition)
{
    return get_of_kind(definition, "parameters", ISO_YAML_MAPPING);
}

static int find_parameter(const struct iso_yaml *definition, const char *name)
{
    const struct iso_yaml *p = parameters_of(definition);
    for (int i = 0; p != NULL && i < p->count; i++)
        if (strcmp(p->keys[i]->text, name) == 0)
            return i;
    return -1;
}

/* Returns true if the node is a parameter: `$name`. */
static bool is_reference(const struct iso_yaml *node)
{
    return node->kind == ISO_YAML_SCALAR && node->plain && node->text[0] == '$';
}

/* ---- Definitions --------------------------------------------------------------------------- */

static bool refers_to(const struct iso_yaml *node, const char *name)
{
    if (is_reference(node))
        return strcmp(node->text + 1, name) == 0;
    for (int i = 0; i < node->count; i++)
        if (refers_to(node->items[i], name))
            return true;
    return false;
}

static void check_references(struct iso_loader *l, const char *name,
                             const struct iso_yaml *definition, const struct iso_yaml *node)
{
    char hint[80];
    struct iso_suggest near;
    for (int i = 0; i < node->count; i++)
        check_references(l, name, definition, node->items[i]);
    if (!is_reference(node) || find_parameter(definition, node->text + 1) >= 0)
        return;
    const struct iso_yaml *p = parameters_of(definition);
    iso_suggest_begin(&near, node->text + 1);
    for (int i = 0; p != NULL && i < p->count; i++)
        iso_suggest_try(&near, p->keys[i]->text);
    iso_faults_add(l->faults, node->location, "layer block '%.40s' has no parameter '%.40s'%s",
                   name, node->text + 1, iso_suggest_text(&near, hint, sizeof hint));
}

static void check_parameters(struct iso_loader *l, const char *name,
                             const struct iso_yaml *definition, const struct iso_yaml *layers)
{
    const struct iso_yaml *p = parameters_of(definition);
    for (int i = 0; p != NULL && i < p->count; i++) {
        const struct iso_yaml *key = p->keys[i];
        if (!iso_name_valid(key->text))
            iso_faults_add(l->faults, key->location,
                           "layer block '%.40s': '%.40s' is no name for a "
                           "parameter",
                           name, key->text);
        else if (is_layer_key(key->text))
            iso_faults_add(l->faults, key->location,
                           "layer block '%.40s': every layer has a key '%s', so "
                           "that no parameter can have that name",
                           name, key->text);
        else if (!refers_to(layers, key->text))
            iso_faults_add(l->faults, key->location,
                           "layer block '%.40s' does not use its parameter "
                           "'%.40s' (as $%.40s)",
                           name, key->text, key->text);
    }
}

static void check_keys(struct iso_loader *l, const char *name, const struct iso_yaml *definition)
{
    static const char *const known[] = { "parameters", "layers" };
    char hint[80];
    for (int i = 0; i < definition->count; i++) {
        const struct iso_yaml *key = definition->keys[i];
        struct iso_suggest near;
        iso_suggest_begin(&near, key->text);
        iso_suggest_try(&near, known[0]);
        iso_suggest_try(&near, known[1]);
        if (strcmp(key->text, known[0]) != 0 && strcmp(key->text, known[1]) != 0)
            iso_faults_add(l->faults, key->location, "layer block '%.40s': unknown key '%.40s'%s",
                           name, key->text,
                           near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint)
                                             : " (it knows parameters, layers)");
    }
}

static void check_definition(struct iso_loader *l, const struct iso_yaml *key,
                             const struct iso_yaml *definition)
{
    const char *name = key->text;
    if (!iso_name_valid(name) || strlen(name) >= ISO_LAYER_NAME)
        iso_faults_add(l->faults, key->location,
                       "blocks: '%.60s' is not a valid name for a layer block", name);
    if (has_meaning(name))
        iso_faults_add(l->faults, key->location, "blocks: '%s' has a meaning already", name);
    if (definition->kind != ISO_YAML_MAPPING) {
        iso_faults_add(l->faults, definition->location,
                       "layer block '%.40s': expected {layers: [...]}, with "
                       "parameters: beside it where it has some",
                       name);
        return;
    }
    check_keys(l, name, definition);
    const struct iso_yaml *p = iso_yaml_get(definition, "parameters");
    const struct iso_yaml *layers = get_of_kind(definition, "layers", ISO_YAML_SEQUENCE);
    if (p != NULL && parameters_of(definition) == NULL)
        iso_faults_add(l->faults, p->location,
                       "layer block '%.40s': parameters: expected {name: default, "
                       "...}; one without a default is empty",
                       name);
    if (layers == NULL || layers->count == 0) {
        iso_faults_add(l->faults, layers != NULL ? layers->location : key->location,
                       "layer block '%.40s' has no list of layers", name);
        return;
    }
    check_parameters(l, name, definition, layers);
    check_references(l, name, definition, layers);
}

iso_rc iso_load_layer_blocks(struct iso_loader *l, const struct iso_yaml *node)
{
    char found[64];
    if (l->layer_blocks_read)
        return ISO_OK;
    l->layer_blocks_read = true;
    if (node->kind != ISO_YAML_MAPPING)
        iso_faults_add(l->faults, node->location,
                       "blocks: expected {name: {layers: [...]}, ...}, "
                       "found %s",
                       iso_yaml_describe(node, found, sizeof found));
    else if (node->count > ISO_LAYER_BLOCKS_MAX)
        iso_faults_add(l->faults, node->location, "blocks: more than %d", ISO_LAYER_BLOCKS_MAX);
    for (int i = 0; node->kind == ISO_YAML_MAPPING && i < node->count; i++) {
        const int before = l->faults->count;
        check_definition(l, node->keys[i], node->items[i]);
        if (i < ISO_LAYER_BLOCKS_MAX)
            l->layer_block_fault[i] = l->faults->count > before;
    }
    return ISO_OK;
}

void iso_layer_blocks_check_used(struct iso_loader *l)
{
    const struct iso_yaml *all = l->layer_blocks;
    for (int i = 0; all != NULL && all->kind == ISO_YAML_MAPPING && i < all->count; i++)
        if (i < ISO_LAYER_BLOCKS_MAX && !l->layer_block_used[i] && !l->layer_block_fault[i])
            iso_faults_add(l->faults, all->keys[i]->location,
                           "nothing uses the layer block '%.40s'", all->keys[i]->text);
}

/* ---- Uses ---------------------------------------------------------------------------------- */

struct copier {
    struct iso_loader *loader;
    const struct iso_yaml *definition, *args; /* args: a mapping, a bare first argument, or NULL */
    const struct iso_location *used_at;
};

/* The argument for a parameter, or its default; NULL when it has neither. */
static const struct iso_yaml *argument(const struct copier *c, int parameter)
{
    const struct iso_yaml *p = parameters_of(c->definition), *given = NULL;
    if (c->args != NULL && c->args->kind == ISO_YAML_MAPPING)
        given = iso_yaml_get(c->args, p->keys[parameter]->text);
    else if (parameter == 0)
        given = c->args;
    if (given != NULL)
        return given;
    return iso_yaml_is_null(p->items[parameter]) ? NULL : p->items[parameter];
}

static iso_rc copy_node(struct copier *c, const struct iso_yaml *from, struct iso_yaml **out)
{
    *out = iso_yaml_alloc(c->loader->doc, 1, sizeof **out);
    if (*out == NULL)
        return ISO_ENOMEM;
    **out = *from;
    (*out)->location.used_at = c->used_at;
    c->loader->copied++;
    return ISO_OK;
}

static iso_rc copy(struct copier *c, const struct iso_yaml *from, struct iso_yaml **out);

/* Copies the nodes below `from` into `to`. */
static iso_rc copy_items(struct copier *c, const struct iso_yaml *from, struct iso_yaml *to)
{
    if (from->count == 0)
        return ISO_OK;
    to->items = iso_yaml_alloc(c->loader->doc, (size_t)from->count, sizeof *to->items);
    to->keys = from->keys != NULL
                   ? iso_yaml_alloc(c->loader->doc, (size_t)from->count, sizeof *to->keys)
                   : NULL;
    if (to->items == NULL || (from->keys != NULL && to->keys == NULL))
        return ISO_ENOMEM;
    for (int i = 0; i < from->count; i++) {
        if (from->keys != NULL)
            ISO_TRY(copy_node(c, from->keys[i], &to->keys[i]));
        ISO_TRY(copy(c, from->items[i], &to->items[i]));
    }
    return ISO_OK;
}

/* Copies a node and those below it. Each keeps its location in the definition, and is used where
 * the use stands; an argument gets the location of the parameter in the definition, and is used
 * where it is given. What an argument holds is shared. */
static iso_rc copy(struct copier *c, const struct iso_yaml *from, struct iso_yaml **out)
{
    const int parameter = is_reference(from) ? find_parameter(c->definition, from->text + 1) : -1;
    const struct iso_yaml *value = parameter >= 0 ? argument(c, parameter) : NULL;
    ISO_TRY(copy_node(c, value ? value : from, out));
    if (value != NULL) {
        (*out)->location = from->location;
        (*out)->location.used_at =
            value == parameters_of(c->definition)->items[parameter] ? c->used_at : &value->location;
    }
    return value != NULL || c->loader->copied > ISO_YAML_NODES ? ISO_OK : copy_items(c, from, *out);
}

/* Reports arguments that no parameter takes and required ones that are missing. */
static bool check_arguments(const struct copier *c, const struct iso_named *use)
{
    struct iso_faults *faults = c->loader->faults;
    const struct iso_yaml *p = parameters_of(c->definition), *args = c->args;
    const char *name = use->name->text;
    const int before = faults->count;
    char hint[80];
    if (args != NULL && args->kind != ISO_YAML_MAPPING && (p == NULL || p->count == 0))
        iso_faults_add(faults, args->location, "%.40s takes no parameter", name);
    for (int i = 0; args != NULL && args->kind == ISO_YAML_MAPPING && i < args->count; i++) {
        const char *key = args->keys[i]->text;
        struct iso_suggest near;
        if (is_layer_key(key) || find_parameter(c->definition, key) >= 0)
            continue;
        iso_suggest_begin(&near, key);
        for (int k = 0; p != NULL && k < p->count; k++)
            iso_suggest_try(&near, p->keys[k]->text);
        for (const struct iso_layer_key *k = iso_layer_keys; k->key != NULL; k++)
            iso_suggest_try(&near, k->key);
        iso_faults_add(faults, args->keys[i]->location, "%.40s: unknown key '%.40s'%s", name, key,
                       iso_suggest_text(&near, hint, sizeof hint));
    }
    for (int i = 0; p != NULL && i < p->count && faults->count == before; i++) /* else mistyped */
        if (argument(c, i) == NULL || iso_yaml_is_null(argument(c, i)))
            iso_faults_add(faults, use->name->location, "%.40s: '%.40s' is missing", name,
                           p->keys[i]->text);
    return faults->count == before;
}

iso_rc iso_layer_block_layers(struct iso_loader *l, int index, const struct iso_named *use,
                              const struct iso_yaml **layers)
{
    struct copier c = { l, definition_of(l, index), use->args, &use->name->location };
    struct iso_yaml *made;
    *layers = NULL;
    l->layer_block_used[index] = true;
    if (l->layer_block_fault[index] || !check_arguments(&c, use))
        return ISO_OK;
    ISO_TRY(copy(&c, iso_yaml_get(c.definition, "layers"), &made));
    if (l->copied > ISO_YAML_NODES)
        iso_faults_add(l->faults, use->name->location,
                       "the uses of layer blocks make more than %d nodes", ISO_YAML_NODES);
    else
        *layers = made;
    return ISO_OK;
}
