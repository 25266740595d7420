/* keras_file.c: reading Keras's files with the HDF5 library. */
#include "keras_direct.h"
#include "core/system/file.h"
#include "keras_names.h"
#include "keras_text.h"
#include "zip.h"

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
    const H5T_class_t kind = H5Tget_class(type);
    bool fine = ndim >= 0 && (kind == H5T_FLOAT || kind == H5T_INTEGER);
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
static iso_rc new_layer(struct iso_keras_file *f, const char *name, const char *class,
                        const char *place)
{
    void *more = realloc(f->layers, (size_t)(f->nlayers + 1) * sizeof *f->layers);
    if (more == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    f->layers = more;
    struct iso_keras_layer *layer = &f->layers[f->nlayers];
    memset(layer, 0, sizeof *layer);
    snprintf(layer->name, sizeof layer->name, "%.*s", ISO_NAME - 1, name);
    snprintf(layer->class, sizeof layer->class, "%s", class);
    snprintf(layer->place, sizeof layer->place, "%s", place);
    return ISO_OK;
}

/* Returns the bytes of a weight's name before its last part: "base/conv1" of "base/conv1/kernel".
 */
static size_t owner_length(const char *weight)
{
    const char *slash = strrchr(weight, '/');
    return slash != NULL ? (size_t)(slash - weight) : 0;
}

static bool same_owner(const char *a, const char *b)
{
    const size_t n = owner_length(a);
    return n == owner_length(b) && memcmp(a, b, n) == 0;
}

/* Returns true if a layer is a model: its weights are those of several layers, or of one in it. */
static bool is_model(const char *name, const struct iso_keras_names *weights)
{
    const size_t n = strlen(name);
    for (int i = 1; i < weights->n; i++)
        if (!same_owner(weights->list[0], weights->list[i]))
            return true;
    return weights->n > 0 && strncmp(weights->list[0], name, n) == 0 &&
           weights->list[0][n] == '/' && owner_length(weights->list[0]) > n;
}

/* Begins the layer within a model that has a weight. */
static iso_rc new_inner_layer(struct iso_keras_file *f, const char *model, const char *weight)
{
    char owner[ISO_KERAS_NAME], place[2 * ISO_KERAS_NAME];
    const size_t n = strlen(model);
    snprintf(owner, sizeof owner, "%.*s", (int)owner_length(weight), weight);
    const bool prefixed = strncmp(owner, model, n) == 0 && owner[n] == '/';
    snprintf(place, sizeof place, "%s/%s", model, prefixed ? owner + n + 1 : owner);
    const char *slash = strrchr(owner, '/');
    place[ISO_KERAS_PATH - 1] = '\0';
    return new_layer(f, slash != NULL ? slash + 1 : owner, "", place);
}

static iso_rc read_named_weights(struct iso_keras_file *f, const char *file, const char *group,
                                 const char *name, const struct iso_keras_names *weights)
{
    const bool model = is_model(name, weights);
    char path[3 * ISO_KERAS_PATH];
    if (!model)
        ISO_TRY(new_layer(f, name, "", name));
    for (int i = 0; i < weights->n; i++) {
        if (model && (i == 0 || !same_owner(weights->list[i - 1], weights->list[i]))) {
            f->nlayers += i > 0;
            ISO_TRY(new_inner_layer(f, name, weights->list[i]));
        }
        if (snprintf(path, sizeof path, "%s/%s", group, weights->list[i]) >= ISO_KERAS_PATH)
            return damaged(file, "a name is too long");
        ISO_TRY(add_weight(f, file, path, &f->layers[f->nlayers]));
    }
    f->nlayers += weights->n > 0;
    return ISO_OK;
}

static iso_rc read_named_layer(struct iso_keras_file *f, const char *file, const char *above,
                               const char *name)
{
    struct iso_keras_names weights;
    char path[2 * ISO_KERAS_PATH];
    snprintf(path, sizeof path, "%s/%.500s", above, name);
    const hid_t group = H5Gopen2((hid_t)f->handle, path, H5P_DEFAULT);
    iso_rc rc = iso_keras_read_names(group, "weight_names", &weights)
                    ? read_named_weights(f, file, path, name, &weights)
                    : damaged(file, path);
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

/* The group of layers that is read, and the models around it. */
struct level {
    char path[ISO_KERAS_PATH];  /* path of the group, "layers/sequential/layers" */
    char class[ISO_KERAS_PATH]; /* "sequential/" */
    char place[ISO_KERAS_PATH]; /* "base/" */
    int depth;
    bool within; /* it is a layer that is no model: its own weights are read already */
};
enum { DEPTH_MAX = 16 };

static bool join(char out[ISO_KERAS_PATH], const char *a, const char *b, const char *c)
{
    return snprintf(out, ISO_KERAS_PATH, "%s%s%s", a, b, c) < ISO_KERAS_PATH;
}

/* Reads the name of a layer, the attribute name of its vars; "" if it has none. */
static void read_name(hid_t vars, char name[ISO_KERAS_NAME])
{
    struct iso_keras_names names = { 0 };
    const bool named = H5Aexists(vars, "name") > 0 && iso_keras_add_names(vars, "name", &names);
    snprintf(name, ISO_KERAS_NAME, "%s", named && names.n == 1 ? names.list[0] : "");
    free(names.list);
}

/* Reads vars/0, vars/1, ... */
static iso_rc read_vars(struct iso_keras_file *f, const char *file, const char *vars)
{
    struct iso_keras_layer *layer = &f->layers[f->nlayers];
    for (int i = 0;; i++) {
        char number[16], path[ISO_KERAS_PATH];
        snprintf(number, sizeof number, "/%d", i);
        if (!join(path, vars, number, ""))
            return damaged(file, "a name is too long");
        if (!there((hid_t)f->handle, path))
            return ISO_OK;
        ISO_TRY(add_weight(f, file, path, layer));
    }
}

static iso_rc read_level(struct iso_keras_file *f, const char *file, const struct level *at);

/* Reads the layer, or the model, <class> of a level. */
static iso_rc read_class_layer(struct iso_keras_file *f, const char *file, const struct level *at,
                               const char *class)
{
    struct level below = { .depth = at->depth + 1 }, within;
    char name[ISO_KERAS_NAME] = "", vars[ISO_KERAS_PATH], path[ISO_KERAS_PATH];
    char full[ISO_KERAS_PATH], place[ISO_KERAS_PATH];
    if (!join(path, at->path, "/", class) || !join(vars, path, "/vars", "") ||
        !join(below.path, path, "/layers", "") || !join(full, at->class, class, ""))
        return damaged(file, "a name is too long");
    const bool has_vars = there((hid_t)f->handle, vars);
    if (has_vars) {
        const hid_t group = H5Gopen2((hid_t)f->handle, vars, H5P_DEFAULT);
        read_name(group, name);
        H5Gclose(group);
    }
    if (!join(place, at->place, name, "") || !join(below.class, full, "/", "") ||
        !join(below.place, place, "/", ""))
        return damaged(file, "a name is too long");
    if (there((hid_t)f->handle, below.path))
        return read_level(f, file, &below);
    if (!has_vars)
        return ISO_OK;
    ISO_TRY(new_layer(f, name, full, place));
    ISO_TRY(read_vars(f, file, vars));
    f->nlayers += f->layers[f->nlayers].nweights > 0;
    within = below;
    within.within = true;
    snprintf(within.path, sizeof within.path, "%s", path);
    return read_level(f, file, &within); /* MultiHeadAttention's projections */
}

/* Returns true for a group that is not one of the layers within a layer: its own weights, and the
 * state of its random numbers. */
static bool is_own(const char *group)
{
    return strcmp(group, "vars") == 0 || strcmp(group, "seed_generator") == 0;
}

static iso_rc read_level(struct iso_keras_file *f, const char *file, const struct level *at)
{
    if (at->depth > DEPTH_MAX)
        return damaged(file, "its models are too deep within each other");
    const hid_t group = H5Gopen2((hid_t)f->handle, at->path, H5P_DEFAULT);
    H5G_info_t info = { .nlinks = 0 };
    iso_rc rc = H5Gget_info(group, &info) >= 0 && info.nlinks <= ISO_KERAS_NAMES
                    ? ISO_OK
                    : damaged(file, "it has no layers");
    for (hsize_t i = 0; rc == ISO_OK && i < info.nlinks; i++) {
        char class[ISO_NAME] = "";
        if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, class, sizeof class,
                               H5P_DEFAULT) >= ISO_NAME)
            rc = damaged(file, "a name is too long");
        else if (!at->within || !is_own(class))
            rc = read_class_layer(f, file, at, class);
    }
    H5Gclose(group);
    return rc;
}

static iso_rc read_layers(struct iso_keras_file *f, const char *path)
{
    const hid_t file = (hid_t)f->handle;
    if (f->config == NULL)
        f->config = iso_keras_read_text(file, "model_config");
    f->training = iso_keras_read_text(file, "training_config");
    read_version(file, f->version, sizeof f->version);
    if (there(file, "model_weights"))
        return read_named(f, path, "model_weights");
    if (H5Aexists(file, "layer_names") > 0 || H5Aexists(file, "layer_names0") > 0)
        return read_named(f, path, "");
    if (there(file, "layers"))
        return read_level(f, path, &(struct level){ .path = "layers" });
    return damaged(path, "it has neither layer_names, nor model_weights, nor layers");
}

/* ---- The file ------------------------------------------------------------------------------ */

/* Returns true if the file begins as zip files do; fails if it cannot be read. */
static iso_rc is_archive(const char *path, bool *archive)
{
    char mark[2] = "";
    FILE *file;
    ISO_TRY(iso_file_open(path, &file));
    *archive = fread(mark, 1, 2, file) == 2 && memcmp(mark, "PK", 2) == 0;
    fclose(file);
    return ISO_OK;
}

/* Opens the weights in a .keras file, from memory, and keeps its configuration. */
static iso_rc open_archive(struct iso_keras_file *f, const char *path)
{
    static const char kind[] = ".keras file";
    uint8_t *image = NULL, *text = NULL;
    size_t n;
    bool found;
    ISO_TRY(iso_zip_read(path, kind, "config.json", &text, &n, &found));
    f->config = (char *)text;
    ISO_TRY(iso_zip_read(path, kind, "metadata.json", &text, &n, &found));
    iso_keras_version((char *)text, f->version, sizeof f->version);
    free(text);
    ISO_TRY(iso_zip_read(path, kind, "model.weights.h5", &image, &n, &found));
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 20, 0);
    H5Pset_file_image(access, image, n);
    f->handle = (int64_t)H5Fopen("model.weights.h5", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    free(image);
    return ISO_OK;
}

static iso_rc open_file(struct iso_keras_file *f, const char *path)
{
    bool archive = false;
    ISO_TRY(is_archive(path, &archive));
    if (archive)
        return open_archive(f, path);
    if (H5Fis_hdf5(path) <= 0)
        return iso_fail(ISO_EDATA,
                        "%s is not an HDF5 file, as Keras's .h5 and .weights.h5 are, and no .keras "
                        "file",
                        path);
    f->handle = (int64_t)H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return ISO_OK;
}

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    struct iso_keras_file *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    f->handle = -1;
    iso_rc rc = open_file(f, path);
    if (rc == ISO_OK)
        rc = f->handle >= 0 ? read_layers(f, path) : damaged(path, "it cannot be opened");
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
    free(f->config);
    free(f->training);
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
