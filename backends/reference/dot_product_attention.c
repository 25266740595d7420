/* dot_product_attention.c: the sums of core/ops/dot_product_attention.h. The gradient of the
 * scores, g, is kept in the workspace, laid out as the probabilities. */
#include "core/ops/dot_product_attention.h"
#include "core/arithmetic/formulas.h"
#include "sums.h"

static struct iso_attention sizes(const struct iso_call *call)
{
    return iso_attention_of(call->params, &call->x[ISO_ATTENTION_QUERY].shape,
                            &call->x[ISO_ATTENTION_KEY].shape);
}

/* Returns the sum over n terms of a[i a_step] b[i b_step], scaled. */
static iso_real product(const iso_real *a, int64_t a_step, const iso_real *b, int64_t b_step,
                        int64_t n, iso_real scale)
{
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t i = 0; i < n; i++)
        ref_product(&sum, a[i * a_step], b[i * b_step]);
    return iso_attention_scaled(ref_products_total(&sum), scale);
}

/* Sets out [queries, keys] to the products of tokens of a and b, each of one image and head. */
static void scores(const struct iso_attention *s, const iso_real *a, const iso_real *b,
                   iso_real scale, iso_real *out)
{
    for (int64_t i = 0; i < s->queries; i++)
        for (int64_t j = 0; j < s->keys; j++, out++)
            *out = product(a + i * s->channels, 1, b + j * s->channels, 1, s->size, scale);
}

/* Sets the tokens of `out`, of one image and head, to means of those of b, or adds them: token i is
 * the sum over `terms` tokens j of p[i row + j term] b[j]. */
struct mean {
    int64_t tokens, terms, row, term;
    iso_real scale;
    bool add;
};
static void mix(const struct iso_attention *s, const struct mean *m, const iso_real *p,
                const iso_real *b, iso_real *out)
{
    for (int64_t i = 0; i < m->tokens; i++)
        for (int64_t c = 0; c < s->size; c++)
            ref_put(&out[i * s->channels + c],
                    product(p + i * m->row, m->term, b + c, s->channels, m->terms, m->scale),
                    m->add);
}

static void softmax(iso_real *row, int64_t n)
{
    iso_real max, sum;
    ISO_KERNEL(softmax_row)(row, n, &max, &sum);
    for (int64_t j = 0; j < n; j++)
        row[j] = iso_softmax(row[j], max, sum);
}

static void softmax_gradient(const iso_real *p, iso_real *g, int64_t n)
{
    struct ref_axis sum = { 0 };
    for (int64_t j = 0; j < n; j++)
        ref_lane_product(&sum, g[j], p[j]);
    const iso_real dot = ref_axis_total(&sum);
    for (int64_t j = 0; j < n; j++)
        g[j] = iso_softmax_grad(p[j], g[j], dot);
}

/* Returns the first number of an image and a head in a tensor of tokens; NULL if it is absent. */
static iso_real *part(const struct iso_attention *s, const struct iso_tensor *t, int64_t tokens,
                      int64_t unit)
{
    iso_real *first = ref_real(t);
    return first == NULL
               ? NULL
               : first + unit / s->heads * tokens * s->channels + unit % s->heads * s->size;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_attention s = sizes(call);
    const struct mean values = { s.queries, s.keys, s.keys, 1, 1, false };
    iso_real *p = ref_real(&call->saved[0]);
    (void)backend;
    for (int64_t u = 0; u < s.images * s.heads; u++, p += s.queries * s.keys) {
        scores(&s, part(&s, &call->x[ISO_ATTENTION_QUERY], s.queries, u),
               part(&s, &call->x[ISO_ATTENTION_KEY], s.keys, u), iso_attention_scale(&s), p);
        for (int64_t i = 0; i < s.queries; i++)
            softmax(p + i * s.keys, s.keys);
        mix(&s, &values, p, part(&s, &call->x[ISO_ATTENTION_VALUE], s.keys, u),
            part(&s, &call->y[0], s.queries, u));
    }
    return ISO_OK;
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct iso_attention s = sizes(call);
    (void)backend;
    return pass == ISO_FORWARD ? 0 : sizeof(iso_real) * (size_t)(s.queries * s.keys);
}

static void gradients(const struct iso_call *call, const struct iso_attention *s, int64_t u)
{
    const iso_real *p = ref_real(&call->saved[0]) + u * s->queries * s->keys;
    const iso_real *dy = part(s, &call->dy[0], s->queries, u);
    iso_real *g = ref_work(call, 0), *dx[3];
    for (int i = 0; i < 3; i++)
        dx[i] = part(s, &call->dx[i], i == ISO_ATTENTION_QUERY ? s->queries : s->keys, u);
    const iso_real scale = iso_attention_scale(s);
    const struct mean query = { s->queries, s->keys, s->keys, 1, scale, call->add_dx[0] },
                      key = { s->keys, s->queries, 1, s->keys, scale, call->add_dx[1] },
                      value = { s->keys, s->queries, 1, s->keys, 1, call->add_dx[2] };
    scores(s, dy, part(s, &call->x[ISO_ATTENTION_VALUE], s->keys, u), 1, g);
    for (int64_t i = 0; i < s->queries; i++)
        softmax_gradient(p + i * s->keys, g + i * s->keys, s->keys);
    if (dx[ISO_ATTENTION_QUERY] != NULL)
        mix(s, &query, g, part(s, &call->x[ISO_ATTENTION_KEY], s->keys, u),
            dx[ISO_ATTENTION_QUERY]);
    if (dx[ISO_ATTENTION_KEY] != NULL)
        mix(s, &key, g, part(s, &call->x[ISO_ATTENTION_QUERY], s->queries, u),
            dx[ISO_ATTENTION_KEY]);
    if (dx[ISO_ATTENTION_VALUE] != NULL)
        mix(s, &value, p, dy, dx[ISO_ATTENTION_VALUE]);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_attention s = sizes(call);
    (void)backend;
    for (int64_t u = 0; u < s.images * s.heads; u++)
        gradients(call, &s, u);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(dot_product_attention) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
