/* pickle_numpy.c: the functions with which NumPy builds types, arrays and single numbers, as far as
 * they are of real numbers. */
#include "pickle_machine.h"

#include <string.h>

bool iso_pickle_find(const char *module, const char *name, enum iso_pickle_function *out)
{
    static const struct iso_pickle_known known[] = {
        { "numpy", "ndarray", ISO_PICKLE_NDARRAY },
        { "numpy", "dtype", ISO_PICKLE_DTYPE },
        { "numpy.core.multiarray", "_reconstruct", ISO_PICKLE_RECONSTRUCT },
        { "numpy._core.multiarray", "_reconstruct", ISO_PICKLE_RECONSTRUCT },
        { "numpy.core.numeric", "_frombuffer", ISO_PICKLE_FROMBUFFER },
        { "numpy._core.numeric", "_frombuffer", ISO_PICKLE_FROMBUFFER },
        { "numpy.core.multiarray", "scalar", ISO_PICKLE_SCALAR },
        { "numpy._core.multiarray", "scalar", ISO_PICKLE_SCALAR },
        { .module = NULL },
    };
    return iso_pickle_look_up(known, module, name, out);
}

static struct iso_pickle_array *array_of(const struct iso_pickle *p, int32_t value)
{
    return &p->array[p->value[value].is.array];
}

/* dtype('f8', False, True) */
static iso_rc make_type(struct iso_pickle *p, int32_t arguments, int32_t *out)
{
    char text[4] = "";
    const int32_t name = iso_pickle_item(p, arguments, 0);
    if (iso_pickle_is(p, name, ISO_PICKLE_TEXT) && p->value[name].is.text.size < sizeof text)
        memcpy(text, p->bytes + p->value[name].is.text.at, p->value[name].is.text.size);
    ISO_TRY(iso_pickle_new(p, ISO_PICKLE_TYPE, out));
    if (!iso_npy_type(text, &array_of(p, *out)->npy))
        return iso_pickle_damaged(p,
                                  "has an array of something else than real numbers of 8 to 64 "
                                  "bits");
    return ISO_OK;
}

/* The state (3, '<', None, None, None, -1, -1, 0): only the order of bytes matters. */
static iso_rc build_type(struct iso_pickle *p, int32_t type, int32_t state)
{
    const int32_t order = iso_pickle_item(p, state, 1);
    if (!iso_pickle_is(p, order, ISO_PICKLE_TEXT))
        return iso_pickle_damaged(p, "has a damaged type");
    array_of(p, type)->npy.big_endian = iso_pickle_equals(p, order, ">");
    return ISO_OK;
}

/* Type, shape (a tuple) and bytes make an array of numbers. */
static iso_rc fill(struct iso_pickle *p, int32_t array, int32_t type, int32_t shape, int32_t bytes)
{
    if (!iso_pickle_is(p, type, ISO_PICKLE_TYPE) || !iso_pickle_is(p, shape, ISO_PICKLE_TUPLE))
        return iso_pickle_damaged(p, "has an array without a type or a shape");
    struct iso_pickle_array *a = array_of(p, array);
    *a = (struct iso_pickle_array){ .npy = array_of(p, type)->npy };
    if (a->npy.kind == 'O') {
        a->objects = iso_pickle_is(p, bytes, ISO_PICKLE_LIST) ? bytes : 0;
        return ISO_OK;
    }
    if (!iso_pickle_is(p, bytes, ISO_PICKLE_BYTES))
        return iso_pickle_damaged(p, "has an array without numbers");
    const int64_t total = (int64_t)p->value[bytes].is.text.size;
    int64_t covered = a->npy.size;
    for (int32_t dim; (dim = iso_pickle_item(p, shape, a->npy.ndim)) != 0; a->npy.ndim++) {
        const int64_t length = p->value[dim].is.whole;
        if (!iso_pickle_is(p, dim, ISO_PICKLE_INT) || a->npy.ndim == ISO_NPY_DIMS || length < 1 ||
            length > total / covered)
            return iso_pickle_damaged(p, "has an array whose shape does not fit its numbers");
        covered *= length;
        a->npy.dim[a->npy.ndim] = length;
    }
    a->npy.data = (uint8_t *)p->bytes + p->value[bytes].is.text.at; /* nobody writes there */
    a->npy.bytes = total;
    if (covered != total)
        return iso_pickle_damaged(p, "has an array whose shape does not fit its numbers");
    return ISO_OK;
}

/* Sets the state (1, shape, type, true for Fortran order, bytes or a list of objects). */
static iso_rc build_array(struct iso_pickle *p, int32_t array, int32_t state)
{
    const int32_t shape = iso_pickle_item(p, state, 1), fortran = iso_pickle_item(p, state, 3);
    ISO_TRY(fill(p, array, iso_pickle_item(p, state, 2), shape, iso_pickle_item(p, state, 4)));
    if (!iso_pickle_is(p, fortran, ISO_PICKLE_INT))
        return iso_pickle_damaged(p,
                                  "has an array that does not say in what order its numbers are");
    array_of(p, array)->npy.column_major = p->value[fortran].is.whole != 0;
    return ISO_OK;
}

/* _frombuffer(bytes, type, shape, 'C' or 'F') */
static iso_rc make_from_buffer(struct iso_pickle *p, int32_t arguments, int32_t *out)
{
    const int32_t order = iso_pickle_item(p, arguments, 3);
    ISO_TRY(iso_pickle_new(p, ISO_PICKLE_ARRAY, out));
    ISO_TRY(fill(p, *out, iso_pickle_item(p, arguments, 1), iso_pickle_item(p, arguments, 2),
                 iso_pickle_item(p, arguments, 0)));
    if (!iso_pickle_equals(p, order, "C") && !iso_pickle_equals(p, order, "F"))
        return iso_pickle_damaged(p,
                                  "has an array that does not say in what order its numbers are");
    array_of(p, *out)->npy.column_major = iso_pickle_equals(p, order, "F");
    return ISO_OK;
}

/* scalar(type, bytes) */
static iso_rc make_scalar(struct iso_pickle *p, int32_t arguments, int32_t *out)
{
    const int32_t type = iso_pickle_item(p, arguments, 0), bytes = iso_pickle_item(p, arguments, 1);
    if (!iso_pickle_is(p, type, ISO_PICKLE_TYPE) || !iso_pickle_is(p, bytes, ISO_PICKLE_BYTES))
        return iso_pickle_damaged(p, "has a damaged number");
    struct iso_npy npy = array_of(p, type)->npy;
    if (npy.kind == 'O' || (size_t)npy.size != p->value[bytes].is.text.size)
        return iso_pickle_damaged(p, "has a damaged number");
    npy.data = (uint8_t *)p->bytes + p->value[bytes].is.text.at;
    ISO_TRY(iso_pickle_new(p, ISO_PICKLE_FLOAT, out));
    p->value[*out].is.real = iso_npy_at(&npy, 0);
    return ISO_OK;
}

iso_rc iso_pickle_call(struct iso_pickle *p, int32_t function, int32_t arguments, int32_t *out)
{
    if (!iso_pickle_is(p, function, ISO_PICKLE_FUNCTION) ||
        !iso_pickle_is(p, arguments, ISO_PICKLE_TUPLE))
        return iso_pickle_damaged(p, "calls something that is not a function");
    switch (p->value[function].is.function) {
    case ISO_PICKLE_DTYPE: return make_type(p, arguments, out);
    case ISO_PICKLE_RECONSTRUCT: return iso_pickle_new(p, ISO_PICKLE_ARRAY, out);
    case ISO_PICKLE_FROMBUFFER: return make_from_buffer(p, arguments, out);
    case ISO_PICKLE_SCALAR: return make_scalar(p, arguments, out);
    default: break; /* a type, or one of PyTorch's */
    }
    return iso_pickle_damaged(p, "calls something that is not a function");
}

iso_rc iso_pickle_build(struct iso_pickle *p, int32_t object, int32_t state)
{
    if (iso_pickle_is(p, object, ISO_PICKLE_TYPE))
        return build_type(p, object, state);
    if (iso_pickle_is(p, object, ISO_PICKLE_ARRAY))
        return build_array(p, object, state);
    return iso_pickle_damaged(p, "sets the state of an object that has none");
}
