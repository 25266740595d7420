#include "names.h"
#include "core/system/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

iso_rc iso_names_add(struct iso_names *names, const char *name)
{
    if (names->n == names->room) {
        const int64_t room = names->room ? 2 * names->room : 64;
        char **larger = iso_alloc((size_t)room, sizeof *larger);
        if (larger == NULL)
            return ISO_ENOMEM;
        if (names->n > 0)
            memcpy(larger, names->name, (size_t)names->n * sizeof *larger);
        free(names->name);
        names->name = larger;
        names->room = room;
    }
    char *own = iso_alloc(strlen(name) + 1, 1);
    if (own == NULL)
        return ISO_ENOMEM;
    names->name[names->n++] = strcpy(own, name);
    return ISO_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void iso_names_sort(struct iso_names *names)
{
    if (names->n > 0)
        qsort(names->name, (size_t)names->n, sizeof *names->name, by_bytes);
}

/* hidden: include names that begin with a dot. wanted: NULL for all. */
static iso_rc list(const char *folder, bool hidden, bool (*wanted)(const char *, const char *),
                   struct iso_names *out)
{
    iso_rc rc = ISO_OK;
    DIR *open = opendir(folder);
    if (open == NULL)
        return iso_file_fail("read the folder", folder);
    errno = 0;
    for (struct dirent *e; rc == ISO_OK && (e = readdir(open)) != NULL; errno = 0)
        if ((hidden || e->d_name[0] != '.') && strcmp(e->d_name, ".") != 0 &&
            strcmp(e->d_name, "..") != 0 && (wanted == NULL || wanted(folder, e->d_name)))
            rc = iso_names_add(out, e->d_name);
    if (rc == ISO_OK && errno)
        rc = iso_file_fail("read the folder", folder);
    closedir(open);
    iso_names_sort(out);
    return rc;
}

iso_rc iso_names_list(const char *folder, bool (*wanted)(const char *folder, const char *name),
                      struct iso_names *out)
{
    return list(folder, false, wanted, out);
}

iso_rc iso_names_all(const char *folder, struct iso_names *out)
{
    return list(folder, true, NULL, out);
}

void iso_names_cut(struct iso_names *names, int64_t n)
{
    while (names->n > n)
        free(names->name[--names->n]);
}

void iso_names_keep(struct iso_names *names, const int32_t *numbers, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < names->n; i++) {
        const bool wanted = kept < n && numbers[kept] == i;
        if (wanted)
            names->name[kept++] = names->name[i];
        else
            free(names->name[i]);
    }
    names->n = kept;
}

void iso_names_free(struct iso_names *names)
{
    iso_names_cut(names, 0);
    free(names->name);
    *names = (struct iso_names){ .name = NULL };
}

int64_t iso_names_find(const struct iso_names *names, const char *name)
{
    const char **found =
        names->n == 0 ? NULL : bsearch(&name, names->name, (size_t)names->n, sizeof name, by_bytes);
    return found != NULL ? (char **)found - names->name : -1;
}
