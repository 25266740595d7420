/* class_names.c: classes.txt of a run. */
#include "class_names.h"
#include "name_lines.h"

#include <stdio.h>
#include <stdlib.h>

static const char file_name[] = "classes.txt";

iso_rc iso_class_names_save(const char *folder, char (*names)[ISO_CLASS_NAME], int classes)
{
    struct iso_names lines = { 0 };
    iso_rc rc = ISO_OK;
    if (names == NULL)
        return ISO_OK;
    for (int c = 0; rc == ISO_OK && c < classes; c++)
        rc = iso_names_add(&lines, names[c]);
    if (rc == ISO_OK)
        rc = iso_name_lines_save(folder, file_name, &lines);
    iso_names_free(&lines);
    return rc;
}

/* Names that are too long are truncated. */
static iso_rc take_names(const char *path, const struct iso_names *lines, int classes,
                         char (**out)[ISO_CLASS_NAME])
{
    if (lines->n > classes)
        return iso_fail(ISO_EDATA,
                        "%s names %d classes and the model tells %d apart; it is of another "
                        "run, remove it",
                        path, (int)lines->n, classes);
    char(*names)[ISO_CLASS_NAME] = iso_alloc((size_t)classes + 1, sizeof *names);
    if (names == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < lines->n; i++)
        snprintf(names[i], ISO_CLASS_NAME, "%s", lines->name[i]);
    *out = names;
    return ISO_OK;
}

iso_rc iso_class_names_load(const char *folder, int classes, char (**out)[ISO_CLASS_NAME])
{
    char path[ISO_PATH];
    struct iso_names lines = { 0 };
    *out = NULL;
    iso_rc rc = iso_name_lines_load(folder, file_name, path, &lines);
    if (rc == ISO_OK && lines.n > 0)
        rc = take_names(path, &lines, classes, out);
    iso_names_free(&lines);
    return rc;
}
