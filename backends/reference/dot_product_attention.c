/* dot_product_attention.c: the sums of core/ops/dot_product_attention.h. The gradient of the
 * scores, g, is kept in the workspace, laid out as the probabilities; behind it are the sums of
 * each window for the relative bias. */
#include "core/ops/dot_product_attention.h"
#include "sums.h"

static struct iso_attention sizes(const struct iso_call *call)
{
    return iso_attention_of(call->params, &call->x[ISO_ATTENTION_QUERY].shape,
                            &call->x[ISO_ATTENTION_KEY].shape);
}

/* A tensor of tokens, of one window and head; first NULL: absent. tokens: see
 * iso_attention_pixel. */
struct part {
    const struct iso_attention *s;
    iso_real *first;
    int64_t tokens, window;
};
static struct part part(const struct iso_attention *s, const struct iso_tensor *t, int64_t tokens,
                        int64_t unit)
{
    iso_real *x = ref_real(t);
    return (struct part){ s, x == NULL ? NULL : x + unit % s->heads * s->size, tokens,
                          unit / s->heads };
}
static iso_real *token(const struct part *p, int64_t i)
{
    return p->first + iso_attention_pixel(p->s, p->tokens, p->window, i) * p->s->channels;
}

/* Sets out [queries, keys] to the products of tokens of a and b, scaled. */
static void scores(const struct iso_attention *s, struct part a, struct part b, iso_real scale,
                   iso_real *out)
{
    for (int64_t i = 0; i < s->queries; i++)
        for (int64_t j = 0; j < s->keys; j++, out++) {
            const iso_real *x = token(&a, i), *y = token(&b, j);
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t c = 0; c < s->size; c++)
                ref_product(&sum, x[c], y[c]);
            *out = iso_attention_scaled(ref_products_total(&sum), scale);
        }
}

/* Adds to the scores of a unit what depends on the places of two tokens. */
static void place(const struct iso_attention *s, const iso_real *bias, int64_t unit, iso_real *out)
{
    const int64_t window = unit / s->heads, head = unit % s->heads;
    for (int64_t i = 0; i < s->queries; i++)
        for (int64_t j = 0; j < s->keys; j++, out++) {
            const int64_t r = iso_attention_distance(s, i, j);
            *out = iso_attention_placed(*out, s->biased ? bias[r * s->heads + head] : ISO_R(0.0),
                                        iso_attention_region(s, window, i) !=
                                            iso_attention_region(s, window, j));
        }
}

/* Sets the tokens of `out`, of one window and head, to means of those of b, or adds them: token i
 * is the sum over `terms` tokens j of p[i row + j term] b[j]. */
struct mean {
    int64_t tokens, terms, row, term;
    iso_real scale;
    bool add;
};
static void mix(const struct mean *m, const iso_real *p, struct part b, struct part out)
{
    for (int64_t i = 0; i < m->tokens && out.first != NULL; i++)
        for (int64_t c = 0; c < b.s->size; c++) {
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t j = 0; j < m->terms; j++)
                ref_product(&sum, p[i * m->row + j * m->term], token(&b, j)[c]);
            ref_put(&token(&out, i)[c], iso_attention_scaled(ref_products_total(&sum), m->scale),
                    m->add);
        }
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

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_attention s = sizes(call);
    const struct mean values = { s.queries, s.keys, s.keys, 1, 1, false };
    iso_real *p = ref_real(&call->saved[0]);
    (void)backend;
    for (int64_t u = 0; u < s.images * s.heads; u++, p += s.queries * s.keys) {
        scores(&s, part(&s, &call->x[ISO_ATTENTION_QUERY], s.queries, u),
               part(&s, &call->x[ISO_ATTENTION_KEY], s.keys, u), iso_attention_scale(&s), p);
        if (iso_attention_places(&s))
            place(&s, ref_real(&call->w[0]), u, p);
        for (int64_t i = 0; i < s.queries; i++)
            softmax(p + i * s.keys, s.keys);
        mix(&values, p, part(&s, &call->x[ISO_ATTENTION_VALUE], s.keys, u),
            part(&s, &call->y[0], s.queries, u));
    }
    return ISO_OK;
}

static bool wants_bias(const struct iso_call *call, const struct iso_attention *s)
{
    return s->biased && call->dw[0].mem != NULL;
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct iso_attention s = sizes(call);
    const int64_t sums = s.biased ? s.images * s.heads * iso_attention_distances(&s) : 0;
    (void)backend;
    return pass == ISO_FORWARD ? 0 : sizeof(iso_real) * (size_t)(s.queries * s.keys + sums);
}

/* Sets the sums of one window and head: those of g over pairs of tokens of each distance. */
static void distance_sums(const struct iso_attention *s, const iso_real *g, iso_real *sums)
{
    for (int64_t r = 0; r < iso_attention_distances(s); r++) {
        struct ref_products sum = { .block = ISO_BLOCK_TERMS };
        for (int64_t i = 0; i < s->queries; i++) {
            const int64_t j = iso_attention_at_distance(s, i, r);
            if (j >= 0)
                ref_product(&sum, g[i * s->keys + j], ISO_R(1.0));
        }
        sums[r * s->heads] = ref_products_total(&sum);
    }
}

static void gradients(const struct iso_call *call, const struct iso_attention *s, int64_t u)
{
    const iso_real *p = ref_real(&call->saved[0]) + u * s->queries * s->keys;
    const struct part dy = part(s, &call->dy[0], s->queries, u);
    iso_real *g = ref_work(call, 0);
    struct part x[3], dx[3];
    for (int i = 0; i < 3; i++) {
        const int64_t tokens = i == ISO_ATTENTION_QUERY ? s->queries : s->keys;
        x[i] = part(s, &call->x[i], tokens, u);
        dx[i] = part(s, &call->dx[i], tokens, u);
    }
    const iso_real scale = iso_attention_scale(s);
    const struct mean query = { s->queries, s->keys, s->keys, 1, scale, call->add_dx[0] },
                      key = { s->keys, s->queries, 1, s->keys, scale, call->add_dx[1] },
                      value = { s->keys, s->queries, 1, s->keys, 1, call->add_dx[2] };
    scores(s, dy, x[ISO_ATTENTION_VALUE], 1, g);
    for (int64_t i = 0; i < s->queries; i++)
        softmax_gradient(p + i * s->keys, g + i * s->keys, s->keys);
    mix(&query, g, x[ISO_ATTENTION_KEY], dx[ISO_ATTENTION_QUERY]);
    mix(&key, g, x[ISO_ATTENTION_QUERY], dx[ISO_ATTENTION_KEY]);
    mix(&value, p, dy, dx[ISO_ATTENTION_VALUE]);
    if (wants_bias(call, s))
        distance_sums(s, g,
                      ref_work(call, s->queries * s->keys) +
                          u / s->heads * iso_attention_distances(s) * s->heads + u % s->heads);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_attention s = sizes(call);
    (void)backend;
    for (int64_t u = 0; u < s.images * s.heads; u++)
        gradients(call, &s, u);
    if (wants_bias(call, &s))
        ISO_KERNEL(column_sums)((struct iso_rows){ s.images, iso_attention_windows(&s) },
                                iso_attention_distances(&s) * s.heads,
                                ref_work(call, s.queries * s.keys), ref_real(&call->dw[0]),
                                call->add_dw[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(dot_product_attention) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
