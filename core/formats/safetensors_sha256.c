/* safetensors_sha256.c: the hash that a safetensors file has of itself. */
#include "safetensors_types.h"
#include "core/system/file.h"
#include "core/system/sha256_pieces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 64 };
const char iso_st_sha256_key[] = "isocl.sha256";
const char iso_st_sha256_blank[] =
    "0000000000000000000000000000000000000000000000000000000000000000";
struct hashed {
    int fd;
    const char *path;
    int64_t at;
};

iso_rc iso_st_read(int fd, const char *path, int64_t offset, void *out, int64_t bytes)
{
    for (int64_t done = 0; done < bytes;) {
        const size_t left = (size_t)(bytes - done);
        const ssize_t got = pread(fd, (char *)out + done, left, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return iso_file_fail("read", path);
        if (got == 0)
            return iso_fail(ISO_EIO, "%s: became shorter while it was read", path);
        done += got;
    }
    return ISO_OK;
}

/* In valid JSON a quote within a text has a backslash before it: this can only be the key. */
int64_t iso_st_sha256_find(const char *header, size_t length)
{
    static const char key[] = "\"isocl.sha256\":\"";
    const size_t n = sizeof key - 1;
    for (size_t i = 0; i + n + DIGITS <= length; i++)
        if (memcmp(header + i, key, n) == 0)
            return (int64_t)(i + n);
    return -1;
}

static iso_rc read_blanked(void *data, int64_t offset, void *buf, size_t n)
{
    const struct hashed *h = data;
    ISO_TRY(iso_st_read(h->fd, h->path, offset, buf, (int64_t)n));
    for (int64_t i = h->at; i < h->at + DIGITS; i++)
        if (i >= offset && i < offset + (int64_t)n)
            ((char *)buf)[i - offset] = iso_st_sha256_blank[0];
    return ISO_OK;
}

iso_rc iso_st_sha256(int fd, const char *path, int64_t bytes, int64_t at, char hex[65])
{
    struct hashed h = { fd, path, at };
    return iso_sha256_pieces(bytes, read_blanked, &h, hex);
}
