/* import_gathers.c: products of constants, and elements that indices choose of them, as exporters
 * leave them for biases and masks of attentions. */
#include "fold.h"

#include <string.h>

#define MOST_PRODUCTS 1e9

/* [..., k] times [k, n]. */
iso_rc iso_onnx_fold_matmul(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t dim[ISO_ONNX_DIMS];
    if (im->node->nx != 2 || x[0]->type != ISO_ONNX_FLOAT || x[1]->type != ISO_ONNX_FLOAT ||
        x[0]->ndim < 1 || x[1]->ndim != 2 || x[0]->dim[x[0]->ndim - 1] != x[1]->dim[0])
        return iso_onnx_refuse(im, "multiplies constants that are no rows and no matrix");
    const int64_t terms = x[1]->dim[0], columns = x[1]->dim[1];
    memcpy(dim, x[0]->dim, sizeof dim);
    dim[x[0]->ndim - 1] = columns;
    if ((double)iso_onnx_count(x[0]) * (double)columns > MOST_PRODUCTS)
        return iso_onnx_refuse(im, "multiplies large constants");
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_FLOAT, x[0]->ndim, dim);
    const float *a = x[0]->data, *b = x[1]->data;
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++) {
        double sum = 0;
        for (int64_t k = 0; k < terms; k++)
            sum += (double)a[i / columns * terms + k] * (double)b[k * columns + i % columns];
        ((float *)(uintptr_t)y->data)[i] = (float)sum;
    }
    return iso_onnx_know_constant(im, y);
}

/* The elements of a tensor that indices choose: `count` tuples of `length` numbers, each choosing
 * `each` elements. */
struct choice {
    const int64_t *tuple;
    int64_t count, length, each;
};
static iso_rc choose(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *x,
                     const struct iso_onnx_tensor *indices, struct choice *c)
{
    indices = iso_onnx_whole(im, indices);
    if (indices == NULL)
        return ISO_EDATA;
    c->length = indices->ndim > 0 ? indices->dim[indices->ndim - 1] : 0;
    if (c->length < 1 || c->length > x->ndim || iso_onnx_get_int(im, "batch_dims", 0) != 0)
        return iso_onnx_refuse(im, "has indices that do not fit");
    c->tuple = indices->data;
    c->count = iso_onnx_count(indices) / c->length;
    c->each = 1;
    for (int a = (int)c->length; a < x->ndim; a++)
        c->each *= x->dim[a];
    return ISO_OK;
}

/* Sets *at to the first element that tuple i chooses. */
static iso_rc place(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *x,
                    const struct choice *c, int64_t i, int64_t *at)
{
    *at = 0;
    for (int64_t a = 0; a < c->length; a++) {
        int64_t index = c->tuple[i * c->length + a];
        index += index < 0 ? x->dim[a] : 0;
        if (index < 0 || index >= x->dim[a])
            return iso_onnx_refuse(im, "chooses element %lld of %lld", (long long)index,
                                   (long long)x->dim[a]);
        *at = *at * x->dim[a] + index;
    }
    *at *= c->each;
    return ISO_OK;
}

iso_rc iso_onnx_fold_gather_nd(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t dim[ISO_ONNX_DIMS];
    struct choice c;
    int n = 0;
    if (im->node->nx != 2)
        return iso_onnx_refuse(im, "has %d inputs, not 2", im->node->nx);
    ISO_TRY(choose(im, x[0], x[1], &c));
    if (x[1]->ndim - 1 + x[0]->ndim - (int)c.length > ISO_ONNX_DIMS)
        return iso_onnx_refuse(im, "more than %d axes", ISO_ONNX_DIMS);
    for (int a = 0; a + 1 < x[1]->ndim; a++)
        dim[n++] = x[1]->dim[a];
    for (int a = (int)c.length; a < x[0]->ndim; a++)
        dim[n++] = x[0]->dim[a];
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, x[0]->type, n, dim);
    const size_t size = iso_onnx_size(x[0]->type), each = (size_t)c.each * size;
    for (int64_t i = 0, at; y != NULL && i < c.count; i++) {
        ISO_TRY(place(im, x[0], &c, i, &at));
        memcpy((char *)(uintptr_t)y->data + (size_t)i * each,
               (const char *)x[0]->data + (size_t)at * size, each);
    }
    return iso_onnx_know_constant(im, y);
}

iso_rc iso_onnx_fold_scatter_nd(struct iso_onnx_importer *im,
                                const struct iso_onnx_tensor *const *x)
{
    const struct iso_onnx_attribute *how = iso_onnx_attribute(im->node, "reduction");
    struct choice c;
    if (im->node->nx != 3 || (how != NULL && strcmp(how->text, "none") != 0))
        return iso_onnx_refuse(im, "attribute reduction: only none is understood");
    ISO_TRY(choose(im, x[0], x[1], &c));
    if (x[2]->type != x[0]->type || iso_onnx_count(x[2]) != c.count * c.each)
        return iso_onnx_refuse(im, "has not as many updates as indices");
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, x[0]->type, x[0]->ndim, x[0]->dim);
    const size_t size = iso_onnx_size(x[0]->type), each = (size_t)c.each * size;
    if (y == NULL)
        return ISO_EDATA;
    memcpy((void *)(uintptr_t)y->data, x[0]->data, (size_t)iso_onnx_count(y) * size);
    for (int64_t i = 0, at; i < c.count; i++) {
        ISO_TRY(place(im, x[0], &c, i, &at));
        memcpy((char *)(uintptr_t)y->data + (size_t)at * size,
               (const char *)x[2]->data + (size_t)i * each, each);
    }
    return iso_onnx_know_constant(im, y);
}
