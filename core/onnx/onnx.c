/* onnx.c: memory of a network in ONNX's terms, and finding things in it. */
#include "onnx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of memory; the model has a list of them. */
union piece {
    union piece *next;
    max_align_t align;
};

void *iso_onnx_alloc(struct iso_onnx *m, size_t count, size_t size)
{
    if (size > 0 && count > (SIZE_MAX - sizeof(union piece)) / size) {
        iso_fail(ISO_ENOMEM, "out of memory");
        return NULL;
    }
    union piece *p = iso_alloc(sizeof *p + count * size, 1);
    if (p == NULL)
        return NULL;
    p->next = m->owned;
    m->owned = p;
    return p + 1;
}

const char *iso_onnx_text(struct iso_onnx *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : iso_onnx_alloc(m, (size_t)n + 1, 1);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

const char *iso_onnx_copy(struct iso_onnx *m, const char *s)
{
    return iso_onnx_text(m, "%s", s != NULL ? s : "");
}

void iso_onnx_free(struct iso_onnx *m)
{
    if (m == NULL)
        return;
    for (union piece *p = m->owned, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(m);
}

int64_t iso_onnx_count(const struct iso_onnx_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

size_t iso_onnx_size(int type)
{
    switch (type) {
    case ISO_ONNX_FLOAT:
    case ISO_ONNX_INT32: return 4;
    case ISO_ONNX_INT64:
    case ISO_ONNX_DOUBLE: return 8;
    case ISO_ONNX_BOOL: return 1;
    default: return 0;
    }
}

const struct iso_onnx_tensor *iso_onnx_tensor(const struct iso_onnx *m, const char *name)
{
    for (int i = 0; i < m->ntensors; i++)
        if (strcmp(m->tensors[i].name, name) == 0)
            return &m->tensors[i];
    return NULL;
}

const struct iso_onnx_attribute *iso_onnx_attribute(const struct iso_onnx_node *node,
                                                    const char *name)
{
    for (int i = 0; i < node->nattributes; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}
