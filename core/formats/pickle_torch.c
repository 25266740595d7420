/* pickle_torch.c: the functions with which PyTorch builds the tensors of a state dict. None is
 * called: their arguments are kept and looked at when the tensor is asked for. */
#include "pickle_machine.h"

#include <stdio.h>
#include <string.h>

bool iso_pickle_torch_find(const char *module, const char *name, enum iso_pickle_function *out)
{
    static const struct iso_pickle_known known[] = {
        { "collections", "OrderedDict", ISO_PICKLE_ORDERED_DICT },
        { "torch._utils", "_rebuild_tensor_v2", ISO_PICKLE_REBUILD_TENSOR },
        { "torch._utils", "_rebuild_tensor", ISO_PICKLE_REBUILD_TENSOR }, /* before 0.4 */
        { "torch._utils", "_rebuild_parameter", ISO_PICKLE_REBUILD_PARAMETER },
        { "torch", "FloatStorage", ISO_PICKLE_F32 },
        { "torch", "DoubleStorage", ISO_PICKLE_F64 },
        { "torch", "HalfStorage", ISO_PICKLE_F16 },
        { "torch", "BFloat16Storage", ISO_PICKLE_BF16 },
        { "torch", "LongStorage", ISO_PICKLE_I64 },
        { "torch", "IntStorage", ISO_PICKLE_I32 },
        { "torch", "ShortStorage", ISO_PICKLE_I16 },
        { "torch", "CharStorage", ISO_PICKLE_I8 },
        { "torch", "ByteStorage", ISO_PICKLE_I8 },
        { "torch", "BoolStorage", ISO_PICKLE_I8 },
        { .module = NULL },
    };
    return iso_pickle_look_up(known, module, name, out);
}

/* ('storage', its type, its name, the device, its size) */
iso_rc iso_pickle_torch_storage(struct iso_pickle *p, int32_t tuple, int32_t *out)
{
    const int32_t type = iso_pickle_item(p, tuple, 1), name = iso_pickle_item(p, tuple, 2);
    if (!iso_pickle_equals(p, iso_pickle_item(p, tuple, 0), "storage") ||
        !iso_pickle_is(p, type, ISO_PICKLE_FUNCTION) ||
        p->value[type].is.function < ISO_PICKLE_F32 || !iso_pickle_is(p, name, ISO_PICKLE_TEXT))
        return iso_pickle_damaged(p, "refers to something that is no storage of numbers");
    ISO_TRY(iso_pickle_new(p, ISO_PICKLE_STORAGE, out));
    p->value[*out].is.arguments = tuple;
    return ISO_OK;
}

iso_rc iso_pickle_torch_call(struct iso_pickle *p, int32_t function, int32_t arguments,
                             int32_t *out)
{
    if (!iso_pickle_is(p, function, ISO_PICKLE_FUNCTION) ||
        !iso_pickle_is(p, arguments, ISO_PICKLE_TUPLE))
        return iso_pickle_damaged(p, "calls something that is not a function");
    const int32_t first = iso_pickle_item(p, arguments, 0);
    const enum iso_pickle_function is = p->value[function].is.function;
    if (is == ISO_PICKLE_ORDERED_DICT && first == 0)
        return iso_pickle_new(p, ISO_PICKLE_DICT, out);
    if (is == ISO_PICKLE_REBUILD_PARAMETER && iso_pickle_is(p, first, ISO_PICKLE_TENSOR)) {
        *out = first;
        return ISO_OK;
    }
    if (is != ISO_PICKLE_REBUILD_TENSOR || !iso_pickle_is(p, first, ISO_PICKLE_STORAGE))
        return iso_pickle_damaged(p, "builds a tensor of something else than a storage");
    ISO_TRY(iso_pickle_new(p, ISO_PICKLE_TENSOR, out));
    p->value[*out].is.arguments = arguments;
    return ISO_OK;
}

/* A state dict has versions of its layers beside its tensors, which say nothing here. */
iso_rc iso_pickle_torch_build(const struct iso_pickle *p, int32_t object)
{
    return iso_pickle_is(p, object, ISO_PICKLE_DICT)
               ? ISO_OK
               : iso_pickle_damaged(p, "sets the state of an object that has none");
}

/* ---- What was read ------------------------------------------------------------------------- */

static bool copy_text(const struct iso_pickle *p, int32_t value, char *out, size_t n)
{
    if (!iso_pickle_is(p, value, ISO_PICKLE_TEXT) || p->value[value].is.text.size >= n)
        return false;
    const size_t size = p->value[value].is.text.size;
    memcpy(out, p->bytes + p->value[value].is.text.at, size);
    out[size] = '\0';
    return memchr(out, '\0', size) == NULL;
}

static int32_t first_cell(const struct iso_pickle *p, int32_t dict)
{
    return iso_pickle_is(p, dict, ISO_PICKLE_DICT) ? p->value[dict].is.items.first : 0;
}

/* Returns the first dictionary within one that is called as those of weights are; 0: none. */
static int32_t dict_within(const struct iso_pickle *p, int32_t dict)
{
    static const char *const names[] = { "model",   "state_dict", "model_state_dict", "net",
                                         "network", "weights",    "model_ema",        "module" };
    for (int32_t c = first_cell(p, dict); c; c = p->cell[p->cell[c].next].next) {
        const int32_t value = p->cell[p->cell[c].next].value;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (iso_pickle_equals(p, p->cell[c].value, names[i]) && first_cell(p, value))
                return value;
    }
    return 0;
}

/* Returns the dictionary of tensors: the root, or one within it. */
static int32_t state_dict(const struct iso_pickle *p)
{
    enum { DEEPEST = 4 };
    int32_t dict = p->root, within;
    for (int i = 0; i < DEEPEST && (within = dict_within(p, dict)) != 0; i++)
        dict = within;
    return dict;
}

static bool read_whole(const struct iso_pickle *p, int32_t value, int64_t *out)
{
    if (!iso_pickle_is(p, value, ISO_PICKLE_INT) || p->value[value].is.whole < 0 ||
        p->value[value].is.whole > INT64_C(1) << 40)
        return false;
    *out = p->value[value].is.whole;
    return true;
}

static void set_type(enum iso_pickle_function type, struct iso_pickle_tensor *out)
{
    const bool whole = type >= ISO_PICKLE_I64;
    out->kind = whole ? 'i' : type == ISO_PICKLE_BF16 ? 'b' : 'f';
    out->size = type == ISO_PICKLE_F64 || type == ISO_PICKLE_I64   ? 8
                : type == ISO_PICKLE_F32 || type == ISO_PICKLE_I32 ? 4
                : type == ISO_PICKLE_I8                            ? 1
                                                                   : 2;
}

/* (storage, offset, shape, strides, ...) */
static bool read_tensor(const struct iso_pickle *p, int32_t tensor, struct iso_pickle_tensor *out)
{
    const int32_t tuple = p->value[tensor].is.arguments;
    const int32_t storage = p->value[iso_pickle_item(p, tuple, 0)].is.arguments;
    const int32_t shape = iso_pickle_item(p, tuple, 2), strides = iso_pickle_item(p, tuple, 3);
    set_type(p->value[iso_pickle_item(p, storage, 1)].is.function, out);
    if (!copy_text(p, iso_pickle_item(p, storage, 2), out->storage, sizeof out->storage) ||
        !read_whole(p, iso_pickle_item(p, tuple, 1), &out->offset) ||
        !iso_pickle_is(p, shape, ISO_PICKLE_TUPLE) || !iso_pickle_is(p, strides, ISO_PICKLE_TUPLE))
        return false;
    for (out->ndim = 0; iso_pickle_item(p, shape, out->ndim) != 0; out->ndim++)
        if (out->ndim == ISO_PICKLE_DIMS ||
            !read_whole(p, iso_pickle_item(p, shape, out->ndim), &out->dim[out->ndim]) ||
            !read_whole(p, iso_pickle_item(p, strides, out->ndim), &out->stride[out->ndim]))
            return false;
    return iso_pickle_item(p, strides, out->ndim) == 0;
}

iso_rc iso_pickle_torch_tensor(const struct iso_pickle *p, int i, struct iso_pickle_tensor *out,
                               bool *found)
{
    int before = 0;
    *found = false;
    for (int32_t c = first_cell(p, state_dict(p)); c; c = p->cell[p->cell[c].next].next) {
        const int32_t value = p->cell[p->cell[c].next].value;
        if (!iso_pickle_is(p, value, ISO_PICKLE_TENSOR) || before++ < i)
            continue;
        *found = true;
        if (!copy_text(p, p->cell[c].value, out->name, sizeof out->name))
            return iso_pickle_damaged(p, "has a tensor whose name is no text, or too long");
        return read_tensor(p, value, out)
                   ? ISO_OK
                   : iso_fail(ISO_EDATA, "%s: tensor '%.60s' is damaged, or has more than %d axes",
                              p->path, out->name, ISO_PICKLE_DIMS);
    }
    return ISO_OK;
}

/* ---- Pickles one after another ------------------------------------------------------------- */

bool iso_pickle_torch_is_true(const struct iso_pickle *p, const char *key)
{
    for (int32_t c = first_cell(p, p->root); c; c = p->cell[p->cell[c].next].next) {
        const int32_t value = p->cell[p->cell[c].next].value;
        if (iso_pickle_equals(p, p->cell[c].value, key))
            return iso_pickle_is(p, value, ISO_PICKLE_INT) && p->value[value].is.whole == 1;
    }
    return false;
}

int iso_pickle_torch_texts(const struct iso_pickle *p)
{
    int n = 0;
    if (!iso_pickle_is(p, p->root, ISO_PICKLE_LIST))
        return -1;
    for (int32_t c = p->value[p->root].is.items.first; c; c = p->cell[c].next)
        n++;
    return n;
}

bool iso_pickle_torch_text(const struct iso_pickle *p, int i, char *out, size_t n)
{
    return copy_text(p, iso_pickle_item(p, p->root, i), out, n);
}

int iso_pickle_torch_storage_size(const struct iso_pickle *p, const char *name)
{
    struct iso_pickle_tensor t;
    for (int32_t v = 1; v <= p->nvalues; v++) {
        const int32_t tuple = p->value[v].is.arguments;
        if (p->value[v].kind != ISO_PICKLE_STORAGE ||
            !iso_pickle_equals(p, iso_pickle_item(p, tuple, 2), name))
            continue;
        set_type(p->value[iso_pickle_item(p, tuple, 1)].is.function, &t);
        return t.size;
    }
    return 0;
}
