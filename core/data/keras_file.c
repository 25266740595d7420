/* keras_file.c: reading Keras's files with the HDF5 library. */
#include "keras_direct.h"
#include "core/file.h"
#include "keras_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool iso_keras_supported(void) { return true; }

static iso_rc damaged(const char *path, const char *what)
{
    return iso_fail(ISO_EDATA, "%s: %s; the file is damaged, or not one of Keras's", path, what);
}

static void read_version(hid_t object, char *version, size_t n)
{
    struct iso_keras_names names = { 0 };
    if (H5Aexists(object, "keras_version") > 0 &&
        iso_keras_add_names(object, "keras_version", &names) && names.n == 1)
        snprintf(version, n, "%.*s", (int)n - 1, names.list[0]);
    free(names.list);
}

/* ---- Layers -------------------------------------------------------------------------------- */

static iso_rc add_weight(const struct iso_keras_file *f, const char *file, const char *path,
                         struct iso_keras_layer *layer)
{
    hsize_t dim[H5S_MAX_RANK];
    if (layer->nweights == ISO_KERAS_WEIGHTS)
        return iso_fail(ISO_EDATA,
                        "%s: layer '%s' has more than %d weights; isocl has no such "
                        "layer",
                        file, layer->name, ISO_KERAS_WEIGHTS);
    struct iso_keras_weight *w = &layer->weights[layer->nweights++];
    const hid_t set = H5Dopen2((hid_t)f->handle, path, H5P_DEFAULT);
    const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    const int ndim = H5Sget_simple_extent_dims(space, dim, NULL);
    bool fine = ndim >= 0 && H5Tget_class(type) == H5T_FLOAT;
    snprintf(w->path, sizeof w->path, "%s", path);
    w->shape.ndim = ndim <= ISO_DIMS ? ndim : -1;
    for (int i = 0; fine && i < w->shape.ndim; i++)
        w->shape.dim[i] = (int64_t)dim[i];
    fine = fine && iso_shape_countable(&w->shape);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return fine ? ISO_OK : damaged(file, path);
}

/* The next of the file's layers, which counts once it has weights. */
static iso_rc new_layer(struct iso_keras_file *f, const char *name, const char *class)
{
    void *more = realloc(f->layers, (size_t)(f->nlayers + 1) * sizeof *f->layers);
    if (more == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    f->layers = more;
    struct iso_keras_layer *layer = &f->layers[f->nlayers];
    memset(layer, 0, sizeof *layer);
    snprintf(layer->name, sizeof layer->name, "%.*s", ISO_NAME - 1, name);
    snprintf(layer->class, sizeof layer->class, "%.*s", ISO_NAME - 1, class);
    return ISO_OK;
}

static iso_rc read_named_layer(struct iso_keras_file *f, const char *file, const char *above,
                               const char *name)
{
    struct iso_keras_names weights;
    char path[2 * ISO_KERAS_PATH];
    snprintf(path, sizeof path, "%s/%.500s", above, name);
    const hid_t group = H5Gopen2((hid_t)f->handle, path, H5P_DEFAULT);
    iso_rc rc = iso_keras_read_names(group, "weight_names", &weights) ? new_layer(f, name, "")
                                                                      : damaged(file, path);
    for (int i = 0; rc == ISO_OK && i < weights.n; i++) {
        const int n = snprintf(path, sizeof path, "%s/%.500s/%s", above, name, weights.list[i]);
        rc = n < ISO_KERAS_PATH ? add_weight(f, file, path, &f->layers[f->nlayers])
                                : damaged(file, "a name is too long");
    }
    f->nlayers += rc == ISO_OK && weights.n > 0;
    free(weights.list);
    H5Gclose(group);
    return rc;
}

static iso_rc read_named(struct iso_keras_file *f, const char *file, const char *above)
{
    struct iso_keras_names layers;
    const hid_t group = H5Gopen2((hid_t)f->handle, *above ? above : "/", H5P_DEFAULT);
    iso_rc rc = iso_keras_read_names(group, "layer_names", &layers)
                    ? ISO_OK
                    : damaged(file, "it names no layers");
    read_version(group, f->version, sizeof f->version);
    for (int i = 0; rc == ISO_OK && i < layers.n; i++)
        rc = read_named_layer(f, file, above, layers.list[i]);
    free(layers.list);
    H5Gclose(group);
    return rc;
}

static bool there(hid_t file, const char *path) { return H5Lexists(file, path, H5P_DEFAULT) > 0; }

/* layers/<class>/vars/0, 1, ...; the attribute name of vars is the layer's. */
static iso_rc read_class_layer(struct iso_keras_file *f, const char *file, const char *class)
{
    struct iso_keras_names name = { 0 };
    char path[ISO_KERAS_PATH];
    snprintf(path, sizeof path, "layers/%.200s/layers", class);
    if (there((hid_t)f->handle, path))
        return iso_fail(ISO_EDATA,
                        "%s: '%s' is a model within the model; save the weights of "
                        "that one, or of a flat model",
                        file, class);
    snprintf(path, sizeof path, "layers/%.200s/vars", class);
    if (!there((hid_t)f->handle, path))
        return ISO_OK;
    const hid_t group = H5Gopen2((hid_t)f->handle, path, H5P_DEFAULT);
    const bool named = H5Aexists(group, "name") > 0 && iso_keras_add_names(group, "name", &name);
    iso_rc rc = new_layer(f, named && name.n == 1 ? name.list[0] : "", class);
    for (int i = 0; rc == ISO_OK; i++) {
        snprintf(path, sizeof path, "layers/%.200s/vars/%d", class, i);
        if (!there((hid_t)f->handle, path))
            break;
        rc = add_weight(f, file, path, &f->layers[f->nlayers]);
    }
    f->nlayers += rc == ISO_OK && f->layers[f->nlayers].nweights > 0;
    free(name.list);
    H5Gclose(group);
    return rc;
}

static iso_rc read_by_class(struct iso_keras_file *f, const char *file)
{
    const hid_t group = H5Gopen2((hid_t)f->handle, "layers", H5P_DEFAULT);
    H5G_info_t info = { .nlinks = 0 };
    iso_rc rc = H5Gget_info(group, &info) >= 0 && info.nlinks <= ISO_KERAS_NAMES
                    ? ISO_OK
                    : damaged(file, "it has no layers");
    for (hsize_t i = 0; rc == ISO_OK && i < info.nlinks; i++) {
        char class[ISO_NAME] = "";
        if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, class, sizeof class,
                               H5P_DEFAULT) >= ISO_NAME)
            rc = damaged(file, "a name is too long");
        else
            rc = read_class_layer(f, file, class);
    }
    H5Gclose(group);
    return rc;
}

static iso_rc read_layers(struct iso_keras_file *f, const char *path)
{
    const hid_t file = (hid_t)f->handle;
    read_version(file, f->version, sizeof f->version);
    if (there(file, "model_weights"))
        return read_named(f, path, "model_weights");
    if (H5Aexists(file, "layer_names") > 0 || H5Aexists(file, "layer_names0") > 0)
        return read_named(f, path, "");
    if (there(file, "layers"))
        return read_by_class(f, path);
    return damaged(path, "it has neither layer_names, nor model_weights, nor layers");
}

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return iso_file_fail("read", path);
    fclose(file);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (H5Fis_hdf5(path) <= 0)
        return iso_fail(ISO_EDATA, "%s is not an HDF5 file, as Keras's .h5 and .weights.h5 are",
                        path);
    struct iso_keras_file *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    f->handle = (int64_t)H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    iso_rc rc = f->handle >= 0 ? read_layers(f, path) : damaged(path, "it cannot be opened");
    if (rc == ISO_OK && f->nlayers == 0)
        rc = iso_fail(ISO_EDATA, "%s holds no weights", path);
    if (rc != ISO_OK) {
        iso_keras_direct_close(f);
        return rc;
    }
    *out = f;
    return ISO_OK;
}

void iso_keras_direct_close(struct iso_keras_file *f)
{
    if (f == NULL)
        return;
    if (f->handle >= 0)
        H5Fclose((hid_t)f->handle);
    free(f->layers);
    free(f);
}

iso_rc iso_keras_direct_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                             float *values)
{
    const hid_t set = H5Dopen2((hid_t)f->handle, w->path, H5P_DEFAULT);
    const herr_t read = H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    return read >= 0 ? ISO_OK
                     : iso_fail(ISO_EDATA, "%s cannot be read; the file is damaged", w->path);
}
