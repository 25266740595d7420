/* tensor.c: element-wise access to a tensor on any backend, with conversion of its numbers. */
#include <stdlib.h>

#include "iso.h"

/* The types numbers have in memory: a tensor's, and the caller's array. */
enum number { NUMBER_F32, NUMBER_F64, NUMBER_I32, NUMBER_U8 };
static const size_t number_size[] = { sizeof(float), sizeof(double), sizeof(int32_t),
                                      sizeof(uint8_t) };

static enum number number_of(const struct iso_backend *backend, enum iso_dtype dtype)
{
    if (dtype == ISO_REAL)
        return backend->real_size == sizeof(double) ? NUMBER_F64 : NUMBER_F32;
    return dtype == ISO_I32 ? NUMBER_I32 : NUMBER_U8;
}

size_t iso_dtype_size(const struct iso_backend *backend, enum iso_dtype dtype)
{
    return number_size[number_of(backend, dtype)];
}

static double number_get(const void *values, enum number type, size_t i)
{
    switch (type) {
    case NUMBER_F32: return ((const float *)values)[i];
    case NUMBER_F64: return ((const double *)values)[i];
    case NUMBER_I32: return ((const int32_t *)values)[i];
    case NUMBER_U8: return ((const uint8_t *)values)[i];
    }
    return 0;
}

static void number_put(void *values, enum number type, size_t i, double value)
{
    switch (type) {
    case NUMBER_F32: ((float *)values)[i] = (float)value; return;
    case NUMBER_F64: ((double *)values)[i] = value; return;
    case NUMBER_I32: ((int32_t *)values)[i] = (int32_t)value; return;
    case NUMBER_U8: ((uint8_t *)values)[i] = (uint8_t)value; return;
    }
}

static iso_rc tensor_write(struct iso_backend *backend, const struct iso_tensor *t,
                           const void *values, enum number from)
{
    enum number to = number_of(backend, t->dtype);
    size_t count = (size_t)iso_shape_count(&t->shape), size = number_size[to];
    if (from == to)
        return backend->ops->write(backend, t->mem, t->offset * size, values, count * size);
    void *converted = iso_alloc(count, size);
    if (converted == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < count; i++)
        number_put(converted, to, i, number_get(values, from, i));
    iso_rc rc = backend->ops->write(backend, t->mem, t->offset * size, converted, count * size);
    if (rc == ISO_OK)
        rc = backend->ops->sync(backend); /* a queued write may still read `converted` */
    free(converted);
    return rc;
}

static iso_rc tensor_read(struct iso_backend *backend, const struct iso_tensor *t, void *values,
                          enum number to)
{
    enum number from = number_of(backend, t->dtype);
    size_t count = (size_t)iso_shape_count(&t->shape), size = number_size[from];
    if (from == to)
        return backend->ops->read(backend, t->mem, t->offset * size, values, count * size);
    void *stored = iso_alloc(count, size);
    if (stored == NULL)
        return ISO_ENOMEM;
    iso_rc rc = backend->ops->read(backend, t->mem, t->offset * size, stored, count * size);
    for (size_t i = 0; rc == ISO_OK && i < count; i++)
        number_put(values, to, i, number_get(stored, from, i));
    free(stored);
    return rc;
}

iso_rc iso_tensor_write(struct iso_backend *backend, const struct iso_tensor *t,
                        const double *values)
{
    return tensor_write(backend, t, values, NUMBER_F64);
}

iso_rc iso_tensor_read(struct iso_backend *backend, const struct iso_tensor *t, double *values)
{
    return tensor_read(backend, t, values, NUMBER_F64);
}

iso_rc iso_tensor_write_f32(struct iso_backend *backend, const struct iso_tensor *t,
                            const float *values)
{
    return tensor_write(backend, t, values, NUMBER_F32);
}

iso_rc iso_tensor_read_f32(struct iso_backend *backend, const struct iso_tensor *t, float *values)
{
    return tensor_read(backend, t, values, NUMBER_F32);
}
