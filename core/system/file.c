#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* reading: what has failed is a reading, which needs other rights. */
static const char *hint(int error, bool reading)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "; make room, or use another folder";
    case EROFS:
    case EACCES:
    case EPERM:
        if (reading)
            return "; see to it that you may read it (chmod u+r), or name another";
        return "; use a folder you may write to";
    case ENOENT: return "; check the path";
    default: return "";
    }
}

iso_rc iso_file_fail(const char *what, const char *path)
{
    int error = errno;
    return iso_fail(error == ENOMEM ? ISO_ENOMEM : ISO_EIO, "cannot %s %s: %s%s", what, path,
                    strerror(error), hint(error, strncmp(what, "read", 4) == 0));
}

iso_rc iso_text_end(FILE *stream, char **text)
{
    if (stream == NULL) {
        *text = NULL;
        return iso_fail(ISO_ENOMEM, "out of memory for a text");
    }
    const bool failed = fflush(stream) != 0 || ferror(stream) != 0;
    if (fclose(stream) == 0 && !failed && *text != NULL)
        return ISO_OK;
    free(*text);
    *text = NULL;
    return iso_fail(ISO_ENOMEM, "out of memory for a text");
}

iso_rc iso_path_too_long(const char *path)
{
    return iso_fail(ISO_EIO, "the path %.60s... is too long; use a shorter one", path);
}

bool iso_ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

const char *iso_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

iso_rc iso_path_folder(char folder[ISO_PATH], const char *path)
{
    const char *base = iso_path_base(path);
    const size_t n = base - path > 1 ? (size_t)(base - path) - 1 : (size_t)(base - path);
    if (n >= ISO_PATH)
        return iso_path_too_long(path);
    snprintf(folder, ISO_PATH, "%.*s", n ? (int)n : 1, n ? path : ".");
    return ISO_OK;
}

iso_rc iso_path(char path[ISO_PATH], const char *folder, const char *name)
{
    int n = snprintf(path, ISO_PATH, "%s%s%s", folder, *name ? "/" : "", name);
    if (n < 0 || n >= ISO_PATH)
        return iso_path_too_long(folder);
    return ISO_OK;
}

iso_rc iso_file_may_replace(const char *path)
{
    struct stat s;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
        return iso_fail(ISO_EIO, "cannot write %s: a %s is there; give the file another name", path,
                        S_ISDIR(s.st_mode) ? "folder" : "device");
    return ISO_OK;
}

/* True if the name is one that a temporary file has. */
static bool is_temporary(const char *name)
{
    static const char mark[] = ".tmp-";
    const char *found = NULL;
    for (const char *at = name; (at = strstr(at, mark)) != NULL; at++)
        found = at + sizeof mark - 1;
    return found != NULL && *found && found[strspn(found, "0123456789")] == '\0';
}

iso_rc iso_folder_clean(const char *folder)
{
    iso_rc rc = ISO_OK;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return iso_file_fail("read the folder", folder);
    for (struct dirent *e = readdir(dir); e != NULL && rc == ISO_OK; e = readdir(dir)) {
        char path[ISO_PATH];
        if (is_temporary(e->d_name))
            rc = iso_path(path, folder, e->d_name);
        if (rc == ISO_OK && is_temporary(e->d_name) && unlink(path) != 0)
            rc = iso_file_fail("remove", path);
    }
    closedir(dir);
    return rc;
}

/* Makes the folder's entry for path last: without this a power cut may undo a rename. */
static iso_rc sync_folder(const char *path)
{
    char folder[ISO_PATH];
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    if (snprintf(folder, sizeof folder, "%.*s", length, slash != NULL ? path : ".") >= ISO_PATH)
        return iso_path_too_long(path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return iso_file_fail("write", path);
    const bool failed = fsync(fd) != 0 && errno != EINVAL; /* EINVAL: it cannot be synced */
    const iso_rc rc = failed ? iso_file_fail("write", path) : ISO_OK;
    close(fd);
    return rc;
}

iso_rc iso_file_begin(const char *path, struct iso_file *out)
{
    if (snprintf(out->path, sizeof out->path, "%s", path) >= (int)sizeof out->path)
        return iso_path_too_long(path);
    snprintf(out->temporary, sizeof out->temporary, "%s.tmp-%ld", path, (long)getpid());
    ISO_TRY(iso_file_may_replace(path));
    out->stream = fopen(out->temporary, "w+be");
    return out->stream != NULL ? ISO_OK : iso_file_fail("write", path);
}

iso_rc iso_file_put(struct iso_file *f, const void *data, size_t n)
{
    const bool written = fwrite(data, 1, n, f->stream) == n && !ferror(f->stream);
    return written ? ISO_OK : iso_file_fail("write", f->path);
}

void iso_file_abort(struct iso_file *f)
{
    if (f->stream != NULL)
        fclose(f->stream);
    unlink(f->temporary);
}

iso_rc iso_file_end(struct iso_file *f)
{
    FILE *stream = f->stream;
    const bool synced = !ferror(stream) && fflush(stream) == 0 && fsync(fileno(stream)) == 0;
    if (synced)
        f->stream = NULL; /* closed, also where that fails */
    if (synced && fclose(stream) == 0 && rename(f->temporary, f->path) == 0)
        return sync_folder(f->path);
    const iso_rc rc = iso_file_fail("write", f->path);
    iso_file_abort(f);
    return rc;
}

iso_rc iso_file_write(const char *path, const void *data, size_t n)
{
    struct iso_file file;
    ISO_TRY(iso_file_begin(path, &file));
    const iso_rc rc = iso_file_put(&file, data, n);
    if (rc == ISO_OK)
        return iso_file_end(&file);
    iso_file_abort(&file);
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
            if (larger == NULL)
                return ISO_ENOMEM;
            if (*data != NULL)
                memcpy(larger, *data, *n);
            free(*data);
            *data = larger;
        }
        *n += fread(*data + *n, 1, room - 1 - *n, f);
    } while (!feof(f) && !ferror(f));
    (*data)[*n] = 0;
    return ferror(f) ? iso_file_fail("read", path) : ISO_OK;
}

static iso_rc not_regular(const char *path, mode_t mode)
{
    return iso_fail(ISO_EIO, "%s is %s, not a file that can be read: name a file", path,
                    S_ISDIR(mode)    ? "a folder"
                    : S_ISFIFO(mode) ? "a pipe"
                    : S_ISSOCK(mode) ? "a socket"
                                     : "a device");
}

iso_rc iso_file_descriptor(const char *path, int *out)
{
    struct stat s;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
        return not_regular(path, s.st_mode);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return iso_file_fail("read", path);
    const bool known = fstat(fd, &s) == 0;
    if (known && S_ISREG(s.st_mode)) {
        *out = fd;
        return ISO_OK;
    }
    const iso_rc rc = known ? not_regular(path, s.st_mode) : iso_file_fail("read", path);
    close(fd);
    return rc;
}

iso_rc iso_file_open(const char *path, FILE **out)
{
    int fd;
    ISO_TRY(iso_file_descriptor(path, &fd));
    *out = fdopen(fd, "rb");
    if (*out != NULL)
        return ISO_OK;
    const iso_rc rc = iso_file_fail("read", path);
    close(fd);
    return rc;
}

iso_rc iso_file_read(const char *path, char **data, size_t *n)
{
    char *bytes = NULL;
    FILE *f;
    ISO_TRY(iso_file_open(path, &f));
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
    if (folder == NULL)
        return access(path, F_OK) != 0;
    for (struct dirent *e = readdir(folder); e != NULL && empty; e = readdir(folder))
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
    char folder[ISO_PATH];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
        return iso_path_too_long(path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        ISO_TRY(make_one(folder));
        *slash = '/';
    }
    return make_one(folder);
}
