#include "keras_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 1000 };

/* ---- Reading ------------------------------------------------------------------------------- */

void iso_keras_take_name(struct iso_keras_names *out, const char *text, size_t bytes)
{
    const size_t n = bytes < ISO_KERAS_NAME - 1 ? bytes : ISO_KERAS_NAME - 1;
    memcpy(out->list[out->n], text, n);
    out->list[out->n++][n] = '\0';
}

static bool read_pointers(hid_t attribute, hid_t type, hid_t space, int n,
                          struct iso_keras_names *out)
{
    char **text = iso_alloc((size_t)n, sizeof *text);
    const hid_t memory = H5Tcopy(H5T_C_S1);
    bool fine = text != NULL && H5Tset_size(memory, H5T_VARIABLE) >= 0 &&
                H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
                H5Aread(attribute, memory, text) >= 0;
    for (int i = 0; fine && i < n; i++)
        iso_keras_take_name(out, text[i] != NULL ? text[i] : "",
                            text[i] != NULL ? strlen(text[i]) : 0);
    if (fine)
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, text);
    H5Tclose(memory);
    free(text);
    return fine;
}

static bool read_fixed(hid_t attribute, hid_t type, int n, struct iso_keras_names *out)
{
    const size_t size = H5Tget_size(type);
    char *text = size > 0 && size <= ISO_KERAS_NAME ? iso_alloc((size_t)n, size) : NULL;
    const bool fine = text != NULL && H5Aread(attribute, type, text) >= 0;
    for (int i = 0; fine && i < n; i++) {
        const char *name = text + (size_t)i * size;
        iso_keras_take_name(out, name, strnlen(name, size));
    }
    free(text);
    return fine;
}

/* Adds the names in an attribute; the type of an empty one says nothing. */
bool iso_keras_add_names(hid_t object, const char *attribute, struct iso_keras_names *out)
{
    const hid_t a = H5Aopen(object, attribute, H5P_DEFAULT);
    const hid_t type = H5Aget_type(a), space = H5Aget_space(a);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    bool fine = n >= 0 && n + out->n <= ISO_KERAS_NAMES;
    if (fine && n > 0) {
        void *more = realloc(out->list, (size_t)(out->n + n) * sizeof *out->list);
        if (more != NULL)
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

bool iso_keras_read_names(hid_t object, const char *attribute, struct iso_keras_names *out)
{
    char piece[64];
    *out = (struct iso_keras_names){ 0 };
    if (H5Aexists(object, attribute) > 0)
        return iso_keras_add_names(object, attribute, out);
    for (int i = 0; i < PIECES_MAX; i++) {
        snprintf(piece, sizeof piece, "%s%d", attribute, i);
        if (H5Aexists(object, piece) <= 0)
            return i > 0;
        if (!iso_keras_add_names(object, piece, out))
            return false;
    }
    return true;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* HDF5's limit for an attribute, less a little for its head. */
enum { ATTRIBUTE_BYTES = 64000 };

/* names[first, first + n) as an attribute of strings of `size` bytes, as Keras writes them. */
static bool put_some(hid_t object, const char *attribute, const struct iso_keras_names *names,
                     int first, int n, size_t size)
{
    const hsize_t count = (hsize_t)n;
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    char *text = iso_alloc((size_t)n + 1, size);
    for (int i = 0; text != NULL && i < n; i++)
        memcpy(text + (size_t)i * size, names->list[first + i], strlen(names->list[first + i]));
    H5Tset_size(type, size);
    const hid_t a = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool fine = text != NULL && a >= 0 && (n == 0 || H5Awrite(a, type, text) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
    free(text);
    return fine;
}

bool iso_keras_put_names(hid_t object, const char *attribute, const struct iso_keras_names *names)
{
    char piece[64];
    size_t size = 1;
    bool fine = true;
    for (int i = 0; i < names->n; i++)
        size = strlen(names->list[i]) > size ? strlen(names->list[i]) : size;
    const int most = (int)(ATTRIBUTE_BYTES / size);
    if (names->n <= most)
        return put_some(object, attribute, names, 0, names->n, size);
    for (int first = 0; fine && first < names->n; first += most) {
        snprintf(piece, sizeof piece, "%s%d", attribute, first / most);
        fine = put_some(object, piece, names, first,
                        names->n - first < most ? names->n - first : most, size);
    }
    return fine;
}
