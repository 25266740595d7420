#include "keras_file.h"
#include "core/file.h"
#include "keras_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file grows in memory, and goes to disk as a whole. */
struct iso_keras_writer {
    char *path;
    hid_t file;
    struct iso_keras_names layers;
};

enum { GROWTH = 1 << 20 };

iso_rc iso_keras_begin(const char *path, struct iso_keras_writer **out)
{
    struct iso_keras_writer *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    w->path = strdup(path);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, GROWTH, 0);
    w->file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    if (w->path == NULL || w->file < 0) {
        iso_keras_abort(w);
        return iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot make a file in memory", path);
    }
    *out = w;
    return ISO_OK;
}

static bool put_weight(hid_t group, const char *name, const struct iso_shape *shape,
                       const float *values)
{
    hsize_t dim[ISO_DIMS];
    for (int i = 0; i < shape->ndim; i++)
        dim[i] = (hsize_t)shape->dim[i];
    const hid_t link = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    const hid_t space = H5Screate_simple(shape->ndim, dim, NULL);
    const hid_t set =
        H5Dcreate2(group, name, H5T_IEEE_F32LE, space, link, H5P_DEFAULT, H5P_DEFAULT);
    const bool fine = set >= 0 &&
                      H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(link);
    return fine;
}

iso_rc iso_keras_put(struct iso_keras_writer *w, const char *layer, int nweights,
                     const char *const *names, const struct iso_shape *shapes,
                     const float *const *values)
{
    char list[ISO_KERAS_WEIGHTS][ISO_KERAS_NAME] = { "" };
    struct iso_keras_names weights = { .list = list };
    void *more = realloc(w->layers.list, (size_t)(w->layers.n + 1) * sizeof *w->layers.list);
    if (more == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    w->layers.list = more;
    memset(w->layers.list[w->layers.n], 0, sizeof *w->layers.list);
    iso_keras_take_name(&w->layers, layer, strlen(layer));
    const hid_t group = H5Gcreate2(w->file, layer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool fine = group >= 0;
    for (int i = 0; fine && i < nweights; i++) {
        snprintf(list[weights.n++], ISO_KERAS_NAME, "%s/%s:0", layer, names[i]);
        fine = put_weight(group, list[i], &shapes[i], values[i]);
    }
    fine = fine && iso_keras_put_names(group, "weight_names", &weights);
    H5Gclose(group);
    return fine
               ? ISO_OK
               : iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot add layer '%s'", w->path, layer);
}

static iso_rc write_image(struct iso_keras_writer *w)
{
    H5Fflush(w->file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(w->file, NULL, 0);
    void *image = size > 0 ? iso_alloc((size_t)size, 1) : NULL;
    iso_rc rc = image != NULL && H5Fget_file_image(w->file, image, (size_t)size) == size
                    ? iso_file_write(w->path, image, (size_t)size)
                    : iso_fail(ISO_ENOMEM, "%s: out of memory", w->path);
    free(image);
    return rc;
}

iso_rc iso_keras_end(struct iso_keras_writer *w)
{
    const struct iso_keras_names version = { .list = (char[1][ISO_KERAS_NAME]){ "2.3.0" }, .n = 1 };
    const struct iso_keras_names backend = { .list = (char[1][ISO_KERAS_NAME]){ "isocl" }, .n = 1 };
    const bool fine = iso_keras_put_names(w->file, "layer_names", &w->layers) &&
                      iso_keras_put_names(w->file, "keras_version", &version) &&
                      iso_keras_put_names(w->file, "backend", &backend);
    const iso_rc rc = fine ? write_image(w)
                           : iso_fail(ISO_ENOMEM,
                                      "%s: the HDF5 library cannot "
                                      "add the layers' names",
                                      w->path);
    iso_keras_abort(w);
    return rc;
}

void iso_keras_abort(struct iso_keras_writer *w)
{
    if (w == NULL)
        return;
    if (w->file >= 0)
        H5Fclose(w->file);
    free(w->layers.list);
    free(w->path);
    free(w);
}
