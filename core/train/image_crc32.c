#include "image_crc32.h"

#include "core/data/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static iso_rc path_of(const struct iso_image_sums *s, int which, char path[ISO_PATH])
{
    char name[64];
    snprintf(name, sizeof name, "%s-images.crc32", iso_about_splits[which]);
    return iso_path(path, s->folder, name);
}

static iso_rc load(const struct iso_image_sums *s, int which)
{
    char path[ISO_PATH], *bytes = NULL;
    const int64_t rows = iso_row_sums_rows(s->sums[which]);
    size_t n;
    iso_rc rc = ISO_OK;
    ISO_TRY(path_of(s, which, path));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &bytes, &n));
    if (n == (size_t)rows * ISO_ROW_SUM)
        iso_row_sums_read(s->sums[which], (const uint8_t *)bytes);
    else
        rc = iso_fail(ISO_EDATA,
                      "%s has %lld bytes, and %lld images need %lld; it is damaged: "
                      "remove it to go on without knowing what the images were",
                      path, (long long)n, (long long)rows, (long long)(rows * ISO_ROW_SUM));
    free(bytes);
    return rc;
}

iso_rc iso_image_sums_open(const char *folder, const struct iso_dataset *const data[2],
                           struct iso_image_sums *out)
{
    *out = (struct iso_image_sums){ .saved = { -1, -1 } };
    snprintf(out->folder, sizeof out->folder, "%s", folder != NULL ? folder : "");
    for (int i = 0; i < 2; i++) {
        if (data[i] == NULL || data[i]->disk == NULL)
            continue;
        ISO_TRY(iso_disk_remember(data[i]->disk, data[i]->rows, &out->sums[i]));
        if (folder != NULL)
            ISO_TRY(load(out, i));
    }
    return ISO_OK;
}

static iso_rc write_sums(struct iso_image_sums *s, int which, int64_t known)
{
    char path[ISO_PATH], text[16];
    const int64_t rows = iso_row_sums_rows(s->sums[which]);
    const size_t n = (size_t)rows * ISO_ROW_SUM;
    uint8_t *bytes = iso_alloc(n + 1, 1);
    if (bytes == NULL)
        return ISO_ENOMEM;
    iso_row_sums_write(s->sums[which], bytes);
    snprintf(text, sizeof text, "%08lx", (unsigned long)crc32_z(0, bytes, n));
    iso_rc rc = path_of(s, which, path);
    if (rc == ISO_OK)
        rc = iso_file_write(path, bytes, n);
    free(bytes);
    return rc == ISO_OK && known == rows ? iso_about_images(s->folder, which, text) : rc;
}

static iso_rc save(struct iso_image_sums *s)
{
    for (int i = 0; i < 2; i++) {
        const int64_t known = s->sums[i] != NULL ? iso_row_sums_known(s->sums[i]) : s->saved[i];
        if (known == s->saved[i])
            continue;
        ISO_TRY(write_sums(s, i, known));
        s->saved[i] = known;
    }
    return ISO_OK;
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    (void)epoch;
    (void)state;
    return save(self);
}

static iso_rc on_checkpoint(void *self, const struct iso_fit_state *state)
{
    (void)state;
    return save(self);
}

struct iso_fit_listener iso_image_sums_listener(struct iso_image_sums *s)
{
    return (struct iso_fit_listener){ .self = s, .epoch = on_epoch, .checkpoint = on_checkpoint };
}
