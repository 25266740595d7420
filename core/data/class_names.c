/* class_names.c: classes.txt of a run. */
#include "class_names.h"
#include "core/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "classes.txt";

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

iso_rc iso_class_names_save(const char *folder, char (*names)[ISO_CLASS_NAME], int classes)
{
    char path[ISO_PATH];
    if (names == NULL)
        return ISO_OK;
    ISO_TRY(iso_path(path, folder, file_name));
    char *text = iso_alloc((size_t)classes + 1, 2 * ISO_CLASS_NAME), *end = text;
    if (text == NULL)
        return ISO_ENOMEM;
    for (int c = 0; c < classes; c++)
        end = put_line(end, names[c]);
    const iso_rc rc = iso_file_write(path, text, (size_t)(end - text));
    free(text);
    return rc;
}

/* Reads the name of a line, truncated if it is too long. Returns the next line. */
static const char *take_line(const char *at, char name[ISO_CLASS_NAME])
{
    int n = 0;
    for (; *at && *at != '\n'; at++) {
        const bool escaped = *at == '\\' && (at[1] == '\\' || at[1] == 'n');
        if (escaped)
            at++;
        if (n < ISO_CLASS_NAME - 1)
            name[n++] = escaped && *at == 'n' ? '\n' : *at;
    }
    name[n] = '\0';
    return *at ? at + 1 : at;
}

static iso_rc parse(const char *path, const char *text, int classes, char (*names)[ISO_CLASS_NAME])
{
    int lines = 0;
    for (const char *at = text; *at; lines++) {
        char more[ISO_CLASS_NAME];
        at = take_line(at, lines < classes ? names[lines] : more);
    }
    if (lines <= classes)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s names %d classes and the model tells %d apart; it is of another "
                    "run, remove it",
                    path, lines, classes);
}

iso_rc iso_class_names_load(const char *folder, int classes, char (**out)[ISO_CLASS_NAME])
{
    char path[ISO_PATH], *text = NULL;
    size_t n;
    *out = NULL;
    ISO_TRY(iso_path(path, folder, file_name));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &text, &n));
    char(*names)[ISO_CLASS_NAME] = iso_alloc((size_t)classes + 1, sizeof *names);
    const iso_rc rc = names != NULL ? parse(path, text, classes, names) : ISO_ENOMEM;
    free(text);
    if (rc == ISO_OK)
        *out = names;
    else
        free(names);
    return rc;
}
