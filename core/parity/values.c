/* values.c: host copies of the tensors of one call. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

const char *const iso_group_names[ISO_GROUPS] = {
    "x", "y", "w", "dx", "dy", "dw", "saved", "state"
};

struct iso_tensor *iso_call_group(struct iso_call *call, enum iso_group group)
{
    switch (group) {
    case ISO_X: return call->x;
    case ISO_Y: return call->y;
    case ISO_W: return call->w;
    case ISO_DX: return call->dx;
    case ISO_DY: return call->dy;
    case ISO_DW: return call->dw;
    case ISO_SAVED: return call->saved;
    case ISO_STATE: return call->state;
    case ISO_GROUPS: break;
    }
    assert(!"a group of tensors");
    return NULL;
}

const struct iso_tensor *iso_call_group_of(const struct iso_call *call, enum iso_group group)
{
    struct iso_call *changeable = (struct iso_call *)(uintptr_t)call;
    return iso_call_group(changeable, group);
}

bool iso_tensor_there(const struct iso_tensor *t) { return t->shape.ndim > 0; }

iso_rc iso_array_set(struct iso_array *a, int64_t n)
{
    free(a->v);
    a->n = 0;
    a->v = iso_alloc((size_t)n, sizeof *a->v);
    if (a->v == NULL)
        return ISO_ENOMEM;
    a->n = n;
    return ISO_OK;
}

iso_rc iso_values_copy(struct iso_values *dst, const struct iso_values *src)
{
    *dst = (struct iso_values){ .changed = src->changed };
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_array *from = &src->a[g][i];
            if (from->n == 0)
                continue;
            iso_rc rc = iso_array_set(&dst->a[g][i], from->n);
            if (rc != ISO_OK) {
                iso_values_free(dst);
                return rc;
            }
            memcpy(dst->a[g][i].v, from->v, (size_t)from->n * sizeof *from->v);
        }
    return ISO_OK;
}

void iso_values_free(struct iso_values *v)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            free(v->a[g][i].v);
    *v = (struct iso_values){ 0 };
}

void iso_values_pack(const struct iso_backend *b, enum iso_dtype dtype, const double *v, int64_t n,
                     void *bytes)
{
    if (dtype == ISO_REAL && b->real_size == sizeof(double)) {
        memcpy(bytes, v, (size_t)n * sizeof(double));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        switch (dtype) {
        case ISO_REAL: ((float *)bytes)[i] = (float)v[i]; break;
        case ISO_I32: ((int32_t *)bytes)[i] = (int32_t)v[i]; break;
        case ISO_U8: ((uint8_t *)bytes)[i] = (uint8_t)v[i]; break;
        }
}

void iso_values_unpack(const struct iso_backend *b, enum iso_dtype dtype, const void *bytes,
                       int64_t n, double *v)
{
    if (dtype == ISO_REAL && b->real_size == sizeof(double)) {
        memcpy(v, bytes, (size_t)n * sizeof(double));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        switch (dtype) {
        case ISO_REAL: v[i] = (double)((const float *)bytes)[i]; break;
        case ISO_I32: v[i] = ((const int32_t *)bytes)[i]; break;
        case ISO_U8: v[i] = ((const uint8_t *)bytes)[i]; break;
        }
}
