/* safetensors_write.c: writes safetensors files, tensor by tensor. */
#include "safetensors_types.h"
#include "core/system/file.h"
#include "core/text/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct span {              /* the data of one tensor */
    int64_t offset, bytes; /* offset: from the start of the file */
    bool written;
};

struct iso_st_writer {
    struct iso_file file;
    int n;
    struct span *spans; /* one per tensor, in the order given */
    int64_t bytes;      /* size of the whole file */
    int64_t sha256_at;  /* offset of the digits of its hash */
};

static iso_rc write_at(const struct iso_st_writer *w, int64_t offset, const void *data,
                       int64_t bytes)
{
    for (int64_t done = 0; done < bytes;) {
        ssize_t n = pwrite(fileno(w->file.stream), (const char *)data + done,
                           (size_t)(bytes - done), (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return iso_file_fail("write", w->file.path);
        done += n;
    }
    return ISO_OK;
}

/* ---- Header ---------------------------------------------------------------------------------- */

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}, or NULL. */
static json_t *describe(const struct iso_st_tensor *t, const struct span *span)
{
    json_t *shape = json_array();
    for (int i = 0; i < t->ndim; i++)
        iso_json_append(shape, json_integer(t->dim[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", iso_st_types[t->type].name, "shape", shape,
                     "data_offsets", (json_int_t)span->offset,
                     (json_int_t)(span->offset + span->bytes));
}

/* Says why a name or a value could not be put into the header; errno was 0 before. */
static iso_rc not_put(const char *path, const char *what, const char *name)
{
    if (errno == ENOMEM)
        return iso_fail(ISO_ENOMEM, "%s: out of memory", path);
    return iso_fail(ISO_EDATA, "%s: %s '%.100s' is not valid UTF-8", path, what, name);
}

static iso_rc add_metadata(const char *path, json_t *root, const char *const *metadata)
{
    json_t *object = json_object();
    if (json_object_set_new(root, "__metadata__", object) != 0 ||
        json_object_set_new(object, iso_st_sha256_key, json_string(iso_st_sha256_blank)) != 0)
        return iso_fail(ISO_ENOMEM, "%s: out of memory", path);
    for (errno = 0; metadata != NULL && metadata[0] != NULL; metadata += 2)
        if (json_object_set_new(object, metadata[0], json_string(metadata[1])) != 0)
            return not_put(path, "metadata", metadata[0]);
    return ISO_OK;
}

/* Describes every tensor in root; fills the spans with offsets counted from the data's start. */
static iso_rc add_tensors(struct iso_st_writer *w, json_t *root,
                          const struct iso_st_tensor *tensors)
{
    int64_t offset = 0;
    for (int i = 0; i < w->n; i++) {
        const struct iso_st_tensor *t = &tensors[i];
        int64_t bytes;
        if (t->ndim < 0 || t->ndim > ISO_ST_DIMS || !iso_st_measure(t, &bytes) ||
            bytes > INT64_MAX / 2 - offset)
            return iso_fail(ISO_ESHAPE, "%s: tensor '%.100s' has a shape that cannot be written",
                            w->file.path, t->name);
        if (strcmp(t->name, "__metadata__") == 0 || json_object_get(root, t->name) != NULL)
            return iso_fail(ISO_EUSAGE, "%s: tensor name '%.100s' is taken", w->file.path, t->name);
        w->spans[i] = (struct span){ .offset = offset, .bytes = bytes, .written = bytes == 0 };
        errno = 0;
        if (json_object_set_new(root, t->name, describe(t, &w->spans[i])) != 0)
            return not_put(w->file.path, "tensor name", t->name);
        offset += bytes;
    }
    return ISO_OK;
}

/* Writes length and JSON, padded with spaces so that the data begin at a multiple of 8 bytes. Takes
 * the JSON over. */
static iso_rc write_header(struct iso_st_writer *w, json_t *root)
{
    char *text;
    ISO_TRY(iso_json_text(root, JSON_COMPACT, &text));
    size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    uint64_t prefix = padded;
    iso_rc rc = write_at(w, 0, &prefix, sizeof prefix);
    if (rc == ISO_OK)
        rc = write_at(w, ISO_ST_PREFIX, text, (int64_t)length);
    if (rc == ISO_OK)
        rc = write_at(w, ISO_ST_PREFIX + (int64_t)length, "       ", (int64_t)(padded - length));
    w->sha256_at = ISO_ST_PREFIX + iso_st_sha256_find(text, length);
    free(text);
    w->bytes = ISO_ST_PREFIX + (int64_t)padded;
    for (int i = 0; i < w->n; i++) {
        w->spans[i].offset += ISO_ST_PREFIX + (int64_t)padded;
        w->bytes += w->spans[i].bytes;
    }
    return rc;
}

static iso_rc make_header(struct iso_st_writer *w, const struct iso_st_tensor *tensors,
                          const char *const *metadata)
{
    json_t *root = json_object();
    if (root == NULL)
        return iso_fail(ISO_ENOMEM, "%s: out of memory", w->file.path);
    iso_rc rc = add_metadata(w->file.path, root, metadata);
    if (rc == ISO_OK)
        rc = add_tensors(w, root, tensors);
    if (rc == ISO_OK)
        return write_header(w, root);
    json_decref(root);
    return rc;
}

/* ---- Writer ---------------------------------------------------------------------------------- */

static void release(struct iso_st_writer *w)
{
    free(w->spans);
    free(w);
}

static iso_rc begin(struct iso_st_writer *w, const char *path, const struct iso_st_tensor *tensors,
                    const char *const *metadata)
{
    w->spans = iso_alloc((size_t)w->n + 1, sizeof *w->spans);
    if (w->spans == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_file_begin(path, &w->file));
    const iso_rc rc = make_header(w, tensors, metadata);
    if (rc != ISO_OK)
        iso_file_abort(&w->file);
    return rc;
}

iso_rc iso_st_begin(const char *path, const struct iso_st_tensor *tensors, int n,
                    const char *const *metadata, struct iso_st_writer **out)
{
    assert(n >= 0);
    struct iso_st_writer *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    w->n = n;
    const iso_rc rc = begin(w, path, tensors, metadata);
    if (rc != ISO_OK) {
        release(w);
        return rc;
    }
    *out = w;
    return ISO_OK;
}

iso_rc iso_st_put(struct iso_st_writer *w, int tensor, const void *data)
{
    assert(tensor >= 0 && tensor < w->n);
    struct span *span = &w->spans[tensor];
    ISO_TRY(write_at(w, span->offset, data, span->bytes));
    span->written = true;
    return ISO_OK;
}

static iso_rc write_sha256(const struct iso_st_writer *w)
{
    char hex[65];
    ISO_TRY(iso_st_sha256(fileno(w->file.stream), w->file.path, w->bytes, w->sha256_at, hex));
    return write_at(w, w->sha256_at, hex, 64);
}

iso_rc iso_st_end(struct iso_st_writer *w)
{
    for (int i = 0; i < w->n; i++) {
        if (w->spans[i].written)
            continue;
        const iso_rc rc =
            iso_fail(ISO_EUSAGE, "%s: tensor %d of %d has not been written", w->file.path, i, w->n);
        iso_st_abort(w);
        return rc;
    }
    iso_rc rc = write_sha256(w);
    if (rc != ISO_OK) {
        iso_st_abort(w);
        return rc;
    }
    rc = iso_file_end(&w->file);
    release(w);
    return rc;
}

void iso_st_abort(struct iso_st_writer *w)
{
    if (w == NULL)
        return;
    iso_file_abort(&w->file);
    release(w);
}

iso_rc iso_st_write(const char *path, const struct iso_st_tensor *tensors, int n,
                    const char *const *metadata)
{
    struct iso_st_writer *w;
    ISO_TRY(iso_st_begin(path, tensors, n, metadata, &w));
    for (int i = 0; i < n; i++) {
        iso_rc rc = iso_st_put(w, i, tensors[i].data);
        if (rc != ISO_OK) {
            iso_st_abort(w);
            return rc;
        }
    }
    return iso_st_end(w);
}
