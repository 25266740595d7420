/* api_rows.c: images and labels or targets, from a program's arrays or a data set by its name. */
#include "api.h"

#include "core/data/arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arrays -------------------------------------------------------------------------------- */

static iso_rc bad_array(const char *what, const isocl_array *a)
{
    return iso_fail(ISO_EDATA,
                    "%s is an array of type '%.8s' and %d dimensions; it needs numbers (u1, i4, "
                    "f4, ...) and 1 to %d dimensions, each from 1",
                    what, a->type != NULL ? a->type : "", a->ndim, ISO_NPY_DIMS);
}

/* Looks at a caller's array as one of NumPy's. */
static iso_rc look_at(const char *what, const isocl_array *a, struct iso_npy *out)
{
    int64_t count = 1;
    *out = (struct iso_npy){ .ndim = a->ndim, .data = (uint8_t *)(uintptr_t)a->data };
    if (a->type == NULL || a->data == NULL || a->ndim < 1 || a->ndim > ISO_NPY_DIMS)
        return bad_array(what, a);
    out->big_endian = *a->type == '>';
    if (!iso_npy_type(a->type + (strchr("<>|=", *a->type) != NULL), out) || out->kind == 'O')
        return bad_array(what, a);
    for (int i = 0; i < a->ndim; i++) {
        out->dim[i] = a->dim[i];
        if (a->dim[i] < 1 || !iso_times(&count, a->dim[i]))
            return bad_array(what, a);
    }
    out->bytes = count;
    return iso_times(&out->bytes, out->size) ? ISO_OK : bad_array(what, a);
}

static iso_rc take_images(const isocl_array *images, struct iso_dataset *set)
{
    struct iso_npy x;
    snprintf(set->name, sizeof set->name, "arrays");
    snprintf(set->source, sizeof set->source, "given by the program");
    ISO_TRY(look_at("images", images, &x));
    return iso_arrays_images(NULL, "images", &x, set);
}

static iso_rc take_labels(const isocl_array *labels, int classes, struct iso_dataset *set)
{
    struct iso_npy y;
    set->classes = classes > 0 && labels != NULL ? classes : 0;
    if (labels == NULL)
        return ISO_OK;
    ISO_TRY(look_at("labels", labels, &y));
    return iso_arrays_labels("labels", &y, set);
}

static iso_rc take_targets(const isocl_array *targets, const char *const *names,
                           struct iso_dataset *set)
{
    struct iso_npy y;
    if (targets == NULL)
        return iso_fail(ISO_EUSAGE, "there are no targets: isocl_rows_new makes rows without");
    ISO_TRY(look_at("targets", targets, &y));
    return iso_arrays_targets("targets", &y, names, set);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

/* Takes the set over, also on failure. */
static iso_rc make_rows(struct iso_dataset *set, isocl_rows **out)
{
    struct isocl_rows *rows = iso_alloc(1, sizeof *rows);
    if (rows == NULL) {
        iso_dataset_free(set);
        return ISO_ENOMEM;
    }
    rows->set = set;
    rows->shape = (isocl_rows_shape){ .rows = set->rows,
                                      .height = set->height,
                                      .width = set->width,
                                      .channels = set->channels,
                                      .classes = set->classes,
                                      .labels = set->labels,
                                      .targets = set->targets };
    *out = rows;
    return ISO_OK;
}

/* Ends the making of rows, of a set that is taken over. */
static isocl_rc end_rows(iso_rc rc, struct iso_dataset *set, isocl_rows **out)
{
    if (rc == ISO_OK)
        return iso_api_end(make_rows(set, out), NULL);
    iso_dataset_free(set);
    return iso_api_end(rc, NULL);
}

isocl_rc isocl_rows_new(const isocl_array *images, const isocl_array *labels, int classes,
                        isocl_rows **out)
{
    struct iso_dataset *set = iso_alloc(1, sizeof *set);
    if (set == NULL)
        return iso_api_end(ISO_ENOMEM, NULL);
    iso_rc rc = take_images(images, set);
    if (rc == ISO_OK)
        rc = take_labels(labels, classes, set);
    return end_rows(rc, set, out);
}

isocl_rc isocl_rows_new_targets(const isocl_array *images, const isocl_array *targets,
                                const char *const *names, isocl_rows **out)
{
    struct iso_dataset *set = iso_alloc(1, sizeof *set);
    if (set == NULL)
        return iso_api_end(ISO_ENOMEM, NULL);
    iso_rc rc = take_images(images, set);
    if (rc == ISO_OK)
        rc = take_targets(targets, names, set);
    return end_rows(rc, set, out);
}

isocl_rc isocl_rows_load(const char *dataset, const char *split, const char *folder,
                         isocl_rows **out)
{
    const struct iso_dataset_request request = {
        .name = dataset, .split = split, .folder = folder, .memory = UINT64_MAX
    };
    struct iso_dataset *set = NULL;
    iso_rc rc = iso_dataset_load(&request, &set);
    if (rc == ISO_OK)
        rc = make_rows(set, out);
    return iso_api_end(rc, NULL);
}

const isocl_rows_shape *isocl_rows_about(const isocl_rows *rows) { return &rows->shape; }

isocl_rc isocl_rows_images(const isocl_rows *rows, int64_t first, int64_t count, uint8_t *out)
{
    const struct iso_dataset *set = rows->set;
    const size_t size = iso_dataset_image_bytes(set);
    if (first < 0 || count < 0 || first > set->rows || count > set->rows - first)
        return iso_api_end(iso_fail(ISO_EUSAGE, "there are %lld rows, not rows %lld to %lld",
                                    (long long)set->rows, (long long)first,
                                    (long long)(first + count - 1)),
                           NULL);
    memcpy(out, set->images + (size_t)first * size, (size_t)count * size);
    return ISOCL_OK;
}

const char *isocl_rows_class(const isocl_rows *rows, int class_number)
{
    const struct iso_dataset *set = rows->set;
    const bool named = set->class_names != NULL && class_number >= 0 && class_number < set->classes;
    return named && *set->class_names[class_number] ? set->class_names[class_number] : NULL;
}

void isocl_rows_free(isocl_rows *rows)
{
    if (rows == NULL)
        return;
    iso_dataset_free(rows->set);
    free(rows);
}
