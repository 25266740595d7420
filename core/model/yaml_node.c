/* yaml_node.c: looking at the tree. */
#include "yaml.h"

#include <stdio.h>
#include <string.h>

const struct iso_yaml *iso_yaml_get(const struct iso_yaml *mapping, const char *key)
{
    for (int i = 0; mapping->kind == ISO_YAML_MAPPING && i < mapping->count; i++)
        if (strcmp(mapping->keys[i]->text, key) == 0)
            return mapping->items[i];
    return NULL;
}

bool iso_yaml_is_null(const struct iso_yaml *node)
{
    return node->kind == ISO_YAML_SCALAR && node->plain &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *iso_yaml_describe(const struct iso_yaml *node, char *buf, size_t n)
{
    if (node->kind != ISO_YAML_SCALAR)
        snprintf(buf, n, "%s", node->kind == ISO_YAML_SEQUENCE ? "a list" : "a mapping");
    else if (iso_yaml_is_null(node))
        snprintf(buf, n, "nothing");
    else if (strlen(node->text) > 40)
        snprintf(buf, n, "'%.37s...'", node->text);
    else
        snprintf(buf, n, "'%s'", node->text);
    return buf;
}
