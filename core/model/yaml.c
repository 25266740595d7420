/* yaml.c: builds the tree from libyaml's events, so that each limit is checked before the parser
 * continues; nothing here, and nothing in libyaml, recurses on the file's nesting. */
#include "yaml.h"
#include "yaml_utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct allocation {
    struct allocation *next;
}; /* one allocation; its bytes follow */
struct anchor {
    const char *name;
    struct iso_yaml *node;
};
struct frame {
    struct iso_yaml *node, *key;
    int room;
}; /* key: read, its value is not yet */

struct reader {
    yaml_parser_t yaml;
    const char *file;
    struct iso_faults *faults;
    struct iso_yaml_doc *doc;
    struct frame frames[ISO_YAML_DEPTH];
    struct anchor anchors[ISO_YAML_ANCHORS];
    int depth, nanchors, nodes;
};

void *iso_yaml_alloc(struct iso_yaml_doc *doc, size_t count, size_t size)
{
    enum { HEAD = (sizeof(struct allocation) + 15) / 16 * 16 };
    assert(count <= ISO_YAML_BYTES);
    struct allocation *made = iso_alloc(1, HEAD + count * size);
    if (made == NULL)
        return NULL;
    made->next = doc->owned;
    doc->owned = made;
    return (char *)made + HEAD;
}

static char *doc_copy(struct iso_yaml_doc *doc, const void *bytes, size_t n)
{
    char *copy = iso_yaml_alloc(doc, n + 1, 1);
    if (copy != NULL)
        memcpy(copy, bytes, n);
    return copy;
}

void iso_yaml_free(struct iso_yaml_doc *doc)
{
    if (doc == NULL)
        return;
    for (struct allocation *b = doc->owned, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(doc);
}

static struct iso_location location_of(const struct reader *r, const yaml_mark_t *mark)
{
    return (struct iso_location){ r->file, (int)mark->line + 1, (int)mark->column + 1, NULL };
}

/* ---- Mappings ------------------------------------------------------------------------------ */

static iso_rc grow(struct reader *r, struct iso_yaml ***list, int count, int room)
{
    struct iso_yaml **larger = iso_yaml_alloc(r->doc, (size_t)room, sizeof *larger);
    if (larger == NULL)
        return ISO_ENOMEM;
    if (count > 0)
        memcpy(larger, *list, (size_t)count * sizeof *larger);
    *list = larger;
    return ISO_OK;
}

static iso_rc append(struct reader *r, struct frame *f, struct iso_yaml *key, struct iso_yaml *item)
{
    struct iso_yaml *node = f->node;
    if (node->count == f->room) {
        f->room = f->room ? 2 * f->room : 4;
        if (node->kind == ISO_YAML_MAPPING)
            ISO_TRY(grow(r, &node->keys, node->count, f->room));
        ISO_TRY(grow(r, &node->items, node->count, f->room));
    }
    if (node->kind == ISO_YAML_MAPPING)
        node->keys[node->count] = key;
    node->items[node->count++] = item;
    return ISO_OK;
}

static bool is_merge(const struct iso_yaml *key)
{
    return key->plain && strcmp(key->text, "<<") == 0;
}

/* Adds the pairs of `from` whose keys the mapping does not have: what stands there itself wins. */
static iso_rc merge(struct reader *r, struct frame *f, const struct iso_yaml *from)
{
    if (from->kind != ISO_YAML_MAPPING) {
        iso_faults_add(r->faults, from->location, "'<<' takes a mapping, or a list of mappings");
        return ISO_OK;
    }
    for (int i = 0; i < from->count; i++) {
        if (iso_yaml_get(f->node, from->keys[i]->text) != NULL)
            continue;
        if (f->node->count == ISO_YAML_KEYS) {
            iso_faults_add(r->faults, f->node->location, "more than %d keys in one mapping",
                           ISO_YAML_KEYS);
            return ISO_EMODEL;
        }
        ISO_TRY(append(r, f, from->keys[i], from->items[i]));
    }
    return ISO_OK;
}

/* Leaves only scalar keys, each once (the first), and carries out the merges. */
static iso_rc finish_mapping(struct reader *r, struct frame *f)
{
    struct iso_yaml *node = f->node, **keys = node->keys, **items = node->items;
    int all = node->count;
    node->count = f->room = 0;
    node->keys = node->items = NULL;
    for (int i = 0; i < all; i++)
        if (keys[i]->kind != ISO_YAML_SCALAR)
            iso_faults_add(r->faults, keys[i]->location,
                           "a key must be a name, not a list or a mapping");
        else if (!is_merge(keys[i]) && iso_yaml_get(node, keys[i]->text) != NULL)
            iso_faults_add(r->faults, keys[i]->location, "key '%.40s' is given twice",
                           keys[i]->text);
        else if (!is_merge(keys[i]))
            ISO_TRY(append(r, f, keys[i], items[i]));
    for (int i = 0; i < all; i++) {
        if (keys[i]->kind != ISO_YAML_SCALAR || !is_merge(keys[i]))
            continue;
        if (items[i]->kind != ISO_YAML_SEQUENCE) {
            ISO_TRY(merge(r, f, items[i]));
            continue;
        }
        for (int j = 0; j < items[i]->count; j++)
            ISO_TRY(merge(r, f, items[i]->items[j]));
    }
    return ISO_OK;
}

/* ---- Events -------------------------------------------------------------------------------- */

static iso_rc count_nodes(struct reader *r, struct iso_location location, int nodes, int levels)
{
    r->nodes += nodes;
    if (r->nodes > ISO_YAML_NODES)
        iso_faults_add(r->faults, location, "more than %d nodes once aliases are expanded",
                       ISO_YAML_NODES);
    else if (r->depth + levels > ISO_YAML_DEPTH)
        iso_faults_add(r->faults, location, "nested more than %d levels deep", ISO_YAML_DEPTH);
    else
        return ISO_OK;
    return ISO_EMODEL;
}

/* Hangs a complete or opened node where the file has it. */
static iso_rc attach(struct reader *r, struct iso_yaml *node)
{
    if (r->depth == 0) {
        r->doc->root = node;
        return ISO_OK;
    }
    struct frame *f = &r->frames[r->depth - 1];
    if (f->node->kind == ISO_YAML_SEQUENCE)
        return append(r, f, NULL, node);
    if (f->key == NULL) {
        f->key = node;
        return ISO_OK;
    }
    if (f->node->count == ISO_YAML_KEYS) {
        iso_faults_add(r->faults, f->key->location, "more than %d keys in one mapping",
                       ISO_YAML_KEYS);
        return ISO_EMODEL;
    }
    ISO_TRY(append(r, f, f->key, node));
    f->key = NULL;
    return ISO_OK;
}

static iso_rc add_anchor(struct reader *r, const char *name, struct iso_yaml *node)
{
    if (r->nanchors == ISO_YAML_ANCHORS) {
        iso_faults_add(r->faults, node->location, "more than %d anchors", ISO_YAML_ANCHORS);
        return ISO_EMODEL;
    }
    char *copy = doc_copy(r->doc, name, strlen(name));
    if (copy == NULL)
        return ISO_ENOMEM;
    r->anchors[r->nanchors++] = (struct anchor){ copy, node };
    return ISO_OK;
}

static iso_rc add_node(struct reader *r, const yaml_event_t *e, enum iso_yaml_kind kind,
                       const yaml_char_t *anchor, const yaml_char_t *tag, struct iso_yaml **out)
{
    struct iso_location location = location_of(r, &e->start_mark);
    ISO_TRY(count_nodes(r, location, 1, 1));
    struct iso_yaml *node = iso_yaml_alloc(r->doc, 1, sizeof *node);
    if (node == NULL)
        return ISO_ENOMEM;
    *node =
        (struct iso_yaml){ .kind = kind, .location = location, .text = "", .size = 1, .height = 1 };
    if (tag != NULL && strcmp((const char *)tag, "!") != 0)
        iso_faults_add(r->faults, location, "tags such as '%.40s' have no meaning here",
                       (const char *)tag);
    if (anchor != NULL)
        ISO_TRY(add_anchor(r, (const char *)anchor, node));
    *out = node;
    return attach(r, node);
}

static iso_rc on_scalar(struct reader *r, const yaml_event_t *e)
{
    const yaml_char_t *bytes = e->data.scalar.value;
    size_t n = e->data.scalar.length;
    struct iso_yaml *node;
    ISO_TRY(add_node(r, e, ISO_YAML_SCALAR, e->data.scalar.anchor, e->data.scalar.tag, &node));
    if (memchr(bytes, '\0', n) != NULL)
        iso_faults_add(r->faults, node->location, "a text may not hold a NUL character");
    node->text = doc_copy(r->doc, bytes, n);
    if (node->text == NULL)
        return ISO_ENOMEM;
    node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return ISO_OK;
}

static iso_rc on_start(struct reader *r, const yaml_event_t *e)
{
    struct iso_yaml *node;
    if (e->type == YAML_MAPPING_START_EVENT)
        ISO_TRY(add_node(r, e, ISO_YAML_MAPPING, e->data.mapping_start.anchor,
                         e->data.mapping_start.tag, &node));
    else
        ISO_TRY(add_node(r, e, ISO_YAML_SEQUENCE, e->data.sequence_start.anchor,
                         e->data.sequence_start.tag, &node));
    node->open = true;
    r->frames[r->depth++] = (struct frame){ .node = node };
    return ISO_OK;
}

static void measure(struct iso_yaml *node, const struct iso_yaml *child)
{
    node->size += child->size;
    if (node->height < child->height + 1)
        node->height = child->height + 1;
}

static iso_rc on_end(struct reader *r)
{
    struct frame *f = &r->frames[--r->depth];
    for (int i = 0; i < f->node->count; i++) {
        measure(f->node, f->node->items[i]);
        if (f->node->kind == ISO_YAML_MAPPING)
            measure(f->node, f->node->keys[i]);
    }
    f->node->open = false;
    return f->node->kind == ISO_YAML_MAPPING ? finish_mapping(r, f) : ISO_OK;
}

static iso_rc on_alias(struct reader *r, const yaml_event_t *e)
{
    struct iso_location location = location_of(r, &e->start_mark);
    const char *name = (const char *)e->data.alias.anchor;
    struct iso_yaml *node = NULL;
    for (int i = r->nanchors; i-- > 0 && node == NULL;)
        if (strcmp(r->anchors[i].name, name) == 0)
            node = r->anchors[i].node;
    if (node == NULL)
        iso_faults_add(r->faults, location, "alias '*%.40s' names no anchor above it", name);
    else if (node->open)
        iso_faults_add(r->faults, location, "alias '*%.40s' is inside its own anchor", name);
    if (node == NULL || node->open)
        return ISO_EMODEL;
    ISO_TRY(count_nodes(r, location, node->size, node->height));
    return attach(r, node);
}

static iso_rc on_document(struct reader *r, const yaml_event_t *e)
{
    if (r->doc->root == NULL)
        return ISO_OK;
    iso_faults_add(r->faults, location_of(r, &e->start_mark),
                   "a second YAML document starts here; a model file holds one");
    return ISO_EMODEL;
}

static iso_rc on_event(struct reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT: return on_document(r, e);
    case YAML_SCALAR_EVENT: return on_scalar(r, e);
    case YAML_ALIAS_EVENT: return on_alias(r, e);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: return on_start(r, e);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_end(r);
    default: return ISO_OK;
    }
}

/* ---- The file ------------------------------------------------------------------------------ */

/* The character at a mark of libyaml's, which counts characters from 0. */
static char character_at(const char *text, size_t size, const yaml_mark_t *mark)
{
    size_t index = 0;
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) == 0x80)
            continue;
        if (index++ == mark->index)
            return text[i];
    }
    return '\0';
}

static iso_rc syntax_fault(struct reader *r, const char *text, size_t size)
{
    const yaml_parser_t *y = &r->yaml;
    if (y->error == YAML_MEMORY_ERROR)
        return iso_fail(ISO_ENOMEM, "out of memory while reading %s", r->file);
    struct iso_location location = location_of(r, &y->problem_mark);
    if (character_at(text, size, &y->problem_mark) == '\t')
        iso_faults_add(r->faults, location, "a tab cannot indent YAML; use spaces");
    else if (y->context != NULL)
        iso_faults_add(r->faults, location, "YAML: %s (%s that starts at line %d)", y->problem,
                       y->context, (int)y->context_mark.line + 1);
    else
        iso_faults_add(r->faults, location, "YAML: %s",
                       y->problem != NULL ? y->problem : "cannot be read");
    return ISO_EMODEL;
}

static iso_rc read_events(struct reader *r, const char *text, size_t size)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->yaml, &event))
            return syntax_fault(r, text, size);
        end = event.type == YAML_STREAM_END_EVENT;
        iso_rc rc = on_event(r, &event);
        yaml_event_delete(&event);
        ISO_TRY(rc);
    }
    if (r->doc->root != NULL)
        return ISO_OK;
    iso_faults_add(r->faults, (struct iso_location){ r->file, 1, 1, NULL }, "the file is empty");
    return ISO_EMODEL;
}

static iso_rc check_bytes(struct reader *r, const char *text, size_t size)
{
    struct iso_utf8_stop stop;
    if (iso_yaml_utf8_check(text, size, &stop))
        return ISO_OK;
    struct iso_location location = { r->file, stop.line, stop.column, NULL };
    if (stop.utf8)
        iso_faults_add(r->faults, location, "character U+%04X cannot stand in a model file",
                       (unsigned)stop.code);
    else
        iso_faults_add(r->faults, location, "byte 0x%02X is not UTF-8 text", (unsigned)stop.code);
    return ISO_EMODEL;
}

static iso_rc parse(struct reader *r, const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        text += 3;
        size -= 3;
    }
    ISO_TRY(check_bytes(r, text, size));
    if (!yaml_parser_initialize(&r->yaml))
        return iso_fail(ISO_ENOMEM, "out of memory while reading %s", r->file);
    yaml_parser_set_encoding(&r->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->yaml, (const unsigned char *)text, size);
    iso_rc rc = read_events(r, text, size);
    yaml_parser_delete(&r->yaml);
    return rc;
}

iso_rc iso_yaml_parse(const char *file, const char *text, size_t size, struct iso_faults *faults,
                      struct iso_yaml_doc **out)
{
    struct reader *r = iso_alloc(1, sizeof *r);
    struct iso_yaml_doc *doc = r != NULL ? iso_alloc(1, sizeof *doc) : NULL;
    iso_rc rc = ISO_ENOMEM;
    if (doc != NULL) {
        r->file = file;
        r->faults = faults;
        r->doc = doc;
        rc = parse(r, text, size);
    }
    free(r);
    if (rc == ISO_OK)
        *out = doc;
    else
        iso_yaml_free(doc);
    return rc;
}
