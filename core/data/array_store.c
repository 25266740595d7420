#include "array_store.h"
#include "named_sets.h"
#include "core/formats/npz.h"
#include "core/formats/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Usual names, each alone or with that of a split before or behind it: x_train, test_images. */
static const char *const kinds[][7] = {
    [ISO_ARRAY_IMAGES] = { "x", "images", "image", "features", "data", "inputs", NULL },
    [ISO_ARRAY_LABELS] = { "y", "labels", "label", "target", "targets", "classes", NULL },
    [ISO_ARRAY_IDS] = { "id", "ids", "image_id", NULL },
    [ISO_ARRAY_TARGETS] = { NULL },
};
static const char *const unnamed[] = { "arr_0", "arr_1", NULL }; /* numpy.savez(path, a, b) */
static const char npy_end[] = ".npy";

static bool ends_with(const char *path, const char *end)
{
    const size_t n = strlen(path), m = strlen(end);
    return n > m && strcasecmp(path + n - m, end) == 0;
}

/* ---- What there is ------------------------------------------------------------------------- */

static iso_rc list_folder(const char *folder, struct iso_names *out)
{
    struct iso_names files = { .name = NULL };
    iso_rc rc = iso_names_list(folder, NULL, &files);
    for (int64_t i = 0; i < files.n && rc == ISO_OK; i++)
        if (ends_with(files.name[i], npy_end)) {
            rc = iso_names_add(out, files.name[i]);
            if (rc == ISO_OK)
                out->name[out->n - 1][strlen(files.name[i]) - (sizeof npy_end - 1)] = '\0';
        }
    iso_names_free(&files);
    return rc;
}

static iso_rc open_file(struct iso_array_store *s)
{
    char *bytes = NULL;
    size_t n = 0;
    ISO_TRY(iso_file_read(s->path, &bytes, &n));
    s->file.memory = (uint8_t *)bytes;
    ISO_TRY(iso_npy_parse(s->path, s->file.memory, n, &s->file));
    s->single = s->file.kind != 'O';
    if (s->single)
        return iso_names_add(&s->names, "");
    ISO_TRY(iso_pickle_read(s->path, s->file.data, (size_t)s->file.bytes, &s->pickle));
    return iso_pickle_names(s->pickle, &s->names);
}

iso_rc iso_array_store_open(const char *path, struct iso_array_store *out)
{
    *out = (struct iso_array_store){ .path = path, .folder = iso_folder_exists(path) };
    if (out->folder)
        return list_folder(path, &out->names);
    out->archive = ends_with(path, ".npz");
    return out->archive ? iso_npz_names(path, &out->names) : open_file(out);
}

void iso_array_store_close(struct iso_array_store *s)
{
    iso_names_free(&s->names);
    iso_pickle_free(s->pickle);
    free(s->file.memory);
}

iso_rc iso_array_store_splits(const char *path, struct iso_splits *out)
{
    struct iso_array_store s;
    out->one = !iso_folder_exists(path) && !ends_with(path, ".npz");
    if (out->one)
        return ISO_OK;
    const iso_rc rc = iso_array_store_open(path, &s);
    for (int i = 0; kinds[ISO_ARRAY_IMAGES][i] != NULL && rc == ISO_OK; i++) {
        char begin[32], end[32];
        snprintf(begin, sizeof begin, "%s_", kinds[ISO_ARRAY_IMAGES][i]);
        snprintf(end, sizeof end, "_%s", kinds[ISO_ARRAY_IMAGES][i]);
        iso_splits_take(&s.names, begin, "", out);
        iso_splits_take(&s.names, "", end, out);
    }
    iso_array_store_close(&s);
    out->one = !*out->name[0] && !*out->name[1] && !*out->name[2];
    return rc;
}

/* ---- One array ----------------------------------------------------------------------------- */

static const char *find(const struct iso_names *names, const char *name)
{
    return iso_splits_member(names, name, "", "");
}

/* Returns the array of this name with that of the split behind or before it, or NULL. */
static const char *find_of_split(const struct iso_array_store *s, const char *name,
                                 const char *split)
{
    char before[128], behind[128];
    const char *line = *split ? "_" : "";
    snprintf(before, sizeof before, "%s%s%s", split, line, name);
    snprintf(behind, sizeof behind, "%s%s%s", name, line, split);
    const char *found = find(&s->names, behind);
    return found != NULL ? found : find(&s->names, before);
}

const char *iso_array_store_find(const struct iso_array_store *s, enum iso_array_kind kind,
                                 const char *given, const char *split)
{
    const char *found = NULL;
    if (s->single)
        return kind == ISO_ARRAY_IMAGES ? s->names.name[0] : NULL;
    for (int64_t i = 0; i < s->names.n && *given; i++)
        if (strcmp(s->names.name[i], given) == 0)
            return s->names.name[i];
    for (int i = 0; kinds[kind][i] != NULL && found == NULL && !*given; i++)
        found = find_of_split(s, kinds[kind][i], split);
    if (kind == ISO_ARRAY_TARGETS)
        return find_of_split(s, given, split);
    const bool by_place = found == NULL && !*given && !*split && kind != ISO_ARRAY_IDS;
    return by_place ? find(&s->names, unnamed[kind]) : found;
}

iso_rc iso_array_store_lacks(const struct iso_array_store *s, enum iso_array_kind kind,
                             const char *given, const char *split, const char *key)
{
    char list[160] = "nothing";
    size_t used = 0;
    if (s->single)
        return iso_fail(ISO_EDATA,
                        "%s holds one array; images and labels are read from a dictionary, or from "
                        "x_train.npy and y_train.npy in a folder that is named instead",
                        s->path);
    for (int64_t i = 0; i < s->names.n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 s->names.name[i]);
    const char *usual = kinds[kind][s->pickle != NULL ? 3 : 0];
    const char *what = kind == ISO_ARRAY_IMAGES   ? "images"
                       : kind == ISO_ARRAY_LABELS ? "labels"
                                                  : "targets";
    return iso_fail(ISO_EDATA,
                    "%s: has no array '%s%s%s'; it has %s: say which one has the %s with `%s:`",
                    s->path, *given ? given : usual, *split && !*given ? "_" : "",
                    *given ? "" : split, list, what, key);
}

void iso_array_store_what(const struct iso_array_store *s, const char *name, char *buf, size_t n)
{
    snprintf(buf, n, "%s%s%s", s->path, *name ? ": " : "", name);
}

static iso_rc read_npy(const char *folder, const char *name, struct iso_npy *out)
{
    char file[ISO_PATH], base[128], *bytes = NULL;
    size_t n = 0;
    snprintf(base, sizeof base, "%.100s%s", name, npy_end);
    ISO_TRY(iso_path(file, folder, base));
    ISO_TRY(iso_file_read(file, &bytes, &n));
    out->memory = (uint8_t *)bytes;
    ISO_TRY(iso_npy_parse(file, out->memory, n, out));
    return out->kind != 'O'
               ? ISO_OK
               : iso_fail(ISO_EDATA, "%s does not hold numbers but Python objects", file);
}

static iso_rc read_any(struct iso_array_store *s, const char *name, struct iso_npy *out)
{
    if (s->folder)
        return read_npy(s->path, name, out);
    if (s->archive)
        return iso_npz_read(s->path, name, out);
    if (s->single) {
        *out = s->file;
        s->file.memory = NULL;
        return ISO_OK;
    }
    if (iso_pickle_array(s->pickle, name, out))
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s: '%s' is no array of numbers", s->path, name);
}

iso_rc iso_array_store_read(struct iso_array_store *s, const char *name, struct iso_npy *out)
{
    memset(out, 0, sizeof *out);
    iso_rc rc = read_any(s, name, out);
    if (rc == ISO_OK)
        rc = iso_npy_row_major(out);
    if (rc != ISO_OK) {
        free(out->memory);
        out->memory = NULL;
    }
    return rc;
}
