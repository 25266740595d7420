#include "keras_direct.h"
#include "core/system/file.h"
#include "keras_names.h"
#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file grows in memory, and goes to disk as a whole. */
struct iso_keras_direct_writer {
    char *path;
    enum iso_keras_form form;
    hid_t file;
    struct iso_keras_names layers;
};

enum { GROWTH = 1 << 20 };

iso_rc iso_keras_direct_begin(const char *path, enum iso_keras_form form,
                              struct iso_keras_direct_writer **out)
{
    struct iso_keras_direct_writer *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    w->form = form;
    w->path = strdup(path);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, GROWTH, 0);
    w->file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    if (w->path == NULL || w->file < 0) {
        iso_keras_direct_abort(w);
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

/* Adds a layer's weights to a group, and the attribute that lists their names. */
static bool put_named(hid_t group, const struct iso_keras_put_layer *l)
{
    char list[ISO_KERAS_WEIGHTS][ISO_KERAS_NAME] = { "" };
    struct iso_keras_names weights = { .list = list };
    bool fine = true;
    for (int i = 0; fine && i < l->nweights; i++) {
        snprintf(list[weights.n++], ISO_KERAS_NAME, "%s/%s:0", l->name, l->names[i]);
        fine = put_weight(group, list[i], &l->shapes[i], l->values[i]);
    }
    return fine && iso_keras_put_names(group, "weight_names", &weights);
}

/* Adds them to layers/<class>/vars under their numbers; the attribute name is the layer's. */
static bool put_numbered(hid_t group, const struct iso_keras_put_layer *l)
{
    char list[1][ISO_KERAS_NAME] = { "" };
    const struct iso_keras_names name = { .list = list, .n = 1 };
    bool fine = true;
    snprintf(list[0], ISO_KERAS_NAME, "%s", l->name);
    for (int i = 0; fine && i < l->nweights; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        fine = put_weight(group, number, &l->shapes[i], l->values[i]);
    }
    return fine && iso_keras_put_names(group, "name", &name);
}

/* Makes a group and those above it. */
static hid_t make_group(hid_t file, const char *path)
{
    const hid_t link = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    const hid_t group = H5Gcreate2(file, path, link, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(link);
    return group;
}

iso_rc iso_keras_direct_put(struct iso_keras_direct_writer *w, const struct iso_keras_put_layer *l)
{
    char path[ISO_KERAS_NAME];
    void *more = realloc(w->layers.list, (size_t)(w->layers.n + 1) * sizeof *w->layers.list);
    if (more == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    w->layers.list = more;
    memset(w->layers.list[w->layers.n], 0, sizeof *w->layers.list);
    iso_keras_take_name(&w->layers, l->name, strlen(l->name));
    snprintf(path, sizeof path, w->form == ISO_KERAS_H5 ? "%.200s" : "layers/%.200s/vars",
             w->form == ISO_KERAS_H5 ? l->name : l->class);
    const hid_t group = make_group(w->file, path);
    const bool fine = group >= 0 &&
                      (w->form == ISO_KERAS_H5 ? put_named(group, l) : put_numbered(group, l));
    H5Gclose(group);
    return fine ? ISO_OK
                : iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot add layer '%s'", w->path,
                           l->name);
}

static iso_rc write_bytes(const struct iso_keras_direct_writer *w, const void *image, size_t size,
                          const char *config, const char *metadata)
{
    if (w->form != ISO_KERAS_ARCHIVE)
        return iso_file_write(w->path, image, size);
    const struct iso_zip_member members[] = { { "metadata.json", metadata, strlen(metadata) },
                                              { "config.json", config, strlen(config) },
                                              { "model.weights.h5", image, size } };
    return iso_zip_write(w->path, members, 3);
}

static iso_rc write_image(struct iso_keras_direct_writer *w, const char *config,
                          const char *metadata)
{
    H5Fflush(w->file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(w->file, NULL, 0);
    void *image = size > 0 ? iso_alloc((size_t)size, 1) : NULL;
    iso_rc rc = image != NULL && H5Fget_file_image(w->file, image, (size_t)size) == size
                    ? write_bytes(w, image, (size_t)size, config, metadata)
                    : iso_fail(ISO_ENOMEM, "%s: out of memory", w->path);
    free(image);
    return rc;
}

/* Adds what Keras 1 and 2 write beside the layers. */
static bool put_versions(struct iso_keras_direct_writer *w)
{
    const struct iso_keras_names version = { .list = (char[1][ISO_KERAS_NAME]){ "2.3.0" }, .n = 1 };
    const struct iso_keras_names backend = { .list = (char[1][ISO_KERAS_NAME]){ "isocl" }, .n = 1 };
    return iso_keras_put_names(w->file, "layer_names", &w->layers) &&
           iso_keras_put_names(w->file, "keras_version", &version) &&
           iso_keras_put_names(w->file, "backend", &backend);
}

iso_rc iso_keras_direct_end(struct iso_keras_direct_writer *w, const char *config,
                            const char *metadata)
{
    const bool fine = w->form != ISO_KERAS_H5 || put_versions(w);
    const iso_rc rc = fine ? write_image(w, config, metadata)
                           : iso_fail(ISO_ENOMEM,
                                      "%s: the HDF5 library cannot "
                                      "add the layers' names",
                                      w->path);
    iso_keras_direct_abort(w);
    return rc;
}

void iso_keras_direct_abort(struct iso_keras_direct_writer *w)
{
    if (w == NULL)
        return;
    if (w->file >= 0)
        H5Fclose(w->file);
    free(w->layers.list);
    free(w->path);
    free(w);
}
