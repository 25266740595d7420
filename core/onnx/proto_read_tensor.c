/* proto_read_tensor.c: a tensor of an ONNX file: its shape, and its numbers, which may lie beside
 * it. */
#include "proto_read.h"
#include "core/system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "location", "offset" or "length" of data that lie in another file; NULL: not said. */
static const char *external(const Onnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++)
        if (t->external_data[i]->key != NULL && strcmp(t->external_data[i]->key, key) == 0)
            return t->external_data[i]->value;
    return NULL;
}

/* A whole number from 0 in decimal digits; NULL or no number: -1. */
static long long number(const char *text)
{
    char *end;
    errno = 0;
    const long long n = text != NULL && *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : -1;
    return n >= 0 && errno == 0 && *end == '\0' ? n : -1;
}

static iso_rc read_bytes(const struct iso_onnx_reader *r, const char *path, const char *name,
                         long long at, size_t n, char *out)
{
    struct stat s;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return iso_file_fail("read", path);
    bool there = fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && at <= (long long)s.st_size &&
                 n <= (size_t)((long long)s.st_size - at);
    for (size_t done = 0; there && done < n;) {
        const ssize_t got = pread(fd, out + done, n - done, (off_t)(at + (long long)done));
        there = got > 0 || (got < 0 && errno == EINTR);
        done += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return there ? ISO_OK
                 : iso_fail(ISO_EDATA,
                            "%s: tensor '%.60s' needs %zu bytes from %lld on "
                            "of %s, which has fewer",
                            r->path, name, n, at, path);
}

/* Reads from a file beside the model's: only a plain name, so that no model can read elsewhere. */
static iso_rc read_external(const struct iso_onnx_reader *r, const Onnx__TensorProto *t, size_t n,
                            struct iso_onnx_tensor *out)
{
    char folder[ISO_PATH], path[ISO_PATH];
    const char *where = external(t, "location"), *from = external(t, "offset");
    const char *length = external(t, "length"), *slash = strrchr(r->path, '/');
    const long long at = from != NULL ? number(from) : 0;
    if (where == NULL || !*where || strchr(where, '/') != NULL || strchr(where, '\\') != NULL ||
        where[0] == '.')
        return iso_fail(ISO_EDATA,
                        "%s: tensor '%.60s' lies in '%.60s'; isocl reads data from the "
                        "folder of the file only",
                        r->path, out->name, where != NULL ? where : "");
    if (at < 0 || (length != NULL && number(length) != (long long)n))
        return iso_onnx_damaged(r, "wrong offset or length of tensor", out->name);
    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - r->path) : 1,
             slash != NULL ? r->path : ".");
    ISO_TRY(iso_path(path, *folder ? folder : "/", where));
    struct stat s; /* allocate no more than the file contains */
    if (stat(path, &s) == 0 && n > (size_t)s.st_size)
        return read_bytes(r, path, out->name, at, n, NULL);
    char *data = iso_onnx_alloc(r->m, n ? n : 1, 1);
    out->data = data;
    return data != NULL ? read_bytes(r, path, out->name, at, n, data) : ISO_ENOMEM;
}

/* Returns the numbers of a tensor that does not hold raw bytes, as one of its lists has them. */
static const void *listed(const Onnx__TensorProto *t, size_t *n)
{
    switch (t->data_type) {
    case ISO_ONNX_FLOAT: *n = t->n_float_data; return t->float_data;
    case ISO_ONNX_DOUBLE: *n = t->n_double_data; return t->double_data;
    case ISO_ONNX_INT64: *n = t->n_int64_data; return t->int64_data;
    default: *n = t->n_int32_data; return t->int32_data;
    }
}

static iso_rc read_data(const struct iso_onnx_reader *r, const Onnx__TensorProto *t,
                        struct iso_onnx_tensor *out)
{
    const size_t size = iso_onnx_size(out->type), count = (size_t)iso_onnx_count(out);
    size_t n = 0;
    if (size == 0 || t->segment != NULL)
        return ISO_OK; /* nothing here reads this type */
    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return read_external(r, t, count * size, out);
    const void *from = t->has_raw_data ? t->raw_data.data : listed(t, &n);
    if (t->has_raw_data ? t->raw_data.len != count * size : n != count)
        return iso_onnx_damaged(r, "wrong size of tensor", out->name);
    uint8_t *data = iso_onnx_alloc(r->m, count ? count : 1, size);
    out->data = data;
    if (data == NULL)
        return ISO_ENOMEM;
    if (!t->has_raw_data && out->type == ISO_ONNX_BOOL)
        for (size_t i = 0; i < count; i++)
            data[i] = ((const int32_t *)from)[i] != 0;
    else if (count > 0)
        memcpy(data, from, count * size);
    return ISO_OK;
}

iso_rc iso_onnx_read_tensor(const struct iso_onnx_reader *r, const Onnx__TensorProto *t,
                            struct iso_onnx_tensor *out)
{
    int64_t bytes = sizeof(double); /* size of the largest type of number */
    out->name = iso_onnx_copy(r->m, t->name);
    if (out->name == NULL)
        return ISO_ENOMEM;
    out->type = t->has_data_type ? t->data_type : 0;
    if (t->n_dims > ISO_ONNX_DIMS)
        return iso_onnx_damaged(r, "too many dimensions of tensor", out->name);
    out->ndim = (int)t->n_dims;
    for (int i = 0; i < out->ndim; i++) {
        out->dim[i] = t->dims[i];
        if (!iso_times(&bytes, t->dims[i]))
            return iso_onnx_damaged(r, "impossible shape of tensor", out->name);
    }
    return read_data(r, t, out);
}
