#include "c_closure.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 100 }; /* bytes; clang-format's limit */

/* Types that a kernel's forward pass only passes on. */
static const char *const opaque[] = { "iso_backend", "iso_mem" };

iso_rc iso_c_closure_new(const struct iso_c_items *items, FILE *out, struct iso_c_closure *c)
{
    *c = (struct iso_c_closure){ .items = items, .out = out };
    c->taken = iso_alloc((size_t)items->nitems + 1, sizeof *c->taken);
    return c->taken != NULL ? ISO_OK : ISO_ENOMEM;
}

void iso_c_closure_free(struct iso_c_closure *c) { free(c->taken); }

static const struct iso_c_token *tokens_of(const struct iso_c_items *c, int item)
{
    return &c->tokens[c->items[item].first];
}

static bool is_opaque(const struct iso_c_token *t)
{
    for (size_t i = 0; i < sizeof opaque / sizeof *opaque; i++)
        if (iso_c_token_is(t, opaque[i]))
            return true;
    return false;
}

/* ---- Kernels ------------------------------------------------------------------------------- */

/* Returns the item of the function that a kernel, `const struct iso_kernel X = { ... }`, has for
 * forward; -1: the item is no kernel, or has none. */
static int forward_of(const struct iso_c_items *c, int item)
{
    const struct iso_c_token *t = tokens_of(c, item);
    const struct iso_c_item *i = &c->items[item];
    if (i->count < 6 || !iso_c_token_is(&t[2], "iso_kernel"))
        return -1;
    for (int k = 4; k + 3 < i->count; k++)
        if (iso_c_token_is(&t[k], ".") && iso_c_token_is(&t[k + 1], "forward") &&
            iso_c_token_is(&t[k + 2], "="))
            return iso_c_items_find(c, t[k + 3].at, t[k + 3].n, false, i->file);
    return -1;
}

/* Returns the item that token k of an item means; -1: none. *skip: tokens behind it that belong to
 * it, as in `isocl_conv2d_plain.forward`, which means that function. */
static int meaning(const struct iso_c_items *c, int item, int k, int *skip)
{
    const struct iso_c_token *t = tokens_of(c, item);
    const struct iso_c_item *i = &c->items[item];
    *skip = 0;
    if (!t[k].word ||
        (k > 0 && (iso_c_token_is(&t[k - 1], ".") || iso_c_token_is(&t[k - 1], "->"))))
        return -1;
    const bool tag = k > 0 &&
                     (iso_c_token_is(&t[k - 1], "struct") || iso_c_token_is(&t[k - 1], "enum"));
    const int found = iso_c_items_find(c, t[k].at, t[k].n, tag, i->file);
    if (found < 0 || k + 2 >= i->count || !iso_c_token_is(&t[k + 1], ".") ||
        !iso_c_token_is(&t[k + 2], "forward"))
        return found;
    const int forward = forward_of(c, found);
    *skip = forward >= 0 ? 2 : 0;
    return forward >= 0 ? forward : found;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Writes a name as the C file has it: an item's own name, behind that of its file,
 * backends/reference/conv2d.c, if only that file sees the item. */
static void final_name(const struct iso_c_items *c, int item, const struct iso_c_token *name,
                       char out[ISO_NAME])
{
    const char *path = c->files[c->items[item].file], *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const int stem = iso_c_item_local(c, item) ? (int)strcspn(base, ".") : 0;
    snprintf(out, ISO_NAME, "%.*s%s%.*s", stem, base, stem > 0 ? "_" : "", name->n, name->at);
}

/* The name of an item's function is the token before its first bracket. */
static const struct iso_c_token *function_of(const struct iso_c_items *c, int item)
{
    const struct iso_c_token *t = tokens_of(c, item);
    int k = 1;
    while (!iso_c_token_is(&t[k], "("))
        k++;
    return &t[k - 1];
}

static void write_token(const struct iso_c_closure *c, const struct iso_c_token *t, int means,
                        int skip)
{
    char name[ISO_NAME];
    if (means < 0) {
        fprintf(c->out, "%.*s", t->n, t->at);
        return;
    }
    final_name(c->items, means, skip > 0 ? function_of(c->items, means) : t, name);
    fprintf(c->out, "%s", name);
}

/* Returns the length of the line that p is on. */
static int line_length(const struct iso_c_items *c, const char *p)
{
    const char *begin = p;
    while (begin > c->text && begin[-1] != '\n')
        begin--;
    return (int)strcspn(begin, "\n");
}

/* Writes what is between two tokens. What a macro gives is one line, which ends behind a statement,
 * or where a list has become long, so that people can read it. */
static void write_gap(const struct iso_c_closure *c, const char *from, const struct iso_c_token *to,
                      int parentheses, int *column)
{
    const bool blank = to->at - from == 1 && *from == ' ';
    const bool ends = blank && ((from[-1] == ';' && parentheses == 0) ||
                                (from[-1] == ',' && *column > LINE - 20));
    if (ends && line_length(c->items, from) > LINE) {
        fprintf(c->out, "\n    ");
        *column = 4;
        return;
    }
    fprintf(c->out, "%.*s", (int)(to->at - from), from);
    *column = memchr(from, '\n', (size_t)(to->at - from)) != NULL ? 0 : *column;
}

/* Every function and object is static: the file is a program's only source of them. */
static void write_item(const struct iso_c_closure *c, int item)
{
    const struct iso_c_item *i = &c->items->items[item];
    const struct iso_c_token *t = tokens_of(c->items, item);
    const char *from = i->begin;
    const bool object = i->function || iso_c_token_is(&t[0], "const");
    int parentheses = 0, column = 0;
    for (int k = 0, skip; k < i->count; k += 1 + skip) {
        const int means = meaning(c->items, item, k, &skip);
        parentheses += iso_c_token_is(&t[k], "(") - iso_c_token_is(&t[k], ")");
        write_gap(c, from, &t[k], parentheses, &column);
        column += t[k].n + 1;
        if (k == 0 && object && !iso_c_token_is(&t[0], "static"))
            fprintf(c->out, "static ");
        write_token(c, &t[k], means, skip);
        from = t[k + skip].at + t[k + skip].n;
    }
    fprintf(c->out, "\n\n");
}

static iso_rc take(struct iso_c_closure *c, int item)
{
    const struct iso_c_item *i = &c->items->items[item];
    const struct iso_c_token *t = tokens_of(c->items, item);
    if (c->taken[item])
        return ISO_OK;
    c->taken[item] = true;
    if (i->opens && !iso_c_token_is(&t[0], "struct"))
        return iso_fail(ISO_EUNSUP, "%.*s is not among what can be written as C",
                        function_of(c->items, item)->n, function_of(c->items, item)->at);
    for (int k = 0, skip; k < i->count; k += 1 + skip) {
        const int means = is_opaque(&t[k]) ? -1 : meaning(c->items, item, k, &skip);
        skip = means < 0 ? 0 : skip;
        if (means >= 0 && means != item)
            ISO_TRY(take(c, means));
    }
    write_item(c, item);
    return ISO_OK;
}

iso_rc iso_c_closure_struct(struct iso_c_closure *c, const char *name)
{
    const int item = iso_c_items_find(c->items, name, (int)strlen(name), true, -1);
    if (item < 0)
        return iso_fail(ISO_EUNSUP, "%s is not among what can be written as C", name);
    return take(c, item);
}

iso_rc iso_c_closure_forward(struct iso_c_closure *c, enum iso_op op, char function[ISO_NAME])
{
    char kernel[ISO_NAME];
    snprintf(kernel, sizeof kernel, "isocl_%s", iso_ops[op].name);
    const int item = iso_c_items_find(c->items, kernel, (int)strlen(kernel), false, -1);
    const int forward = item >= 0 ? forward_of(c->items, item) : -1;
    if (forward < 0)
        return iso_fail(ISO_EUNSUP, "%s has no kernel that can be written as C", iso_ops[op].name);
    ISO_TRY(take(c, forward));
    final_name(c->items, forward, function_of(c->items, forward), function);
    return ISO_OK;
}

void iso_c_params_name(const struct iso_c_items *c, enum iso_op op, char name[ISO_NAME])
{
    char definition[ISO_NAME];
    snprintf(definition, sizeof definition, "iso_def_%s", iso_ops[op].name);
    const int item = iso_c_items_find(c, definition, (int)strlen(definition), false, -1);
    *name = '\0';
    if (item < 0)
        return;
    const struct iso_c_token *t = tokens_of(c, item);
    for (int k = 0; k + 5 < c->items[item].count; k++)
        if (iso_c_token_is(&t[k], "params_size") && iso_c_token_is(&t[k + 2], "sizeof"))
            snprintf(name, ISO_NAME, "%.*s", t[k + 5].n, t[k + 5].at);
}
