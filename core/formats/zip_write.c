/* zip_write.c: writes zip files whose members are stored. */
#include "zip.h"
#include "core/system/file.h"

#include <string.h>
#include <zlib.h>

/* PKWARE's APPNOTE 6.3.9, as in zip.c; version 2.0, 1 January 1980. */
enum { END = 22, ENTRY = 46, LOCAL = 30, VERSION = 20, DATE = 0x21, LONGEST = 1000 };
static const uint32_t end_mark = 0x06054b50, entry_mark = 0x02014b50, local_mark = 0x04034b50;

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v & 0xffff);
    put16(p + 2, v >> 16);
}

/* Puts what a local header and an entry of the directory both have, from the version on. */
static void put_common(uint8_t *p, const struct iso_zip_member *m)
{
    put16(p, VERSION);
    put16(p + 8, DATE);
    put32(p + 10, (uint32_t)crc32_z(0, m->data, m->size));
    put32(p + 14, (uint32_t)m->size);
    put32(p + 18, (uint32_t)m->size);
    put16(p + 22, (uint32_t)strlen(m->name));
}

static iso_rc put_member(struct iso_file *file, const struct iso_zip_member *m)
{
    uint8_t local[LOCAL] = { 0 };
    put32(local, local_mark);
    put_common(local + 4, m);
    ISO_TRY(iso_file_put(file, local, LOCAL));
    ISO_TRY(iso_file_put(file, m->name, strlen(m->name)));
    return iso_file_put(file, m->data, m->size);
}

static size_t member_size(const struct iso_zip_member *m)
{
    return LOCAL + strlen(m->name) + m->size;
}

static iso_rc put_directory(struct iso_file *file, const struct iso_zip_member *m, int n)
{
    uint8_t end[END] = { 0 };
    size_t at = 0, size = 0;
    for (int i = 0; i < n; i++) {
        uint8_t entry[ENTRY] = { 0 };
        put32(entry, entry_mark);
        put16(entry + 4, VERSION);
        put_common(entry + 6, &m[i]);
        put32(entry + 42, (uint32_t)at);
        ISO_TRY(iso_file_put(file, entry, ENTRY));
        ISO_TRY(iso_file_put(file, m[i].name, strlen(m[i].name)));
        at += member_size(&m[i]);
        size += ENTRY + strlen(m[i].name);
    }
    put32(end, end_mark);
    put16(end + 8, (uint32_t)n);
    put16(end + 10, (uint32_t)n);
    put32(end + 12, (uint32_t)size);
    put32(end + 16, (uint32_t)at);
    return iso_file_put(file, end, END);
}

static iso_rc put_all(struct iso_file *file, const struct iso_zip_member *m, int n)
{
    for (int i = 0; i < n; i++)
        ISO_TRY(put_member(file, &m[i]));
    return put_directory(file, m, n);
}

iso_rc iso_zip_write(const char *path, const struct iso_zip_member *m, int n)
{
    uint64_t size = 0;
    struct iso_file file;
    for (int i = 0; i < n; i++)
        size += member_size(&m[i]) + LONGEST;
    if (size > UINT32_MAX)
        return iso_fail(ISO_EDATA, "%s: would have 4 GiB or more, which is too much for a zip file",
                        path);
    ISO_TRY(iso_file_begin(path, &file));
    const iso_rc rc = put_all(&file, m, n);
    if (rc == ISO_OK)
        return iso_file_end(&file);
    iso_file_abort(&file);
    return rc;
}
