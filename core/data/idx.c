/* idx.c: reads IDX files. zlib's gz functions read gzip and plain files alike and check the CRC. */
#include "idx.h"
#include "core/system/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { IDX_UNSIGNED_BYTE = 0x08, FIRST_PIECE = 1 << 20, READ_BUFFER = 1 << 18 };
static const int64_t most_bytes = (int64_t)1 << 34;

/* The fault of a read that failed or came short. what: "header" or "data". */
static iso_rc read_fault(gzFile file, const char *path, const char *what, int64_t got,
                         int64_t wanted)
{
    int code = Z_OK;
    const char *text = gzerror(file, &code);
    if (code == Z_MEM_ERROR)
        return iso_fail(ISO_ENOMEM, "%s: out of memory while unpacking", path);
    if (code == Z_ERRNO)
        return iso_file_fail("read", path);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return iso_fail(ISO_EDATA, "%s: damaged gzip file (%s); get the file again", path, text);
    return iso_fail(ISO_EDATA,
                    "%s: ends after %lld of %lld bytes of %s; the file is cut short, get it again",
                    path, (long long)got, (long long)wanted, what);
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static iso_rc check_magic(const char *path, uint32_t magic, int ndim)
{
    uint32_t wanted = (uint32_t)IDX_UNSIGNED_BYTE << 8 | (uint32_t)ndim;
    if (magic == wanted)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: magic number is %lu, should be %lu (IDX, unsigned bytes, %d "
                    "dimension%s); this is not an IDX file of that kind",
                    path, (unsigned long)magic, (unsigned long)wanted, ndim, ndim == 1 ? "" : "s");
}

/* Reads the header into out->ndim and dim, and the number of elements into *total. */
static iso_rc read_header(gzFile file, const char *path, int ndim, struct iso_idx *out,
                          int64_t *total)
{
    uint8_t head[4 + 4 * ISO_IDX_DIMS];
    int wanted = 4 + 4 * ndim;
    int got = gzread(file, head, (unsigned)wanted);
    if (got >= 4)
        ISO_TRY(check_magic(path, big_endian(head), ndim));
    if (got != wanted)
        return read_fault(file, path, "header", got < 0 ? 0 : got, wanted);
    out->ndim = ndim;
    *total = 1;
    for (int i = 0; i < ndim; i++) {
        out->dim[i] = big_endian(head + 4 + 4 * i);
        if (out->dim[i] < 1)
            return iso_fail(ISO_EDATA, "%s: dimension %d of %d is 0; the file holds no data", path,
                            i + 1, ndim);
        if (out->dim[i] > most_bytes / *total)
            return iso_fail(ISO_EDATA,
                            "%s: the header claims more than %lld bytes of data; it is "
                            "damaged, get the file again",
                            path, (long long)most_bytes);
        *total *= out->dim[i];
    }
    return ISO_OK;
}

/* Doubles *data, up to total bytes, keeping the `held` bytes it has. */
static iso_rc grow(uint8_t **data, int64_t held, int64_t total, int64_t *capacity)
{
    int64_t larger = held == 0 ? FIRST_PIECE : 2 * held;
    *capacity = larger < total ? larger : total;
    uint8_t *grown = iso_alloc((size_t)*capacity, 1);
    if (grown == NULL)
        return ISO_ENOMEM;
    if (held > 0)
        memcpy(grown, *data, (size_t)held);
    free(*data);
    *data = grown;
    return ISO_OK;
}

static iso_rc read_data(gzFile file, const char *path, int64_t total, uint8_t **data)
{
    int64_t held = 0, capacity = 0;
    while (held < total) {
        if (held == capacity)
            ISO_TRY(grow(data, held, total, &capacity));
        int64_t space = capacity - held;
        unsigned piece = space < (1 << 30) ? (unsigned)space : 1u << 30;
        int got = gzread(file, *data + held, piece);
        if (got <= 0)
            return read_fault(file, path, "data", held, total);
        held += got;
    }
    return ISO_OK;
}

/* The data must end here. Reading on is also what makes zlib compare a gzip file's CRC. */
static iso_rc check_end(gzFile file, const char *path, int64_t total)
{
    uint8_t extra;
    int got = gzread(file, &extra, 1);
    int code = Z_OK;
    gzerror(file, &code);
    if (got == 0 && code == Z_BUF_ERROR)
        return iso_fail(ISO_EDATA, "%s: gzip file without its end; it is cut short, get it again",
                        path);
    if (got < 0)
        return read_fault(file, path, "data", total, total);
    if (got > 0)
        return iso_fail(ISO_EDATA,
                        "%s: has bytes after the %lld that its header announces; header "
                        "or file is damaged, get it again",
                        path, (long long)total);
    return ISO_OK;
}

static iso_rc read_all(gzFile file, const char *path, int ndim, struct iso_idx *out)
{
    int64_t total = 0;
    ISO_TRY(read_header(file, path, ndim, out, &total));
    ISO_TRY(read_data(file, path, total, &out->data));
    return check_end(file, path, total);
}

static iso_rc open_idx(const char *path, gzFile *out)
{
    int fd;
    ISO_TRY(iso_file_descriptor(path, &fd));
    *out = gzdopen(fd, "rb");
    if (*out == NULL) {
        close(fd);
        return iso_fail(ISO_ENOMEM, "%s: out of memory while opening", path);
    }
    gzbuffer(*out, READ_BUFFER);
    return ISO_OK;
}

iso_rc iso_idx_look(const char *path, int ndim, struct iso_idx *out, int64_t *begin)
{
    gzFile file;
    int64_t total = 0;
    memset(out, 0, sizeof *out);
    ISO_TRY(open_idx(path, &file));
    *begin = gzdirect(file) ? 4 + 4 * (int64_t)ndim : 0;
    const iso_rc rc = *begin > 0 ? read_header(file, path, ndim, out, &total) : ISO_OK;
    gzclose(file);
    return rc;
}

iso_rc iso_idx_read(const char *path, int ndim, struct iso_idx *out)
{
    gzFile file;
    memset(out, 0, sizeof *out);
    ISO_TRY(open_idx(path, &file));
    iso_rc rc = read_all(file, path, ndim, out);
    gzclose(file);
    if (rc != ISO_OK) {
        free(out->data);
        out->data = NULL;
    }
    return rc;
}
