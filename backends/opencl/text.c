/* text.c: puts the text of a program together from files of clkernels/ and core/. */
#include "text.h"

#include "core/system/environment.h"
#include "source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, NAME = 96, MAX_ONCE = 32 };

/* A program in the making, and the headers that it has. */
struct joined {
    struct opencl_text *out;
    char once[MAX_ONCE][NAME];
    int nonce;
};

static iso_rc append(struct opencl_text *t, const char *data, size_t n)
{
    if (t->length + n + 1 > t->room) {
        size_t room = 2 * (t->length + n + 1);
        char *grown = realloc(t->data, room);
        if (grown == NULL)
            return iso_fail(ISO_ENOMEM, "out of memory for a kernel's text");
        t->data = grown;
        t->room = room;
    }
    memcpy(t->data + t->length, data, n);
    t->length += n;
    t->data[t->length] = '\0';
    return ISO_OK;
}

/* ---- Files --------------------------------------------------------------------------------- */

static iso_rc read_file(FILE *f, const char *path, struct opencl_text *out)
{
    char buf[4096];
    ISO_TRY(append(out, "", 0));
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
        ISO_TRY(append(out, buf, n));
    return ferror(f) ? iso_fail(ISO_EIO, "%s cannot be read", path) : ISO_OK;
}

/* Appends the whole file DIR/name to out. *found is false, and that is no failure, when there is no
 * such file. */
static iso_rc read_override(const char *name, struct opencl_text *out, bool *found)
{
    const char *dir = iso_environment(ISO_ENV_KERNEL_DIR);
    char path[1024];
    *found = false;
    if (dir == NULL || snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return ISO_OK;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return ISO_OK;
    *found = true;
    const iso_rc rc = read_file(f, path, out);
    fclose(f);
    return rc;
}

static iso_rc find_text(const char *name, struct opencl_text *out)
{
    bool found;
    ISO_TRY(read_override(name, out, &found));
    if (found)
        return ISO_OK;
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return append(out, s->text, s->length);
    return iso_fail(ISO_EDEVICE, "the kernel file %s is not part of this program", name);
}

/* ---- Lines --------------------------------------------------------------------------------- */

static bool starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

/* If the line includes a file: true, with its path from the root in name. A file without a folder
 * lies beside `from`, which includes it. */
static bool includes(const char *line, size_t n, const char *from, char name[NAME])
{
    const char *key = "#include \"", *slash = strrchr(from, '/');
    const size_t k = strlen(key);
    if (n < k || strncmp(line, key, k) != 0)
        return false;
    const char *start = line + k, *end = memchr(start, '"', n - k);
    if (end == NULL)
        return false;
    const bool beside = memchr(start, '/', (size_t)(end - start)) == NULL && slash != NULL;
    snprintf(name, NAME, "%.*s%.*s", beside ? (int)(slash + 1 - from) : 0, from, (int)(end - start),
             start);
    return true;
}

/* True if the first directive of a file is the #ifndef of an include guard. */
static bool is_guarded(const char *text)
{
    while (*text != '\0' && *text != '#')
        text = next_line(text);
    return starts(text, "#ifndef ") && starts(next_line(text), "#define ");
}

/* ---- Includes ------------------------------------------------------------------------------ */

static bool is_there(const struct joined *j, const char *name)
{
    for (int i = 0; i < j->nonce; i++)
        if (strcmp(j->once[i], name) == 0)
            return true;
    return false;
}

static iso_rc mark_line(struct joined *j, int number, const char *name)
{
    char mark[NAME + 32];
    const int k = snprintf(mark, sizeof mark, "#line %d \"%s\"\n", number, name);
    return append(j->out, mark, (size_t)k);
}

static iso_rc expand(struct joined *j, const char *name, int depth);

static iso_rc expand_lines(struct joined *j, const char *name, const char *text, int depth)
{
    const bool no_pragma = iso_environment(ISO_ENV_OPENCL_NO_PRAGMA) != NULL;
    int number = 1;
    for (const char *line = text, *next; *line != '\0'; line = next, number++) {
        char other[NAME];
        next = next_line(line);
        const bool include = includes(line, (size_t)(next - line), name, other);
        if (include && !is_there(j, other)) {
            ISO_TRY(expand(j, other, depth + 1));
            ISO_TRY(mark_line(j, number + 1, name));
        } else if (include || (no_pragma && starts(line, "#pragma OPENCL FP_CONTRACT"))) {
            ISO_TRY(append(j->out, "\n", 1));
        } else {
            ISO_TRY(append(j->out, line, (size_t)(next - line)));
        }
    }
    return ISO_OK;
}

static iso_rc expand_text(struct joined *j, const char *name, const char *text, int depth)
{
    if (depth > MAX_DEPTH)
        return iso_fail(ISO_EDEVICE, "%s: includes are nested too deeply", name);
    if (is_guarded(text) && j->nonce < MAX_ONCE)
        snprintf(j->once[j->nonce++], NAME, "%s", name);
    ISO_TRY(mark_line(j, 1, name));
    return expand_lines(j, name, text, depth);
}

static iso_rc expand(struct joined *j, const char *name, int depth)
{
    struct opencl_text text = { 0 };
    iso_rc rc = find_text(name, &text);
    if (rc == ISO_OK)
        rc = expand_text(j, name, text.data, depth);
    free(text.data);
    return rc;
}

/* ---- Names --------------------------------------------------------------------------------- */

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* The word that ends at `end`, exclusive; its length, or 0. */
static size_t word_before(const char *line, const char *end, const char **word)
{
    while (end > line && !is_word(end[-1]))
        end--;
    *word = end;
    while (*word > line && is_word((*word)[-1]))
        (*word)--;
    return (size_t)(end - *word);
}

/* If the line begins a function, a struct or a type that has a name: the length of that, otherwise
 * 0. *arguments: it is a function. */
static size_t defined(const char *line, const char **word, bool *arguments)
{
    const char *next = next_line(line), *end = NULL;
    *arguments = starts(line, "static inline ") || starts(line, "INLINE ");
    if (*arguments)
        end = memchr(line, '(', (size_t)(next - line));
    else if (starts(line, "struct "))
        end = memchr(line, '{', (size_t)(next - line));
    else if (starts(line, "typedef "))
        end = memchr(line, ';', (size_t)(next - line));
    return end != NULL ? word_before(line, end, word) : 0;
}

/* Gives the functions, structs and types of a file names that end in its own. A function's is a
 * macro with arguments, which leaves a member of the same name alone. */
static iso_rc begin_names(struct joined *j, const char *file, const char *text)
{
    const int stem = (int)strcspn(file, ".");
    for (const char *line = text, *word; *line != '\0'; line = next_line(line)) {
        bool arguments;
        char out[3 * NAME];
        const int n = (int)defined(line, &word, &arguments);
        if (n > 0 && n < NAME) {
            const int k = snprintf(out, sizeof out, "#define %.*s%s %.*s_of_%.*s%s\n", n, word,
                                   arguments ? "(...)" : "", n, word, stem, file,
                                   arguments ? "(__VA_ARGS__)" : "");
            ISO_TRY(append(j->out, out, (size_t)k));
        }
    }
    return ISO_OK;
}

/* Undefines these names, and the macros of the file. */
static iso_rc end_names(struct joined *j, const char *text)
{
    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        const char *word = line + strlen("#define ");
        bool arguments;
        char out[2 * NAME];
        const int n = (int)(starts(line, "#define ") ? strcspn(word, "( \t\r\n")
                                                     : defined(line, &word, &arguments));
        if (n > 0 && n < NAME) {
            const int k = snprintf(out, sizeof out, "#undef %.*s\n", n, word);
            ISO_TRY(append(j->out, out, (size_t)k));
        }
    }
    return ISO_OK;
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* Appends the headers with guards that a file includes, so that no name of the file is in force
 * there. */
static iso_rc join_headers(struct joined *j, const char *name, const char *text)
{
    for (const char *line = text, *next; *line != '\0'; line = next) {
        char other[NAME];
        struct opencl_text header = { 0 };
        next = next_line(line);
        if (!includes(line, (size_t)(next - line), name, other) || is_there(j, other))
            continue;
        iso_rc rc = find_text(other, &header);
        if (rc == ISO_OK && is_guarded(header.data))
            rc = expand_text(j, other, header.data, 1);
        free(header.data);
        ISO_TRY(rc);
    }
    return ISO_OK;
}

/* One file of several. */
static iso_rc join_text(struct joined *j, const char *file, const char *name, const char *text)
{
    ISO_TRY(join_headers(j, name, text));
    ISO_TRY(begin_names(j, file, text));
    ISO_TRY(expand_text(j, name, text, 0));
    return end_names(j, text);
}

static iso_rc join_file(struct joined *j, const char *file, bool alone)
{
    char name[NAME];
    struct opencl_text text = { 0 };
    snprintf(name, sizeof name, "clkernels/%s", file);
    iso_rc rc = find_text(name, &text);
    if (rc == ISO_OK)
        rc = alone ? expand_text(j, name, text.data, 0) : join_text(j, file, name, text.data);
    free(text.data);
    return rc;
}

iso_rc opencl_text_join(const char *const *names, int n, struct opencl_text *out)
{
    struct joined j = { .out = out };
    for (int i = 0; i < n; i++)
        ISO_TRY(join_file(&j, names[i], n == 1));
    return ISO_OK;
}
