/* dot_product_attention.c: parameters, shapes and cost of attention. */
#include "dot_product_attention.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "heads", ISO_FIELD_INT, offsetof(struct iso_dot_product_attention, heads), "1", 1, 1 << 16,
      NULL, "number of equal parts of the channels, each with an attention of its own" },
    { 0 },
};
static const char *const saved[] = { "probabilities", NULL };

struct iso_attention iso_attention_of(const struct iso_dot_product_attention *p,
                                      const struct iso_shape *query, const struct iso_shape *key)
{
    const int64_t size = query->dim[3] / p->heads;
    return (struct iso_attention){ .images = query->dim[0],
                                   .heads = p->heads,
                                   .queries = query->dim[1] * query->dim[2],
                                   .keys = key->dim[1] * key->dim[2],
                                   .channels = query->dim[3],
                                   .size = size };
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_dot_product_attention *p = params;
    const struct iso_shape *query = &x[ISO_ATTENTION_QUERY], *key = &x[ISO_ATTENTION_KEY];
    *out = (struct iso_shapes){ .ny = 1, .nsaved = 1, .y = { *query } };
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
    const struct iso_attention a = iso_attention_of(p, query, key);
    out->saved[0] = (struct iso_shape){ 4, { a.images, a.heads, a.queries, a.keys } };
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
    { 0 },
};

const struct iso_op_def iso_def_dot_product_attention = {
    .doc =
        "each token of the first input takes a mean of the third, weighted by how much it is "
        "like the tokens of the second: Keras's ops.dot_product_attention",
    .topic = "layers",
    .params_size = sizeof(struct iso_dot_product_attention),
    .fields = fields,
    .nx = 3,
    .saved = saved,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
