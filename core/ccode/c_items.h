/* c_items.h: the top-level declarations of C sources, found by name. The sources are the reference
 * backend's and those of the ops, preprocessed when isocl is built, so that nothing of them depends
 * on a macro or on a header of isocl. No other source need be understood. */
#ifndef ISO_C_ITEMS_H
#define ISO_C_ITEMS_H
#include "core/iso.h"

/* The text, made by the Makefile: what `cc -E -C` gives for all files. */
extern const char iso_reference_source[];

struct iso_c_token {
    const char *at; /* in the text */
    int n;          /* bytes */
    bool word;      /* an identifier or a keyword */
    int depth;      /* open brackets of all kinds around it */
};
struct iso_c_item {    /* one declaration, definition or type */
    const char *begin; /* the comment before it, if there is one */
    int first, count;  /* its tokens */
    int file;          /* index of its file */
    bool function;     /* defines a function */
    bool opens;        /* declares what another item defines */
};
struct iso_c_name {
    const char *at; /* in the text */
    int n, item;
    bool tag; /* true: it names a struct or an enum, apart from other names, as in C */
};
struct iso_c_items {
    char *text; /* without the preprocessor's lines */
    struct iso_c_token *tokens;
    struct iso_c_item *items;
    struct iso_c_name *names; /* sorted */
    char **files;             /* their paths, such as core/arithmetic/order.h */
    int ntokens, nitems, nnames, nfiles;
    int rooms[4]; /* elements that the four arrays have room for */
};
/* Reads a preprocessed text. Free with iso_c_items_free, also after a failure. */
iso_rc iso_c_items_read(const char *source, struct iso_c_items *out);
void iso_c_items_free(struct iso_c_items *);
/* Returns the item that a word in a file means, as a tag or not: the file's own, or else one that
 * all see, a definition rather than a declaration; -1 if there is none. */
int iso_c_items_find(const struct iso_c_items *, const char *at, int n, bool tag, int file);
/* Returns true if only the items of its own file, a .c, see the item. */
bool iso_c_item_local(const struct iso_c_items *, int item);
bool iso_c_token_is(const struct iso_c_token *, const char *text);
#endif
