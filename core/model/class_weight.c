/* class_weight.c: the class_weight: section, {CLASS: WEIGHT, ...}. */
#include "core/text/number.h"
#include "section.h"

#include <stdlib.h>

enum { CLASSES_MAX = 1 << 24 };

static void read_one(struct iso_loader *l, const struct iso_yaml *key, const struct iso_yaml *value,
                     struct iso_class_weight *out)
{
    char found[64];
    out->location = key->location;
    if (iso_number_int(key->text, &out->class) != ISO_NUMBER_OK || out->class < 0 ||
        out->class >= CLASSES_MAX)
        iso_faults_add(l->faults, key->location,
                       "class_weight: expected the number of a class, from 0, found '%.40s'",
                       key->text);
    if (value->kind != ISO_YAML_SCALAR ||
        iso_number_real(value->text, &out->weight) != ISO_NUMBER_OK || !(out->weight >= 0) ||
        out->weight > 1e6)
        iso_faults_add(l->faults, value->location,
                       "class_weight: expected a number from 0 to 1e6, found %s",
                       iso_yaml_describe(value, found, sizeof found));
}

iso_rc iso_load_class_weight(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_model *m = l->model;
    char found[64];
    if (node->kind != ISO_YAML_MAPPING || node->count == 0) {
        iso_faults_add(l->faults, node->location,
                       "class_weight: expected {CLASS: WEIGHT, ...}, found %s",
                       iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    m->class_weights = iso_alloc((size_t)node->count, sizeof *m->class_weights);
    if (m->class_weights == NULL)
        return ISO_ENOMEM;
    m->nclass_weights = node->count;
    for (int i = 0; i < node->count; i++)
        read_one(l, node->keys[i], node->items[i], &m->class_weights[i]);
    return ISO_OK;
}
