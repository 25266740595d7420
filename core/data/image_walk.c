#include "image_walk.h"
#include "core/image/image.h"
#include "core/system/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 64 };

struct walk {
    const char *root;
    size_t folder; /* bytes of the folder's name with its slash, which files leave out */
    struct iso_names *files;
    struct iso_left_out *left;
    int depth;
    struct {
        dev_t device;
        ino_t number;
    } above[DEPTH]; /* the folders on the way, by which links back are known */
};

bool iso_image_walk_hidden(const char *name)
{
    return name[0] == '.' || strcmp(name, "__MACOSX") == 0;
}

static iso_rc walk(struct walk *w, const char *folder);

/* Returns true if the folder is one of its own parents, or so deep that it is taken for one. */
static bool leads_back(const struct walk *w, const struct stat *folder)
{
    for (int i = 0; i < w->depth; i++)
        if (w->above[i].device == folder->st_dev && w->above[i].number == folder->st_ino)
            return true;
    return w->depth == DEPTH;
}

static void remember(struct walk *w, const struct stat *folder)
{
    w->above[w->depth].device = folder->st_dev;
    w->above[w->depth++].number = folder->st_ino;
}

static iso_rc enter(struct walk *w, const char *path, const struct stat *folder)
{
    if (leads_back(w, folder))
        return iso_left_out_add(w->left, ISO_LEFT_LOOP, path);
    remember(w, folder);
    ISO_TRY(walk(w, path));
    w->depth--;
    return ISO_OK;
}

/* path: relative to the root. Files with the name of an image need no further look. */
static iso_rc take(struct walk *w, const char *path, const char *name)
{
    char whole[ISO_PATH];
    struct stat info;
    if (iso_image_walk_hidden(name))
        return iso_left_out_add(w->left, ISO_LEFT_HIDDEN, path);
    if (iso_image_named(name))
        return iso_names_add(w->files, path + w->folder);
    ISO_TRY(iso_path(whole, w->root, path));
    if (stat(whole, &info) == 0 && S_ISDIR(info.st_mode))
        return enter(w, path, &info);
    return iso_left_out_add(w->left, ISO_LEFT_NAME, path);
}

/* folder: relative to the root. */
static iso_rc walk(struct walk *w, const char *folder)
{
    struct iso_names names = { .name = NULL };
    char whole[ISO_PATH], path[ISO_PATH];
    ISO_TRY(iso_path(whole, w->root, folder));
    iso_rc rc = iso_names_all(whole, &names);
    for (int64_t i = 0; i < names.n && rc == ISO_OK; i++) {
        rc = iso_path(path, folder, names.name[i]);
        if (rc == ISO_OK)
            rc = take(w, path, names.name[i]);
    }
    iso_names_free(&names);
    return rc;
}

iso_rc iso_image_walk(const char *root, const char *folder, struct iso_names *files,
                      struct iso_left_out *left)
{
    struct walk w = { .root = root, .folder = strlen(folder) + 1, .files = files, .left = left };
    char whole[ISO_PATH];
    struct stat above, info;
    ISO_TRY(iso_path(whole, root, folder));
    if (stat(root, &above) != 0 || stat(whole, &info) != 0)
        return iso_file_fail("read the folder", whole);
    remember(&w, &above);
    ISO_TRY(enter(&w, folder, &info));
    iso_names_sort(files);
    return ISO_OK;
}
