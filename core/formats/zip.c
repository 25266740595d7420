/* zip.c: reads members of zip files. */
#include "zip.h"
#include "core/system/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The zip format: PKWARE's APPNOTE 6.3.9, sections 4.3.7 (local header), 4.3.12 (directory) and
 * 4.3.16 (its end). Sizes are taken from the directory; archives of more than 4 GiB are refused. */
enum { END = 22, COMMENT = 65535, ENTRY = 46, LOCAL = 30, STORED = 0, DEFLATED = 8 };
enum { MOST_RATIO = 1032 }; /* deflate packs no better than that */
static const uint32_t end_mark = 0x06054b50, entry_mark = 0x02014b50, local_mark = 0x04034b50;

struct member { /* an entry of the directory */
    int method;
    uint32_t crc, packed, size, at; /* at: of its local header */
};
struct archive {
    const char *path, *kind;
    FILE *file;
    int64_t bytes;
};

static uint32_t u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }

static iso_rc damaged(const struct archive *a, const char *what)
{
    return iso_fail(ISO_EDATA, "%s: %s; the file is damaged or no %s, get it again", a->path, what,
                    a->kind);
}

static iso_rc read_at(const struct archive *a, int64_t at, void *out, size_t n)
{
    if (at < 0 || (int64_t)n > a->bytes - at)
        return damaged(a, "it ends too early");
    errno = 0;
    if (fseeko(a->file, (off_t)at, SEEK_SET) != 0 || fread(out, 1, n, a->file) != n)
        return errno ? iso_file_fail("read", a->path) : damaged(a, "it ends too early");
    return ISO_OK;
}

/* ---- The zip file -------------------------------------------------------------------------- */

/* Finds the end of the directory, which is the last thing in the file but for a comment. */
static iso_rc find_end(const struct archive *a, uint8_t end[END])
{
    const int64_t searched = a->bytes < END + COMMENT ? a->bytes : END + COMMENT;
    uint8_t *tail = iso_alloc((size_t)searched + 1, 1);
    if (tail == NULL)
        return ISO_ENOMEM;
    iso_rc rc = read_at(a, a->bytes - searched, tail, (size_t)searched);
    int64_t i = searched - END;
    while (rc == ISO_OK && i >= 0 &&
           (u32(tail + i) != end_mark || u16(tail + i + 20) != (uint32_t)(searched - END - i)))
        i--;
    if (rc == ISO_OK && i < 0)
        rc = damaged(a, "it has no zip directory");
    if (rc == ISO_OK)
        memcpy(end, tail + i, END);
    free(tail);
    return rc;
}

/* An entry of the directory: what it is, and its name. */
struct entry {
    struct member is;
    const char *name;
    size_t length;
    bool encrypted;
};

/* Reads the entry at *at, and goes past it. False at the end. */
static bool next_entry(const uint8_t *directory, size_t size, size_t *at, struct entry *out)
{
    const uint8_t *e = directory + *at;
    if (*at + ENTRY > size || u32(e) != entry_mark || *at + ENTRY + u16(e + 28) > size)
        return false;
    const size_t length = u16(e + 28);
    *out = (struct entry){
        .is = { (int)u16(e + 10), u32(e + 16), u32(e + 20), u32(e + 24), u32(e + 42) },
        .name = (const char *)e + ENTRY,
        .length = length,
        .encrypted = (u16(e + 8) & 1) != 0,
    };
    *at += ENTRY + length + u16(e + 30) + u16(e + 32);
    return true;
}

/* Fails with *found false if there is none of that name. */
static iso_rc find_in_directory(const struct archive *a, const uint8_t *directory, size_t size,
                                const char *name, struct member *out, bool *found)
{
    struct entry e;
    *found = false;
    for (size_t at = 0; next_entry(directory, size, &at, &e);) {
        if (e.length != strlen(name) || memcmp(e.name, name, e.length) != 0)
            continue;
        *out = e.is;
        *found = true;
        return !e.encrypted ? ISO_OK : iso_fail(ISO_EDATA, "%s: %s is encrypted", a->path, name);
    }
    return iso_fail(ISO_EDATA, "%s: has no %s", a->path, name);
}

/* Reads the directory; the caller frees it. */
static iso_rc read_directory(const struct archive *a, uint8_t **out, size_t *size)
{
    uint8_t end[END];
    ISO_TRY(find_end(a, end));
    *size = u32(end + 12);
    if ((int64_t)*size > a->bytes)
        return damaged(a, "its directory is larger than the file");
    *out = iso_alloc(*size + 1, 1);
    if (*out == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = read_at(a, u32(end + 16), *out, *size);
    if (rc != ISO_OK)
        free(*out);
    return rc;
}

static iso_rc find_member(const struct archive *a, const char *name, struct member *out,
                          bool *found)
{
    uint8_t *directory;
    size_t size;
    ISO_TRY(read_directory(a, &directory, &size));
    const iso_rc rc = find_in_directory(a, directory, size, name, out, found);
    free(directory);
    return rc;
}

/* Adds the names that end in `ending`, without it. */
static iso_rc list_members(const struct archive *a, const char *ending, struct iso_names *out)
{
    uint8_t *directory;
    size_t size;
    const size_t cut = strlen(ending);
    struct entry e;
    iso_rc rc = ISO_OK;
    ISO_TRY(read_directory(a, &directory, &size));
    for (size_t at = 0; rc == ISO_OK && next_entry(directory, size, &at, &e);) {
        char name[64];
        if (e.length <= cut || e.length - cut >= sizeof name ||
            memcmp(e.name + e.length - cut, ending, cut) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(e.length - cut), e.name);
        rc = iso_names_add(out, name);
    }
    free(directory);
    return rc;
}

/* ---- A member's bytes ---------------------------------------------------------------------- */

static iso_rc inflate_member(const struct archive *a, const struct member *m, const uint8_t *packed,
                             uint8_t *out)
{
    z_stream z = {
        .next_in = (Bytef *)packed, .avail_in = m->packed, .next_out = out, .avail_out = m->size
    };
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return iso_fail(ISO_ENOMEM, "%s: out of memory while unpacking", a->path);
    const int code = inflate(&z, Z_FINISH);
    const bool whole = code == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return whole ? ISO_OK : damaged(a, "its packed data does not unpack to its size");
}

static iso_rc check_member(const struct archive *a, const struct member *m)
{
    if (m->method != STORED && m->method != DEFLATED)
        return iso_fail(
            ISO_EDATA,
            "%s: is packed by method %d; only stored and deflated members "
            "can be read, as numpy.savez, savez_compressed, Keras and PyTorch write them",
            a->path, m->method);
    if (m->packed > a->bytes || m->size == UINT32_MAX ||
        (m->method == STORED && m->size != m->packed) ||
        m->size > (uint64_t)m->packed * MOST_RATIO + 64)
        return damaged(a, "its directory claims more data than there is");
    return ISO_OK;
}

static iso_rc unpack(const struct archive *a, const struct member *m, uint8_t *packed, uint8_t *out)
{
    uint8_t local[LOCAL];
    ISO_TRY(read_at(a, m->at, local, LOCAL));
    if (u32(local) != local_mark)
        return damaged(a, "a member is not where its directory says");
    const int64_t at = (int64_t)m->at + LOCAL + u16(local + 26) + u16(local + 28);
    ISO_TRY(read_at(a, at, packed, m->packed));
    if (m->method == DEFLATED)
        ISO_TRY(inflate_member(a, m, packed, out));
    return crc32_z(0, out, m->size) == m->crc ? ISO_OK : damaged(a, "a checksum does not fit");
}

static iso_rc read_member(const struct archive *a, const char *name, uint8_t **out, size_t *size,
                          bool *found)
{
    struct member m = { 0 };
    ISO_TRY(find_member(a, name, &m, found));
    ISO_TRY(check_member(a, &m));
    uint8_t *data = iso_alloc((size_t)m.size + 1, 1);
    uint8_t *packed = m.method == STORED ? data : iso_alloc((size_t)m.packed + 1, 1);
    const iso_rc rc = data != NULL && packed != NULL ? unpack(a, &m, packed, data) : ISO_ENOMEM;
    if (packed != data)
        free(packed);
    if (rc != ISO_OK) {
        free(data);
        return rc;
    }
    *out = data;
    *size = m.size;
    return ISO_OK;
}

static iso_rc open_archive(const char *path, const char *kind, struct archive *out)
{
    *out = (struct archive){ .path = path, .kind = kind };
    ISO_TRY(iso_file_open(path, &out->file));
    if (fseeko(out->file, 0, SEEK_END) == 0) {
        out->bytes = (int64_t)ftello(out->file);
        return ISO_OK;
    }
    fclose(out->file);
    return iso_file_fail("read", path);
}

iso_rc iso_zip_names(const char *path, const char *kind, const char *ending, struct iso_names *out)
{
    struct archive a;
    ISO_TRY(open_archive(path, kind, &a));
    const iso_rc rc = list_members(&a, ending, out);
    fclose(a.file);
    return rc;
}

iso_rc iso_zip_read(const char *path, const char *kind, const char *name, uint8_t **out,
                    size_t *size, bool *found)
{
    struct archive a;
    *found = true;
    ISO_TRY(open_archive(path, kind, &a));
    const iso_rc rc = read_member(&a, name, out, size, found);
    fclose(a.file);
    return rc;
}
