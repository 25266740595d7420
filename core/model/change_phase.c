#include "change_phase.h"
#include "list_names.h"
#include "yaml_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 32 };

/* The phase's number from 0; -1, and why, when there is none. */
static int find_phase(const struct iso_yaml *phases, const char *phase, char *why, size_t n)
{
    char step[NAME];
    const long number = strtol(phase, NULL, 10);
    const bool is_number = *phase && phase[strspn(phase, "0123456789")] == '\0';
    snprintf(step, sizeof step, "%ld", number - 1);
    if (is_number && (number < 1 || number > phases->count)) {
        snprintf(why, n, "--phase %.20s: the phases have the numbers 1 to %d", phase,
                 phases->count);
        return -1;
    }
    return iso_list_find(phases, is_number ? step : phase, why, n);
}

/* Returns a copy of the phase under the name that it has among the others. There is nothing that it
 * could keep of one before it. */
static struct iso_yaml *make_only(struct iso_yaml_doc *doc, const struct iso_yaml *phase, int at)
{
    char name[NAME];
    struct iso_yaml *only = iso_yaml_copy(doc, phase->location, phase);
    if (only == NULL)
        return NULL;
    iso_yaml_take_key(only, "keep_steps");
    iso_yaml_take_key(only, "keep_slots");
    if (iso_yaml_get(only, "name") != NULL)
        return only;
    snprintf(name, sizeof name, "phase_%d", at + 1);
    only->keys[only->count] = iso_yaml_scalar(doc, only->location, "name");
    only->items[only->count] = iso_yaml_scalar(doc, only->location, name);
    return only->keys[only->count] != NULL && only->items[only->count++] != NULL ? only : NULL;
}

/* Makes it the list's only one, and takes out of the root what it has of its own. */
static iso_rc keep(struct iso_yaml_doc *doc, int key, int at)
{
    struct iso_yaml *root = iso_yaml_copy(doc, doc->root->location, doc->root);
    const struct iso_yaml *phases = doc->root->items[key];
    struct iso_yaml *list = iso_yaml_copy(doc, phases->location, phases);
    struct iso_yaml *only = make_only(doc, phases->items[at], at);
    if (root == NULL || list == NULL || only == NULL)
        return ISO_ENOMEM;
    list->items[0] = only;
    list->count = 1;
    root->items[key] = list;
    if (iso_yaml_get(only, "loss") != NULL)
        iso_yaml_take_key(root, "loss");
    if (iso_yaml_get(only, "optimizer") != NULL)
        iso_yaml_take_key(root, "optimizer");
    doc->root = root;
    return ISO_OK;
}

iso_rc iso_keep_phase(struct iso_yaml_doc *doc, const char *phase, struct iso_faults *faults)
{
    char why[200];
    int key = doc->root->count - 1;
    while (key >= 0 && strcmp(doc->root->keys[key]->text, "phases") != 0)
        key--;
    const struct iso_yaml *phases = key >= 0 ? doc->root->items[key] : NULL;
    if (phases == NULL || phases->kind != ISO_YAML_SEQUENCE || phases->count == 0) {
        iso_faults_add(faults, doc->root->location, "--phase %.20s: this model file has no phases",
                       phase);
        return ISO_OK;
    }
    const int at = find_phase(phases, phase, why, sizeof why);
    if (at >= 0 && phases->items[at]->kind == ISO_YAML_MAPPING)
        return keep(doc, key, at);
    iso_faults_add(faults, phases->location, "%s", at < 0 ? why : "this phase is no mapping");
    return ISO_OK;
}
