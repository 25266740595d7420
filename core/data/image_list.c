/* image_list.c: finds the images that are named, and decodes them side by side. */
#include "image_list.h"
#include "core/image/image.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_image(const char *folder, const char *name)
{
    (void)folder;
    return iso_image_named(name);
}

static iso_rc add_all(const char *folder, const struct iso_names *names, struct iso_names *paths)
{
    char path[ISO_PATH];
    for (int64_t i = 0; i < names->n; i++) {
        ISO_TRY(iso_path(path, folder, names->name[i]));
        ISO_TRY(iso_names_add(paths, path));
    }
    if (names->n > 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: no images lie in this folder (files called %s); name one that holds "
                    "them",
                    folder, iso_image_suffixes());
}

iso_rc iso_image_list_add(const char *argument, struct iso_names *paths)
{
    struct iso_names names = { .name = NULL };
    if (!iso_folder_exists(argument))
        return iso_names_add(paths, argument);
    iso_rc rc = iso_names_list(argument, is_image, &names);
    if (rc == ISO_OK)
        rc = add_all(argument, &names, paths);
    iso_names_free(&names);
    return rc;
}

struct list {
    const struct iso_names *paths;
    const struct iso_image_list_request *request;
    struct iso_dataset *set;
};

static iso_rc decode(void *data, int64_t i)
{
    const struct list *list = data;
    const struct iso_image_list_request *r = list->request;
    const size_t size = (size_t)r->height * (size_t)r->width * (size_t)r->channels;
    const struct iso_image row = { r->height, r->width, r->channels,
                                   list->set->images + (size_t)i * size, 1 };
    const char *path = list->paths->name[i];
    struct iso_image image;
    ISO_TRY(iso_image_read(path, &r->options, false, &image));
    const bool fits = image.height == r->height && image.width == r->width;
    const iso_rc rc = fits || r->resize ? iso_image_fit(&image, &row, &r->options) : ISO_OK;
    free(image.pixels);
    if (fits || r->resize)
        return rc;
    return iso_fail(ISO_EDATA,
                    "%s has %dx%d pixels (height x width), the model takes %dx%d: give "
                    "--resize, or images of that size",
                    path, image.height, image.width, r->height, r->width);
}

static iso_rc load(struct list *list)
{
    const struct iso_image_list_request *r = list->request;
    struct iso_dataset *set = list->set;
    snprintf(set->name, sizeof set->name, "images");
    set->rows = list->paths->n;
    set->height = r->height;
    set->width = r->width;
    set->channels = r->channels;
    set->images = iso_alloc((size_t)set->rows * (size_t)set->channels,
                            (size_t)set->height * (size_t)set->width);
    if (set->images == NULL)
        return ISO_ENOMEM;
    return iso_workers_run(set->rows, r->threads, decode, list, r->progress);
}

iso_rc iso_image_list_load(const struct iso_names *paths, const struct iso_image_list_request *r,
                           struct iso_dataset **out)
{
    struct list list = { .paths = paths, .request = r, .set = iso_alloc(1, sizeof *list.set) };
    const iso_rc rc = list.set != NULL ? load(&list) : ISO_ENOMEM;
    if (rc != ISO_OK) {
        iso_dataset_free(list.set);
        return rc;
    }
    *out = list.set;
    return ISO_OK;
}
