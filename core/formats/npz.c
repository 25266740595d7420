#include "npz.h"
#include "core/system/file.h"
#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kind[] = ".npz archive";

iso_rc iso_npz_names(const char *path, struct iso_names *out)
{
    return iso_zip_names(path, kind, ".npy", out);
}

static iso_rc read_array(const char *path, const char *name, struct iso_npy *out, size_t *size)
{
    char member[128];
    bool found;
    snprintf(member, sizeof member, "%.100s.npy", name);
    const iso_rc rc = iso_zip_read(path, kind, member, &out->memory, size, &found);
    if (!found)
        return iso_fail(ISO_EDATA,
                        "%s: has no array %s; a data set has x_train, y_train, x_test and "
                        "y_test",
                        path, name);
    return rc;
}

iso_rc iso_npz_read(const char *path, const char *name, struct iso_npy *out)
{
    char what[ISO_PATH + 64];
    size_t size = 0;
    memset(out, 0, sizeof *out);
    iso_rc rc = read_array(path, name, out, &size);
    snprintf(what, sizeof what, "%s: %s.npy", path, name);
    if (rc == ISO_OK)
        rc = iso_npy_parse(what, out->memory, size, out);
    if (rc == ISO_OK && out->kind == 'O')
        rc = iso_fail(ISO_EDATA, "%s does not hold numbers but Python objects", what);
    if (rc != ISO_OK) {
        free(out->memory);
        out->memory = out->data = NULL;
    }
    return rc;
}
