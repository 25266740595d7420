#include "dataset_files.h"
#include "folders.h"

#include <stdio.h>
#include <string.h>

#define FILES(kind, rest, text) { #kind ":", &iso_##kind##_files },
const struct iso_file_kind iso_file_kinds[] = {
#include "sets.def"
    { .prefix = NULL }
};

const struct iso_file_kind *iso_file_kind_find(const char *name)
{
    for (const struct iso_file_kind *kind = iso_file_kinds; kind->prefix != NULL; kind++) {
        const size_t n = strlen(kind->prefix);
        if (strncmp(name, kind->prefix, n) == 0 && name[n] != '\0')
            return kind;
    }
    return NULL;
}

/* ---- Reading --------------------------------------------------------------------------- */

static iso_rc find(const struct iso_file_kind *kind, const struct iso_dataset_request *r,
                   char path[ISO_PATH])
{
    const char *name = r->name + strlen(kind->prefix);
    char list[1024];
    struct iso_data_folders folders;
    iso_data_file_folders(r, &folders);
    if (iso_data_find(&folders, name, path))
        return ISO_OK;
    return iso_fail(ISO_EIO,
                    "data set '%s': no file or folder %s in %s; give its whole path, "
                    "or name the folder with --data or ISOCL_DATA (`isocl help paths`)",
                    r->name, name, iso_data_folders_text(&folders, list, sizeof list));
}

iso_rc iso_file_kind_splits(const struct iso_file_kind *kind, const struct iso_dataset_request *r,
                            struct iso_splits *out)
{
    char path[ISO_PATH];
    *out = (struct iso_splits){ .one = false };
    ISO_TRY(find(kind, r, path));
    return kind->reader->splits(r, path, out);
}

iso_rc iso_file_kind_load(const struct iso_file_kind *kind, const struct iso_dataset_request *r,
                          int split, struct iso_dataset *set)
{
    char path[ISO_PATH];
    struct iso_splits splits = { .one = false };
    struct iso_dataset_request called = *r;
    ISO_TRY(find(kind, r, path));
    ISO_TRY(kind->reader->splits(r, path, &splits));
    ISO_TRY(iso_splits_choose(&splits, path, split, &split));
    called.split = splits.one ? "" : splits.name[split];
    snprintf(set->split, sizeof set->split, "%s", split < 0 ? "all" : iso_split_names[split]);
    snprintf(set->source, sizeof set->source, "%.*s", (int)sizeof set->source - 1, path);
    return kind->reader->load(&called, path, set);
}
