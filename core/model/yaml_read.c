/* yaml_read.c: a model file's bytes. */
#include "core/system/file.h"
#include "yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static iso_rc read_stream(FILE *in, const char *path, struct iso_faults *faults, char **text,
                          size_t *size)
{
    size_t room = 16 << 10, used = 0;
    char *bytes = iso_alloc(room + 1, 1);
    if (bytes == NULL)
        return ISO_ENOMEM;
    for (;;) {
        used += fread(bytes + used, 1, room - used, in);
        if (used < room)
            break;
        if (used > ISO_YAML_BYTES)
            break;
        char *larger = iso_alloc(2 * room + 1, 1);
        if (larger == NULL) {
            free(bytes);
            return ISO_ENOMEM;
        }
        memcpy(larger, bytes, used);
        free(bytes);
        bytes = larger;
        room *= 2;
    }
    if (ferror(in)) {
        free(bytes);
        return iso_fail(ISO_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (used > ISO_YAML_BYTES) {
        free(bytes);
        iso_faults_add(faults, (struct iso_location){ path, 1, 1, NULL },
                       "the file is larger than %d MiB; is it a model file?", ISO_YAML_BYTES >> 20);
        return ISO_EMODEL;
    }
    bytes[used] = '\0';
    *text = bytes;
    *size = used;
    return ISO_OK;
}

iso_rc iso_yaml_read(const char *path, struct iso_faults *faults, char **text, size_t *size)
{
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, path, faults, text, size);
    FILE *in;
    if (iso_folder_exists(path))
        return iso_fail(ISO_EIO, "%s: is a directory; name a model file in it", path);
    if (access(path, R_OK) != 0)
        return iso_fail(ISO_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    ISO_TRY(iso_file_open(path, &in));
    const iso_rc rc = read_stream(in, path, faults, text, size);
    fclose(in);
    return rc;
}
