#include "torch_old.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pickles before the object: a number that no other file begins with, the number 1001 of the
 * form, and what the machine was like. torch/serialization.py, _legacy_save. */
static const uint8_t mark[] = { 0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.' };
static const uint8_t form[] = { 0x80, 2, 'M', 0xe9, 3, '.' };

iso_rc iso_torch_old_is(const char *path, bool *old)
{
    uint8_t begin[sizeof mark];
    FILE *file;
    ISO_TRY(iso_file_open(path, &file));
    *old = fread(begin, 1, sizeof begin, file) == sizeof begin &&
           memcmp(begin, mark, sizeof mark) == 0;
    fclose(file);
    return ISO_OK;
}

static iso_rc damaged(const char *path)
{
    return iso_fail(ISO_EDATA,
                    "%s: is cut short or damaged, get it again; or it is older than PyTorch 0.4, "
                    "load it there and save it again",
                    path);
}

/* Reads the pickle at *at, and sets *at behind it. */
static iso_rc read_pickle(const struct iso_torch_old *f, const char *path, size_t *at,
                          struct iso_pickle **out)
{
    ISO_TRY(iso_pickle_read_torch(path, (const uint8_t *)f->data + *at, f->n - *at, out));
    *at += iso_pickle_size(*out);
    return ISO_OK;
}

/* Finds the numbers of a storage, which stand behind their count. */
static iso_rc read_storage(struct iso_torch_old *f, const char *path, size_t *at,
                           struct iso_torch_old_storage *s)
{
    int64_t count;
    const int size = iso_pickle_torch_storage_size(f->pickle, s->name);
    if (size == 0 || f->n - *at < sizeof count)
        return damaged(path);
    memcpy(&count, f->data + *at, sizeof count);
    *at += sizeof count;
    if (count < 0 || (uint64_t)count > (f->n - *at) / (size_t)size)
        return damaged(path);
    s->at = *at;
    s->bytes = (size_t)count * (size_t)size;
    *at += s->bytes;
    return ISO_OK;
}

static iso_rc read_storages(struct iso_torch_old *f, const char *path, size_t at,
                            const struct iso_pickle *names)
{
    const int n = iso_pickle_torch_texts(names);
    f->storages = n >= 0 ? iso_alloc((size_t)n + 1, sizeof *f->storages) : NULL;
    if (f->storages == NULL)
        return n >= 0 ? ISO_ENOMEM : damaged(path);
    for (; f->nstorages < n; f->nstorages++) {
        struct iso_torch_old_storage *s = &f->storages[f->nstorages];
        if (!iso_pickle_torch_text(names, f->nstorages, s->name, sizeof s->name))
            return damaged(path);
        ISO_TRY(read_storage(f, path, &at, s));
    }
    return ISO_OK;
}

static iso_rc read(struct iso_torch_old *f, const char *path)
{
    size_t at = sizeof mark;
    struct iso_pickle *system = NULL, *names = NULL;
    if (f->n < sizeof mark + sizeof form || memcmp(f->data + at, form, sizeof form) != 0)
        return damaged(path);
    at += sizeof form;
    iso_rc rc = read_pickle(f, path, &at, &system);
    if (rc == ISO_OK && !iso_pickle_torch_is_true(system, "little_endian"))
        rc = iso_fail(ISO_EDATA,
                      "%s: was written on a big-endian machine; load it in PyTorch and save it "
                      "again",
                      path);
    if (rc == ISO_OK)
        rc = read_pickle(f, path, &at, &f->pickle);
    if (rc == ISO_OK)
        rc = read_pickle(f, path, &at, &names);
    if (rc == ISO_OK)
        rc = read_storages(f, path, at, names);
    iso_pickle_free(system);
    iso_pickle_free(names);
    return rc;
}

iso_rc iso_torch_old_open(const char *path, struct iso_torch_old **out)
{
    struct iso_torch_old *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_file_read(path, &f->data, &f->n);
    if (rc == ISO_OK)
        rc = read(f, path);
    if (rc == ISO_OK)
        *out = f;
    else
        iso_torch_old_close(f);
    return rc;
}

void iso_torch_old_close(struct iso_torch_old *f)
{
    if (f == NULL)
        return;
    iso_pickle_free(f->pickle);
    free(f->storages);
    free(f->data);
    free(f);
}

const struct iso_torch_old_storage *iso_torch_old_find(const struct iso_torch_old *f,
                                                       const char *name)
{
    for (int i = 0; i < f->nstorages; i++)
        if (strcmp(f->storages[i].name, name) == 0)
            return &f->storages[i];
    return NULL;
}
