#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *hint(int error)
{
    switch (error) {
    case ENOSPC: case EDQUOT: case EFBIG: return "; make room, or use another folder";
    case EROFS: case EACCES: case EPERM:  return "; use a folder you may write to";
    case ENOENT:                          return "; check the path";
    default:                              return "";
    }
}

iso_rc iso_file_fail(const char *what, const char *path)
{
    int error = errno;
    return iso_fail(ISO_EIO, "cannot %s %s: %s%s", what, path, strerror(error), hint(error));
}

iso_rc iso_path(char path[ISO_PATH], const char *folder, const char *name)
{
    int n = snprintf(path, ISO_PATH, "%s/%s", folder, name);
    if (n < 0 || n >= ISO_PATH)
        return iso_fail(ISO_EIO, "the path %.60s... is too long; use a shorter one", folder);
    return ISO_OK;
}

static bool write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        data += done;
        n -= (size_t)done;
    }
    return fsync(fd) == 0;
}

iso_rc iso_file_may_replace(const char *path)
{
    struct stat s;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
        return iso_fail(ISO_EIO, "cannot write %s: a %s is there; give the file another name", path,
                        S_ISDIR(s.st_mode) ? "folder" : "device");
    return ISO_OK;
}

iso_rc iso_file_write(const char *path, const void *data, size_t n)
{
    char temporary[ISO_PATH + 16];
    ISO_TRY(iso_file_may_replace(path));
    snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return iso_file_fail("write", path);
    bool written = write_all(fd, data, n);
    if (close(fd) != 0)
        written = false;
    if (written && rename(temporary, path) == 0)
        return ISO_OK;
    iso_rc rc = iso_file_fail("write", path);
    unlink(temporary);
    return rc;
}

/* Grows *data to hold the whole stream; *data is the caller's to free, also on failure. */
static iso_rc read_all(FILE *f, const char *path, char **data, size_t *n)
{
    size_t room = 0;
    *n = 0;
    do {
        if (*n + 1 >= room) {
            room = room ? 2 * room : 16384;
            char *larger = iso_alloc(room, 1);
            if (!larger)
                return ISO_ENOMEM;
            if (*data)
                memcpy(larger, *data, *n);
            free(*data);
            *data = larger;
        }
        *n += fread(*data + *n, 1, room - 1 - *n, f);
    } while (!feof(f) && !ferror(f));
    (*data)[*n] = 0;
    return ferror(f) ? iso_file_fail("read", path) : ISO_OK;
}

iso_rc iso_file_read(const char *path, char **data, size_t *n)
{
    char *bytes = NULL;
    FILE *f = fopen(path, "rb");
    if (!f)
        return iso_file_fail("read", path);
    iso_rc rc = read_all(f, path, &bytes, n);
    fclose(f);
    if (rc != ISO_OK) {
        free(bytes);
        return rc;
    }
    *data = bytes;
    return ISO_OK;
}

bool iso_folder_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool iso_folder_empty(const char *path)
{
    bool empty = true;
    DIR *folder = opendir(path);
    if (!folder)
        return access(path, F_OK) != 0;
    for (struct dirent *e = readdir(folder); e && empty; e = readdir(folder))
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(folder);
    return empty;
}

static iso_rc make_one(const char *path)
{
    if (mkdir(path, 0777) == 0)
        return ISO_OK;
    int error = errno;
    if (iso_folder_exists(path))
        return ISO_OK;
    errno = error;
    return iso_file_fail("make the folder", path);
}

iso_rc iso_folder_make(const char *path)
{
    char part[ISO_PATH];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return iso_fail(ISO_EIO, "the path %.60s... is too long; use a shorter one", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        ISO_TRY(make_one(part));
        *slash = '/';
    }
    return make_one(part);
}
