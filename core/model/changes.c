/* changes.c: puts values where a path of keys leads in the tree of a model file. Nodes on the way
 * are copied, since an alias may show them in other places, too. */
#include "changes.h"
#include "change_phase.h"
#include "list_names.h"
#include "yaml_edit.h"

#include <stdio.h>
#include <string.h>

enum { STEPS = 16, STEP = 128 };

struct setting {
    struct iso_yaml_doc *doc;
    struct iso_faults *faults;
    struct iso_location location; /* line 0: the whole setting */
    char step[STEPS][STEP];
    int nsteps;
    const struct iso_yaml *value; /* NULL: the key is taken out */
};

bool iso_changes_none(const struct iso_changes *c)
{
    return c == NULL || (c->n == 0 && c->phase == NULL);
}

/* ---- Nodes --------------------------------------------------------------------------------- */

static struct iso_yaml *new_scalar(struct setting *s, const char *text)
{
    return iso_yaml_scalar(s->doc, s->location, text);
}

static struct iso_yaml *copy_of(struct setting *s, const struct iso_yaml *from)
{
    return iso_yaml_copy(s->doc, s->location, from);
}

/* Returns a copy of a value's tree, all of it at the setting's location. */
static struct iso_yaml *graft(struct setting *s, const struct iso_yaml *from)
{
    struct iso_yaml *node = from->kind == ISO_YAML_SCALAR ? new_scalar(s, from->text)
                                                          : copy_of(s, from);
    if (node == NULL)
        return NULL;
    node->plain = from->plain;
    node->location = s->location;
    for (int i = 0; i < node->count; i++) {
        if (node->keys[i] != NULL && (node->keys[i] = graft(s, node->keys[i])) == NULL)
            return NULL;
        if ((node->items[i] = graft(s, node->items[i])) == NULL)
            return NULL;
    }
    return node;
}

/* ---- Steps --------------------------------------------------------------------------------- */

static iso_rc put(struct setting *s, const struct iso_yaml *node, int step, struct iso_yaml **out);

/* Puts what the steps from `step` on lead to into item `at` of node, which is the setting's own; or
 * takes the item out. */
static iso_rc put_item(struct setting *s, struct iso_yaml *node, int at, int step)
{
    const struct iso_yaml *before = at < node->count ? node->items[at] : NULL;
    if (s->value == NULL && step == s->nsteps) {
        iso_yaml_take_out(node, at);
        return ISO_OK;
    }
    return put(s, before, step, &node->items[at]);
}

static iso_rc append_key(struct setting *s, struct iso_yaml *node, const char *key, int step)
{
    if (s->value == NULL) /* a missing key need not be taken out */
        return ISO_OK;
    node->keys[node->count] = new_scalar(s, key);
    if (node->keys[node->count] == NULL)
        return ISO_ENOMEM;
    ISO_TRY(put_item(s, node, node->count, step));
    node->count++;
    return ISO_OK;
}

/* The parameters of a thing that is named; a bare one is the first of them. */
static iso_rc put_parameters(struct setting *s, struct iso_yaml *node, int step)
{
    const struct iso_yaml *args = node->items[0];
    const char *first = iso_first_parameter(node->keys[0]->text);
    if (args->kind == ISO_YAML_MAPPING || iso_yaml_is_null(args) || first == NULL)
        return put(s, iso_yaml_is_null(args) ? NULL : args, step, &node->items[0]);
    struct iso_yaml *whole = copy_of(s, NULL);
    if (whole == NULL || (whole->keys[0] = new_scalar(s, first)) == NULL)
        return ISO_ENOMEM;
    whole->items[whole->count++] = node->items[0];
    return put(s, whole, step, &node->items[0]);
}

static iso_rc put_mapping(struct setting *s, const struct iso_yaml *from, int step,
                          struct iso_yaml **out)
{
    struct iso_yaml *node = copy_of(s, from);
    if (node == NULL)
        return ISO_ENOMEM;
    *out = node;
    for (int i = 0; i < node->count; i++)
        if (strcmp(node->keys[i]->text, s->step[step]) == 0)
            return put_item(s, node, i, step + 1);
    if (node->count == 1 && step > 0 && iso_is_named(s->doc->root, node->keys[0]->text))
        return put_parameters(s, node, step);
    return append_key(s, node, s->step[step], step + 1);
}

static iso_rc put_list(struct setting *s, const struct iso_yaml *from, int step,
                       struct iso_yaml **out)
{
    char why[160];
    const int at = iso_list_find(from, s->step[step], why, sizeof why);
    struct iso_yaml *node = copy_of(s, from);
    if (node == NULL)
        return ISO_ENOMEM;
    *out = node;
    if (at >= 0)
        return put_item(s, node, at, step + 1);
    iso_faults_add(s->faults, s->location, "%s", why);
    return ISO_OK;
}

/* A name alone becomes one with parameters; *out stays as it is where there is a fault. */
static iso_rc put_scalar(struct setting *s, const struct iso_yaml *from, int step,
                         struct iso_yaml **out)
{
    if (!iso_is_named(s->doc->root, from->text)) {
        iso_faults_add(s->faults, s->location, "'%.40s' has no keys: what stands there is '%.40s'",
                       s->step[step - 1], from->text);
        return ISO_OK;
    }
    struct iso_yaml *node = copy_of(s, NULL);
    if (node == NULL)
        return ISO_ENOMEM;
    *out = node;
    return append_key(s, node, from->text, step + (strcmp(from->text, s->step[step]) == 0));
}

/* *out: node as it is with the value where the steps from `step` on lead. */
static iso_rc put(struct setting *s, const struct iso_yaml *node, int step, struct iso_yaml **out)
{
    if (step == s->nsteps)
        return (*out = graft(s, s->value)) != NULL ? ISO_OK : ISO_ENOMEM;
    if (node == NULL || node->kind == ISO_YAML_MAPPING || iso_yaml_is_null(node))
        return put_mapping(s, node != NULL && node->kind == ISO_YAML_MAPPING ? node : NULL, step,
                           out);
    return node->kind == ISO_YAML_SEQUENCE ? put_list(s, node, step, out)
                                           : put_scalar(s, node, step, out);
}

/* ---- One setting --------------------------------------------------------------------------- */

/* Splits KEY at its dots. False, with a fault, when it is none. */
static bool split(struct setting *s, const char *key, size_t n)
{
    s->nsteps = 0;
    for (const char *end = key + n; key <= end && n > 0;) {
        const size_t length = strcspn(key, ".=");
        if (length == 0 || length >= STEP || s->nsteps == STEPS)
            break;
        snprintf(s->step[s->nsteps++], STEP, "%.*s", (int)length, key);
        key += length;
        if (key == end)
            return true;
        key++;
    }
    iso_faults_add(s->faults, s->location,
                   "expected KEY=VALUE, such as optimizer.learning_rate=0.01 or "
                   "layers.dense_1.units=64");
    return false;
}

static iso_rc apply(struct setting *s, const char *text)
{
    struct iso_yaml_doc *value = NULL;
    const char *equals = strchr(text, '=');
    if (!split(s, text, equals != NULL ? (size_t)(equals - text) : 0))
        return ISO_OK;
    if (!equals[1 + strspn(equals + 1, " ")]) {
        iso_faults_add(s->faults, s->location,
                       "there is no value after '='; null takes the key out");
        return ISO_OK;
    }
    const iso_rc parsed =
        iso_yaml_parse(s->location.file, equals + 1, strlen(equals + 1), s->faults, &value);
    if (parsed != ISO_OK)
        return parsed == ISO_EMODEL ? ISO_OK : parsed;
    s->value = iso_yaml_is_null(value->root) ? NULL : value->root;
    const iso_rc rc = put(s, s->doc->root, 0, &s->doc->root);
    iso_yaml_free(value);
    return rc;
}

iso_rc iso_changes_apply(const struct iso_changes *c, struct iso_yaml_doc *doc,
                         struct iso_faults *faults)
{
    if (doc->root->kind != ISO_YAML_MAPPING)
        return ISO_OK; /* as the reader of the file will say */
    for (int i = 0; i < c->n; i++) {
        struct setting s = { .doc = doc, .faults = faults, .location = { .file = c->set[i] } };
        ISO_TRY(apply(&s, strchr(c->set[i], ' ') + 1));
    }
    return c->phase != NULL ? iso_keep_phase(doc, c->phase, faults) : ISO_OK;
}
