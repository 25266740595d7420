/* image_files.c: looks at the size of each image file of a set, and decodes them all, or leaves
 * them to be decoded one by one. */
#include "image_files.h"
#include "disk.h"
#include "core/image/image.h"
#include "image_damage.h"
#include "core/system/workers.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_SIDE = 4096 };

struct geometry {
    int height, width, channels, orientation;
};
struct files {
    const struct iso_dataset_request *request; /* these and the set: while it is loaded only */
    const char *where;
    struct iso_dataset *set;
    struct iso_image_files list;
    struct geometry *sizes; /* [rows] */
    struct geometry size;   /* size of all images */
    struct iso_image_options options;
    struct iso_image_damage damage; /* [rows], as long as it is loaded */
};

static void free_files(void *files)
{
    struct files *f = files;
    f->list.free(f->list.self);
    free(f->sizes);
    iso_image_damage_free(&f->damage);
    free(f);
}

static iso_rc path_of(const struct files *f, int64_t i, char path[ISO_PATH])
{
    return f->list.path(f->list.self, i, path);
}

/* ---- Sizes --------------------------------------------------------------------------------- */

static iso_rc look_at(void *data, int64_t i)
{
    struct files *f = data;
    struct iso_image image;
    char path[ISO_PATH];
    ISO_TRY(path_of(f, i, path));
    const iso_rc rc = iso_image_read(path, &f->options, true, &image);
    if (rc != ISO_OK)
        return iso_image_damage_note(&f->damage, i, rc);
    f->sizes[i] = (struct geometry){ image.height, image.width, image.channels, image.orientation };
    return ISO_OK;
}

static iso_rc sizes_differ(const struct files *f, int64_t one, int64_t i)
{
    const struct geometry *a = &f->sizes[one], *b = &f->sizes[i];
    char first[ISO_PATH], other[ISO_PATH];
    ISO_TRY(path_of(f, one, first));
    ISO_TRY(path_of(f, i, other));
    return iso_fail(ISO_EDATA,
                    "images have different sizes: %s %dx%d, %s %dx%d (height x width); "
                    "say which one all should get, such as `resize: [%d, %d]`",
                    first, a->height, a->width, other, b->height, b->width, a->height, a->width);
}

/* Finds the size of all images: that of the files, or the one to resize to. They are in colour if
 * any file is. */
static iso_rc settle_geometry(struct files *f)
{
    struct iso_dataset *set = f->set;
    const int64_t *resize = f->request->options.resize;
    int64_t one = 0; /* the first file that can be read */
    while (one < set->rows && f->damage.why[one] != NULL)
        one++;
    if (one == set->rows)
        return iso_image_damage_fail(&f->damage);
    const struct geometry first = f->sizes[one];
    set->channels = 1;
    for (int64_t i = one; i < set->rows; i++) {
        const struct geometry *g = &f->sizes[i];
        if (f->damage.why[i] != NULL)
            continue;
        if (resize[0] == 0 && (g->height != first.height || g->width != first.width))
            return sizes_differ(f, one, i);
        set->channels = g->channels > set->channels ? g->channels : set->channels;
        set->turned += g->orientation != 1;
    }
    set->upright = f->options.orientation == ISO_ORIENTATION_APPLY;
    set->height = resize[0] ? (int)resize[0] : first.height;
    set->width = resize[0] ? (int)resize[1] : first.width;
    if (set->height > MOST_SIDE || set->width > MOST_SIDE)
        return iso_fail(ISO_EDATA,
                        "%s: images of %dx%d; sides of at most %d can be used: say "
                        "`resize:`",
                        f->where, set->height, set->width, MOST_SIDE);
    f->size = (struct geometry){ set->height, set->width, set->channels, 1 };
    return ISO_OK;
}

/* ---- Images -------------------------------------------------------------------------------- */

/* files: the source of a set that is read image by image. */
static iso_rc decode(const void *files, int64_t i, uint8_t *out)
{
    const struct files *f = files;
    struct iso_image image;
    const struct iso_image row = { f->size.height, f->size.width, f->size.channels, out, 1 };
    char path[ISO_PATH];
    ISO_TRY(path_of(f, i, path));
    ISO_TRY(iso_image_read(path, &f->options, false, &image));
    const bool same = image.height == f->sizes[i].height && image.width == f->sizes[i].width &&
                      image.channels == f->sizes[i].channels;
    const iso_rc rc = same ? iso_image_fit(&image, &row, &f->options)
                           : iso_fail(ISO_EDATA, "%s: changed while it was read", path);
    free(image.pixels);
    return rc;
}

/* Writes the path of a file, which has been used before and so fits. */
static void name_file(const void *files, int64_t i, char *buf, size_t n)
{
    char path[ISO_PATH];
    if (path_of(files, i, path) == ISO_OK)
        snprintf(buf, n, "%s", path);
}

static iso_rc decode_into_set(void *files, int64_t i)
{
    struct files *f = files;
    if (f->damage.why[i] != NULL)
        return ISO_OK;
    uint8_t *to = f->set->images + (size_t)i * iso_dataset_image_bytes(f->set);
    return iso_image_damage_note(&f->damage, i, decode(f, i, to));
}

/* Decodes an image only to see if that is possible. */
static iso_rc try_to_decode(void *files, int64_t i)
{
    struct files *f = files;
    if (f->damage.why[i] != NULL)
        return ISO_OK;
    uint8_t *to = iso_alloc(iso_dataset_image_bytes(f->set), 1);
    const iso_rc rc = to != NULL ? decode(f, i, to) : ISO_ENOMEM;
    free(to);
    return iso_image_damage_note(&f->damage, i, rc);
}

/* Keeps the rows that can be decoded, or fails and names the others. */
static iso_rc leave_damaged_out(struct files *f)
{
    struct iso_dataset *set = f->set;
    int64_t count = 0;
    if (f->options.damaged == ISO_DAMAGED_REFUSE)
        ISO_TRY(iso_image_damage_fail(&f->damage));
    if (iso_image_damage_count(&f->damage) == set->rows)
        return iso_image_damage_fail(&f->damage);
    ISO_TRY(iso_image_damage_leave_out(&f->damage, set->left));
    int32_t *rows = iso_alloc((size_t)set->rows, sizeof *rows);
    if (rows == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++)
        if (f->damage.why[i] == NULL)
            rows[count++] = (int32_t)i;
    const iso_rc rc = count < set->rows ? iso_dataset_keep_rows(set, rows, count) : ISO_OK;
    free(rows);
    return rc;
}

/* Images that stay on disk are decoded once in advance if damaged ones are to be left out: the
 * number of rows must be known. */
static iso_rc attach(struct files *f)
{
    const struct iso_dataset_request *r = f->request;
    if (f->options.damaged == ISO_DAMAGED_SKIP)
        ISO_TRY(iso_workers_run(f->set->rows, r->threads, try_to_decode, f, r->progress));
    else
        ISO_TRY(iso_image_damage_fail(&f->damage));
    ISO_TRY(iso_disk_attach(f->set, f, decode, name_file, free_files));
    return leave_damaged_out(f);
}

/* Keeps the paths of the files, which are not asked for again. */
static iso_rc name_rows(struct files *f)
{
    for (int64_t i = 0; i < f->set->rows; i++) {
        char path[ISO_PATH];
        ISO_TRY(path_of(f, i, path));
        ISO_TRY(iso_names_add(&f->set->row_names, path));
    }
    f->set->row_files = true;
    return ISO_OK;
}

static iso_rc load_images(struct files *f)
{
    const struct iso_dataset_request *r = f->request;
    struct iso_dataset *set = f->set;
    if (iso_disk_wanted(r, (double)set->rows * (double)iso_dataset_image_bytes(set)))
        return attach(f);
    set->images = iso_alloc((size_t)set->rows, iso_dataset_image_bytes(set));
    if (set->images == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_workers_run(set->rows, r->threads, decode_into_set, f, r->progress));
    ISO_TRY(name_rows(f));
    return leave_damaged_out(f);
}

static iso_rc load(struct files *f)
{
    const struct iso_dataset_request *r = f->request;
    const int64_t rows = f->set->rows;
    f->sizes = iso_alloc((size_t)rows, sizeof *f->sizes);
    if (f->sizes == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_image_damage_new(rows, &f->damage));
    ISO_TRY(iso_workers_run(rows, r->threads, look_at, f, NULL));
    ISO_TRY(settle_geometry(f));
    snprintf(f->set->source, sizeof f->set->source, "%.400s", f->where);
    return load_images(f);
}

iso_rc iso_image_files_load(const struct iso_image_files *list, const struct iso_dataset_request *r,
                            const char *where, struct iso_dataset *set)
{
    struct files *f = iso_alloc(1, sizeof *f);
    if (f == NULL) {
        list->free(list->self);
        return ISO_ENOMEM;
    }
    *f = (struct files){
        .request = r, .where = where, .set = set, .list = *list, .options = r->options.image
    };
    const iso_rc rc = load(f);
    f->request = NULL;
    f->where = NULL;
    f->set = NULL;
    if (set->disk == NULL)
        free_files(f);
    return rc;
}
