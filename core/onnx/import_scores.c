/* import_scores.c: scores of two views, what is done with them, and their softmax
 * (import_windows.c has the attention that they are part of). */
#include "import_build.h"

#include <string.h>

static bool is_op(const struct iso_onnx_importer *im, const char *op)
{
    return strcmp(im->node->op, op) == 0;
}

/* ---- Scores -------------------------------------------------------------------------------- */

/* Returns 1 if an Einsum multiplies tokens with tokens, 2 if it multiplies scores with tokens, as
 * PyTorch's networks have it; else 0. */
static int meaning(const struct iso_onnx_importer *im)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, "equation");
    char word[64] = "";
    int n = 0;
    for (const char *c = a != NULL ? a->text : ""; *c != '\0' && n < 63; c++)
        if (*c != ' ')
            word[n++] = *c;
    /* x...ij: the same letters thrice, then two of i, j and d */
    const char *comma = strchr(word, ','), *arrow = strstr(word, "->");
    if (comma == NULL || arrow == NULL || comma > arrow)
        return 0;
    const int rank = (int)(comma - word);
    if (rank < 3 || arrow - comma - 1 != rank || (int)strlen(arrow + 2) != rank ||
        strncmp(word, comma + 1, (size_t)rank - 2) != 0 ||
        strncmp(word, arrow + 2, (size_t)rank - 2) != 0)
        return 0;
    const char *x = word + rank - 2, *y = comma + rank - 1, *z = arrow + rank;
    if (x[1] == y[1] && z[0] == x[0] && z[1] == y[0] && x[0] != y[0] && x[0] != x[1])
        return 1;
    return x[1] == y[0] && z[0] == x[0] && z[1] == y[1] && x[0] != y[1] && x[0] != x[1] ? 2 : 0;
}

bool iso_onnx_begins_scores(const struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[2] = { NULL, NULL };
    for (int i = 0; i < 2 && im->node->nx == 2; i++)
        x[i] = iso_onnx_find(im, im->node->x[i]);
    return (is_op(im, "MatMul") || is_op(im, "Einsum")) && x[0] != NULL && x[1] != NULL &&
           x[0]->order == ISO_ONNX_VIEW && x[1]->order == ISO_ONNX_VIEW;
}

iso_rc iso_onnx_take_scores(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *q = iso_onnx_find(im, im->node->x[0]),
                                *k = iso_onnx_find(im, im->node->x[1]);
    struct iso_onnx_scores *s = iso_onnx_alloc(im->m, 1, sizeof *s);
    struct iso_onnx_seen *key = iso_onnx_alloc(im->m, 1, sizeof *key);
    if (s == NULL || key == NULL)
        return ISO_ENOMEM;
    *key = *k->seen;
    const int n = q->seen->v.n;
    if (n < 4 || n > 5 || key->v.n != n || (is_op(im, "Einsum") && meaning(im) != 1))
        return iso_onnx_refuse_attention(im, "of what are no heads of tokens");
    if (is_op(im, "MatMul")) { /* its second factor is turned */
        int64_t perm[ISO_ONNX_AXES] = { 0, 1, 2, 3, 4 };
        perm[n - 2] = n - 1;
        perm[n - 1] = n - 2;
        if (!iso_onnx_view_permute(&key->v, perm))
            return iso_onnx_refuse_attention(im, "of what are no heads of tokens");
    }
    *s = (struct iso_onnx_scores){
        .query = q->seen, .key = key, .layer = { q->layer, k->layer }, .factor = 1, .n = n
    };
    for (int a = 0; a < n; a++) {
        s->dim[a] = iso_onnx_view_dim(a == n - 1 ? &key->v : &q->seen->v, a == n - 1 ? n - 2 : a);
        if (a != n - 2 && iso_onnx_view_dim(&key->v, a) != iso_onnx_view_dim(&q->seen->v, a))
            return iso_onnx_refuse_attention(im, "whose queries and keys do not fit");
    }
    const struct iso_onnx_known y = { .name = im->node->y[0],
                                      .layer = q->layer,
                                      .order = ISO_ONNX_SCORES,
                                      .shape = q->seen->v.base,
                                      .scores = s };
    return iso_onnx_know(im, &y);
}

/* ---- What is done with them ---------------------------------------------------------------- */

/* Adds a constant: its strides along windows, heads, queries and keys. */
static iso_rc add(const struct iso_onnx_importer *im, struct iso_onnx_scores *s,
                  const struct iso_onnx_tensor *t)
{
    const int64_t rows = s->query->v.rows;
    int64_t stride = 1, *strides;
    if (s->nsummands == ISO_ONNX_SUMMANDS || s->softmax || t->type != ISO_ONNX_FLOAT)
        return iso_onnx_refuse_attention(im, "to whose scores isocl does not add this");
    strides = s->stride[s->nsummands];
    s->summand[s->nsummands++] = t;
    for (int i = 1; i <= t->ndim; i++) {
        const int64_t own = t->dim[t->ndim - i], all = i <= s->n ? s->dim[s->n - i] : 1;
        if (own != 1 && (own != all || i > 4 || (i == 4 && s->n == 4 && rows != 1)))
            return iso_onnx_refuse_attention(im, "to whose scores isocl does not add this");
        if (i <= 4)
            strides[4 - i] = own == 1 ? 0 : stride;
        stride *= own;
    }
    return ISO_OK;
}

static iso_rc multiply(const struct iso_onnx_importer *im, struct iso_onnx_scores *s,
                       const struct iso_onnx_tensor *t, bool divide)
{
    const int64_t n = iso_onnx_count(t), heads = s->dim[s->n - 3];
    if (s->softmax || s->nsummands > 0 || t->type != ISO_ONNX_FLOAT)
        return iso_onnx_refuse_attention(im, "whose scores isocl does not multiply with this");
    if (n == 1) {
        const double by = iso_onnx_decimal(*(const float *)t->data);
        s->factor *= divide ? 1 / by : by;
        return ISO_OK;
    }
    if (divide || s->by_head != NULL || n != heads || t->ndim < 3 || t->dim[t->ndim - 3] != heads)
        return iso_onnx_refuse_attention(im, "whose scores isocl does not multiply with this");
    s->by_head = t;
    return ISO_OK;
}

/* Windows may be an axis of their own, or behind each other with the rows. */
static iso_rc reshape(const struct iso_onnx_importer *im, struct iso_onnx_scores *s)
{
    int64_t dim[ISO_ONNX_DIMS], count = 1, other = 1;
    int n = ISO_ONNX_AXES;
    for (int a = 0; a < s->n; a++)
        count *= s->dim[a];
    ISO_TRY(iso_onnx_view_target(im, count, s->dim, &n, dim));
    for (int a = 0; a < n; a++)
        other *= dim[a];
    if (n < 4 || n > 5 || other != count || (n == 5 && dim[0] != s->query->v.rows) ||
        memcmp(&dim[n - 3], &s->dim[s->n - 3], 3 * sizeof *dim) != 0)
        return iso_onnx_refuse_attention(im, "whose scores get another shape than isocl's");
    s->n = n;
    memcpy(s->dim, dim, (size_t)n * sizeof *dim);
    return ISO_OK;
}

iso_rc iso_onnx_take_of_scores(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_find(im, im->node->x[0]),
                                *y = im->node->nx == 2 ? iso_onnx_find(im, im->node->x[1]) : NULL;
    if (y != NULL && y->order == ISO_ONNX_SCORES && (is_op(im, "Mul") || is_op(im, "Add"))) {
        const struct iso_onnx_known *swap = x;
        x = y;
        y = swap;
    }
    if (x == NULL || x->order != ISO_ONNX_SCORES)
        return iso_onnx_refuse_attention(im, "with which isocl does not compute this");
    struct iso_onnx_scores *s = iso_onnx_alloc(im->m, 1, sizeof *s);
    const struct iso_onnx_tensor *c = y != NULL ? y->constant : NULL;
    struct iso_onnx_known result = *x;
    if (s == NULL)
        return ISO_ENOMEM;
    *s = *x->scores;
    result.scores = s;
    const int64_t axis = iso_onnx_get_int(im, "axis", -1);
    if ((is_op(im, "MatMul") || (is_op(im, "Einsum") && meaning(im) == 2)) && y != NULL &&
        y->order == ISO_ONNX_VIEW)
        return iso_onnx_take_means_of(im, s, y);
    if (is_op(im, "Softmax") && !s->softmax && (axis == -1 || axis == s->n - 1))
        s->softmax = true;
    else if (is_op(im, "Reshape"))
        ISO_TRY(reshape(im, s));
    else if (is_op(im, "Add") && c != NULL && c->data != NULL)
        ISO_TRY(add(im, s, c));
    else if ((is_op(im, "Mul") || is_op(im, "Div")) && c != NULL && c->data != NULL)
        ISO_TRY(multiply(im, s, c, is_op(im, "Div")));
    else if (!is_op(im, "Identity") && !is_op(im, "Dropout"))
        return iso_onnx_refuse_attention(im, "with whose scores isocl does not compute this");
    return iso_onnx_same(im, &result);
}
