#include "c_items.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS, ITEMS, NAMES, FILES };

bool iso_c_token_is(const struct iso_c_token *t, const char *text)
{
    return (int)strlen(text) == t->n && memcmp(t->at, text, (size_t)t->n) == 0;
}

/* Makes room for one more element of an array. */
static iso_rc grow(void *array, int count, int *room, size_t size)
{
    void **at = array;
    if (count < *room)
        return ISO_OK;
    const int wanted = *room > 0 ? 2 * *room : 256;
    void *larger = realloc(*at, (size_t)wanted * size);
    if (larger == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    *at = larger;
    *room = wanted;
    return ISO_OK;
}

/* ---- Files --------------------------------------------------------------------------------- */

/* Finds or adds the file whose name stands in quotes on the preprocessor's line. */
static iso_rc file_of(struct iso_c_items *c, const char *line, int *file)
{
    const char *from = strchr(line, '"'), *to = from != NULL ? strchr(from + 1, '"') : NULL;
    char path[256];
    if (to == NULL)
        return ISO_OK;
    from += strncmp(from + 1, "./", 2) == 0 ? 3 : 1;
    snprintf(path, sizeof path, "%.*s", (int)(to - from), from);
    for (int i = 0; i < c->nfiles; i++)
        if (strcmp(c->files[i], path) == 0) {
            *file = i;
            return ISO_OK;
        }
    ISO_TRY(grow(&c->files, c->nfiles, &c->rooms[FILES], sizeof *c->files));
    c->files[c->nfiles] = strdup(path);
    if (c->files[c->nfiles] == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    *file = c->nfiles++;
    return ISO_OK;
}

/* ---- Tokens -------------------------------------------------------------------------------- */

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Returns the end of the comment, text in quotes, number, word or sign at p. */
static const char *token_end(const char *p)
{
    const char *end = p + 1;
    if (p[0] == '/' && p[1] == '*')
        return (end = strstr(p + 2, "*/")) != NULL ? end + 2 : p + strlen(p);
    if (*p == '"' || *p == '\'') {
        while (*end != '\0' && *end != *p)
            end += *end == '\\' ? 2 : 1;
        return *end != '\0' ? end + 1 : end;
    }
    if (isdigit((unsigned char)*p)) { /* 0x1.8p-3f, too */
        while (is_word(*end) || *end == '.' ||
               ((*end == '-' || *end == '+') && strchr("pP", end[-1]) != NULL))
            end++;
        return end;
    }
    if (is_word(*p))
        while (is_word(*end))
            end++;
    else if (p[0] == '-' && p[1] == '>')
        end++;
    return end;
}

/* ---- Items --------------------------------------------------------------------------------- */

static iso_rc add_name(struct iso_c_items *c, const struct iso_c_token *t, bool tag)
{
    ISO_TRY(grow(&c->names, c->nnames, &c->rooms[NAMES], sizeof *c->names));
    c->names[c->nnames++] = (struct iso_c_name){ t->at, t->n, c->nitems, tag };
    return ISO_OK;
}

/* Adds the constants of an enumeration; t: its tokens. */
static iso_rc name_constants(struct iso_c_items *c, const struct iso_c_token *t, int count)
{
    for (int i = 1; i < count; i++)
        if (t[i].word && t[i].depth == 1 &&
            (iso_c_token_is(&t[i - 1], "{") || iso_c_token_is(&t[i - 1], ",")))
            ISO_TRY(add_name(c, &t[i], false));
    return ISO_OK;
}

/* Returns the token with a function's name, before the first bracket; -1: it is none. */
static int function_name(const struct iso_c_token *t, int count)
{
    for (int i = 1; i < count && !iso_c_token_is(&t[i], "{") && !iso_c_token_is(&t[i], "="); i++)
        if (iso_c_token_is(&t[i], "(") && t[i - 1].word &&
            !iso_c_token_is(&t[i - 1], "__attribute__"))
            return i - 1;
    return -1;
}

/* Returns the token with a variable's name, or a type's that typedef gives; -1: there is none. */
static int object_name(const struct iso_c_token *t, int count)
{
    for (int i = 1; i < count; i++)
        if (t[i].depth == 0 && t[i - 1].depth == 0 && t[i - 1].word &&
            (iso_c_token_is(&t[i], "=") || iso_c_token_is(&t[i], "[") ||
             iso_c_token_is(&t[i], ";")))
            return i - 1;
    return -1;
}

static iso_rc name_item(struct iso_c_items *c, struct iso_c_item *item)
{
    const struct iso_c_token *t = &c->tokens[item->first];
    const int count = item->count, function = function_name(t, count);
    if (function >= 0) {
        item->function = iso_c_token_is(&t[count - 1], "}");
        item->opens = !item->function && !iso_c_token_is(&t[0], "typedef");
        return add_name(c, &t[function], false);
    }
    for (int i = 0; i + 1 < count; i++)
        if (iso_c_token_is(&t[i], "enum"))
            ISO_TRY(name_constants(c, &t[i], count - i));
    for (int i = 0; i + 2 < count && t[i].depth == 0; i++)
        if (iso_c_token_is(&t[i], "struct") || iso_c_token_is(&t[i], "enum")) {
            if (!iso_c_token_is(&t[i + 2], "{") && !iso_c_token_is(&t[i + 2], ";"))
                continue;
            item->opens = iso_c_token_is(&t[i + 2], ";");
            ISO_TRY(add_name(c, &t[i + 1], true));
            if (item->opens)
                return ISO_OK;
        }
    const int object = object_name(t, count);
    item->opens = iso_c_token_is(&t[0], "extern");
    return object >= 0 ? add_name(c, &t[object], false) : ISO_OK;
}

/* Returns true if the item's tokens, of which t is the last, are complete. */
static bool ends(const struct iso_c_items *c, const struct iso_c_item *item, int depth)
{
    const struct iso_c_token *t = &c->tokens[item->first];
    const struct iso_c_token *last = &t[item->count - 1];
    if (depth > 0)
        return false;
    if (iso_c_token_is(last, ";"))
        return true;
    return iso_c_token_is(last, "}") && function_name(t, item->count) >= 0;
}

static iso_rc end_item(struct iso_c_items *c, struct iso_c_item *item)
{
    if (item->count > 1) { /* not a lone semicolon, which a macro may leave */
        ISO_TRY(grow(&c->items, c->nitems, &c->rooms[ITEMS], sizeof *c->items));
        ISO_TRY(name_item(c, item));
        c->items[c->nitems++] = *item;
    }
    *item = (struct iso_c_item){ .first = c->ntokens };
    return ISO_OK;
}

/* A comment belongs to the item if only one line's end is between them. */
static const char *with_comment(const char *comment, const char *end, const char *item)
{
    if (comment == NULL)
        return item;
    int lines = 0;
    for (const char *p = end; p < item; p++)
        lines += *p == '\n';
    return lines == 1 ? comment : item;
}

struct reading {
    struct iso_c_item item;
    const char *comment, *comment_end; /* the last comment outside of items */
    int depth, file;
};

static iso_rc add_token(struct iso_c_items *c, struct reading *r, const char *from, const char *to)
{
    const bool opens = strchr("([{", *from) != NULL, closes = strchr(")]}", *from) != NULL;
    if (r->item.count == 0) {
        r->item.first = c->ntokens;
        r->item.begin = with_comment(r->comment, r->comment_end, from);
        r->item.file = r->file;
        r->comment = NULL;
    }
    r->depth -= closes;
    ISO_TRY(grow(&c->tokens, c->ntokens, &c->rooms[TOKENS], sizeof *c->tokens));
    c->tokens[c->ntokens++] =
        (struct iso_c_token){ from, (int)(to - from),
                              is_word(*from) && !isdigit((unsigned char)*from), r->depth };
    r->depth += opens;
    r->item.count++;
    return ends(c, &r->item, r->depth) ? end_item(c, &r->item) : ISO_OK;
}

/* Blanks a line of the preprocessor, `# 12 "core/arithmetic/order.h" 2`, and takes its file. */
static iso_rc take_line(struct iso_c_items *c, struct reading *r, char *line, char **end)
{
    *end = strchr(line, '\n');
    *end = *end != NULL ? *end : line + strlen(line);
    const char kept = **end;
    **end = '\0';
    const iso_rc rc = file_of(c, line, &r->file);
    **end = kept;
    memset(line, ' ', (size_t)(*end - line));
    return rc;
}

/* Returns true if the comment is on the line on which the last item ends, and says something of it.
 */
static bool follows_item(const struct iso_c_items *c, const char *comment)
{
    const struct iso_c_token *last = c->ntokens > 0 ? &c->tokens[c->ntokens - 1] : NULL;
    return last != NULL && memchr(last->at, '\n', (size_t)(comment - last->at)) == NULL;
}

static iso_rc read_text(struct iso_c_items *c)
{
    struct reading r = { .depth = 0 };
    for (char *p = c->text; *p != '\0';) {
        char *end = p + 1;
        if (*p == '#' && (p == c->text || p[-1] == '\n'))
            ISO_TRY(take_line(c, &r, p, &end));
        else if (p[0] == '/' && p[1] == '*') {
            end = c->text + (token_end(p) - c->text);
            if (r.item.count == 0) {
                r.comment = follows_item(c, p) ? NULL : p;
                r.comment_end = end;
            }
        } else if (!isspace((unsigned char)*p)) {
            end = c->text + (token_end(p) - c->text);
            ISO_TRY(add_token(c, &r, p, end));
        }
        p = end;
    }
    return ISO_OK;
}

static int compare(const char *a, int na, const char *b, int nb)
{
    const int order = memcmp(a, b, (size_t)(na < nb ? na : nb));
    return order != 0 ? order : (na > nb) - (na < nb);
}

static int by_name(const void *a, const void *b)
{
    const struct iso_c_name *x = a, *y = b;
    const int order = compare(x->at, x->n, y->at, y->n);
    return order != 0 ? order : x->item - y->item;
}

iso_rc iso_c_items_read(const char *source, struct iso_c_items *out)
{
    *out = (struct iso_c_items){ .text = strdup(source) };
    if (out->text == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    ISO_TRY(read_text(out));
    qsort(out->names, (size_t)out->nnames, sizeof *out->names, by_name);
    return ISO_OK;
}

void iso_c_items_free(struct iso_c_items *c)
{
    for (int i = 0; i < c->nfiles; i++)
        free(c->files[i]);
    free(c->files);
    free(c->names);
    free(c->items);
    free(c->tokens);
    free(c->text);
    *c = (struct iso_c_items){ 0 };
}

/* ---- Finding ------------------------------------------------------------------------------- */

bool iso_c_item_local(const struct iso_c_items *c, int item)
{
    const struct iso_c_item *i = &c->items[item];
    const char *path = c->files[i->file], *dot = strrchr(path, '.');
    if (dot == NULL || strcmp(dot, ".c") != 0)
        return false;
    const struct iso_c_token *t = &c->tokens[i->first];
    const bool object = i->function || iso_c_token_is(&t[0], "const") ||
                        iso_c_token_is(&t[0], "extern") || i->opens;
    return iso_c_token_is(&t[0], "static") || !object;
}

int iso_c_items_find(const struct iso_c_items *c, const char *at, int n, bool tag, int file)
{
    int low = 0, high = c->nnames, shared = -1, declared = -1;
    while (low < high) {
        const int middle = (low + high) / 2;
        const struct iso_c_name *name = &c->names[middle];
        if (compare(name->at, name->n, at, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < c->nnames && compare(c->names[low].at, c->names[low].n, at, n) == 0; low++) {
        const int item = c->names[low].item;
        if (c->names[low].tag != tag)
            continue;
        if (iso_c_item_local(c, item)) {
            if (c->items[item].file == file)
                return item;
        } else if (c->items[item].opens)
            declared = item;
        else
            shared = item;
    }
    return shared >= 0 ? shared : declared;
}
