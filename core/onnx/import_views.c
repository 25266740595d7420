/* import_views.c: nodes that only move numbers, as windows of images are made and put together
 * again; and those that compute with a view as with the result that it is of. */
#include "import_build.h"

#include <stdio.h>
#include <string.h>

#define MOST 1e17 /* numbers of a batch, whose indices are 64 bits wide */

static bool is_op(const struct iso_onnx_importer *im, const char *list)
{
    char word[80];
    snprintf(word, sizeof word, " %.70s ", im->node->op);
    return strstr(list, word) != NULL;
}

int64_t iso_onnx_view_rows(const struct iso_onnx_importer *im)
{
    return im->rows > 0 ? im->rows : ISO_ONNX_ANY_ROWS;
}

/* ---- What is known ------------------------------------------------------------------------- */

iso_rc iso_onnx_set_view(struct iso_onnx_importer *im, struct iso_onnx_known *y,
                         const struct iso_onnx_seen *seen)
{
    static const enum iso_onnx_order orders[] = { ISO_ONNX_LAST, ISO_ONNX_FIRST, ISO_ONNX_TOKENS };
    y->shape = seen->v.base;
    y->seen = NULL;
    for (int i = 0; i < 3 && seen->factor == 1 && !seen->unit; i++) {
        const struct iso_onnx_view whole =
            iso_onnx_view_whole(&seen->v.base, seen->v.rows, (enum iso_onnx_whole)i);
        y->order = orders[i];
        if (iso_onnx_view_equal(&whole, &seen->v))
            return ISO_OK;
    }
    struct iso_onnx_seen *kept = iso_onnx_alloc(im->m, 1, sizeof *kept);
    if (kept == NULL)
        return ISO_ENOMEM;
    *kept = *seen;
    y->seen = kept;
    y->order = ISO_ONNX_VIEW;
    return ISO_OK;
}

iso_rc iso_onnx_know_view(struct iso_onnx_importer *im, int layer, const struct iso_onnx_seen *seen,
                          int output)
{
    struct iso_onnx_known y = { .name = im->node->y[output], .layer = layer };
    ISO_TRY(iso_onnx_set_view(im, &y, seen));
    return iso_onnx_know(im, &y);
}

/* Sets a view of an image or of tokens, and returns true; else false. */
static bool see(const struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                struct iso_onnx_seen *seen)
{
    const enum iso_onnx_whole order = x->order == ISO_ONNX_FIRST    ? ISO_ONNX_WHOLE_FIRST
                                      : x->order == ISO_ONNX_TOKENS ? ISO_ONNX_WHOLE_TOKENS
                                                                    : ISO_ONNX_WHOLE_LAST;
    if (x->order == ISO_ONNX_VIEW) {
        *seen = *x->seen;
        return true;
    }
    *seen = (struct iso_onnx_seen){ .factor = 1 };
    if (x->constant != NULL || x->layer < 0 || x->unknown || x->shape.ndim != 4 ||
        (x->order != ISO_ONNX_LAST && x->order != ISO_ONNX_FIRST && x->order != ISO_ONNX_TOKENS))
        return false;
    struct iso_shape base = x->shape;
    base.dim[0] = 1;
    if ((double)iso_shape_count(&base) * (double)iso_onnx_view_rows(im) > MOST)
        return false;
    seen->v = iso_onnx_view_whole(&base, iso_onnx_view_rows(im), order);
    return true;
}

static iso_rc refuse_order(const struct iso_onnx_importer *im)
{
    return iso_onnx_refuse(im, "reads numbers in an order for which isocl has no layer");
}

/* ---- Moves --------------------------------------------------------------------------------- */

iso_rc iso_onnx_view_target(const struct iso_onnx_importer *im, int64_t count, const int64_t *own,
                            int *n, int64_t *dim)
{
    int64_t given = 1;
    int open = -1;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", n, dim));
    for (int i = 0; i < *n; i++) {
        if (dim[i] == 0 && iso_onnx_get_int(im, "allowzero", 0) == 0)
            dim[i] = own[i];
        if (iso_onnx_row_times(dim[i]) > 0)
            dim[i] = iso_onnx_row_times(dim[i]) * iso_onnx_view_rows(im);
        if (dim[i] < -1 || dim[i] == 0 || (dim[i] == -1 && open >= 0) ||
            (dim[i] != -1 && given > count / dim[i]))
            return iso_onnx_refuse(im, "a shape with %lld", (long long)dim[i]);
        open = dim[i] == -1 ? i : open;
        given *= dim[i] == -1 ? 1 : dim[i];
    }
    if (open >= 0)
        dim[open] = count / given;
    return ISO_OK;
}

/* The shape of a view, or of what it was when a Squeeze or an Unsqueeze is done. */
static iso_rc new_shape(const struct iso_onnx_importer *im, const struct iso_onnx_view *v, int *n,
                        int64_t *dim)
{
    int64_t own[ISO_ONNX_AXES], axes[ISO_ONNX_DIMS], count = 1;
    int naxes = ISO_ONNX_DIMS;
    for (int a = 0; a < v->n; a++)
        count *= own[a] = iso_onnx_view_dim(v, a);
    *n = ISO_ONNX_AXES;
    if (is_op(im, " Reshape "))
        return iso_onnx_view_target(im, count, own, n, dim);
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &naxes, axes));
    const bool more = is_op(im, " Unsqueeze ");
    const int all = more ? v->n + naxes : v->n;
    *n = 0;
    for (int a = 0, from = 0; a < all; a++) {
        bool named = false;
        for (int i = 0; i < naxes; i++)
            named = named || axes[i] == a || axes[i] + all == a;
        if (all > ISO_ONNX_AXES || (!more && named && own[a] != 1) ||
            (more && !named && from == v->n))
            return refuse_order(im);
        if (more || !named)
            dim[(*n)++] = !more ? own[a] : named ? 1 : own[from++];
    }
    return ISO_OK;
}

static iso_rc permute(struct iso_onnx_importer *im, struct iso_onnx_view *v)
{
    int64_t perm[ISO_ONNX_AXES];
    unsigned seen = 0;
    for (int a = 0; a < v->n; a++)
        perm[a] = v->n - 1 - a;
    ISO_TRY(iso_onnx_get_ints(im, "perm", v->n, perm));
    for (int a = 0; a < v->n; a++)
        seen |= perm[a] >= 0 && perm[a] < v->n ? 1U << perm[a] : 0;
    if (seen + 1 != 1U << v->n || !iso_onnx_view_permute(v, perm))
        return iso_onnx_refuse(im, "attribute perm is no order of the axes");
    return ISO_OK;
}

static iso_rc cut(const struct iso_onnx_importer *im, struct iso_onnx_view *v)
{
    struct iso_onnx_cut cuts[ISO_ONNX_DIMS];
    int64_t dim[ISO_ONNX_AXES];
    int n;
    for (int a = 0; a < v->n; a++)
        dim[a] = iso_onnx_view_dim(v, a);
    ISO_TRY(iso_onnx_read_cuts(im, v->n, dim, cuts, &n));
    for (int i = 0; i < n; i++)
        if (!iso_onnx_view_cut(v, cuts[i].axis, cuts[i].start, cuts[i].size, cuts[i].step))
            return refuse_order(im);
    return ISO_OK;
}

static iso_rc take(const struct iso_onnx_importer *im, struct iso_onnx_view *v)
{
    const struct iso_onnx_tensor *t = iso_onnx_c(im, 1);
    int64_t axis = iso_onnx_get_int(im, "axis", 0);
    axis += axis < 0 ? v->n : 0;
    if (t == NULL)
        return ISO_EDATA;
    if (t->type != ISO_ONNX_INT64 || t->data == NULL || t->ndim != 0 || axis < 0 || axis >= v->n)
        return refuse_order(im);
    int64_t at = *(const int64_t *)t->data;
    at += at < 0 ? iso_onnx_view_dim(v, (int)axis) : 0;
    return iso_onnx_view_take(v, (int)axis, at) ? ISO_OK : refuse_order(im);
}

static iso_rc split(struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    const int64_t rank = x->seen->v.n, axis = iso_onnx_get_int(im, "axis", 0);
    const int at = (int)(axis < 0 ? axis + rank : axis);
    const int layer = x->layer, parts = im->node->ny;
    const struct iso_onnx_seen whole = *x->seen;
    int64_t size[ISO_ONNX_DIMS], start = 0;
    int n = ISO_ONNX_DIMS;
    if (at < 0 || at >= rank || parts > ISO_ONNX_DIMS)
        return refuse_order(im);
    ISO_TRY(iso_onnx_get_list(im, 1, "split", &n, size));
    const int64_t all = iso_onnx_view_dim(&whole.v, at), each = (all + parts - 1) / parts;
    for (int i = 0; i < parts; i++) {
        struct iso_onnx_seen part = whole;
        const int64_t own = n > 0 ? (i < n ? size[i] : 0) : each < all - start ? each : all - start;
        if (!iso_onnx_view_cut(&part.v, at, start, own, 1))
            return refuse_order(im);
        ISO_TRY(iso_onnx_know_view(im, layer, &part, i));
        start += own;
    }
    return ISO_OK;
}

/* Joins views of one result; false: they are of several, or do not fit. */
static bool join(struct iso_onnx_importer *im, iso_rc *rc)
{
    struct iso_onnx_seen seen[ISO_ONNX_DIMS], whole;
    const struct iso_onnx_view *views[ISO_ONNX_DIMS];
    int layer = -1;
    if (im->node->nx > ISO_ONNX_DIMS || im->node->nx < 2)
        return false;
    for (int i = 0; i < im->node->nx; i++) {
        const struct iso_onnx_known *x = iso_onnx_find(im, im->node->x[i]);
        if (x == NULL || !see(im, x, &seen[i]) || (i > 0 && x->layer != layer) ||
            seen[i].factor != 1 || seen[i].unit || seen[i].v.n != seen[0].v.n)
            return false;
        layer = x->layer;
        views[i] = &seen[i].v;
    }
    const int64_t axis = iso_onnx_get_int(im, "axis", 0);
    const int at = (int)(axis < 0 ? axis + seen[0].v.n : axis);
    whole = seen[0];
    if (at < 0 || at >= seen[0].v.n || !iso_onnx_view_join(im->node->nx, views, at, &whole.v))
        return false;
    *rc = iso_onnx_know_view(im, layer, &whole, 0);
    return true;
}

/* Records what a node that only moves numbers makes of a view of input 0. */
static iso_rc move(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                   const struct iso_onnx_seen *from)
{
    struct iso_onnx_seen seen = *from;
    const int layer = x->layer;
    if (is_op(im, " Transpose ")) {
        ISO_TRY(permute(im, &seen.v));
    } else if (is_op(im, " Slice ")) {
        ISO_TRY(cut(im, &seen.v));
    } else if (is_op(im, " Gather ")) {
        ISO_TRY(take(im, &seen.v));
    } else {
        int64_t dim[ISO_ONNX_DIMS];
        int n;
        ISO_TRY(new_shape(im, &seen.v, &n, dim));
        if (!iso_onnx_view_reshape(&seen.v, n, dim))
            return refuse_order(im);
    }
    return iso_onnx_know_view(im, layer, &seen, 0);
}

/* ---- Results again ------------------------------------------------------------------------- */

/* Returns true if views with these constants can be computed as their results can. */
static bool by_pixels(const struct iso_onnx_importer *im, const struct iso_onnx_known *const *x,
                      int n)
{
    static const char ops[] =
        " Add Sub Mul Div MatMul Gemm LayerNormalization Dropout Clip Relu Sigmoid Tanh Softplus "
        "Elu LeakyRelu HardSigmoid Gelu Swish Selu HardSwish Mish Softsign Erf ";
    if (!is_op(im, ops))
        return false;
    for (int i = 0; i < n; i++)
        if (x[i]->order != ISO_ONNX_VIEW || x[i]->seen->factor != 1 || x[i]->seen->unit ||
            !iso_onnx_view_of_pixels(&x[i]->seen->v) ||
            !iso_onnx_view_equal(&x[i]->seen->v, &x[0]->seen->v))
            return false;
    for (int i = 0; i < im->node->nx && is_op(im, " Add Sub Mul Div "); i++) {
        const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, im->node, i);
        if (t != NULL && iso_onnx_count(t) != 1 &&
            (t->ndim < 1 || iso_onnx_count(t) != t->dim[t->ndim - 1]))
            return false;
    }
    return true;
}

/* The node with the results in place of the views, and its result seen in the same way. */
static iso_rc compute(struct iso_onnx_importer *im, struct iso_onnx_known *const *x, int n)
{
    const struct iso_onnx_seen like = *x[0]->seen;
    const bool product = is_op(im, " MatMul Gemm ");
    const int before = im->nvalues;
    for (int i = 0; i < n; i++)
        x[i]->order = ISO_ONNX_LAST;
    const iso_rc rc = iso_onnx_handle(im);
    for (int i = 0; i < n; i++)
        x[i]->order = ISO_ONNX_VIEW;
    ISO_TRY(rc);
    for (int i = before; i < im->nvalues; i++) {
        struct iso_onnx_seen seen = like;
        struct iso_onnx_known *y = &im->values[i];
        if (y->shape.ndim != 4 || y->shape.dim[1] != like.v.base.dim[1] ||
            y->shape.dim[2] != like.v.base.dim[2] ||
            (!product && y->shape.dim[3] != like.v.base.dim[3]) ||
            !iso_onnx_view_rebase(&seen.v, y->shape.dim[3], !product))
            return refuse_order(im);
        ISO_TRY(iso_onnx_set_view(im, y, &seen));
    }
    return ISO_OK;
}

/* ---- Scales -------------------------------------------------------------------------------- */

/* A product with a number, before scores; false: the node is none. */
static bool scales(struct iso_onnx_importer *im, iso_rc *rc)
{
    const bool divides = is_op(im, " Div ");
    for (int i = 0; i < 2 && im->node->nx == 2 && is_op(im, " Mul Div "); i++) {
        const struct iso_onnx_known *x = iso_onnx_find(im, im->node->x[i]);
        const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, im->node, 1 - i);
        if (x == NULL || x->order != ISO_ONNX_VIEW || t == NULL || t->type != ISO_ONNX_FLOAT ||
            iso_onnx_count(t) != 1 || (divides && i == 1))
            continue;
        struct iso_onnx_seen seen = *x->seen;
        const double by = iso_onnx_decimal(*(const float *)t->data);
        seen.factor *= divides ? 1 / by : by;
        *rc = iso_onnx_know_view(im, x->layer, &seen, 0);
        return true;
    }
    return false;
}

/* ---- All of them --------------------------------------------------------------------------- */

enum { INPUTS = 8 };

/* The inputs that are not constant; n: room, then their number. Returns true if one is a view. */
static bool list(struct iso_onnx_importer *im, struct iso_onnx_known **x, int *n)
{
    bool any = false;
    *n = 0;
    for (int i = 0; i < im->node->nx; i++) {
        const struct iso_onnx_known *v = iso_onnx_find(im, im->node->x[i]);
        if (v == NULL || v->constant != NULL)
            continue;
        any = any || v->order == ISO_ONNX_VIEW;
        if (*n < INPUTS)
            x[(*n)++] = im->values + (v - im->values);
    }
    return any;
}

static iso_rc take_views(struct iso_onnx_importer *im, struct iso_onnx_known **x, int n)
{
    bool view = false;
    iso_rc rc;
    const bool first = x[0]->order == ISO_ONNX_VIEW;
    if (is_op(im, " Identity ") ||
        (is_op(im, " Cast ") && iso_onnx_get_int(im, "to", 0) == ISO_ONNX_FLOAT))
        return iso_onnx_same(im, x[0]);
    if (is_op(im, " Shape "))
        return iso_onnx_handle(im);
    if (is_op(im, " Reshape Transpose Slice Gather Squeeze Unsqueeze ") && first)
        return move(im, x[0], x[0]->seen);
    if (is_op(im, " Split ") && first)
        return split(im, x[0]);
    if (is_op(im, " Concat ") && join(im, &rc))
        return rc;
    if (iso_onnx_begins_scores(im))
        return iso_onnx_take_scores(im);
    for (int i = 0; i < n; i++)
        ISO_TRY(iso_onnx_settle(im, x[i]));
    for (int i = 0; i < n; i++)
        view = view || x[i]->order == ISO_ONNX_VIEW;
    if (!view)
        return iso_onnx_handle(im);
    if (by_pixels(im, (const struct iso_onnx_known *const *)x, n))
        return compute(im, x, n);
    return scales(im, &rc) ? rc : refuse_order(im);
}

bool iso_onnx_takes_view(struct iso_onnx_importer *im, bool failed, iso_rc *rc)
{
    struct iso_onnx_known *x[INPUTS];
    struct iso_onnx_seen seen;
    int n;
    const bool any = list(im, x, &n);
    for (int i = 0; i < n; i++)
        if (x[i]->order == ISO_ONNX_SCORES) {
            *rc = is_op(im, " Shape ") ? iso_onnx_handle(im) : iso_onnx_take_of_scores(im);
            return true;
        }
    if (any) {
        *rc = take_views(im, x, n);
        return true;
    }
    if (n == 0 || !see(im, x[0], &seen) || !is_op(im, failed ? " Reshape " : " Slice "))
        return false;
    if (!failed) { /* a part of the image's lines may be half of a roll, or of a block */
        const struct iso_onnx_view whole = seen.v;
        const int channels = x[0]->order == ISO_ONNX_FIRST ? 1 : seen.v.n - 1;
        if (cut(im, &seen.v) != ISO_OK || x[0]->order == ISO_ONNX_TOKENS ||
            iso_onnx_view_dim(&seen.v, channels) != iso_onnx_view_dim(&whole, channels)) {
            iso_error_clear();
            return false;
        }
        *rc = iso_onnx_know_view(im, x[0]->layer, &seen, 0);
        return true;
    }
    *rc = move(im, x[0], &seen);
    if (*rc != ISO_EDATA)
        return true;
    iso_error_clear();
    return false;
}
