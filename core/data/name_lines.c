/* name_lines.c: a name in each line of a file. */
#include "name_lines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Appends a name as a line; returns the end of the text. */
static char *put_line(char *to, const char *name)
{
    for (; *name; name++) {
        if (*name == '\\' || *name == '\n')
            *to++ = '\\';
        *to++ = *name == '\n' ? 'n' : *name;
    }
    *to++ = '\n';
    return to;
}

iso_rc iso_name_lines_save(const char *folder, const char *file, const struct iso_names *names)
{
    char path[ISO_PATH];
    size_t size = 1;
    ISO_TRY(iso_path(path, folder, file));
    for (int64_t i = 0; i < names->n; i++)
        size += 2 * strlen(names->name[i]) + 1;
    char *text = iso_alloc(size, 1), *end = text;
    if (text == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < names->n; i++)
        end = put_line(end, names->name[i]);
    const iso_rc rc = iso_file_write(path, text, (size_t)(end - text));
    free(text);
    return rc;
}

/* Makes the line that begins at `at` a name, in place. Returns the next line. */
static char *take_line(char *at)
{
    char *to = at;
    for (; *at && *at != '\n'; at++) {
        const bool escaped = *at == '\\' && (at[1] == '\\' || at[1] == 'n');
        if (escaped)
            at++;
        *to++ = escaped && *at == 'n' ? '\n' : *at;
    }
    char *next = *at ? at + 1 : at;
    *to = '\0';
    return next;
}

iso_rc iso_name_lines_load(const char *folder, const char *file, char path[ISO_PATH],
                           struct iso_names *out)
{
    char *text = NULL;
    size_t n;
    ISO_TRY(iso_path(path, folder, file));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    iso_rc rc = iso_file_read(path, &text, &n);
    for (char *at = text, *next; rc == ISO_OK && *at; at = next) {
        next = take_line(at);
        rc = iso_names_add(out, at);
    }
    free(text);
    return rc;
}
