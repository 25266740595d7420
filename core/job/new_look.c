/* new_look.c: what kind of data a path leads to, of which size, in which classes. */
#include "new_model.h"

#include "core/data/data_name.h"
#include "core/data/left_out.h"
#include "core/model/field.h"
#include "core/text/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 64, SMALL = 64 };

/* ---- What is in it ------------------------------------------------------------------------- */

/* Images stay on the disk: only their sizes are looked at. */
static iso_rc load(const struct iso_new_data *d, const char *split, int64_t side,
                   const struct iso_job_options *o, struct iso_dataset **set)
{
    struct iso_dataset_request r = { .name = d->dataset,
                                     .split = split,
                                     .folder = o->data,
                                     .threads = (int)o->threads,
                                     .progress = o->progress,
                                     .stream = strncmp(d->dataset, "folder:", 7) == 0 };
    r.options.resize[0] = r.options.resize[1] = side;
    snprintf(r.options.table, sizeof r.options.table, "%s", d->table);
    snprintf(r.options.target_columns, sizeof r.options.target_columns, "%s", d->targets);
    const struct iso_source_fields *own = iso_dataset_fields(d->dataset);
    const struct iso_field *damaged = own != NULL ? iso_field_find(own->fields, "damaged") : NULL;
    if (damaged != NULL)
        *(int *)((char *)&r.options + damaged->offset) = 1; /* skip */
    return iso_dataset_load(&r, set);
}

/* Images of one size that are small stay as they are; a folder of others is resized. */
static iso_rc load_train(struct iso_new_data *d, int64_t side, const struct iso_job_options *o,
                         struct iso_dataset **set)
{
    const bool folder = strncmp(d->dataset, "folder:", 7) == 0;
    if (side > 0 && !folder)
        return iso_fail(ISO_EUSAGE, "--size is for folders of pictures; %s has a size of its own",
                        d->dataset);
    if (side == 0) {
        const iso_rc rc = load(d, *d->table ? "" : "train", 0, o, set);
        if (!folder || rc == ISO_ENOMEM ||
            (rc == ISO_OK && (*set)->height <= SMALL && (*set)->width <= SMALL))
            return rc;
        iso_dataset_free(*set);
        *set = NULL;
        iso_error_clear(); /* the sizes differ, or are large; what else there is comes again */
    }
    d->resized = true;
    return load(d, *d->table ? "" : "train", side > 0 ? side : SIDE, o, set);
}

/* As they may be printed, and stand in a comment of the model file. */
static void name_classes(const struct iso_dataset *set, struct iso_new_data *d)
{
    char shown[ISO_CLASS_NAME + 1];
    size_t used = 0;
    for (int i = 0; set->class_names != NULL && i < set->classes; i++) {
        if (used + ISO_CLASS_NAME + 8 > sizeof d->class_text) {
            snprintf(d->class_text + used, sizeof d->class_text - used, ", ...");
            return;
        }
        used += (size_t)snprintf(d->class_text + used, sizeof d->class_text - used, "%s%s",
                                 i ? ", " : "",
                                 iso_shown(set->class_names[i], shown, sizeof shown));
    }
}

static void count_left(const struct iso_dataset *set, struct iso_new_data *d)
{
    char text[400];
    size_t used = 0;
    for (int i = 0; set->left != NULL && i < ISO_LEFT_REASONS; i++)
        if (iso_left_out_text(set->left, (enum iso_left_reason)i, text, sizeof text) &&
            used < sizeof d->left_out)
            used += (size_t)snprintf(d->left_out + used, sizeof d->left_out - used, "%s%s",
                                     used ? "; " : "", text);
}

/* Rows of numbers as many as a square has pixels are taken for images, as tables of digits are. */
static void shape(const struct iso_dataset *set, struct iso_new_data *d)
{
    int side = 0;
    while (set->flat && (side + 1) * (side + 1) <= set->width)
        side++;
    d->flat = set->flat && (side * side != set->width || side < 16);
    d->height = set->flat && !d->flat ? side : set->height;
    d->width = set->flat && !d->flat ? side : set->width;
    d->channels = set->channels;
}

/* Counts the rows of the test split: none where there is no such split. */
static iso_rc count_test(struct iso_new_data *d, const struct iso_job_options *o)
{
    struct iso_dataset *set = NULL;
    if (*d->table) /* it is one split */
        return ISO_OK;
    const iso_rc rc = load(d, "test", d->resized ? d->height : 0, o, &set);
    d->test_rows = rc == ISO_OK ? set->rows : 0;
    iso_dataset_free(set);
    if (rc == ISO_ENOMEM)
        return rc;
    iso_error_clear();
    return ISO_OK;
}

iso_rc iso_new_look(const char *data, int64_t side, const struct iso_job_options *o,
                    struct iso_new_data *d)
{
    struct iso_dataset *set = NULL;
    *d = (struct iso_new_data){ .rows = 0 };
    ISO_TRY(iso_data_name(data, d->dataset));
    ISO_TRY(iso_new_look_at_table(d));
    iso_rc rc = load_train(d, side, o, &set);
    if (rc == ISO_OK) {
        const struct iso_source_fields *own = iso_dataset_fields(d->dataset);
        d->rows = set->rows;
        d->classes = set->classes;
        d->skips = own != NULL && iso_field_find(own->fields, "damaged") != NULL;
        shape(set, d);
        name_classes(set, d);
        count_left(set, d);
        rc = count_test(d, o);
    }
    iso_dataset_free(set);
    if (rc == ISO_OK && d->classes < 2 && !*d->targets)
        return iso_fail(ISO_EDATA, "%s has one class: there is nothing to tell apart", d->dataset);
    return rc;
}
