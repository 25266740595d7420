/* import_shapes.c: ONNX's operators on shapes. */
#include "import_build.h"
#include "core/ops/pooling2d.h"
#include "core/ops/reshape.h"

#include <string.h>

/* ---- Shapes -------------------------------------------------------------------------------- */

/* True if the pixels of an image with its channels first lie as those with them last. */
static bool orders_agree(const struct iso_shape *s)
{
    return s->dim[3] == 1 || s->dim[1] * s->dim[2] == 1;
}

/* x as a row. A global pooling before it that nothing else reads gives the row itself. */
static iso_rc to_row(struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    const bool pooled = l != NULL && (l->op == ISO_OP_global_average_pooling2d ||
                                      l->op == ISO_OP_global_max_pooling2d);
    if (x->shape.ndim == 2)
        return iso_onnx_same(im, x);
    if (pooled && iso_onnx_readers(im, x->name) == 1) {
        ((struct iso_pooling2d *)l->params)->keepdims = false;
        return iso_onnx_result(im, l, ISO_ONNX_LAST);
    }
    l = iso_onnx_layer(im, ISO_OP_flatten, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    const bool turned = x->order == ISO_ONNX_FIRST && !orders_agree(&x->shape);
    ISO_TRY(iso_onnx_result(im, l, turned ? ISO_ONNX_ROW_FIRST : ISO_ONNX_LAST));
    im->values[im->nvalues - 1].image = x->shape;
    return ISO_OK;
}

iso_rc iso_onnx_flatten(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (x == NULL)
        return ISO_EDATA;
    const int64_t axis = iso_onnx_get_int(im, "axis", 1);
    if ((axis < 0 ? axis + x->shape.ndim : axis) != 1)
        return iso_onnx_refuse(im, "attribute axis is %lld; isocl makes a row of each example",
                               (long long)axis);
    return to_row(im, x);
}

iso_rc iso_onnx_squeeze(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t axes[2];
    int n = 2;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    for (int i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    if (x == NULL || n != 2 || axes[0] + axes[1] != 5 || axes[0] * axes[1] != 6 ||
        x->order != ISO_ONNX_FIRST || x->shape.dim[1] * x->shape.dim[2] != 1)
        return iso_onnx_refuse(im, "only the height and width of a single pixel can be left out");
    return to_row(im, x);
}

/* The order of what an image becomes whose numbers were a row: whoever reads it says. */
static enum iso_onnx_order order_of_image(const struct iso_onnx_importer *im)
{
    for (int i = 0; i < im->m->nnodes; i++) {
        const struct iso_onnx_node *n = &im->m->nodes[i];
        const struct iso_onnx_attribute *perm = iso_onnx_attribute(n, "perm");
        if (n->nx > 0 && strcmp(n->x[0], im->node->y[0]) == 0 && strcmp(n->op, "Transpose") == 0 &&
            perm != NULL && perm->n == 4 && perm->ints[1] == 3)
            return ISO_ONNX_LAST;
    }
    return ISO_ONNX_FIRST;
}

/* ONNX's shape, in which 0 is what stands there in x, as isocl's, with at most one -1. The first
 * is the number of rows, which stays. */
static iso_rc read_target(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          struct iso_shape *out)
{
    static const int first[4] = { 0, 3, 1, 2 };
    int64_t dim[ISO_DIMS], given = 1, open = 0;
    int n = ISO_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    if (n < 2)
        return iso_onnx_refuse(im, "a shape of %d numbers; isocl reshapes each example, to 1 to 3",
                               n);
    const bool copies = iso_onnx_get_int(im, "allowzero", 0) == 0; /* a 0: what x has there */
    if (!copies && dim[0] == 0)
        return iso_onnx_refuse(im, "a shape without rows: 0 with attribute allowzero");
    *out = (struct iso_shape){ .ndim = n, .dim = { 1 } };
    for (int i = 1; i < n; i++) {
        if (dim[i] == 0 && copies && i < x->shape.ndim)
            dim[i] = x->shape.dim[x->order == ISO_ONNX_FIRST ? first[i] : i];
        if (dim[i] < -1 || dim[i] == 0 || dim[i] > 1 << 24 || (dim[i] == -1 && open > 0))
            return iso_onnx_refuse(im, "a shape with %lld", (long long)dim[i]);
        open = dim[i] == -1 ? i : open;
        given *= dim[i] == -1 || given > 1 << 24 ? 1 : dim[i];
        out->dim[i] = dim[i];
    }
    const int64_t count = iso_shape_count(&x->shape);
    if (open > 0)
        out->dim[open] = count / given;
    const bool rows = dim[0] == 0 || (dim[0] == -1 && open == 0) || dim[0] == im->rows ||
                      (dim[0] == 1 && im->rows < 0);
    if (!rows || iso_shape_count(out) != count)
        return iso_onnx_refuse(im, "isocl keeps the number of rows, and the numbers of each");
    return ISO_OK;
}

iso_rc iso_onnx_reshape(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct iso_shape y;
    int64_t groups;
    if (x == NULL)
        return ISO_EDATA;
    if (iso_onnx_makes_groups(im, x, &groups)) {
        struct iso_onnx_known grouped = *x;
        grouped.name = im->node->y[0];
        grouped.order = ISO_ONNX_GROUPED;
        grouped.groups = groups;
        return iso_onnx_know(im, &grouped);
    }
    struct iso_onnx_known whole = *x;
    if (x->order == ISO_ONNX_GROUPED) {
        whole.order = ISO_ONNX_FIRST;
        x = &whole;
    }
    ISO_TRY(read_target(im, x, &y));
    if (y.ndim == 2)
        return to_row(im, x);
    const bool image = y.ndim == 4;
    const enum iso_onnx_order order = image ? order_of_image(im) : ISO_ONNX_LAST;
    if (order == ISO_ONNX_FIRST)
        y = (struct iso_shape){ 4, { 1, y.dim[2], y.dim[3], y.dim[1] } };
    if (x->order == ISO_ONNX_FIRST && order == ISO_ONNX_FIRST && iso_shape_equal(&x->shape, &y))
        return iso_onnx_same(im, x);
    if ((x->order == ISO_ONNX_FIRST && !orders_agree(&x->shape)) ||
        x->order == ISO_ONNX_ROW_FIRST || (order == ISO_ONNX_FIRST && !orders_agree(&y)))
        return iso_onnx_refuse(im,
                               "the numbers would lie in another order than isocl's, which has "
                               "the channels last");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_reshape, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    y.dim[0] = 0;
    ((struct iso_reshape *)l->params)->target = y;
    return iso_onnx_result(im, l, order);
}

/* The shape of x, for a Reshape to it: its 0 is the number of rows. */
iso_rc iso_onnx_shape_of(struct iso_onnx_importer *im)
{
    static const int first[4] = { 0, 3, 1, 2 };
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (x == NULL)
        return ISO_EDATA;
    for (int i = 0; i < im->m->nnodes; i++)
        for (int k = 0; k < im->m->nodes[i].nx; k++)
            if (strcmp(im->m->nodes[i].x[k], im->node->y[0]) == 0 &&
                (strcmp(im->m->nodes[i].op, "Reshape") != 0 || k != 1))
                return iso_onnx_refuse(im,
                                       "is read by a %s; only a Reshape may take a shape that "
                                       "the network computes",
                                       im->m->nodes[i].op);
    const int64_t n = x->shape.ndim;
    struct iso_onnx_tensor *t = iso_onnx_alloc(im->m, 1, sizeof *t);
    int64_t *dim = iso_onnx_alloc(im->m, (size_t)n, sizeof *dim);
    if (t == NULL || dim == NULL)
        return ISO_ENOMEM;
    for (int i = 1; i < n; i++)
        dim[i] = x->shape.dim[x->order == ISO_ONNX_FIRST ? first[i] : i];
    *t = (struct iso_onnx_tensor){
        .name = im->node->y[0], .type = ISO_ONNX_INT64, .ndim = 1, .dim = { n }, .data = dim
    };
    const struct iso_onnx_known y = { .name = im->node->y[0], .constant = t, .layer = -1 };
    return iso_onnx_know(im, &y);
}

/* A matrix that is constant stays one, with rows and columns exchanged. */
static iso_rc transpose_constant(struct iso_onnx_importer *im, const struct iso_onnx_tensor *t)
{
    int64_t p[2] = { 1, 0 };
    if (t->ndim != 2)
        return iso_onnx_refuse(im, "only matrices of constants can be transposed");
    ISO_TRY(iso_onnx_get_ints(im, "perm", 2, p));
    if (p[0] < 0 || p[1] < 0 || p[0] + p[1] != 1)
        return iso_onnx_refuse(im, "attribute perm names no two axes");
    const float *from = iso_onnx_floats(im, t, iso_onnx_count(t));
    struct iso_onnx_tensor *turned = iso_onnx_alloc(im->m, 1, sizeof *turned);
    float *to = iso_onnx_alloc(im->m, (size_t)iso_onnx_count(t) + 1, sizeof *to);
    if (from == NULL || turned == NULL || to == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    const int64_t rows = t->dim[0], columns = t->dim[1];
    const bool same = p[0] == 0;
    *turned = (struct iso_onnx_tensor){ .name = t->name,
                                        .type = t->type,
                                        .ndim = 2,
                                        .data = to,
                                        .dim = { same ? rows : columns, same ? columns : rows } };
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            to[same ? r * columns + c : c * rows + r] = from[r * columns + c];
    const struct iso_onnx_known y = { .name = im->node->y[0], .constant = turned, .layer = -1 };
    return iso_onnx_know(im, &y);
}

iso_rc iso_onnx_transpose(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *v = iso_onnx_has(im, 0) ? iso_onnx_value(im, im->node->x[0])
                                                         : NULL;
    if (v != NULL && v->constant != NULL)
        return transpose_constant(im, v->constant);
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t p[4] = { 0 };
    if (x == NULL)
        return ISO_EDATA;
    if (x->shape.ndim == 4)
        ISO_TRY(iso_onnx_get_ints(im, "perm", 4, p));
    struct iso_onnx_known y = *x;
    y.name = im->node->y[0];
    if (p[1] == 3 && p[2] == 1 && p[3] == 2 && x->order == ISO_ONNX_LAST)
        y.order = ISO_ONNX_FIRST;
    else if (p[1] == 2 && p[2] == 3 && p[3] == 1 && x->order == ISO_ONNX_FIRST)
        y.order = ISO_ONNX_LAST;
    else
        return iso_onnx_refuse(im,
                               "attribute perm: only the channels of an image may move, from "
                               "the end to the front or back");
    return iso_onnx_know(im, &y);
}
