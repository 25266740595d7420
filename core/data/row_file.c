#include "row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

iso_rc iso_row_file_open(const char *path, struct iso_row_file *out)
{
    *out = (struct iso_row_file){ .fd = -1 };
    if (snprintf(out->path, sizeof out->path, "%s", path) >= ISO_PATH)
        return iso_path_too_long(path);
    return iso_file_descriptor(path, &out->fd);
}

static off_t offset_of(const struct iso_row_file *f, int64_t row, size_t skip)
{
    return (off_t)(f->begin + row * (int64_t)f->row + (int64_t)skip);
}

iso_rc iso_row_file_read(const struct iso_row_file *f, int64_t row, size_t skip, void *out,
                         size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n =
            pread(f->fd, (char *)out + done, bytes - done, offset_of(f, row, skip + done));
        if (n == 0)
            return iso_fail(ISO_EDATA, "%s: became shorter while it was read", f->path);
        if (n < 0 && errno != EINTR)
            return iso_file_fail("read", f->path);
        done += n > 0 ? (size_t)n : 0;
    }
    return ISO_OK;
}

/* Makes the file so long, with room on the disk. Returns 0 or an error as in errno. */
static int reserve(int fd, off_t bytes)
{
#ifdef __APPLE__ /* has no posix_fallocate */
    fstore_t room = { F_ALLOCATEALL, F_PEOFPOSMODE, 0, bytes, 0 };
    return fcntl(fd, F_PREALLOCATE, &room) == 0 && ftruncate(fd, bytes) == 0 ? 0 : errno;
#else
    return posix_fallocate(fd, 0, bytes);
#endif
}

/* Allocates the room for the rows now, if the file system can, so that a lack of room is not found
 * at the end of a long computation. */
static iso_rc take_room(const struct iso_row_file *f, int64_t rows)
{
    const int error = reserve(f->fd, (off_t)(rows * (int64_t)f->row));
    if (error == 0 || error == EINVAL || error == EOPNOTSUPP)
        return ISO_OK;
    errno = error;
    return iso_file_fail("make room in", f->path);
}

iso_rc iso_row_file_make(const char *folder, size_t row, int64_t rows, struct iso_row_file *out)
{
    const char *temporary = getenv("TMPDIR");
    *out = (struct iso_row_file){ .fd = -1, .row = row };
    if (folder == NULL)
        folder = temporary != NULL && *temporary ? temporary : "/tmp";
    ISO_TRY(iso_path(out->path, folder, "features-XXXXXX"));
    out->fd = mkstemp(out->path);
    if (out->fd < 0)
        return iso_file_fail("write", folder);
    unlink(out->path);
    fcntl(out->fd, F_SETFD, FD_CLOEXEC);
    const iso_rc rc = take_room(out, rows);
    if (rc != ISO_OK)
        iso_row_file_close(out);
    return rc;
}

iso_rc iso_row_file_write(const struct iso_row_file *f, int64_t first, int64_t rows,
                          const void *data)
{
    const size_t bytes = (size_t)rows * f->row;
    for (size_t done = 0; done < bytes;) {
        const ssize_t n =
            pwrite(f->fd, (const char *)data + done, bytes - done, offset_of(f, first, done));
        if (n < 0 && errno != EINTR)
            return iso_file_fail("write", f->path);
        done += n > 0 ? (size_t)n : 0;
    }
    return ISO_OK;
}

void iso_row_file_close(struct iso_row_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
