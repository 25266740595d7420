#include "published.h"
#include "core/data/dataset.h"
#include "core/data/folders.h"
#include "core/system/sha256.h"
#include "core/system/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ISO_PUBLISHED_LIST /* defined by the test that publishes weights of its own */
#define ISO_PUBLISHED_LIST "published.def"
#endif

const struct iso_published iso_published[] = {
#define PUBLISHED(name, model, by, address, sum, megabytes, whose) \
    { name, model, by, address, sum, megabytes, whose },
#include ISO_PUBLISHED_LIST
#undef PUBLISHED
    { .name = NULL },
};

const struct iso_published *iso_published_find(const char *name)
{
    const struct iso_published *p = iso_published;
    while (p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    return p->name != NULL ? p : NULL;
}

const char *iso_published_names(char *buf, size_t n)
{
    size_t used = 0;
    for (const struct iso_published *p = iso_published; p->name != NULL && used < n; p++)
        used += (size_t)snprintf(buf + used, n - used, "%s%s", used > 0 ? ", " : "", p->name);
    return buf;
}

/* ---- Paths --------------------------------------------------------------------------------- */

static iso_rc join(char path[ISO_PATH], const char *folder, const char *name, const char *ending)
{
    if (snprintf(path, ISO_PATH, "%s/%s%s", folder, name, ending) < ISO_PATH)
        return ISO_OK;
    return iso_fail(ISO_EIO, "the path %.60s... is too long", folder);
}

iso_rc iso_published_folder(const char *data, char path[ISO_PATH])
{
    struct iso_data_folders folders;
    iso_data_folders(&(struct iso_dataset_request){ .folder = data }, &folders);
    if (folders.n == 0)
        return iso_fail(ISO_EIO, "there is no folder for weights: set ISOCL_DATA to one");
    return join(path, folders.path[0], "weights", "");
}

iso_rc iso_published_file(const struct iso_published *p, const char *data, char path[ISO_PATH])
{
    char folder[ISO_PATH];
    ISO_TRY(iso_published_folder(data, folder));
    return join(path, folder, iso_path_base(p->address), "");
}

iso_rc iso_published_weights(const struct iso_published *p, const char *data, char path[ISO_PATH])
{
    char folder[ISO_PATH];
    ISO_TRY(iso_published_folder(data, folder));
    return join(path, folder, p->name, ".safetensors");
}

iso_rc iso_published_open(const struct iso_published *p, const char *data, char model[ISO_PATH],
                          char weights[ISO_PATH])
{
    ISO_TRY(iso_published_weights(p, data, weights));
    if (access(weights, R_OK) != 0)
        return iso_fail(ISO_EIO, "%s is not there; `isocl get %s` fetches it (%d MB)", weights,
                        p->name, p->megabytes);
    if (!iso_shipped(p->model, model))
        return iso_fail(ISO_EIO, "%s is not installed with this program", p->model);
    return ISO_OK;
}

/* ---- The sum ------------------------------------------------------------------------------- */

static iso_rc sum_of(const char *path, char hex[65])
{
    enum { PIECE = 1 << 16 };
    struct iso_sha256 sum;
    FILE *file;
    size_t n;
    ISO_TRY(iso_file_open(path, &file));
    char *piece = iso_alloc(PIECE, 1);
    iso_sha256_init(&sum);
    while (piece != NULL && (n = fread(piece, 1, PIECE, file)) > 0)
        iso_sha256_add(&sum, piece, n);
    const iso_rc rc = piece == NULL  ? ISO_ENOMEM
                      : ferror(file) ? iso_file_fail("read", path)
                                     : ISO_OK;
    iso_sha256_hex(&sum, hex);
    free(piece);
    fclose(file);
    return rc;
}

iso_rc iso_published_check(const char *path, bool *first, char hex[65])
{
    char record[ISO_PATH], line[ISO_PATH + 80], *recorded = NULL;
    size_t n = 0;
    if (snprintf(record, sizeof record, "%s.sha256", path) >= ISO_PATH)
        return iso_fail(ISO_EIO, "the path %.60s... is too long", path);
    ISO_TRY(sum_of(path, hex));
    *first = access(record, F_OK) != 0;
    if (*first) {
        snprintf(line, sizeof line, "%s  %s\n", hex, iso_path_base(path));
        return iso_file_write(record, line, strlen(line));
    }
    ISO_TRY(iso_file_read(record, &recorded, &n));
    const bool same = n >= 64 && memcmp(recorded, hex, 64) == 0;
    const iso_rc rc =
        same ? ISO_OK
             : iso_fail(ISO_EDATA,
                        "%s: is not the file that was fetched first: its SHA-256 is %s, and %s has "
                        "%.64s; remove the file to fetch it again, or both if you trust the new "
                        "one",
                        path, hex, record, recorded);
    free(recorded);
    return rc;
}
