/* dot_product_attention.c: threads share the windows and heads; the products of one are computed on
 * the register tile. The tokens of a window are gathered first, and its results are spread. */
#include "core/ops/dot_product_attention.h"
#include "gemm.h"
#include "sums.h"

enum { MOST_VECTORS = 4 };

/* For each thread: a panel of an operand, the gradient of the scores, a result before it is scaled
 * and spread, and gathered tokens of up to COPIES tensors. Behind those of all threads: the sums of
 * each window for the relative bias, and what their sum needs. */
enum { COPIES = 4 };
struct work {
    const struct iso_call *call;
    struct iso_attention s;
    float *scratch, *sums;
    int64_t panel, scores, result, copy; /* floats of each */
    int64_t step;                        /* floats from a token that is read to the next */
};

static int64_t scratch_floats(const struct work *w)
{
    return w->panel + w->scores + w->result + COPIES * w->copy;
}

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
    w.copy = w.s.across > 0 ? w.result : 0;
    w.step = w.s.across > 0 ? w.s.size : w.s.channels;
    return w;
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

/* Returns the first number of a unit's head in a tensor of tokens; NULL if it is absent. */
static float *head(const struct work *w, const struct iso_tensor *t, int64_t unit)
{
    float *first = iso_cpu_f32(t);
    return first == NULL ? NULL : first + unit % w->s.heads * w->s.size;
}

/* Returns the first number of a unit that is no window, in place. */
static float *whole(const struct work *w, const struct iso_tensor *t, int64_t tokens, int64_t unit)
{
    return head(w, t, unit) + unit / w->s.heads * tokens * w->s.channels;
}

/* Returns the tokens of a unit, from one to the next w->step floats: in place or, those of a
 * window, in copy number `number`. */
static const float *gather(const struct work *w, const struct iso_tensor *t, int64_t tokens,
                           int64_t unit, float *copies, int number)
{
    if (w->s.across == 0)
        return whole(w, t, tokens, unit);
    const float *first = head(w, t, unit);
    const int64_t window = unit / w->s.heads;
    float *copy = copies + number * w->copy;
    for (int64_t i = 0; i < tokens; i++)
        memcpy(copy + i * w->s.size,
               first + iso_attention_pixel(&w->s, tokens, window, i) * w->s.channels,
               (size_t)w->s.size * sizeof *copy);
    return copy;
}

/* out [queries, keys] = the products of tokens of a and b. */
static void multiply_tokens(const struct work *w, const float *a, const float *b, float *panel,
                            float *out)
{
    const struct iso_attention *s = &w->s;
    const struct product p = { s->queries, s->keys, s->size, a,       b,
                               w->step,    1,       w->step, s->keys, true };
    multiply(&p, panel, out);
}

/* Adds to a row of scores what depends on the places of token i and of each of the key. */
static void place(const struct work *w, int64_t unit, int64_t i, float *row)
{
    const struct iso_attention *s = &w->s;
    const float *bias = iso_cpu_f32(&w->call->w[0]);
    const int64_t window = unit / s->heads;
    const int own = iso_attention_region(s, window, i);
    for (int64_t j = 0; j < s->keys; j++) {
        const int64_t r = iso_attention_distance(s, i, j);
        row[j] = iso_attention_placed(row[j],
                                      s->biased ? bias[r * s->heads + unit % s->heads] : 0.0f,
                                      iso_attention_region(s, window, j) != own);
    }
}

static void softmax(const struct work *w, int64_t unit, int64_t i, float *restrict row)
{
    const int64_t n = w->s.keys;
    const float scale = iso_attention_scale(&w->s);
    for (int64_t j = 0; j < n; j++)
        row[j] = iso_attention_scaled(row[j], scale);
    if (iso_attention_places(&w->s))
        place(w, unit, i, row);
    const float sum = iso_cpu_exp_row(row, n, iso_cpu_max(row, n), row);
    for (int64_t j = 0; j < n; j++)
        row[j] = iso_div(row[j], sum);
}

/* Puts the results of a unit's tokens, scaled, in their places, or adds them. */
static void store(const struct work *w, int64_t tokens, int64_t unit, const float *result,
                  float scale, bool add, float *to)
{
    for (int64_t i = 0; i < tokens; i++, result += w->s.size) {
        float *y = to + iso_attention_pixel(&w->s, tokens, unit / w->s.heads, i) * w->s.channels;
        for (int64_t c = 0; c < w->s.size; c++)
            y[c] = iso_cpu_put(y[c], iso_attention_scaled(result[c], scale), add);
    }
}

static void forward_unit(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_attention *s = &w->s;
    const struct iso_tensor *x = w->call->x;
    float *panel = w->scratch + thread * scratch_floats(w), *result = panel + w->panel + w->scores,
          *copies = result + w->result;
    float *p = iso_cpu_f32(&w->call->saved[0]) + unit * w->scores;
    multiply_tokens(w, gather(w, &x[ISO_ATTENTION_QUERY], s->queries, unit, copies, 0),
                    gather(w, &x[ISO_ATTENTION_KEY], s->keys, unit, copies, 1), panel, p);
    for (int64_t i = 0; i < s->queries; i++)
        softmax(w, unit, i, p + i * s->keys);
    const float *values = gather(w, &x[ISO_ATTENTION_VALUE], s->keys, unit, copies, 2);
    const struct iso_tensor *y = &w->call->y[0];
    const struct product mean = { s->queries, s->size, s->keys, p,       values,
                                  s->keys,    1,       w->step, w->step, false };
    if (s->across == 0) {
        multiply(&mean, panel, whole(w, y, s->queries, unit));
        return;
    }
    multiply(&mean, panel, result);
    store(w, s->queries, unit, result, 1.0f, false, head(w, y, unit));
}

/* The sums of a window and head for the relative bias, of the gradients of its scores. */
static void distance_sums(const struct work *w, int64_t unit, const float *g)
{
    const struct iso_attention *s = &w->s;
    const int64_t distances = iso_attention_distances(s);
    float *sums = w->sums + unit / s->heads * distances * s->heads + unit % s->heads;
    for (int64_t r = 0; r < distances; r++) {
        float total = 0.0f, chain = 0.0f;
        int64_t terms = 0;
        for (int64_t i = 0; i < s->queries; i++) {
            const int64_t j = iso_attention_at_distance(s, i, r);
            if (j < 0)
                continue;
            if (terms++ % ISO_BLOCK_TERMS == 0) {
                total = total + chain;
                chain = 0.0f;
            }
            chain = iso_fma(g[i * s->keys + j], 1.0f, chain);
        }
        sums[r * s->heads] = total + chain;
    }
}

static bool wants_bias(const struct work *w) { return w->s.biased && w->call->dw[0].mem != NULL; }

static void backward_unit(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_attention *s = &w->s;
    const struct iso_call *call = w->call;
    float *panel = w->scratch + thread * scratch_floats(w), *g = panel + w->panel,
          *result = g + w->scores, *copies = result + w->result;
    const float *p = iso_cpu_f32(&call->saved[0]) + unit * w->scores;
    const float *dy = gather(w, &call->dy[0], s->queries, unit, copies, 0),
                *q = gather(w, &call->x[ISO_ATTENTION_QUERY], s->queries, unit, copies, 1),
                *k = gather(w, &call->x[ISO_ATTENTION_KEY], s->keys, unit, copies, 2),
                *v = gather(w, &call->x[ISO_ATTENTION_VALUE], s->keys, unit, copies, 3);
    const struct product dx[3] = {
        { s->queries, s->size, s->keys, g, k, s->keys, 1, w->step, s->size, false },
        { s->keys, s->size, s->queries, g, q, 1, s->keys, w->step, s->size, false },
        { s->keys, s->size, s->queries, p, dy, 1, s->keys, w->step, s->size, false },
    };
    multiply_tokens(w, dy, v, panel, g);
    for (int64_t i = 0; i < s->queries; i++) {
        float *row = g + i * s->keys;
        const float *own = p + i * s->keys, dot = iso_cpu_dot_row(row, own, s->keys);
        for (int64_t j = 0; j < s->keys; j++)
            row[j] = iso_softmax_grad(own[j], row[j], dot);
    }
    if (wants_bias(w))
        distance_sums(w, unit, g);
    for (int i = 0; i < 3; i++) {
        float *to = head(w, &call->dx[i], unit);
        if (to == NULL)
            continue;
        multiply(&dx[i], panel, result);
        store(w, dx[i].rows, unit, result, i == ISO_ATTENTION_VALUE ? 1.0f : iso_attention_scale(s),
              call->add_dx[i], to);
    }
}

static int64_t bias_floats(const struct work *w)
{
    return w->s.biased ? w->s.images * w->s.heads * iso_attention_distances(&w->s) : 0;
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct work w = work_of(call);
    const size_t scratch = (size_t)(iso_cpu_threads(b) * scratch_floats(&w)) * sizeof(float);
    if (pass == ISO_FORWARD || !w.s.biased)
        return scratch;
    return scratch + (size_t)bias_floats(&w) * sizeof(float) +
           ISO_CPU(sum_rows_workspace)(w.s.images, iso_attention_windows(&w.s),
                                       iso_attention_distances(&w.s) * w.s.heads);
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
    w.sums = w.scratch + iso_cpu_threads(backend) * scratch_floats(&w);
    iso_team_run(iso_cpu_team(backend), w.s.images * w.s.heads, backward_unit, &w);
    if (wants_bias(&w))
        ISO_CPU(sum_rows)(iso_cpu_team(backend), w.s.images, iso_attention_windows(&w.s),
                          iso_attention_distances(&w.s) * w.s.heads, w.sums, call->add_dw[0],
                          iso_cpu_f32(&call->dw[0]), w.sums + bias_floats(&w));
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(dot_product_attention) = { .workspace = workspace,
                                                           .forward = forward,
                                                           .backward = backward };
