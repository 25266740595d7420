#include "keras_file.h"
#include "../file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ISO_HAVE_HDF5
#include <hdf5.h>

bool iso_keras_supported(void) { return true; }

/* More layers and names than any model has; longer names than any layer has. */
enum { NAMES_MAX = 1 << 16, NAME_MAX_BYTES = 512, CHUNKS_MAX = 1000 };

struct names { char (*list)[NAME_MAX_BYTES]; int n; };

static iso_rc damaged(const char *path, const char *what)
{
    return iso_fail(ISO_EDATA, "%s: %s; the file is damaged, or not one of Keras's", path, what);
}

/* ---- Attributes that hold names ------------------------------------------------------------ */

static void take_name(struct names *out, const char *text, size_t bytes)
{
    const size_t n = bytes < NAME_MAX_BYTES - 1 ? bytes : NAME_MAX_BYTES - 1;
    memcpy(out->list[out->n], text, n);
    out->list[out->n++][n] = '\0';
}

static bool read_pointers(hid_t attribute, hid_t type, hid_t space, int n, struct names *out)
{
    char **text = iso_alloc((size_t)n, sizeof *text);
    const hid_t memory = H5Tcopy(H5T_C_S1);
    bool fine = text != NULL && H5Tset_size(memory, H5T_VARIABLE) >= 0 &&
                H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
                H5Aread(attribute, memory, text) >= 0;
    for (int i = 0; fine && i < n; i++)
        take_name(out, text[i] ? text[i] : "", text[i] ? strlen(text[i]) : 0);
    if (fine)
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, text);
    H5Tclose(memory);
    free(text);
    return fine;
}

static bool read_fixed(hid_t attribute, hid_t type, int n, struct names *out)
{
    const size_t size = H5Tget_size(type);
    char *text = size > 0 && size <= NAME_MAX_BYTES ? iso_alloc((size_t)n, size) : NULL;
    const bool fine = text != NULL && H5Aread(attribute, type, text) >= 0;
    for (int i = 0; fine && i < n; i++) {
        const char *name = text + (size_t)i * size;
        take_name(out, name, strnlen(name, size));
    }
    free(text);
    return fine;
}

/* Adds the names of one attribute, an array of strings; of an empty one the type says nothing. */
static bool add_names(hid_t object, const char *attribute, struct names *out)
{
    const hid_t a = H5Aopen(object, attribute, H5P_DEFAULT);
    const hid_t type = H5Aget_type(a), space = H5Aget_space(a);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    bool fine = n >= 0 && n + out->n <= NAMES_MAX;
    if (fine && n > 0) {
        void *more = realloc(out->list, (size_t)(out->n + n) * sizeof *out->list);
        if (more)
            out->list = more;
        fine = more != NULL && H5Tget_class(type) == H5T_STRING &&
               (H5Tis_variable_str(type) > 0 ? read_pointers(a, type, space, (int)n, out)
                                             : read_fixed(a, type, (int)n, out));
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return fine;
}

/* Keras splits an attribute that is too long for HDF5 into layer_names0, layer_names1, ... */
static bool read_names(hid_t object, const char *attribute, struct names *out)
{
    char chunk[64];
    *out = (struct names){ 0 };
    if (H5Aexists(object, attribute) > 0)
        return add_names(object, attribute, out);
    for (int i = 0; i < CHUNKS_MAX; i++) {
        snprintf(chunk, sizeof chunk, "%s%d", attribute, i);
        if (H5Aexists(object, chunk) <= 0)
            return i > 0;
        if (!add_names(object, chunk, out))
            return false;
    }
    return true;
}

static void read_version(hid_t object, char *version, size_t n)
{
    struct names names = { 0 };
    if (H5Aexists(object, "keras_version") > 0 && add_names(object, "keras_version", &names) &&
        names.n == 1)
        snprintf(version, n, "%.*s", (int)n - 1, names.list[0]);
    free(names.list);
}

/* ---- Layers -------------------------------------------------------------------------------- */

static iso_rc add_weight(const struct iso_keras_file *f, const char *file, const char *path,
                         struct iso_keras_layer *layer)
{
    hsize_t dim[H5S_MAX_RANK];
    if (layer->nweights == ISO_KERAS_WEIGHTS)
        return iso_fail(ISO_EDATA, "%s: layer '%s' has more than %d weights; isocl has no such "
                        "layer", file, layer->name, ISO_KERAS_WEIGHTS);
    struct iso_keras_weight *w = &layer->weights[layer->nweights++];
    const hid_t set = H5Dopen2((hid_t)f->handle, path, H5P_DEFAULT);
    const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    const int ndim = H5Sget_simple_extent_dims(space, dim, NULL);
    const bool fine = ndim >= 0 && H5Tget_class(type) == H5T_FLOAT;
    snprintf(w->path, sizeof w->path, "%s", path);
    w->shape.ndim = ndim <= ISO_DIMS ? ndim : -1;
    for (int i = 0; fine && i < w->shape.ndim; i++)
        w->shape.dim[i] = (int64_t)dim[i];
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return fine ? ISO_OK : damaged(file, path);
}

/* The next of the file's layers, which counts once it has weights. */
static iso_rc new_layer(struct iso_keras_file *f, const char *name, const char *class)
{
    void *more = realloc(f->layers, (size_t)(f->nlayers + 1) * sizeof *f->layers);
    if (!more)
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
    struct names weights;
    char path[2 * ISO_KERAS_PATH];
    snprintf(path, sizeof path, "%s/%.500s", above, name);
    const hid_t group = H5Gopen2((hid_t)f->handle, path, H5P_DEFAULT);
    iso_rc rc = read_names(group, "weight_names", &weights) ? new_layer(f, name, "")
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
    struct names layers;
    const hid_t group = H5Gopen2((hid_t)f->handle, *above ? above : "/", H5P_DEFAULT);
    iso_rc rc = read_names(group, "layer_names", &layers) ? ISO_OK
                                                          : damaged(file, "it names no layers");
    read_version(group, f->version, sizeof f->version);
    for (int i = 0; rc == ISO_OK && i < layers.n; i++)
        rc = read_named_layer(f, file, above, layers.list[i]);
    free(layers.list);
    H5Gclose(group);
    return rc;
}

static bool there(hid_t file, const char *path)
{
    return H5Lexists(file, path, H5P_DEFAULT) > 0;
}

/* layers/<class>/vars/0, 1, ...; the attribute name of vars is the layer's. */
static iso_rc read_class_layer(struct iso_keras_file *f, const char *file, const char *class)
{
    struct names name = { 0 };
    char path[ISO_KERAS_PATH];
    snprintf(path, sizeof path, "layers/%.200s/layers", class);
    if (there((hid_t)f->handle, path))
        return iso_fail(ISO_EUNSUP, "%s: '%s' is a model within the model; save the weights of "
                        "that one, or of a flat model", file, class);
    snprintf(path, sizeof path, "layers/%.200s/vars", class);
    if (!there((hid_t)f->handle, path))
        return ISO_OK;
    const hid_t group = H5Gopen2((hid_t)f->handle, path, H5P_DEFAULT);
    const bool named = H5Aexists(group, "name") > 0 && add_names(group, "name", &name);
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
    iso_rc rc = H5Gget_info(group, &info) >= 0 && info.nlinks <= NAMES_MAX
                    ? ISO_OK : damaged(file, "it has no layers");
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

iso_rc iso_keras_open(const char *path, struct iso_keras_file **out)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return iso_file_fail("read", path);
    fclose(file);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (H5Fis_hdf5(path) <= 0)
        return iso_fail(ISO_EDATA, "%s is not an HDF5 file, as Keras's .h5 and .weights.h5 are",
                        path);
    struct iso_keras_file *f = iso_alloc(1, sizeof *f);
    if (!f)
        return ISO_ENOMEM;
    f->handle = (int64_t)H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    iso_rc rc = f->handle >= 0 ? read_layers(f, path) : damaged(path, "it cannot be opened");
    if (rc == ISO_OK && f->nlayers == 0)
        rc = iso_fail(ISO_EDATA, "%s holds no weights", path);
    if (rc != ISO_OK) {
        iso_keras_close(f);
        return rc;
    }
    *out = f;
    return ISO_OK;
}

void iso_keras_close(struct iso_keras_file *f)
{
    if (!f)
        return;
    if (f->handle >= 0)
        H5Fclose((hid_t)f->handle);
    free(f->layers);
    free(f);
}

iso_rc iso_keras_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                      float *values)
{
    const hid_t set = H5Dopen2((hid_t)f->handle, w->path, H5P_DEFAULT);
    const herr_t read = H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    return read >= 0 ? ISO_OK
                     : iso_fail(ISO_EDATA, "%s cannot be read; the file is damaged", w->path);
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* The file grows in memory, and goes to disk as a whole. */
struct iso_keras_writer {
    char *path;
    hid_t file;
    struct names layers;
};

enum { GROWTH = 1 << 20 };

iso_rc iso_keras_begin(const char *path, struct iso_keras_writer **out)
{
    struct iso_keras_writer *w = iso_alloc(1, sizeof *w);
    if (!w)
        return ISO_ENOMEM;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    w->path = strdup(path);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, GROWTH, 0);
    w->file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    if (!w->path || w->file < 0) {
        iso_keras_abort(w);
        return iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot make a file in memory", path);
    }
    *out = w;
    return ISO_OK;
}

/* HDF5's limit for an attribute, less a little for its head. */
enum { ATTRIBUTE_BYTES = 64000 };

/* names[first, first + n) as an attribute of strings of `size` bytes, as Keras writes them. */
static bool put_some(hid_t object, const char *attribute, const struct names *names, int first,
                     int n, size_t size)
{
    const hsize_t count = (hsize_t)n;
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    char *text = iso_alloc((size_t)n + 1, size);
    for (int i = 0; text && i < n; i++)
        memcpy(text + (size_t)i * size, names->list[first + i], strlen(names->list[first + i]));
    H5Tset_size(type, size);
    const hid_t a = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool fine = text && a >= 0 && (n == 0 || H5Awrite(a, type, text) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
    free(text);
    return fine;
}

/* What is too long for one attribute goes into several, as read_names expects them. */
static bool put_names(hid_t object, const char *attribute, const struct names *names)
{
    char chunk[64];
    size_t size = 1;
    bool fine = true;
    for (int i = 0; i < names->n; i++)
        size = strlen(names->list[i]) > size ? strlen(names->list[i]) : size;
    const int most = (int)(ATTRIBUTE_BYTES / size);
    if (names->n <= most)
        return put_some(object, attribute, names, 0, names->n, size);
    for (int first = 0; fine && first < names->n; first += most) {
        snprintf(chunk, sizeof chunk, "%s%d", attribute, first / most);
        fine = put_some(object, chunk, names, first,
                        names->n - first < most ? names->n - first : most, size);
    }
    return fine;
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
    const hid_t set = H5Dcreate2(group, name, H5T_IEEE_F32LE, space, link, H5P_DEFAULT,
                                 H5P_DEFAULT);
    const bool fine = set >= 0 && H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                           values) >= 0;
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(link);
    return fine;
}

iso_rc iso_keras_put(struct iso_keras_writer *w, const char *layer, int nweights,
                     const char *const *names, const struct iso_shape *shapes,
                     const float *const *values)
{
    char list[ISO_KERAS_WEIGHTS][NAME_MAX_BYTES] = { "" };
    struct names weights = { .list = list };
    void *more = realloc(w->layers.list, (size_t)(w->layers.n + 1) * sizeof *w->layers.list);
    if (!more)
        return iso_fail(ISO_ENOMEM, "out of memory");
    w->layers.list = more;
    memset(w->layers.list[w->layers.n], 0, sizeof *w->layers.list);
    take_name(&w->layers, layer, strlen(layer));
    const hid_t group = H5Gcreate2(w->file, layer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool fine = group >= 0;
    for (int i = 0; fine && i < nweights; i++) {
        snprintf(list[weights.n++], NAME_MAX_BYTES, "%s/%s:0", layer, names[i]);
        fine = put_weight(group, list[i], &shapes[i], values[i]);
    }
    fine = fine && put_names(group, "weight_names", &weights);
    H5Gclose(group);
    return fine ? ISO_OK : iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot add layer '%s'",
                                    w->path, layer);
}

static iso_rc write_image(struct iso_keras_writer *w)
{
    H5Fflush(w->file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(w->file, NULL, 0);
    void *image = size > 0 ? iso_alloc((size_t)size, 1) : NULL;
    iso_rc rc = image && H5Fget_file_image(w->file, image, (size_t)size) == size
                    ? iso_file_write(w->path, image, (size_t)size)
                    : iso_fail(ISO_ENOMEM, "%s: out of memory", w->path);
    free(image);
    return rc;
}

iso_rc iso_keras_end(struct iso_keras_writer *w)
{
    const struct names version = { .list = (char[1][NAME_MAX_BYTES]){ "2.3.0" }, .n = 1 };
    const struct names backend = { .list = (char[1][NAME_MAX_BYTES]){ "isocl" }, .n = 1 };
    const bool fine = put_names(w->file, "layer_names", &w->layers) &&
                      put_names(w->file, "keras_version", &version) &&
                      put_names(w->file, "backend", &backend);
    const iso_rc rc = fine ? write_image(w) : iso_fail(ISO_ENOMEM, "%s: the HDF5 library cannot "
                                                       "add the layers' names", w->path);
    iso_keras_abort(w);
    return rc;
}

void iso_keras_abort(struct iso_keras_writer *w)
{
    if (!w)
        return;
    if (w->file >= 0)
        H5Fclose(w->file);
    free(w->layers.list);
    free(w->path);
    free(w);
}

#else

bool iso_keras_supported(void) { return false; }

static iso_rc without(const char *path)
{
    return iso_fail(ISO_EUNSUP, "%s: this isocl was built without HDF5: install the library "
                    "(Debian: libhdf5-dev) and build it again", path);
}

iso_rc iso_keras_open(const char *path, struct iso_keras_file **out)
{
    (void)out;
    return without(path);
}

void iso_keras_close(struct iso_keras_file *f) { (void)f; }

iso_rc iso_keras_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                      float *values)
{
    (void)f, (void)values;
    return without(w->path);
}

iso_rc iso_keras_begin(const char *path, struct iso_keras_writer **out)
{
    (void)out;
    return without(path);
}

iso_rc iso_keras_put(struct iso_keras_writer *w, const char *layer, int nweights,
                     const char *const *names, const struct iso_shape *shapes,
                     const float *const *values)
{
    (void)w, (void)nweights, (void)names, (void)shapes, (void)values;
    return without(layer);
}

iso_rc iso_keras_end(struct iso_keras_writer *w)
{
    (void)w;
    return ISO_EUNSUP;
}

void iso_keras_abort(struct iso_keras_writer *w) { (void)w; }
#endif
