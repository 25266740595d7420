#include "keras_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20 };

static char *read_pointer(hid_t attribute, hid_t type, hid_t space)
{
    char *text = NULL, *copy = NULL;
    const hid_t memory = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(memory, H5T_VARIABLE) >= 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
        H5Aread(attribute, memory, &text) >= 0 && text != NULL) {
        copy = strdup(text);
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &text);
    }
    H5Tclose(memory);
    return copy;
}

static char *read_fixed(hid_t attribute, hid_t type)
{
    const size_t size = H5Tget_size(type);
    char *text = size > 0 && size <= TEXT_MAX ? iso_alloc(size + 1, 1) : NULL;
    if (text != NULL && H5Aread(attribute, type, text) >= 0)
        return text;
    free(text);
    return NULL;
}

char *iso_keras_read_text(hid_t object, const char *attribute)
{
    char *text = NULL;
    if (H5Aexists(object, attribute) <= 0)
        return NULL;
    const hid_t a = H5Aopen(object, attribute, H5P_DEFAULT);
    const hid_t type = H5Aget_type(a), space = H5Aget_space(a);
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1)
        text = H5Tis_variable_str(type) > 0 ? read_pointer(a, type, space) : read_fixed(a, type);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return text;
}

void iso_keras_version(const char *metadata, char *version, size_t n)
{
    json_t *root = json_loads(metadata, 0, NULL);
    const char *text = json_string_value(json_object_get(root, "keras_version"));
    snprintf(version, n, "%.*s", (int)n - 1, text != NULL ? text : "");
    json_decref(root);
}
