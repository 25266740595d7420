/* torch_file.c: the tensors of PyTorch's state dicts as float32. */
#include "torch_file.h"
#include "core/system/file.h"
#include "pickle.h"
#include "safetensors.h"
#include "torch_old.h"
#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16 }; /* tensors */
static const char KIND[] = "PyTorch file";

bool iso_torch_is(const char *path)
{
    return iso_ends_in(path, ".pth") || iso_ends_in(path, ".pt") ||
           iso_ends_in(path, ".safetensors");
}

static iso_rc add(struct iso_torch_file *f, int *room, struct iso_torch_tensor **out)
{
    if (f->n == *room) {
        const int larger = *room > 0 ? 2 * *room : 64;
        struct iso_torch_tensor *grown = larger <= MOST ? iso_alloc((size_t)larger, sizeof *grown)
                                                        : NULL;
        if (grown == NULL)
            return iso_fail(ISO_EDATA, "more than %d tensors, or out of memory", MOST);
        if (f->n > 0)
            memcpy(grown, f->tensors, (size_t)f->n * sizeof *grown);
        free(f->tensors);
        f->tensors = grown;
        *room = larger;
    }
    *out = &f->tensors[f->n++];
    return ISO_OK;
}

/* ---- .pth ---------------------------------------------------------------------------------- */

static float number(const struct iso_pickle_tensor *t, const uint8_t *data, int64_t i)
{
    const struct iso_npy npy = { .kind = t->kind,
                                 .size = t->size,
                                 .data = (uint8_t *)(uintptr_t)data };
    if (t->kind != 'b')
        return (float)iso_npy_at(&npy, i);
    const uint32_t bits = (uint32_t)data[2 * i] << 16 | (uint32_t)data[2 * i + 1] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Returns the number of elements, or -1 if they do not lie within `size` bytes of a storage. */
static int64_t measure(const struct iso_pickle_tensor *t, size_t size)
{
    const int64_t numbers = (int64_t)(size / (size_t)t->size);
    int64_t count = 1, last = t->offset;
    for (int i = 0; i < t->ndim; i++) {
        if (t->dim[i] == 0)
            return 0;
        if (t->dim[i] > numbers / count || t->dim[i] > numbers ||
            (t->stride[i] > 0 && t->dim[i] - 1 > numbers / t->stride[i]))
            return -1;
        count *= t->dim[i];
        last += (t->dim[i] - 1) * t->stride[i];
    }
    return last < numbers ? count : -1;
}

static void take_numbers(const struct iso_pickle_tensor *t, const uint8_t *data, int64_t count,
                         float *out)
{
    int64_t at[ISO_PICKLE_DIMS] = { 0 }, from = t->offset;
    for (int64_t n = 0; n < count; n++) {
        out[n] = number(t, data, from);
        for (int i = t->ndim - 1; i >= 0; i--) {
            from += t->stride[i];
            if (++at[i] < t->dim[i])
                break;
            from -= at[i] * t->stride[i];
            at[i] = 0;
        }
    }
}

/* The place of the numbers of tensors. */
struct storages {
    const char *path, *prefix;       /* a zip file, and the folder in it */
    const struct iso_torch_old *old; /* NULL: it is one */
};

static iso_rc take_values(const char *path, const struct iso_pickle_tensor *t, const uint8_t *data,
                          size_t size, struct iso_torch_tensor *out)
{
    const int64_t count = measure(t, size);
    snprintf(out->name, sizeof out->name, "%s", t->name);
    out->ndim = t->ndim;
    memcpy(out->dim, t->dim, sizeof out->dim);
    if (count < 0)
        return iso_fail(ISO_EDATA, "%s: tensor '%.60s' is larger than its storage", path, t->name);
    out->values = iso_alloc((size_t)count + 1, sizeof(float));
    if (out->values == NULL)
        return ISO_ENOMEM;
    take_numbers(t, data, count, out->values);
    return ISO_OK;
}

static iso_rc take_tensor(const struct storages *s, const struct iso_pickle_tensor *t,
                          struct iso_torch_tensor *out)
{
    char member[256];
    uint8_t *data = NULL;
    size_t size = 0;
    bool found = false;
    if (s->old != NULL) {
        const struct iso_torch_old_storage *from = iso_torch_old_find(s->old, t->storage);
        if (from == NULL)
            return iso_fail(ISO_EDATA, "%s: the numbers of tensor '%.60s' are missing", s->path,
                            t->name);
        return take_values(s->path, t, (const uint8_t *)s->old->data + from->at, from->bytes, out);
    }
    snprintf(member, sizeof member, "%sdata/%s", s->prefix, t->storage);
    ISO_TRY(iso_zip_read(s->path, KIND, member, &data, &size, &found));
    const iso_rc rc = take_values(s->path, t, data, size, out);
    free(data);
    return rc;
}

static iso_rc take_tensors(const struct storages *s, const struct iso_pickle *p,
                           struct iso_torch_file *f)
{
    struct iso_pickle_tensor t;
    struct iso_torch_tensor *to;
    bool found = true;
    int room = 0;
    for (int i = 0; found && i < MOST; i++) {
        ISO_TRY(iso_pickle_torch_tensor(p, i, &t, &found));
        if (!found || t.kind == 'i')
            continue;
        ISO_TRY(add(f, &room, &to));
        ISO_TRY(take_tensor(s, &t, to));
    }
    return f->n > 0 ? ISO_OK
                    : iso_fail(ISO_EDATA,
                               "%s: is no state dict with tensors of real numbers; save "
                               "model.state_dict()",
                               s->path);
}

/* Members stand in a folder that is called as the file was. */
static iso_rc find_prefix(const char *path, char *prefix, size_t n)
{
    struct iso_names names = { 0 };
    iso_rc rc = iso_zip_names(path, KIND, "data.pkl", &names);
    if (rc == ISO_OK && names.n != 1)
        rc = iso_fail(ISO_EDATA, "%s: is no file of torch.save; save model.state_dict() in PyTorch",
                      path);
    if (rc == ISO_OK)
        snprintf(prefix, n, "%s", names.name[0]);
    iso_names_free(&names);
    return rc;
}

static iso_rc read_old(const char *path, struct iso_torch_file *f)
{
    struct iso_torch_old *old = NULL;
    ISO_TRY(iso_torch_old_open(path, &old));
    const iso_rc rc = take_tensors(&(struct storages){ .path = path, .old = old }, old->pickle, f);
    iso_torch_old_close(old);
    return rc;
}

static iso_rc read_zip(const char *path, struct iso_torch_file *f)
{
    char prefix[128], member[160];
    struct iso_pickle *p = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    bool found;
    ISO_TRY(find_prefix(path, prefix, sizeof prefix));
    snprintf(member, sizeof member, "%sdata.pkl", prefix);
    ISO_TRY(iso_zip_read(path, KIND, member, &bytes, &size, &found));
    iso_rc rc = iso_pickle_read_torch(path, bytes, size, &p);
    if (rc == ISO_OK)
        rc = take_tensors(&(struct storages){ .path = path, .prefix = prefix }, p, f);
    iso_pickle_free(p);
    free(bytes);
    return rc;
}

static iso_rc read_pth(const char *path, struct iso_torch_file *f)
{
    bool old;
    ISO_TRY(iso_torch_old_is(path, &old));
    f->ordered = true;
    return old ? read_old(path, f) : read_zip(path, f);
}

/* ---- .safetensors -------------------------------------------------------------------------- */

static iso_rc take_safetensor(const struct iso_st_tensor *t, struct iso_torch_tensor *out)
{
    const int64_t n = iso_st_bytes(t) / iso_st_size(t->type);
    snprintf(out->name, sizeof out->name, "%s", t->name);
    out->ndim = t->ndim;
    memcpy(out->dim, t->dim, sizeof out->dim);
    out->values = iso_alloc((size_t)n + 1, sizeof(float));
    if (out->values == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        out->values[i] = (float)iso_st_at(t, i);
    return ISO_OK;
}

static bool is_real(enum iso_st_type type)
{
    return type == ISO_ST_F32 || type == ISO_ST_F64 || type == ISO_ST_F16 || type == ISO_ST_BF16;
}

static iso_rc read_safetensors(const char *path, struct iso_torch_file *f)
{
    struct iso_st_file *st = NULL;
    struct iso_torch_tensor *to;
    int room = 0;
    ISO_TRY(iso_st_open(path, &st));
    iso_rc rc = ISO_OK;
    for (int i = 0; i < st->n && rc == ISO_OK; i++) {
        if (!is_real(st->tensors[i].type))
            continue;
        rc = add(f, &room, &to);
        if (rc == ISO_OK)
            rc = take_safetensor(&st->tensors[i], to);
    }
    iso_st_close(st);
    return rc;
}

/* ---- Both ---------------------------------------------------------------------------------- */

/* Takes away what all names begin with since the network was wrapped: by DataParallel, by
 * torch.compile, by Lightning. */
static void unwrap_names(struct iso_torch_file *f)
{
    static const char *const wrappers[] = { "module.", "_orig_mod.", "model." };
    for (size_t w = 0; w < 3; w++) {
        const size_t n = strlen(wrappers[w]);
        bool all = f->n > 0;
        for (int i = 0; i < f->n; i++)
            all = all && strncmp(f->tensors[i].name, wrappers[w], n) == 0;
        for (int i = 0; all && i < f->n; i++)
            memmove(f->tensors[i].name, f->tensors[i].name + n, strlen(f->tensors[i].name + n) + 1);
    }
}

iso_rc iso_torch_open(const char *path, struct iso_torch_file **out)
{
    struct iso_torch_file *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_ends_in(path, ".safetensors") ? read_safetensors(path, f)
                                                        : read_pth(path, f);
    if (rc == ISO_OK) {
        unwrap_names(f);
        *out = f;
    } else {
        iso_torch_close(f);
    }
    return rc;
}

void iso_torch_close(struct iso_torch_file *f)
{
    if (f == NULL)
        return;
    for (int i = 0; i < f->n; i++)
        free(f->tensors[i].values);
    free(f->tensors);
    free(f);
}
