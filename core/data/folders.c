/* folders.c: the folders in which the files of a data set are looked for. */
#include "folders.h"
#include "dataset.h"
#include "core/system/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char iso_data_folders_help[] =
    "A path in a model file, such as photos of folder:photos, is absolute, begins with ~/ (the "
    "user's home), or is relative. A relative one is looked for beside the model file, and then in "
    "the data folders. The working directory does not matter.\n\n"
    "The data folders are the one that --data names, and only that; without --data those in "
    "ISOCL_DATA and in the user's data folder, ~/.local/share/isocl (or isocl in XDG_DATA_HOME). "
    "Data sets with names, such as mnist, are looked for there, too.\n\n"
    "A run remembers the folder of its model file and its data folders: `isocl eval RUN`, `isocl "
    "report RUN` and `isocl train --resume` look there first, from any working directory. Where "
    "the data have moved, --data says where they are now.\n";

/* Appends parent/child, unless parent is NULL or empty, the path is too long to exist, or it is
 * there already. */
static void add_folder(struct iso_data_folders *folders, const char *parent, const char *child)
{
    if (parent == NULL || parent[0] == '\0' || folders->n == ISO_DATA_FOLDERS)
        return;
    char *path = folders->path[folders->n];
    const int n = snprintf(path, ISO_DATA_PATH, "%s%s", parent, child);
    bool known = n < 1 || n >= ISO_DATA_PATH;
    for (int i = 0; i < folders->n; i++)
        known = known || strcmp(folders->path[i], path) == 0;
    folders->n += !known;
}

static void add_folders(const struct iso_dataset_request *r, struct iso_data_folders *out)
{
    const char *user = iso_environment(ISO_ENV_DATA_HOME);
    if (r->folder != NULL) {
        add_folder(out, r->folder, "");
        return;
    }
    for (int i = 0; r->origin != NULL && i < r->origin->folders.n; i++)
        add_folder(out, r->origin->folders.path[i], "");
    add_folder(out, iso_environment(ISO_ENV_DATA), "");
    add_folder(out, user != NULL ? user : getenv("HOME"),
               user != NULL ? "/isocl" : "/.local/share/isocl");
}

void iso_data_folders(const struct iso_dataset_request *r, struct iso_data_folders *out)
{
    out->n = 0;
    add_folders(r, out);
}

void iso_data_file_folders(const struct iso_dataset_request *r, struct iso_data_folders *out)
{
    out->n = 0;
    if (r->origin != NULL)
        add_folder(out, r->origin->model, "");
    add_folders(r, out);
}

static bool is_there(const char *folder, const char *name, char path[ISO_PATH])
{
    const bool here = *folder == '\0' || strcmp(folder, ".") == 0;
    const int n = snprintf(path, ISO_PATH, "%s%s%s", here ? "" : folder, here ? "" : "/", name);
    return n > 0 && n < ISO_PATH && access(path, F_OK) == 0;
}

bool iso_data_find(const struct iso_data_folders *folders, const char *name, char path[ISO_PATH])
{
    const char *home = getenv("HOME");
    if (name[0] == '/')
        return is_there("", name, path);
    if (strncmp(name, "~/", 2) == 0)
        return home != NULL && is_there(home, name + 2, path);
    while (strncmp(name, "./", 2) == 0)
        name += 2 + strspn(name + 2, "/");
    for (int i = 0; i < folders->n; i++)
        if (is_there(folders->path[i], *name ? name : ".", path))
            return true;
    return false;
}

const char *iso_data_folders_text(const struct iso_data_folders *folders, char *buf, size_t n)
{
    size_t used = 0;
    buf[0] = '\0';
    for (int i = 0; i < folders->n && used < n - 1; i++) {
        int more = snprintf(buf + used, n - used, "%s%s", i == 0 ? "" : ", ", folders->path[i]);
        used += more > 0 ? (size_t)more : 0;
    }
    return buf;
}

void iso_data_folders_settle(struct iso_data_folders *folders)
{
    int n = 0;
    for (int i = 0; i < folders->n; i++) {
        char *whole = realpath(folders->path[i], NULL);
        if (whole != NULL && strlen(whole) < ISO_DATA_PATH)
            strcpy(folders->path[n++], whole);
        free(whole);
    }
    folders->n = n;
}
