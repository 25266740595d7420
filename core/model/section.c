/* section.c: what the readers of all sections share. */
#include "section.h"
#include "field.h"

#include <string.h>

const struct iso_layer_key iso_layer_keys[ISO_LAYER_KEYS + 1] = {
    { "name", "name in weight files and messages (default: conv2d_1, conv2d_2, ...)" },
    { "inputs",
      "name of the layer it reads, or input; a list for several, such as [conv2d_2, input] "
      "(default: the layer above)" },
    { "trainable",
      "false: its weights stay as they are, and batch_normalization uses its moving "
      "statistics (default: true)" },
    { "learning_rate_multiplier",
      "factor of the learning rate for its weights; of a layer block, for all of its layers "
      "(default: 1)" },
    { "recompute",
      "true: in training, its result is not kept for the backward pass but computed again there, "
      "which saves memory and changes no bit; of a layer block, the results of all layers within "
      "it. Layers with this key that follow one another are computed again together (default: "
      "false)" },
    { "repeat",
      "number of copies in a row, each with a number after its name (default: one, without a "
      "number)" },
    { "first", "first of these numbers (default: 1)" },
    { .key = NULL }
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
bool iso_name_valid(const char *name)
{
    return *name && strchr(LETTERS, *name) != NULL && name[strspn(name, LETTERS ".-")] == '\0';
}

iso_rc iso_load_fields(struct iso_loader *l, const struct iso_yaml *node, const char *what,
                       const struct iso_field *fields, void *params)
{
    char found[64];
    if (node->kind == ISO_YAML_MAPPING)
        return iso_fields_read(fields, what, node->location, node, NULL, params, l->faults);
    iso_faults_add(l->faults, node->location, "%s: expected {%s: ...}, found %s", what, fields->key,
                   iso_yaml_describe(node, found, sizeof found));
    return ISO_OK;
}
