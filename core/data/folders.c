/* folders.c: the folders in which the files of a data set are looked for. */
#include "folders.h"
#include "core/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Appends parent/child, unless parent is NULL or empty, or the path is too long to exist. */
static void add_folder(struct iso_data_folders *folders, const char *parent, const char *child)
{
    if (parent == NULL || parent[0] == '\0')
        return;
    int n = snprintf(folders->path[folders->n], ISO_DATA_PATH, "%s%s", parent, child);
    if (n > 0 && n < ISO_DATA_PATH)
        folders->n++;
}

void iso_data_folders(const char *folder, struct iso_data_folders *out)
{
    const char *user = iso_environment(ISO_ENV_DATA_HOME);
    out->n = 0;
    if (folder != NULL) {
        add_folder(out, folder, "");
        return;
    }
    add_folder(out, iso_environment(ISO_ENV_DATA), "");
    add_folder(out, user != NULL ? user : getenv("HOME"),
               user != NULL ? "/isocl" : "/.local/share/isocl");
}

bool iso_data_find(const struct iso_data_folders *folders, const char *name, char path[ISO_PATH])
{
    const bool absolute = name[0] == '/';
    for (int i = 0; i < (absolute ? 1 : folders->n); i++) {
        int n = snprintf(path, ISO_PATH, "%s%s%s", absolute ? "" : folders->path[i],
                         absolute ? "" : "/", name);
        if (n > 0 && n < ISO_PATH && access(path, F_OK) == 0)
            return true;
    }
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
