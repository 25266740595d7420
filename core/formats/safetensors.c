/* safetensors.c: reads safetensors files. Nothing in the file is believed before it is checked. */
#include "safetensors_types.h"
#include "core/system/file.h"
#include "core/text/json.h"
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct iso_st_type_info iso_st_types[ISO_ST_TYPES] = {
    [ISO_ST_F32] = { "F32", 4 },  [ISO_ST_F64] = { "F64", 8 }, [ISO_ST_I32] = { "I32", 4 },
    [ISO_ST_I64] = { "I64", 8 },  [ISO_ST_U8] = { "U8", 1 },   [ISO_ST_F16] = { "F16", 2 },
    [ISO_ST_BF16] = { "BF16", 2 }
};

int64_t iso_st_size(enum iso_st_type type) { return iso_st_types[type].size; }

double iso_st_at(const struct iso_st_tensor *t, int64_t i)
{
    static const char kinds[ISO_ST_TYPES] = {
        [ISO_ST_F32] = 'f', [ISO_ST_F64] = 'f', [ISO_ST_I32] = 'i',
        [ISO_ST_I64] = 'i', [ISO_ST_U8] = 'u',  [ISO_ST_F16] = 'f'
    };
    const struct iso_npy npy = { .kind = kinds[t->type],
                                 .size = (int)iso_st_size(t->type),
                                 .data = (uint8_t *)(uintptr_t)t->data };
    if (t->type != ISO_ST_BF16)
        return iso_npy_at(&npy, i);
    const uint32_t bits = (uint32_t)((const uint16_t *)t->data)[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static const char metadata_key[] = "__metadata__";

/* The position of a tensor's data, in bytes from the end of the header. */
struct span {
    int64_t begin, end;
    int tensor;
};

struct owned {
    json_t *root;  /* holds all names and metadata texts */
    uint8_t *data; /* all tensors, each from a multiple of 8 bytes */
};

/* State while a file is read. */
struct reader {
    const char *path;
    int fd;
    int64_t data_start, data_bytes;
    int64_t sha256_at;  /* offset of the hash's digits; -1: none that can be checked */
    struct span *spans; /* one per tensor, sorted by begin */
    struct iso_st_file *file;
    struct owned *owned;
};

bool iso_st_measure(const struct iso_st_tensor *t, int64_t *bytes)
{
    bool empty = false;
    *bytes = iso_st_types[t->type].size;
    for (int i = 0; i < t->ndim; i++)
        if (t->dim[i] == 0)
            empty = true;
        else if (!iso_times(bytes, t->dim[i]))
            return false;
    if (empty)
        *bytes = 0;
    return true;
}

int64_t iso_st_bytes(const struct iso_st_tensor *t)
{
    int64_t bytes;
    return iso_st_measure(t, &bytes) ? bytes : -1;
}

/* ---- Header ---------------------------------------------------------------------------------- */

static iso_rc parse_header(struct reader *r, const char *text, size_t length)
{
    json_error_t fault;
    if (text[0] != '{')
        return iso_fail(ISO_EDATA, "%s: not a safetensors file: its header does not begin with '{'",
                        r->path);
    const iso_rc rc = iso_json_read(text, length, JSON_REJECT_DUPLICATES, &r->owned->root, &fault);
    if (rc == ISO_EDATA)
        return iso_fail(ISO_EDATA, "%s: header, byte %d: %s; the file is damaged, make it again",
                        r->path, fault.position, fault.text);
    return rc;
}

/* Reads the length and the JSON of the header; the file's size bounds both. */
static iso_rc read_header(struct reader *r)
{
    struct stat info;
    uint64_t length;
    if (fstat(r->fd, &info) != 0)
        return iso_file_fail("read", r->path);
    if (!S_ISREG(info.st_mode))
        return iso_fail(ISO_EIO, "%s: is not a regular file", r->path);
    if (info.st_size < ISO_ST_PREFIX + 2)
        return iso_fail(ISO_EDATA, "%s: has %lld bytes, too few for a safetensors file", r->path,
                        (long long)info.st_size);
    ISO_TRY(iso_st_read(r->fd, r->path, 0, &length, sizeof length));
    if (length < 2 || length > ISO_ST_MAX_HEADER || length > (uint64_t)info.st_size - ISO_ST_PREFIX)
        return iso_fail(ISO_EDATA,
                        "%s: header length %llu does not fit a file of %lld bytes; it is cut "
                        "short or not a safetensors file",
                        r->path, (unsigned long long)length, (long long)info.st_size);
    r->data_start = ISO_ST_PREFIX + (int64_t)length;
    r->data_bytes = info.st_size - r->data_start;
    char *text = iso_alloc(length, 1);
    if (text == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_st_read(r->fd, r->path, ISO_ST_PREFIX, text, (int64_t)length);
    if (rc == ISO_OK)
        rc = parse_header(r, text, length);
    r->sha256_at = iso_st_sha256_find(text, length);
    r->sha256_at += r->sha256_at >= 0 ? ISO_ST_PREFIX : 0;
    free(text);
    return rc;
}

/* Takes the hash, but for one of another length, which no file can have. */
static iso_rc take_sha256(struct reader *r, const char *hex)
{
    if (snprintf(r->file->sha256, sizeof r->file->sha256, "%s", hex) == 64 && r->sha256_at >= 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: its SHA-256 (%s in its metadata) cannot be checked: the file was changed "
                    "or is damaged; take another copy of it",
                    r->path, iso_st_sha256_key);
}

static iso_rc take_metadata(struct reader *r, json_t *object)
{
    const char *key;
    json_t *value;
    size_t i = 0;
    if (object != NULL && !json_is_object(object))
        return iso_fail(ISO_EDATA, "%s: __metadata__ is not an object", r->path);
    r->file->metadata = iso_alloc(2 * json_object_size(object) + 1, sizeof *r->file->metadata);
    if (r->file->metadata == NULL)
        return ISO_ENOMEM;
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return iso_fail(ISO_EDATA, "%s: __metadata__ '%.100s' is not a text", r->path, key);
        if (strcmp(key, iso_st_sha256_key) == 0) {
            ISO_TRY(take_sha256(r, json_string_value(value)));
            continue;
        }
        r->file->metadata[i++] = (char *)key;
        r->file->metadata[i++] = (char *)json_string_value(value);
    }
    return ISO_OK;
}

static iso_rc take_type(const struct reader *r, const json_t *entry, struct iso_st_tensor *t)
{
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (type == NULL)
        return iso_fail(ISO_EDATA, "%s: tensor '%.100s' has no dtype", r->path, t->name);
    for (int i = 0; i < ISO_ST_TYPES; i++) {
        if (strcmp(type, iso_st_types[i].name) == 0) {
            t->type = (enum iso_st_type)i;
            return ISO_OK;
        }
    }
    return iso_fail(ISO_EDATA,
                    "%s: tensor '%.100s' has dtype %.20s; F32, F64, I32, I64 and U8 can be "
                    "read, convert the file",
                    r->path, t->name, type);
}

static iso_rc take_shape(const struct reader *r, const json_t *entry, struct iso_st_tensor *t)
{
    const json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > ISO_ST_DIMS)
        return iso_fail(ISO_EDATA, "%s: tensor '%.100s': shape must be a list of at most %d sizes",
                        r->path, t->name, ISO_ST_DIMS);
    t->ndim = (int)json_array_size(shape);
    for (int i = 0; i < t->ndim; i++) {
        const json_t *size = json_array_get(shape, (size_t)i);
        t->dim[i] = json_integer_value(size);
        if (!json_is_integer(size) || t->dim[i] < 0)
            return iso_fail(ISO_EDATA,
                            "%s: tensor '%.100s': size %d of its shape is not a whole number "
                            "from 0",
                            r->path, t->name, i + 1);
    }
    return ISO_OK;
}

/* Offsets must lie inside the file and hold just what shape and type say. */
static iso_rc take_offsets(const struct reader *r, const json_t *entry,
                           const struct iso_st_tensor *t, struct span *span)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    int64_t bytes;
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return iso_fail(ISO_EDATA, "%s: tensor '%.100s': data_offsets must be two whole numbers",
                        r->path, t->name);
    span->begin = json_integer_value(begin);
    span->end = json_integer_value(end);
    if (span->begin < 0 || span->end < span->begin || span->end > r->data_bytes)
        return iso_fail(ISO_EDATA,
                        "%s: tensor '%.100s': data_offsets [%lld, %lld] do not lie in the %lld "
                        "bytes of data; the file is cut short or damaged",
                        r->path, t->name, (long long)span->begin, (long long)span->end,
                        (long long)r->data_bytes);
    if (!iso_st_measure(t, &bytes) || bytes != span->end - span->begin)
        return iso_fail(ISO_EDATA,
                        "%s: tensor '%.100s': %lld bytes of data do not fit its shape and dtype",
                        r->path, t->name, (long long)(span->end - span->begin));
    return ISO_OK;
}

static iso_rc take_tensors(struct reader *r)
{
    const char *name;
    json_t *entry;
    json_object_foreach(r->owned->root, name, entry)
    {
        if (strcmp(name, metadata_key) == 0)
            continue;
        int i = r->file->n++;
        struct iso_st_tensor *t = &r->file->tensors[i];
        t->name = name;
        if (!json_is_object(entry))
            return iso_fail(ISO_EDATA, "%s: tensor '%.100s' is not described by an object", r->path,
                            name);
        ISO_TRY(take_type(r, entry, t));
        ISO_TRY(take_shape(r, entry, t));
        r->spans[i].tensor = i;
        ISO_TRY(take_offsets(r, entry, t, &r->spans[i]));
    }
    return ISO_OK;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static int compare_spans(const void *a, const void *b)
{
    const struct span *p = a, *q = b;
    if (p->begin != q->begin)
        return p->begin < q->begin ? -1 : 1;
    if (p->end != q->end)
        return p->end < q->end ? -1 : 1;
    return p->tensor < q->tensor ? -1 : 1;
}

/* The tensors, in the order of their data, must cover all data once. */
static iso_rc check_cover(const struct reader *r)
{
    int64_t covered = 0;
    for (int i = 0; i < r->file->n; i++) {
        const struct span *p = &r->spans[i];
        if (p->begin != covered)
            return iso_fail(ISO_EDATA,
                            "%s: tensor '%.100s' begins at byte %lld of the data, but the one "
                            "before ends at %lld (%s); the file is damaged",
                            r->path, r->file->tensors[p->tensor].name, (long long)p->begin,
                            (long long)covered, p->begin < covered ? "overlap" : "a hole");
        covered = p->end;
    }
    if (covered != r->data_bytes)
        return iso_fail(ISO_EDATA, "%s: %lld bytes after the last tensor belong to none", r->path,
                        (long long)(r->data_bytes - covered));
    return ISO_OK;
}

/* Puts the tensors into the order of their data, and reads each to aligned memory of its own. */
static iso_rc read_data(struct reader *r, struct iso_st_tensor *sorted)
{
    size_t space = 0;
    for (int i = 0; i < r->file->n; i++) {
        sorted[i] = r->file->tensors[r->spans[i].tensor];
        space += (size_t)(r->spans[i].end - r->spans[i].begin + 7) / 8 * 8;
    }
    uint8_t *data = r->owned->data = iso_alloc(space + 8, 1);
    if (data == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < r->file->n; i++) {
        int64_t bytes = r->spans[i].end - r->spans[i].begin;
        ISO_TRY(iso_st_read(r->fd, r->path, r->data_start + r->spans[i].begin, data, bytes));
        sorted[i].data = data;
        data += (bytes + 7) / 8 * 8;
    }
    memcpy(r->file->tensors, sorted, (size_t)r->file->n * sizeof *sorted);
    return ISO_OK;
}

static iso_rc read_tensors(struct reader *r)
{
    size_t entries = json_object_size(r->owned->root);
    r->file->tensors = iso_alloc(entries + 1, sizeof *r->file->tensors);
    r->spans = iso_alloc(entries + 1, sizeof *r->spans);
    if (r->file->tensors == NULL || r->spans == NULL)
        return ISO_ENOMEM;
    ISO_TRY(take_metadata(r, json_object_get(r->owned->root, metadata_key)));
    ISO_TRY(take_tensors(r));
    qsort(r->spans, (size_t)r->file->n, sizeof *r->spans, compare_spans);
    ISO_TRY(check_cover(r));
    struct iso_st_tensor *sorted = iso_alloc(entries + 1, sizeof *sorted);
    if (sorted == NULL)
        return ISO_ENOMEM;
    iso_rc rc = read_data(r, sorted);
    free(sorted);
    return rc;
}

static iso_rc check_sha256(const struct reader *r)
{
    char hex[65];
    if (!*r->file->sha256)
        return ISO_OK;
    ISO_TRY(iso_st_sha256(r->fd, r->path, r->data_start + r->data_bytes, r->sha256_at, hex));
    if (strcmp(hex, r->file->sha256) == 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: is not as it was written: its SHA-256 is %.12s... and should be %.12s...; "
                    "it was changed or is damaged: take another copy of it",
                    r->path, hex, r->file->sha256);
}

static iso_rc read_file(struct reader *r)
{
    r->owned = r->file->owned = iso_alloc(1, sizeof *r->owned);
    if (r->owned == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_file_descriptor(r->path, &r->fd));
    iso_rc rc = read_header(r);
    if (rc == ISO_OK)
        rc = read_tensors(r);
    if (rc == ISO_OK)
        rc = check_sha256(r);
    close(r->fd);
    free(r->spans);
    return rc;
}

iso_rc iso_st_open(const char *path, struct iso_st_file **out)
{
    struct reader r = { .path = path, .fd = -1, .file = iso_alloc(1, sizeof *r.file) };
    if (r.file == NULL)
        return ISO_ENOMEM;
    iso_rc rc = read_file(&r);
    if (rc != ISO_OK) {
        iso_st_close(r.file);
        return rc;
    }
    *out = r.file;
    return ISO_OK;
}

void iso_st_close(struct iso_st_file *file)
{
    if (file == NULL)
        return;
    struct owned *owned = file->owned;
    if (owned != NULL) {
        json_decref(owned->root);
        free(owned->data);
    }
    free(owned);
    free(file->tensors);
    free(file->metadata);
    free(file);
}

const struct iso_st_tensor *iso_st_find(const struct iso_st_file *file, const char *name)
{
    for (int i = 0; i < file->n; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const char *iso_st_metadata(const struct iso_st_file *file, const char *key)
{
    for (char **pair = file->metadata; *pair != NULL; pair += 2)
        if (strcmp(pair[0], key) == 0)
            return pair[1];
    return NULL;
}
