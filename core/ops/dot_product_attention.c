/* dot_product_attention.c: parameters, shapes and cost of attention. */
#include "dot_product_attention.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_dot_product_attention, member)
static const struct iso_field fields[] = {
    { "heads", ISO_FIELD_INT, AT(heads), "1", 1, 1 << 16, NULL,
      "number of equal parts of the channels, each with an attention of its own" },
    { "scale", ISO_FIELD_REAL, AT(scale), "0", 0, 1e6, NULL,
      "factor of the products; 0: 1 / the root of a head's channels" },
    { "window", ISO_FIELD_INT2, AT(window), "0", 0, 4096, NULL,
      "height and width of the windows that an image is divided into, each with an attention of "
      "its own; 0: none" },
    { "shift", ISO_FIELD_INT2, AT(shift), "0", 0, 4095, NULL,
      "by how much the windows are shifted down and to the right; those at the edge go on at the "
      "other side, without seeing what is there" },
    { "grid", ISO_FIELD_BOOL, AT(grid), "false", 0, 0, NULL,
      "spread the pixels of each window evenly over the image, as MaxViT's grid attention does" },
    { "use_relative_bias", ISO_FIELD_BOOL, AT(use_relative_bias), "false", 0, 0, NULL,
      "add a learned number for each head and distance of two pixels to their score" },
    { "relative_bias_initializer", ISO_FIELD_INITIALIZER, AT(relative_bias_initializer),
      "{truncated_normal: {stddev: 0.02}}", 0, 0, NULL, "initial values of these numbers" },
    { "relative_bias_regularizer", ISO_FIELD_REGULARIZER, AT(relative_bias_regularizer), "none", 0,
      0, NULL, "what their size costs" },
    { 0 },
};
static const struct iso_weight_def weights[] = {
    { "relative_bias", AT(relative_bias_initializer), true, AT(relative_bias_regularizer) },
    { 0 },
};
static const char *const saved[] = { "probabilities", NULL };

static bool divided(const struct iso_dot_product_attention *p) { return p->window[0] > 0; }

struct iso_attention iso_attention_of(const struct iso_dot_product_attention *p,
                                      const struct iso_shape *query, const struct iso_shape *key)
{
    const int64_t size = query->dim[3] / p->heads;
    struct iso_attention s = { .images = query->dim[0],
                               .heads = p->heads,
                               .queries = query->dim[1] * query->dim[2],
                               .keys = key->dim[1] * key->dim[2],
                               .channels = query->dim[3],
                               .size = size,
                               .scale = p->scale,
                               .height = query->dim[1],
                               .width = query->dim[2],
                               .window = { query->dim[1], query->dim[2] },
                               .grid = p->grid,
                               .biased = p->use_relative_bias };
    if (!divided(p))
        return s;
    for (int i = 0; i < 2; i++) {
        s.window[i] = p->window[i];
        s.shift[i] = p->shift[i];
    }
    s.down = s.height / s.window[0];
    s.across = s.width / s.window[1];
    s.images *= s.down * s.across;
    s.queries = s.keys = s.window[0] * s.window[1];
    return s;
}

static iso_rc check(const void *params)
{
    const struct iso_dot_product_attention *p = params;
    for (int i = 0; i < 2; i++) {
        if ((p->window[i] > 0) != divided(p))
            return iso_fail(ISO_EMODEL, "window has one side of 0");
        if (p->shift[i] > 0 && p->shift[i] >= p->window[i])
            return iso_fail(ISO_EMODEL, "shift must be less than window");
    }
    if (p->grid && !divided(p))
        return iso_fail(ISO_EMODEL, "grid is for windows: give window");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_dot_product_attention *p = params;
    const struct iso_shape *query = &x[ISO_ATTENTION_QUERY], *key = &x[ISO_ATTENTION_KEY];
    *out = (struct iso_shapes){ .ny = 1, .nw = p->use_relative_bias, .nsaved = 1, .y = { *query } };
    for (int i = 0; i < 3; i++)
        ISO_TRY(iso_expect_ndim(&x[i], 4, " (a batch of tokens: 1 x tokens x channels)"));
    if (!iso_shape_equal(key, &x[ISO_ATTENTION_VALUE]) || key->dim[3] != query->dim[3] ||
        key->dim[0] != query->dim[0])
        return iso_fail(ISO_ESHAPE,
                        "its inputs are query, key and value, with as many examples and channels "
                        "each, and key and value with as many tokens");
    if (query->dim[3] % p->heads != 0)
        return iso_fail(ISO_ESHAPE, "%lld heads do not divide %lld channels evenly",
                        (long long)p->heads, (long long)query->dim[3]);
    if ((divided(p) || p->use_relative_bias) && !iso_shape_equal(query, key))
        return iso_fail(ISO_ESHAPE,
                        "windows and distances are those of one image: query and key must have "
                        "one shape");
    if (divided(p) && (query->dim[1] % p->window[0] != 0 || query->dim[2] % p->window[1] != 0))
        return iso_fail(ISO_ESHAPE,
                        "windows of %lld x %lld do not divide an image of %lld x %lld evenly: put "
                        "zero_padding2d before it",
                        (long long)p->window[0], (long long)p->window[1], (long long)query->dim[1],
                        (long long)query->dim[2]);
    const struct iso_attention s = iso_attention_of(p, query, key);
    out->saved[0] = (struct iso_shape){
        4, { query->dim[0], iso_attention_windows(&s) * s.heads, s.queries, s.keys }
    };
    if (s.biased)
        out->w[0] = (struct iso_shape){ 2, { iso_attention_distances(&s), s.heads } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_attention a = iso_attention_of(params, &x[0], &x[1]);
    const double scores = (double)a.images * (double)a.heads * (double)a.queries * (double)a.keys;
    const double tokens = (double)a.images * (double)(2 * a.queries + 2 * a.keys);
    const double passes = pass == ISO_FORWARD ? 1 : 2;
    const int64_t keys = iso_product_chain(a.keys), queries = iso_product_chain(a.queries);
    *out = (struct iso_cost){
        .flops = passes * 4 * scores * (double)a.size,
        .bytes = passes * sizeof(float) * (2 * scores + tokens * (double)a.channels),
        .chain = iso_product_chain(a.size) + (keys > queries ? keys : queries),
    };
}

static const struct iso_sum_def sums[] = {
    { "scores, and their gradients before the softmax's", ISO_SUM_PRODUCTS, "channel of the head" },
    { "softmax", ISO_SUM_AXIS, "token of the key" },
    { "y, dquery", ISO_SUM_PRODUCTS, "token of the key" },
    { "dkey, dvalue", ISO_SUM_PRODUCTS, "token of the query" },
    { "drelative_bias of a window", ISO_SUM_PRODUCTS,
      "token of the query that has a key at the distance" },
    { "drelative_bias", ISO_SUM_ROWS, "a window" },
    { 0 },
};

const struct iso_op_def iso_def_dot_product_attention = {
    .doc =
        "each token of the first input takes a mean of the third, weighted by how much it is "
        "like the tokens of the second: Keras's ops.dot_product_attention",
    .topic = "layers",
    .params_size = sizeof(struct iso_dot_product_attention),
    .fields = fields,
    .weights = weights,
    .nx = 3,
    .saved = saved,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .check = check,
};
