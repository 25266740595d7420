/* dot_product_attention.c: threads share the images and heads; the products of one are computed on
 * the register tile. */
#include "core/ops/dot_product_attention.h"
#include "elements.h"
#include "gemm.h"

enum { MOST_VECTORS = 4 };

/* For each thread: a panel of an operand, the gradient of the scores, and a result before it is
 * scaled. */
struct work {
    const struct iso_call *call;
    struct iso_attention s;
    float *scratch;
    int64_t panel, scores, result; /* floats of each */
};

static struct work work_of(const struct iso_call *call)
{
    struct work w = { .call = call,
                      .s = iso_attention_of(call->params, &call->x[ISO_ATTENTION_QUERY].shape,
                                            &call->x[ISO_ATTENTION_KEY].shape),
                      .scratch = (float *)(void *)iso_cpu_u8(&call->workspace) };
    const int64_t tokens = iso_max64(w.s.queries, w.s.keys);
    w.panel = iso_max64(tokens, w.s.size) * MOST_VECTORS * ISO_VEC;
    w.scores = w.s.queries * w.s.keys;
    w.result = tokens * w.s.size;
    return w;
}

static int64_t scratch_floats(const struct work *w, enum iso_pass pass)
{
    return w->panel + (pass == ISO_FORWARD ? 0 : w->scores + w->result);
}

/* c [rows, columns] = sum over k terms of a b: a[i, k] is a[i row + k term], b[k, j] is
 * b[k step + j], or b[j step + k] if turned. */
struct product {
    int64_t rows, columns, terms;
    const float *a, *b;
    int64_t row, term, step, to_row;
    bool turned;
};
static void multiply(const struct product *p, float *panel, float *c)
{
    const struct iso_gemm b = {
        .n = p->columns, .k = p->terms, .w = p->b, .ldw = p->step, .transposed = p->turned
    };
    const int vectors = iso_tile_vectors(p->columns, p->rows), width = vectors * ISO_VEC;
    const ptrdiff_t zero = 0;
    for (int64_t j = 0; j < p->columns; j += width) {
        const struct iso_tile tile = { .a = p->a,
                                       .b = panel,
                                       .c = c + j,
                                       .as = p->row,
                                       .ak = p->term,
                                       .bk = width,
                                       .cs = p->to_row,
                                       .aoff = &zero,
                                       .boff = &zero,
                                       .len = &p->terms,
                                       .nsegments = 1,
                                       .rows = (int)p->rows,
                                       .cols = (int)iso_min64(width, p->columns - j),
                                       .block = ISO_BLOCK_TERMS };
        ISO_CPU(pack)(&b, j, width, 0, p->terms, panel);
        ISO_CPU(tile_run)(&tile, vectors);
    }
}

/* Returns the first number of an image and a head in a tensor of tokens; NULL if it is absent. */
static float *part(const struct work *w, const struct iso_tensor *t, int64_t tokens, int64_t unit)
{
    float *first = iso_cpu_f32(t);
    return first == NULL
               ? NULL
               : first + unit / w->s.heads * tokens * w->s.channels + unit % w->s.heads * w->s.size;
}

/* out [queries, keys] = the products of tokens of a and b. */
static void multiply_tokens(const struct work *w, const float *a, const float *b, float *panel,
                            float *out)
{
    const struct iso_attention *s = &w->s;
    const struct product p = { s->queries,  s->keys, s->size,     a,       b,
                               s->channels, 1,       s->channels, s->keys, true };
    multiply(&p, panel, out);
}

static void softmax(float *restrict row, int64_t n, float scale)
{
    for (int64_t j = 0; j < n; j++)
        row[j] = iso_attention_scaled(row[j], scale);
    const float sum = iso_cpu_exp_row(row, n, iso_cpu_max(row, n), row);
    for (int64_t j = 0; j < n; j++)
        row[j] = iso_div(row[j], sum);
}

static void forward_unit(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_attention *s = &w->s;
    const struct iso_tensor *x = w->call->x;
    float *panel = w->scratch + thread * scratch_floats(w, ISO_FORWARD);
    float *p = iso_cpu_f32(&w->call->saved[0]) + unit * w->scores;
    multiply_tokens(w, part(w, &x[ISO_ATTENTION_QUERY], s->queries, unit),
                    part(w, &x[ISO_ATTENTION_KEY], s->keys, unit), panel, p);
    for (int64_t i = 0; i < s->queries; i++)
        softmax(p + i * s->keys, s->keys, iso_attention_scale(s));
    const float *values = part(w, &x[ISO_ATTENTION_VALUE], s->keys, unit);
    const struct product mean = { s->queries, s->size, s->keys,     p,           values,
                                  s->keys,    1,       s->channels, s->channels, false };
    multiply(&mean, panel, part(w, &w->call->y[0], s->queries, unit));
}

static float dot_row(const float *restrict g, const float *restrict p, int64_t n)
{
    float total = 0.0f;
    for (int64_t begin = 0; begin < n; begin += ISO_BLOCK_ELEMENTS) {
        const int64_t end = iso_min64(begin + ISO_BLOCK_ELEMENTS, n);
        float lane[ISO_LANES] = { 0.0f };
        for (int64_t j = begin; j < end; j++)
            lane[j % ISO_LANES] = iso_fma(g[j], p[j], lane[j % ISO_LANES]);
        total = total + iso_cpu_lanes_total(lane);
    }
    return total;
}

/* A gradient of tokens: the products in `result`, scaled, or added to what is there. */
static void store(const struct work *w, int64_t tokens, const float *result, float scale, bool add,
                  float *dx)
{
    for (int64_t i = 0; i < tokens; i++, result += w->s.size, dx += w->s.channels)
        for (int64_t c = 0; c < w->s.size; c++)
            dx[c] = iso_cpu_put(dx[c], iso_attention_scaled(result[c], scale), add);
}

static void backward_unit(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_attention *s = &w->s;
    const struct iso_call *call = w->call;
    float *panel = w->scratch + thread * scratch_floats(w, ISO_BACKWARD), *g = panel + w->panel,
          *result = g + w->scores;
    const float *p = iso_cpu_f32(&call->saved[0]) + unit * w->scores;
    const float *dy = part(w, &call->dy[0], s->queries, unit),
                *q = part(w, &call->x[ISO_ATTENTION_QUERY], s->queries, unit),
                *k = part(w, &call->x[ISO_ATTENTION_KEY], s->keys, unit),
                *v = part(w, &call->x[ISO_ATTENTION_VALUE], s->keys, unit);
    const struct product dx[3] = {
        { s->queries, s->size, s->keys, g, k, s->keys, 1, s->channels, s->size, false },
        { s->keys, s->size, s->queries, g, q, 1, s->keys, s->channels, s->size, false },
        { s->keys, s->size, s->queries, p, dy, 1, s->keys, s->channels, s->size, false },
    };
    multiply_tokens(w, dy, v, panel, g);
    for (int64_t i = 0; i < s->queries; i++) {
        float *row = g + i * s->keys;
        const float *own = p + i * s->keys, dot = dot_row(row, own, s->keys);
        for (int64_t j = 0; j < s->keys; j++)
            row[j] = iso_softmax_grad(own[j], row[j], dot);
    }
    for (int i = 0; i < 3; i++) {
        float *to = part(w, &call->dx[i], dx[i].rows, unit);
        if (to == NULL)
            continue;
        multiply(&dx[i], panel, result);
        store(w, dx[i].rows, result, i == ISO_ATTENTION_VALUE ? 1.0f : iso_attention_scale(s),
              call->add_dx[i], to);
    }
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct work w = work_of(call);
    return (size_t)(iso_cpu_threads(b) * scratch_floats(&w, pass)) * sizeof(float);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    iso_team_run(iso_cpu_team(backend), w.s.images * w.s.heads, forward_unit, &w);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    iso_team_run(iso_cpu_team(backend), w.s.images * w.s.heads, backward_unit, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(dot_product_attention) = { .workspace = workspace,
                                                           .forward = forward,
                                                           .backward = backward };
