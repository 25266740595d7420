/* dataset_load.c: loads data sets by their names (sets.def), checks them, and keeps the requested
 * rows. */
#include "class_map.h"
#include "class_match.h"
#include "dataset_files.h"
#include "known_classes.h"
#include "named_sets.h"
#include "pad.h"
#include "core/system/file.h"

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

/* ---- Names ----------------------------------------------------------------------------------- */

/* Finds the number of the split; -1 for "", the only one. */
static iso_rc find_split(const char *name, const char *split, int *out)
{
    *out = iso_split_find(split);
    if (*out >= 0 || !*split)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "data set '%s': unknown split '%s'; splits are train, validation "
                    "and test",
                    name, split);
}

/* Finds the split of a data set with a name: 0 for train or 1 for test. */
static iso_rc find_named_split(const char *name, int wanted, int *out)
{
    static const struct iso_splits splits = { .name = { "train", "", "test" } };
    char what[ISO_DATASET_NAME + 16];
    snprintf(what, sizeof what, "data set '%s'", name);
    ISO_TRY(iso_splits_choose(&splits, what, wanted, out));
    *out = *out == ISO_SPLIT_TEST;
    return ISO_OK;
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

const struct iso_source_fields *iso_dataset_fields(const char *name)
{
    const struct iso_named_set *named = iso_named_set_find(name);
    const struct iso_file_kind *kind = iso_file_kind_find(name);
    return named != NULL ? named->options : kind != NULL ? kind->reader->options : NULL;
}

const struct iso_source_fields *iso_dataset_fields_at(int i)
{
    for (const struct iso_named_set *s = iso_named_sets; s->name != NULL; s++)
        if (s->options != NULL && i-- == 0)
            return s->options;
    for (const struct iso_file_kind *k = iso_file_kinds; k->prefix != NULL; k++)
        if (k->reader->options != NULL && i-- == 0)
            return k->reader->options;
    return NULL;
}

bool iso_dataset_is_file(const char *name) { return iso_file_kind_find(name) != NULL; }

bool iso_dataset_light_on_dark(const char *name)
{
    const struct iso_named_set *named = iso_named_set_find(name);
    return named != NULL && named->light_on_dark;
}

static bool has_coarse(const char *name)
{
    const struct iso_named_set *named = iso_named_set_find(name);
    return named != NULL && named->coarse_classes > 0;
}

iso_rc iso_dataset_splits(const struct iso_dataset_request *r, struct iso_splits *out)
{
    const struct iso_file_kind *kind = iso_file_kind_find(r->name);
    if (kind != NULL)
        return iso_file_kind_splits(kind, r, out);
    if (iso_named_set_find(r->name) == NULL)
        return unknown_name(r->name);
    *out =
        (struct iso_splits){ .name = { [ISO_SPLIT_TRAIN] = "train", [ISO_SPLIT_TEST] = "test" } };
    return ISO_OK;
}

/* Gives rows of numbers the geometry of the model's input, if it fits. */
static void shape_rows(const struct iso_dataset_request *r, struct iso_dataset *set)
{
    int64_t shape[3];
    if (!set->flat || r->input == NULL || r->input->ndim != 4 || !iso_dataset_row_shape(r, shape) ||
        shape[0] * shape[1] * shape[2] != set->width)
        return;
    set->height = (int)shape[0];
    set->width = (int)shape[1];
    set->channels = (int)shape[2];
    set->flat = false;
}

static iso_rc load(const struct iso_dataset_request *r, int split, struct iso_dataset *set)
{
    const struct iso_named_set *named = iso_named_set_find(r->name);
    const struct iso_file_kind *kind = iso_file_kind_find(r->name);
    if (named == NULL && kind == NULL)
        return unknown_name(r->name);
    if (r->options.count != 0 && (named == NULL || !named->drawn))
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'count' is for generated data sets; use 'limit' "
                        "to take the first images only",
                        r->name);
    if (named == NULL)
        return iso_file_kind_load(kind, r, split, set);
    ISO_TRY(find_named_split(r->name, split, &split));
    snprintf(set->split, sizeof set->split, "%s", split ? "test" : "train");
    return named->load(named, r, split, set);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static iso_rc take_part(const struct iso_part *part, struct iso_dataset *set)
{
    int64_t count = 0;
    const long long all = (long long)set->rows;
    if (part->stratified && set->labels == NULL)
        return iso_fail(ISO_EDATA,
                        "data set '%s': `stratified: true` takes the same share of every class, "
                        "and its rows have no class: leave it out",
                        set->name);
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
    if (set->labels == NULL && set->targets == NULL && !r->labels_optional)
        return iso_fail(ISO_EDATA,
                        "data set '%s' (%s) has no labels; without them rows can be predicted, and "
                        "neither trained on nor evaluated",
                        r->name, set->source);
    if (r->classes != NULL && set->labels != NULL)
        ISO_TRY(iso_class_map_apply(r->classes, r->trained != NULL && r->trained->n > 0, set));
    if (r->classes != NULL && set->targets != NULL)
        return iso_fail(ISO_EDATA,
                        "data set '%s': `classes:` chooses among classes, and its rows have "
                        "targets: leave it out",
                        r->name);
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
    else
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
