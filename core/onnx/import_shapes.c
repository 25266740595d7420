/* import_shapes.c: ONNX's operators on shapes. */
#include "import_build.h"
#include "core/ops/permute.h"
#include "core/ops/pooling2d.h"
#include "core/ops/reshape.h"
#include "core/ops/up_sampling2d.h"

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
    if (pooled && iso_onnx_uses(im, x) == 1) {
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

/* True if the node's axes are the height and width of an image with its channels first. */
static iso_rc names_pixels(struct iso_onnx_importer *im, bool *are)
{
    int64_t axes[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    for (int i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    *are = n == 2 && axes[0] + axes[1] == 5 && axes[0] * axes[1] == 6;
    return ISO_OK;
}

iso_rc iso_onnx_squeeze(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    bool pixels = false;
    if (x == NULL)
        return ISO_EDATA;
    ISO_TRY(names_pixels(im, &pixels));
    if (!pixels || x->order != ISO_ONNX_FIRST || x->shape.dim[1] * x->shape.dim[2] != 1)
        return iso_onnx_refuse(im, "only the height and width of a single pixel can be left out");
    return to_row(im, x);
}

/* x, of which each example is one row or one pixel, as an image of this shape. */
static iso_rc to_image(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                       struct iso_shape y, enum iso_onnx_order order)
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_reshape, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    y.dim[0] = 0;
    ((struct iso_reshape *)l->params)->target = y;
    return iso_onnx_result(im, l, order);
}

iso_rc iso_onnx_unsqueeze(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    bool pixels = false;
    if (x == NULL)
        return ISO_EDATA;
    ISO_TRY(names_pixels(im, &pixels));
    if (!pixels || x->shape.ndim != 2 || x->order == ISO_ONNX_ROW_FIRST)
        return iso_onnx_refuse(im, "only a row can be made a pixel's channels");
    const struct iso_shape y = { 4, { 1, 1, 1, x->shape.dim[1] } };
    return to_image(im, x, y, ISO_ONNX_FIRST);
}

/* A pixel that is repeated over an image. */
iso_rc iso_onnx_expand(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t dim[ISO_ONNX_DIMS], own[ISO_DIMS];
    int n = ISO_ONNX_DIMS;
    if (x == NULL)
        return ISO_EDATA;
    iso_onnx_dims(x, own);
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    bool fits = n == x->shape.ndim &&
                (dim[0] == ISO_ONNX_ROWS || dim[0] == 1 || dim[0] == im->rows);
    bool same = fits;
    for (int i = 1; i < n && fits; i++) {
        const bool repeats = x->order == ISO_ONNX_FIRST && i > 1 && own[i] == 1 && dim[i] > 0;
        fits = dim[i] == 1 || dim[i] == own[i] || repeats;
        same = same && (dim[i] == 1 || dim[i] == own[i]);
    }
    if (same)
        return iso_onnx_same(im, x);
    if (!fits || dim[2] > 1024 || dim[3] > 1024)
        return iso_onnx_refuse(im,
                               "isocl repeats height and width of an image only, at most 1024 "
                               "times");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_up_sampling2d, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_up_sampling2d *p = l->params;
    p->size[0] = own[2] == 1 ? dim[2] : 1;
    p->size[1] = own[3] == 1 ? dim[3] : 1;
    p->interpolation = ISO_UP_NEAREST;
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

/* The order of what an image becomes whose numbers were a row: whoever reads it says. */
static enum iso_onnx_order order_of_image(const struct iso_onnx_importer *im)
{
    return iso_onnx_brought_forward(im->m, im->node->y[0]) ? ISO_ONNX_LAST : ISO_ONNX_FIRST;
}

/* ONNX's shape, in which 0 is what stands there in x, as isocl's, with at most one -1. The first
 * is the number of rows, which stays. */
static iso_rc read_target(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          struct iso_shape *out)
{
    int64_t dim[ISO_ONNX_DIMS], own[ISO_DIMS], given = 1, open = 0;
    int n = ISO_ONNX_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    iso_onnx_dims(x, own);
    if (n < 2 || n > ISO_DIMS)
        return iso_onnx_refuse(im, "a shape of %d numbers; isocl reshapes each example, to 1 to 3",
                               n);
    const bool copies = iso_onnx_get_int(im, "allowzero", 0) == 0; /* a 0: what x has there */
    if (!copies && dim[0] == 0)
        return iso_onnx_refuse(im, "a shape without rows: 0 with attribute allowzero");
    *out = (struct iso_shape){ .ndim = n, .dim = { 1 } };
    for (int i = 1; i < n; i++) {
        if (dim[i] == 0 && copies && i < x->shape.ndim)
            dim[i] = own[i];
        if (dim[i] < -1 || dim[i] == 0 || dim[i] > 1 << 24 || (dim[i] == -1 && open > 0))
            return iso_onnx_refuse(im, "a shape with %lld", (long long)dim[i]);
        open = dim[i] == -1 ? i : open;
        given *= dim[i] == -1 || given > 1 << 24 ? 1 : dim[i];
        out->dim[i] = dim[i];
    }
    const int64_t count = iso_shape_count(&x->shape);
    if (open > 0)
        out->dim[open] = count / given;
    const bool rows = dim[0] == 0 || dim[0] == ISO_ONNX_ROWS || (dim[0] == -1 && open == 0) ||
                      dim[0] == im->rows || (dim[0] == 1 && im->rows < 0);
    if (!rows || iso_shape_count(out) != count)
        return iso_onnx_refuse(im, "isocl keeps the number of rows, and the numbers of each");
    return ISO_OK;
}

/* A Reshape whose result is for the nodes behind it only; false: another. */
static bool to_groups(struct iso_onnx_importer *im, const struct iso_onnx_known *x, iso_rc *rc)
{
    struct iso_onnx_known grouped = *x;
    if (iso_onnx_makes_groups(im, x, &grouped.groups))
        grouped.order = ISO_ONNX_GROUPED;
    else if (iso_onnx_makes_tokens(im, x))
        grouped.order = ISO_ONNX_TOKENS_FIRST;
    else if (iso_onnx_deals(im, x, &grouped.groups))
        grouped.order = ISO_ONNX_DEALT;
    else if (iso_onnx_flattens_all(im, x))
        grouped.order = ISO_ONNX_FLAT;
    else
        return false;
    grouped.name = im->node->y[0];
    *rc = iso_onnx_know(im, &grouped);
    return true;
}

iso_rc iso_onnx_reshape(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct iso_shape y;
    iso_rc rc;
    if (x == NULL)
        return ISO_EDATA;
    if (to_groups(im, x, &rc))
        return rc;
    struct iso_onnx_known whole = *x;
    const bool dealt = x->order == ISO_ONNX_DEALT;
    if (x->order == ISO_ONNX_GROUPED || dealt) {
        whole.order = ISO_ONNX_FIRST;
        x = &whole;
    }
    ISO_TRY(read_target(im, x, &y));
    if (y.ndim == 2 && !dealt)
        return to_row(im, x);
    const bool image = y.ndim == 4;
    const bool same = image && x->order == ISO_ONNX_LAST && x->shape.ndim == 4 &&
                      y.dim[3] == x->shape.dim[3]; /* pixels in other lines */
    const enum iso_onnx_order order = image && !same ? order_of_image(im) : ISO_ONNX_LAST;
    if (order == ISO_ONNX_FIRST)
        y = (struct iso_shape){ 4, { 1, y.dim[2], y.dim[3], y.dim[1] } };
    if (x->order == ISO_ONNX_FIRST && order == ISO_ONNX_FIRST && iso_shape_equal(&x->shape, &y))
        return dealt ? iso_onnx_shuffle(im, x, x->groups) : iso_onnx_same(im, x);
    if (dealt || (x->order == ISO_ONNX_FIRST && !orders_agree(&x->shape)) ||
        x->order == ISO_ONNX_ROW_FIRST || (order == ISO_ONNX_FIRST && !orders_agree(&y)))
        return iso_onnx_refuse(im,
                               "the numbers would lie in another order than isocl's, which has "
                               "the channels last");
    return to_image(im, x, y, order);
}

int64_t iso_onnx_rows(const struct iso_onnx_importer *im) { return im->rows > 0 ? im->rows : 2; }

int iso_onnx_rank(const struct iso_onnx_known *x)
{
    return x->order == ISO_ONNX_VIEW     ? x->seen->v.n
           : x->order == ISO_ONNX_SCORES ? x->scores->n
                                         : x->shape.ndim - (x->order == ISO_ONNX_TOKENS);
}

void iso_onnx_dims(const struct iso_onnx_known *x, int64_t *dim)
{
    static const int first[4] = { 0, 3, 1, 2 };
    dim[0] = ISO_ONNX_ROWS;
    if (x->order == ISO_ONNX_VIEW || x->order == ISO_ONNX_SCORES) {
        const int64_t rows = x->order == ISO_ONNX_VIEW ? x->seen->v.rows : x->scores->query->v.rows;
        for (int i = 0; i < iso_onnx_rank(x); i++) {
            dim[i] = x->order == ISO_ONNX_VIEW ? iso_onnx_view_dim(&x->seen->v, i)
                                               : x->scores->dim[i];
            if (rows >= ISO_ONNX_ANY_ROWS && dim[i] % rows == 0)
                dim[i] = iso_onnx_rows_times(dim[i] / rows);
        }
        return;
    }
    if (x->order == ISO_ONNX_TOKENS) {
        dim[1] = x->shape.dim[1] * x->shape.dim[2];
        dim[2] = x->shape.dim[3];
        return;
    }
    for (int i = 1; i < x->shape.ndim; i++)
        dim[i] = x->shape.dim[x->order == ISO_ONNX_FIRST ? first[i] : i];
}

iso_rc iso_onnx_shape_of(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *v = iso_onnx_has(im, 0) ? iso_onnx_value(im, im->node->x[0])
                                                         : NULL;
    if (v == NULL)
        return iso_onnx_has(im, 0) ? ISO_EDATA : iso_onnx_refuse(im, "input 0 is missing");
    const struct iso_onnx_tensor *c = v->constant;
    const int64_t n = c != NULL ? c->ndim : iso_onnx_rank(v);
    int64_t start = iso_onnx_get_int(im, "start", 0), end = iso_onnx_get_int(im, "end", n);
    start = start < -n ? 0 : start < 0 ? start + n : start > n ? n : start;
    end = end < -n ? 0 : end < 0 ? end + n : end > n ? n : end;
    struct iso_onnx_tensor *t = iso_onnx_alloc(im->m, 1, sizeof *t);
    int64_t *dim = iso_onnx_alloc(im->m, ISO_ONNX_DIMS, sizeof *dim);
    if (t == NULL || dim == NULL)
        return ISO_ENOMEM;
    if (c != NULL)
        memcpy(dim, c->dim, sizeof c->dim);
    else
        iso_onnx_dims(v, dim);
    *t = (struct iso_onnx_tensor){ .name = im->node->y[0],
                                   .type = ISO_ONNX_INT64,
                                   .ndim = 1,
                                   .dim = { end > start ? end - start : 0 },
                                   .data = dim + start };
    return iso_onnx_know_constant(im, t);
}

/* Another order of axes than those of isocl's and ONNX's images: a layer. ONNX's axis of x is
 * isocl's number own[axis]; the result is as isocl has it. */
static iso_rc permute(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                      const int64_t *perm)
{
    static const int64_t first[4] = { 0, 3, 1, 2 }, last[4] = { 0, 1, 2, 3 };
    const int64_t *own = x->order == ISO_ONNX_FIRST ? first : last;
    if (x->order != ISO_ONNX_FIRST && x->order != ISO_ONNX_LAST)
        return iso_onnx_refuse(im, "the numbers of its input have no order that isocl has");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_permute, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_shape *dims = &((struct iso_permute *)l->params)->dims;
    *dims = (struct iso_shape){ .ndim = x->shape.ndim };
    for (int i = 1; i < x->shape.ndim; i++)
        dims->dim[i] = own[perm[i]];
    return iso_onnx_result(im, l, ISO_ONNX_LAST);
}

/* Reads the order of n axes. Fails with ISO_EDATA unless the rows stay the first of them. */
static iso_rc read_perm(struct iso_onnx_importer *im, int n, int64_t *perm)
{
    bool seen[ISO_DIMS] = { false };
    ISO_TRY(iso_onnx_get_ints(im, "perm", n, perm));
    for (int i = 0; i < n; i++) {
        if (perm[i] < 0 || perm[i] >= n || seen[perm[i]] || (i == 0 && perm[i] != 0))
            return iso_onnx_refuse(im,
                                   "attribute perm: the axes of each example may change places, "
                                   "the rows may not");
        seen[perm[i]] = true;
    }
    return ISO_OK;
}

iso_rc iso_onnx_transpose(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t p[4] = { 0 };
    if (x == NULL)
        return ISO_EDATA;
    if (x->order == ISO_ONNX_DEALT) /* iso_onnx_deals has looked at it */
        return iso_onnx_same(im, x);
    if (x->order == ISO_ONNX_TOKENS_FIRST) { /* as iso_onnx_makes_tokens has seen */
        struct iso_onnx_known tokens = *x;
        tokens.order = ISO_ONNX_TOKENS;
        return iso_onnx_same(im, &tokens);
    }
    ISO_TRY(read_perm(im, x->shape.ndim, p));
    struct iso_onnx_known y = *x;
    y.name = im->node->y[0];
    if (p[1] == 3 && p[2] == 1 && p[3] == 2 && x->order == ISO_ONNX_LAST)
        y.order = ISO_ONNX_FIRST;
    else if (p[1] == 2 && p[2] == 3 && p[3] == 1 && x->order == ISO_ONNX_FIRST)
        y.order = ISO_ONNX_LAST;
    else
        return permute(im, x, p);
    return iso_onnx_know(im, &y);
}
