/* import_constants.c: computes nodes whose inputs are all constant, such as the chains in which
 * exporters compute shapes; import_arithmetic.c has the functions of single elements. */
#include "import_build.h"
#include "fold.h"

#include <string.h>

enum { MOST = 1 << 26 }; /* elements of a result */

/* ---- Tensors ------------------------------------------------------------------------------- */

struct iso_onnx_tensor *iso_onnx_new_constant(const struct iso_onnx_importer *im, int type,
                                              int ndim, const int64_t *dim)
{
    struct iso_onnx_tensor *t = iso_onnx_alloc(im->m, 1, sizeof *t);
    int64_t count = 1;
    if (t == NULL)
        return NULL;
    *t = (struct iso_onnx_tensor){ .name = im->node->y[0], .type = type, .ndim = ndim };
    for (int i = 0; i < ndim; i++) {
        if (dim[i] < 0 || dim[i] > MOST || (count *= dim[i]) > MOST) {
            iso_onnx_refuse(im, "computes a constant of more than %d numbers", MOST);
            return NULL;
        }
        t->dim[i] = dim[i];
    }
    t->data = iso_onnx_alloc(im->m, (size_t)count + 1, iso_onnx_size(type));
    return t->data != NULL ? t : NULL;
}

iso_rc iso_onnx_know_constant(struct iso_onnx_importer *im, const struct iso_onnx_tensor *t)
{
    const struct iso_onnx_known v = { .name = im->node->y[0], .constant = t, .layer = -1 };
    return t != NULL ? iso_onnx_know(im, &v) : ISO_EDATA;
}

/* The same numbers in another shape, under their old name, after which a layer may be called. */
static iso_rc reshaped(struct iso_onnx_importer *im, const struct iso_onnx_tensor *x, int ndim,
                       const int64_t *dim)
{
    struct iso_onnx_tensor *t = iso_onnx_alloc(im->m, 1, sizeof *t);
    if (t == NULL)
        return ISO_ENOMEM;
    *t = (struct iso_onnx_tensor){ .name = x->name, .type = x->type, .ndim = ndim };
    memcpy(t->dim, dim, (size_t)ndim * sizeof *dim);
    t->data = x->data;
    if (iso_onnx_count(t) != iso_onnx_count(x))
        return iso_onnx_refuse(im, "a shape that has not the %lld numbers of '%.60s'",
                               (long long)iso_onnx_count(x), x->name);
    return iso_onnx_know_constant(im, t);
}

/* A walk through a tensor: the elements of `dim`, each axis in steps of `stride` from `first`. */
struct walk {
    int ndim;
    int64_t dim[ISO_ONNX_DIMS], stride[ISO_ONNX_DIMS], first;
};

static void copy(const struct walk *w, const struct iso_onnx_tensor *x, struct iso_onnx_tensor *y)
{
    const size_t size = iso_onnx_size(x->type);
    int64_t at[ISO_ONNX_DIMS] = { 0 }, from = w->first;
    char *to = (char *)(uintptr_t)y->data;
    for (int64_t n = iso_onnx_count(y); n > 0; n--, to += size) {
        memcpy(to, (const char *)x->data + (size_t)from * size, size);
        for (int i = w->ndim - 1; i >= 0; i--) {
            from += w->stride[i];
            if (++at[i] < w->dim[i])
                break;
            from -= at[i] * w->stride[i];
            at[i] = 0;
        }
    }
}

/* The walk that takes every element of x in order. */
static struct walk whole(const struct iso_onnx_tensor *x)
{
    struct walk w = { .ndim = x->ndim };
    int64_t stride = 1;
    for (int i = x->ndim - 1; i >= 0; i--) {
        w.dim[i] = x->dim[i];
        w.stride[i] = stride;
        stride *= x->dim[i];
    }
    return w;
}

static struct iso_onnx_tensor *walked(const struct iso_onnx_importer *im,
                                      const struct iso_onnx_tensor *x, const struct walk *w)
{
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, x->type, w->ndim, w->dim);
    if (y != NULL)
        copy(w, x, y);
    return y;
}

const struct iso_onnx_tensor *iso_onnx_broadcast(const struct iso_onnx_importer *im,
                                                 const struct iso_onnx_tensor *x, int ndim,
                                                 const int64_t *dim)
{
    const struct walk own = whole(x);
    struct walk w = { .ndim = ndim };
    for (int i = 0; i < ndim; i++) {
        const int k = i - (ndim - x->ndim); /* the axis of x */
        w.dim[i] = dim[i];
        w.stride[i] = k < 0 || (x->dim[k] == 1 && dim[i] != 1) ? 0 : own.stride[k];
        if (k >= 0 && x->dim[k] != 1 && x->dim[k] != dim[i]) {
            iso_onnx_refuse(im, "'%.60s' cannot be broadcast", x->name);
            return NULL;
        }
    }
    return walked(im, x, &w);
}

/* ---- Operators ----------------------------------------------------------------------------- */

static iso_rc unsqueeze(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t axes[ISO_ONNX_DIMS], dim[ISO_ONNX_DIMS] = { 0 };
    int n = ISO_ONNX_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    const int ndim = x[0]->ndim + n;
    if (ndim > ISO_ONNX_DIMS)
        return iso_onnx_refuse(im, "more than %d axes", ISO_ONNX_DIMS);
    for (int i = 0; i < n; i++) {
        const int64_t axis = axes[i] + (axes[i] < 0 ? ndim : 0);
        if (axis < 0 || axis >= ndim || dim[axis] != 0)
            return iso_onnx_refuse(im, "axes names an axis that is none");
        dim[axis] = 1;
    }
    for (int i = 0, k = 0; i < ndim; i++)
        if (dim[i] == 0)
            dim[i] = x[0]->dim[k++];
    return reshaped(im, x[0], ndim, dim);
}

static iso_rc squeeze(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t axes[ISO_ONNX_DIMS], dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS, ndim = 0;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    for (int i = 0; i < x[0]->ndim; i++) {
        bool gone = n == 0 && x[0]->dim[i] == 1;
        for (int k = 0; k < n; k++)
            gone = gone || axes[k] == i || axes[k] + x[0]->ndim == i;
        if (!gone)
            dim[ndim++] = x[0]->dim[i];
    }
    return reshaped(im, x[0], ndim, dim);
}

static iso_rc reshape(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t dim[ISO_ONNX_DIMS], given = 1;
    int n = ISO_ONNX_DIMS, open = -1;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    for (int i = 0; i < n; i++) {
        if (dim[i] == 0 && i < x[0]->ndim && iso_onnx_get_int(im, "allowzero", 0) == 0)
            dim[i] = x[0]->dim[i];
        if (dim[i] < -1 || dim[i] > MOST || (dim[i] == -1 && open >= 0))
            return iso_onnx_refuse(im, "a shape with %lld", (long long)dim[i]);
        open = dim[i] == -1 ? i : open;
        given *= dim[i] == -1 || given > MOST ? 1 : dim[i];
    }
    if (open >= 0)
        dim[open] = given > 0 ? iso_onnx_count(x[0]) / given : 0;
    return reshaped(im, x[0], n, dim);
}

static iso_rc transpose(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const struct walk own = whole(x[0]);
    struct walk w = { .ndim = own.ndim };
    int64_t perm[ISO_ONNX_DIMS];
    unsigned seen = 0;
    for (int i = 0; i < own.ndim; i++)
        perm[i] = own.ndim - 1 - i;
    ISO_TRY(iso_onnx_get_ints(im, "perm", own.ndim, perm));
    for (int i = 0; i < own.ndim; i++) {
        if (perm[i] < 0 || perm[i] >= own.ndim || (seen >> perm[i] & 1) != 0)
            return iso_onnx_refuse(im, "attribute perm is no order of the axes");
        seen |= 1U << perm[i];
        w.dim[i] = own.dim[perm[i]];
        w.stride[i] = own.stride[perm[i]];
    }
    struct iso_onnx_tensor *y = walked(im, x[0], &w);
    if (y != NULL)
        y->name = x[0]->name;
    return iso_onnx_know_constant(im, y);
}

static iso_rc slice(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    struct iso_onnx_cut cut[ISO_ONNX_DIMS];
    struct walk w = whole(x[0]);
    int n;
    ISO_TRY(iso_onnx_read_cuts(im, x[0]->ndim, x[0]->dim, cut, &n));
    for (int i = 0; i < n; i++) {
        w.first += cut[i].start * w.stride[cut[i].axis];
        w.dim[cut[i].axis] = cut[i].size;
        w.stride[cut[i].axis] *= cut[i].step;
    }
    return iso_onnx_know_constant(im, walked(im, x[0], &w));
}

static iso_rc gather(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const struct iso_onnx_tensor *index = iso_onnx_whole(im, x[1]);
    int64_t axis = iso_onnx_get_int(im, "axis", 0), outer = 1, inner = 1, dim[ISO_ONNX_DIMS];
    axis += axis < 0 ? x[0]->ndim : 0;
    if (index == NULL)
        return ISO_EDATA;
    const int ndim = x[0]->ndim - 1 + index->ndim;
    if (axis < 0 || axis >= x[0]->ndim || ndim > ISO_ONNX_DIMS)
        return iso_onnx_refuse(im, "attribute axis is %lld", (long long)axis);
    for (int i = 0; i < ndim; i++)
        dim[i] = i < axis                 ? x[0]->dim[i]
                 : i < axis + index->ndim ? index->dim[i - axis]
                                          : x[0]->dim[i - index->ndim + 1];
    for (int i = 0; i < x[0]->ndim; i++)
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : x[0]->dim[i];
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, x[0]->type, ndim, dim);
    const size_t bytes = (size_t)inner * iso_onnx_size(x[0]->type);
    char *to = y != NULL ? (char *)(uintptr_t)y->data : NULL;
    for (int64_t o = 0; to != NULL && o < outer; o++)
        for (int64_t i = 0; i < iso_onnx_count(index); i++, to += bytes) {
            int64_t at = ((const int64_t *)index->data)[i];
            at += at < 0 ? x[0]->dim[axis] : 0;
            if (at < 0 || at >= x[0]->dim[axis])
                return iso_onnx_refuse(im, "gathers element %lld of %lld", (long long)at,
                                       (long long)x[0]->dim[axis]);
            memcpy(to, (const char *)x[0]->data + (size_t)(o * x[0]->dim[axis] + at) * bytes,
                   bytes);
        }
    return iso_onnx_know_constant(im, y);
}

static iso_rc concat(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t axis = iso_onnx_get_int(im, "axis", 0), outer = 1, dim[ISO_ONNX_DIMS];
    axis += axis < 0 ? x[0]->ndim : 0;
    if (axis < 0 || axis >= x[0]->ndim)
        return iso_onnx_refuse(im, "attribute axis is none of the constants'");
    memcpy(dim, x[0]->dim, sizeof dim);
    for (int i = 1; i < im->node->nx; i++) {
        bool fits = x[i]->ndim == x[0]->ndim && x[i]->type == x[0]->type && x[i]->dim[axis] <= MOST;
        for (int a = 0; fits && a < x[0]->ndim; a++)
            fits = a == axis || x[i]->dim[a] == x[0]->dim[a];
        if (!fits)
            return iso_onnx_refuse(im, "joins constants of types or shapes that do not fit");
        dim[axis] += x[i]->dim[axis];
    }
    for (int a = 0; a < axis; a++)
        outer *= dim[a];
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, x[0]->type, x[0]->ndim, dim);
    char *to = y != NULL ? (char *)(uintptr_t)y->data : NULL;
    for (int64_t o = 0; to != NULL && o < outer; o++)
        for (int i = 0; i < im->node->nx; i++) {
            const size_t bytes = (size_t)(iso_onnx_count(x[i]) / outer) * iso_onnx_size(x[i]->type);
            memcpy(to, (const char *)x[i]->data + (size_t)o * bytes, bytes);
            to += bytes;
        }
    return iso_onnx_know_constant(im, y);
}

static iso_rc expand(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    for (int i = 0; i < n; i++)
        dim[i] = dim[i] == ISO_ONNX_ROWS ? iso_onnx_rows(im) : dim[i];
    for (int i = 1; i <= n && i <= x[0]->ndim; i++)
        if (dim[n - i] == 1)
            dim[n - i] = x[0]->dim[x[0]->ndim - i];
    if (n < x[0]->ndim)
        return iso_onnx_refuse(im, "a shape with fewer axes than '%.60s'", x[0]->name);
    return iso_onnx_know_constant(im, iso_onnx_broadcast(im, x[0], n, dim));
}

static iso_rc constant_of_shape(struct iso_onnx_importer *im,
                                const struct iso_onnx_tensor *const *x)
{
    static const float zero = 0;
    static const struct iso_onnx_tensor usual = { .name = "",
                                                  .type = ISO_ONNX_FLOAT,
                                                  .data = &zero };
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, "value");
    int64_t dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    (void)x;
    ISO_TRY(iso_onnx_get_list(im, 0, "shape", &n, dim));
    const struct iso_onnx_tensor *value = a != NULL ? a->tensor : &usual;
    if (value == NULL || value->data == NULL || iso_onnx_count(value) != 1)
        return iso_onnx_refuse(im, "attribute value is not one number");
    struct iso_onnx_tensor one = *value;
    one.ndim = 0;
    return iso_onnx_know_constant(im, iso_onnx_broadcast(im, &one, n, dim));
}

/* ---- All of them --------------------------------------------------------------------------- */

static const struct {
    const char *op;
    iso_onnx_folder *fold;
} folders[] = {
    { "Unsqueeze", unsqueeze },
    { "Squeeze", squeeze },
    { "Reshape", reshape },
    { "Transpose", transpose },
    { "Slice", slice },
    { "Gather", gather },
    { "Concat", concat },
    { "Expand", expand },
    { "ConstantOfShape", constant_of_shape },
    { "Cast", iso_onnx_fold_cast },
    { "Add", iso_onnx_fold_pair },
    { "Sub", iso_onnx_fold_pair },
    { "Mul", iso_onnx_fold_pair },
    { "Div", iso_onnx_fold_pair },
    { "Pow", iso_onnx_fold_pair },
    { "Mod", iso_onnx_fold_pair },
    { "Equal", iso_onnx_fold_pair },
    { "Where", iso_onnx_fold_where },
    { "Range", iso_onnx_fold_range },
    { "Sqrt", iso_onnx_fold_single },
    { "Neg", iso_onnx_fold_single },
    { "Reciprocal", iso_onnx_fold_single },
    { "Exp", iso_onnx_fold_single },
    { "Sigmoid", iso_onnx_fold_single },
    { "Relu", iso_onnx_fold_single },
    { "Not", iso_onnx_fold_not },
    { "Clip", iso_onnx_fold_clip },
    { "MatMul", iso_onnx_fold_matmul },
    { "GatherND", iso_onnx_fold_gather_nd },
    { "ScatterND", iso_onnx_fold_scatter_nd },
};

enum { INPUTS = 64 };

static bool constants(const struct iso_onnx_importer *im, const struct iso_onnx_tensor **x)
{
    for (int i = 0; i < im->node->nx; i++) {
        const struct iso_onnx_known *v = iso_onnx_find(im, im->node->x[i]);
        x[i] = NULL;
        if (i > 0 && !*im->node->x[i] && strcmp(im->node->op, "Clip") == 0)
            continue; /* a limit that is missing */
        if (v == NULL || v->constant == NULL || v->constant->data == NULL ||
            iso_onnx_size(v->constant->type) == 0)
            return false;
        x[i] = v->constant;
    }
    return im->node->nx > 0;
}

static iso_onnx_folder *folder_of(const struct iso_onnx_node *node)
{
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (!*node->domain && strcmp(folders[i].op, node->op) == 0)
            return folders[i].fold;
    return NULL;
}

bool iso_onnx_may_fold(const struct iso_onnx_node *node) { return folder_of(node) != NULL; }

bool iso_onnx_folds(struct iso_onnx_importer *im, iso_rc *rc)
{
    const struct iso_onnx_tensor *x[INPUTS];
    iso_onnx_folder *fold = folder_of(im->node);
    if (fold == NULL || im->node->nx > INPUTS || im->node->ny != 1 || !constants(im, x))
        return false;
    *rc = fold(im, x);
    return true;
}
