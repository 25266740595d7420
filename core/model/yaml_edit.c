#include "yaml_edit.h"

#include <string.h>

struct iso_yaml *iso_yaml_scalar(struct iso_yaml_doc *doc, struct iso_location location,
                                 const char *text)
{
    struct iso_yaml *node = iso_yaml_alloc(doc, 1, sizeof *node);
    char *copy = iso_yaml_alloc(doc, strlen(text) + 1, 1);
    if (node == NULL || copy == NULL)
        return NULL;
    strcpy(copy, text);
    *node = (struct iso_yaml){
        .location = location, .text = copy, .plain = true, .size = 1, .height = 1
    };
    return node;
}

struct iso_yaml *iso_yaml_copy(struct iso_yaml_doc *doc, struct iso_location location,
                               const struct iso_yaml *from)
{
    struct iso_yaml *node = iso_yaml_alloc(doc, 1, sizeof *node);
    const size_t n = from != NULL ? (size_t)from->count : 0;
    struct iso_yaml **items = iso_yaml_alloc(doc, n + 1, sizeof(struct iso_yaml *));
    struct iso_yaml **keys = iso_yaml_alloc(doc, n + 1, sizeof(struct iso_yaml *));
    if (node == NULL || items == NULL || keys == NULL)
        return NULL;
    *node = from != NULL ? *from
                         : (struct iso_yaml){ .kind = ISO_YAML_MAPPING,
                                              .location = location,
                                              .text = "",
                                              .size = 1,
                                              .height = 1 };
    for (size_t i = 0; i < n; i++) {
        items[i] = from->items[i];
        keys[i] = from->kind == ISO_YAML_MAPPING ? from->keys[i] : NULL;
    }
    node->items = items;
    node->keys = keys;
    return node;
}

void iso_yaml_take_out(struct iso_yaml *node, int at)
{
    node->count--;
    for (int i = at; i < node->count; i++) {
        node->items[i] = node->items[i + 1];
        node->keys[i] = node->keys[i + 1];
    }
}

void iso_yaml_take_key(struct iso_yaml *mapping, const char *key)
{
    for (int i = mapping->count; i-- > 0;)
        if (strcmp(mapping->keys[i]->text, key) == 0)
            iso_yaml_take_out(mapping, i);
}
