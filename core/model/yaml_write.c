/* yaml_write.c: a tree as text that reads back as the same tree. */
#include "yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { WIDTH = 100 };
struct writer {
    yaml_emitter_t yaml;
    char *text;
    size_t size, room;
    bool full; /* out of memory */
};

static int on_bytes(void *self, unsigned char *bytes, size_t n)
{
    struct writer *w = self;
    if (w->size + n + 1 > w->room) {
        const size_t room = 2 * (w->size + n + 1);
        char *larger = iso_alloc(room, 1);
        if (larger == NULL) {
            w->full = true;
            return 0;
        }
        if (w->size > 0)
            memcpy(larger, w->text, w->size);
        free(w->text);
        w->text = larger;
        w->room = room;
    }
    memcpy(w->text + w->size, bytes, n);
    w->size += n;
    return 1;
}

static bool emit(struct writer *w, yaml_event_t *event)
{
    return yaml_emitter_emit(&w->yaml, event) != 0;
}

static bool write_scalar(struct writer *w, const struct iso_yaml *node)
{
    yaml_event_t event;
    const char *text = iso_yaml_is_null(node) ? "null" : node->text;
    return yaml_scalar_event_initialize(
               &event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
               node->plain ? YAML_PLAIN_SCALAR_STYLE : YAML_SINGLE_QUOTED_SCALAR_STYLE) &&
           emit(w, &event);
}

/* Levels below the node: 0 of a scalar. */
static int height(const struct iso_yaml *node)
{
    int most = -1;
    for (int i = 0; i < node->count; i++) {
        const int below = height(node->items[i]);
        most = below > most ? below : most;
    }
    return most + (node->kind == ISO_YAML_SCALAR ? 1 : most < 0 ? 2 : 1);
}

/* Returns true for a node that stands deep or holds values only: it goes on one line; `- dropout:
 * 0.5` needs no braces. */
static bool in_line(const struct iso_yaml *node, int depth, bool in_list)
{
    const bool named = depth == 2 && in_list && node->kind == ISO_YAML_MAPPING && node->count == 1;
    return depth > 2 || (depth > 0 && height(node) < 2 && !named);
}

static bool write_node(struct writer *w, const struct iso_yaml *node, int depth, bool in_list)
{
    yaml_event_t event;
    const bool line = in_line(node, depth, in_list);
    if (node->kind == ISO_YAML_SCALAR)
        return write_scalar(w, node);
    const bool mapping = node->kind == ISO_YAML_MAPPING;
    if (!(mapping ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                        line ? YAML_FLOW_MAPPING_STYLE
                                                             : YAML_BLOCK_MAPPING_STYLE)
                  : yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                         line ? YAML_FLOW_SEQUENCE_STYLE
                                                              : YAML_BLOCK_SEQUENCE_STYLE)) ||
        !emit(w, &event))
        return false;
    for (int i = 0; i < node->count; i++)
        if ((mapping && !write_scalar(w, node->keys[i])) ||
            !write_node(w, node->items[i], depth + 1, !mapping))
            return false;
    return (mapping ? yaml_mapping_end_event_initialize(&event)
                    : yaml_sequence_end_event_initialize(&event)) &&
           emit(w, &event);
}

static bool write_all(struct writer *w, const struct iso_yaml *root)
{
    yaml_event_t event;
    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && emit(w, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) && emit(w, &event) &&
           write_node(w, root, 0, false) && yaml_document_end_event_initialize(&event, 1) &&
           emit(w, &event) && yaml_stream_end_event_initialize(&event) && emit(w, &event);
}

iso_rc iso_yaml_write(const struct iso_yaml *root, char **text, size_t *size)
{
    struct writer w = { .size = 0 };
    if (!yaml_emitter_initialize(&w.yaml))
        return iso_fail(ISO_ENOMEM, "out of memory while writing YAML");
    yaml_emitter_set_output(&w.yaml, on_bytes, &w);
    yaml_emitter_set_width(&w.yaml, WIDTH);
    yaml_emitter_set_unicode(&w.yaml, 1);
    const bool done = write_all(&w, root);
    yaml_emitter_delete(&w.yaml);
    if (!done || w.full) {
        free(w.text);
        return iso_fail(ISO_ENOMEM, "out of memory while writing YAML");
    }
    w.text[w.size] = '\0';
    *text = w.text;
    *size = w.size;
    return ISO_OK;
}
