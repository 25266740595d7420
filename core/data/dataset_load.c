/* dataset_load.c: loads data sets by their names (sets.def), checks them, and keeps the requested
 * rows. */
#include "class_map.h"
#include "class_match.h"
#include "dataset.h"
#include "folders.h"
#include "known_classes.h"
#include "named_sets.h"
#include "pad.h"
#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET(name, text, ...) { name, text },
const struct iso_dataset_doc iso_dataset_docs[] = {
#include "sets.def"
    { NULL, NULL }
};

#define FILES(kind, rest, text) { #kind ":" rest, text },
const struct iso_dataset_doc iso_dataset_file_docs[] = {
#include "sets.def"
    { NULL, NULL }
};

/* A kind of file, and what its names begin with. */
struct file_kind {
    const char *prefix;
    const struct iso_file_reader *reader;
};
#define FILES(kind, rest, text) { #kind ":", &iso_##kind##_files },
static const struct file_kind file_kinds[] = {
#include "sets.def"
};

static const char *const split_names[] = { "train", "test" };

/* ---- Names ----------------------------------------------------------------------------------- */

static iso_rc find_split(const char *name, const char *split, int *out)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(split, split_names[i]) == 0) {
            *out = i;
            return ISO_OK;
        }
    }
    return iso_fail(ISO_EUSAGE, "data set '%s' has no split '%s'; its splits are train and test",
                    name, split);
}

static iso_rc unknown_name(const char *name)
{
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; iso_dataset_docs[i].name != NULL && used < sizeof list - 1; i++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ",
                         iso_dataset_docs[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return iso_fail(ISO_EUSAGE, "unknown data set '%s'; there are %s", name, list);
}

/* ---- Files of the user's own ----------------------------------------------------------------- */

static const struct file_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof file_kinds / sizeof file_kinds[0]; i++) {
        const size_t n = strlen(file_kinds[i].prefix);
        if (strncmp(name, file_kinds[i].prefix, n) == 0 && name[n] != '\0')
            return &file_kinds[i];
    }
    return NULL;
}

const struct iso_source_fields *iso_dataset_fields(const char *name)
{
    const struct iso_named_set *named = iso_named_set_find(name);
    const struct file_kind *kind = find_kind(name);
    return named != NULL ? named->options : kind != NULL ? kind->reader->options : NULL;
}

const struct iso_source_fields *iso_dataset_fields_at(int i)
{
    const size_t nkinds = sizeof file_kinds / sizeof file_kinds[0];
    for (const struct iso_named_set *s = iso_named_sets; s->name != NULL; s++)
        if (s->options != NULL && i-- == 0)
            return s->options;
    for (const struct file_kind *k = file_kinds; k < file_kinds + nkinds; k++)
        if (k->reader->options != NULL && i-- == 0)
            return k->reader->options;
    return NULL;
}

bool iso_dataset_is_file(const char *name) { return find_kind(name) != NULL; }

static bool has_coarse(const char *name)
{
    const struct iso_named_set *named = iso_named_set_find(name);
    return named != NULL && named->coarse_classes > 0;
}

iso_rc iso_file_one_split(const struct iso_dataset_request *r, const char *path)
{
    if (strcmp(r->split, "train") == 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s is one file and has one split, train; take parts of it, such as "
                    "`part: [0.8, 1]`",
                    path);
}

static iso_rc load_file(const struct file_kind *kind, const struct iso_dataset_request *r,
                        struct iso_dataset *set)
{
    const char *name = r->name + strlen(kind->prefix);
    char path[ISO_PATH], list[1024];
    struct iso_data_folders folders;
    iso_data_file_folders(r, &folders);
    if (!iso_data_find(&folders, name, path))
        return iso_fail(ISO_EIO,
                        "data set '%s': no file or folder %s in %s; give its whole path, "
                        "or name the folder with --data or ISOCL_DATA (`isocl help paths`)",
                        r->name, name, iso_data_folders_text(&folders, list, sizeof list));
    snprintf(set->source, sizeof set->source, "%.*s", (int)sizeof set->source - 1, path);
    return kind->reader->load(r, path, set);
}

/* Gives rows of numbers the geometry of the model's input, if it fits. */
static void shape_rows(const struct iso_dataset_request *r, struct iso_dataset *set)
{
    if (!set->flat || r->input == NULL || r->input->ndim != 4)
        return;
    const int64_t height = r->input->dim[1] - r->pad[0] - r->pad[1];
    const int64_t width = r->input->dim[2] - r->pad[2] - r->pad[3];
    const int64_t channels = r->repeat_channels > 1 ? 1 : r->input->dim[3];
    if (height < 1 || width < 1 || height * width * channels != set->width)
        return;
    set->height = (int)height;
    set->width = (int)width;
    set->channels = (int)channels;
    set->flat = false;
}

static iso_rc load(const struct iso_dataset_request *r, int split, struct iso_dataset *set)
{
    const struct iso_named_set *named = iso_named_set_find(r->name);
    const struct file_kind *kind = find_kind(r->name);
    if (named == NULL && kind == NULL)
        return unknown_name(r->name);
    if (r->options.count != 0 && (named == NULL || !named->drawn))
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'count' is for generated data sets; use 'limit' "
                        "to take the first images only",
                        r->name);
    return named != NULL ? named->load(named, r, split, set) : load_file(kind, r, set);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static iso_rc take_part(const struct iso_part *part, struct iso_dataset *set)
{
    int64_t count = 0;
    const long long all = (long long)set->rows;
    int32_t *rows = iso_alloc((size_t)set->rows + 1, sizeof *rows);
    iso_rc rc = rows != NULL
                    ? iso_part_rows(part, set->labels, set->rows, set->classes, rows, &count)
                    : ISO_ENOMEM;
    if (rc == ISO_OK && count == 0)
        rc = iso_fail(ISO_EDATA,
                      "data set '%s': the part from %g to %g of %lld rows holds none; make it "
                      "larger",
                      set->name, part->from, part->to, all);
    if (rc == ISO_OK)
        rc = iso_dataset_keep_rows(set, rows, count);
    if (rc == ISO_OK)
        snprintf(set->part, sizeof set->part, "part %.9g to %.9g of %lld%s, part_seed %llu",
                 part->from, part->to, all, part->stratified ? ", stratified" : "",
                 (unsigned long long)part->seed);
    free(rows);
    return rc;
}

static iso_rc name_classes(const struct iso_dataset_request *r, struct iso_dataset *set)
{
    const char *const *known = iso_known_classes(r->name, r->options.labels == 1);
    if (known == NULL)
        return ISO_OK;
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < set->classes && known[i] != NULL; i++)
        snprintf(set->class_names[i], ISO_CLASS_NAME, "%s", known[i]);
    return ISO_OK;
}

static iso_rc fill(const struct iso_dataset_request *r, int split, struct iso_dataset *set)
{
    if (r->rows == NULL) {
        ISO_TRY(load(r, split, set));
        ISO_TRY(name_classes(r, set));
    }
    shape_rows(r, set);
    if (r->classes != NULL)
        ISO_TRY(iso_class_map_apply(r->classes, r->trained != NULL, set));
    if (r->trained != NULL)
        ISO_TRY(iso_class_match(r->trained, set));
    if (r->part.to != 0)
        ISO_TRY(take_part(&r->part, set));
    if (r->limit > 0 && r->limit < set->rows)
        set->rows = r->limit;
    return iso_dataset_pad(set, r->pad, r->repeat_channels > 1 ? r->repeat_channels : 1);
}

static iso_rc check_request(const struct iso_dataset_request *r)
{
    const struct iso_part *p = &r->part;
    if (r->folder != NULL && !iso_folder_exists(r->folder))
        return iso_fail(ISO_EIO, "there is no data folder %s; name one that is there with --data",
                        r->folder);
    if (r->options.count < 0 || r->options.count > INT32_MAX || r->limit < 0)
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'count' must be 0 to %ld and 'limit' not negative", r->name,
                        (long)INT32_MAX);
    if (r->options.labels && !has_coarse(r->name))
        return iso_fail(ISO_EUSAGE, "data set '%s' has no coarse labels; cifar100 has", r->name);
    if (!(p->from == 0 && p->to == 0) && !(p->from >= 0 && p->from < p->to && p->to <= 1))
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'part' goes from one fraction of the rows up to a larger "
                        "one, both from 0 to 1",
                        r->name);
    return ISO_OK;
}

/* A set that is to be filled: empty, or with the rows that are given. */
static iso_rc new_set(const struct iso_dataset_request *r, int *split, struct iso_dataset **out)
{
    if (r->rows != NULL)
        return iso_dataset_copy(r->rows, out);
    if (strlen(r->name) >= sizeof(*out)->name)
        return unknown_name(r->name);
    ISO_TRY(find_split(r->name, r->split, split));
    *out = iso_alloc(1, sizeof **out);
    return *out != NULL ? ISO_OK : ISO_ENOMEM;
}

iso_rc iso_dataset_load(const struct iso_dataset_request *r, struct iso_dataset **out)
{
    int which = 0;
    struct iso_dataset *set = NULL;
    ISO_TRY(check_request(r));
    ISO_TRY(new_set(r, &which, &set));
    if (r->rows == NULL)
        snprintf(set->name, sizeof set->name, "%s", r->name);
    snprintf(set->split, sizeof set->split, "%s", r->split);
    set->threads = r->threads;
    iso_rc rc = fill(r, which, set);
    if (rc != ISO_OK) {
        iso_dataset_free(set);
        return rc;
    }
    *out = set;
    return ISO_OK;
}
