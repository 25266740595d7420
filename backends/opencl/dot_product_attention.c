/* dot_product_attention.c: queues attention: the products of tokens, what their places add, a
 * softmax (activation.cl), and the means. The gradient of the scores is in the workspace; behind it
 * are the sums of each window for the relative bias, and what their sum needs. */
#include "core/ops/dot_product_attention.h"
#include "clkernels/arguments.h"
#include "sums.h"

#include <stdio.h>

static const char program[] = "dot_product_attention.cl";

static struct iso_attention sizes(const struct iso_call *call)
{
    return iso_attention_of(call->params, &call->x[ISO_ATTENTION_QUERY].shape,
                            &call->x[ISO_ATTENTION_KEY].shape);
}

static size_t scores_of(const struct iso_attention *s)
{
    return (size_t)(s->images * s->heads * s->queries * s->keys);
}

static bool limits(const struct iso_call *call, char *why, size_t n)
{
    const struct iso_attention s = sizes(call);
    if (scores_of(&s) <= INT32_MAX)
        return true;
    snprintf(why, n, "the scores have more than 2^31 - 1 elements: use a smaller batch");
    return false;
}

static struct iso_rows windows_of(const struct iso_attention *s)
{
    return (struct iso_rows){ s->images, iso_attention_windows(s) };
}

/* The numbers of the relative bias. */
static size_t bias_of(const struct iso_attention *s)
{
    return (size_t)(iso_attention_distances(s) * s->heads);
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_attention s = sizes(call);
    (void)be;
    if (pass == ISO_FORWARD)
        return 0;
    const size_t sums =
        (size_t)s.images * bias_of(&s) + opencl_sum_rows_work(windows_of(&s), bias_of(&s));
    return (scores_of(&s) + (s.biased ? sums : 0)) * sizeof(cl_float);
}

static struct opencl_attention argument(const struct iso_attention *s)
{
    return (struct opencl_attention){ .queries = (iso_i32)s->queries,
                                      .keys = (iso_i32)s->keys,
                                      .size = (iso_i32)s->size,
                                      .heads = (iso_i32)s->heads,
                                      .height = (iso_i32)s->height,
                                      .width = (iso_i32)s->width,
                                      .window_h = (iso_i32)s->window[0],
                                      .window_w = (iso_i32)s->window[1],
                                      .shift_h = (iso_i32)s->shift[0],
                                      .shift_w = (iso_i32)s->shift[1],
                                      .down = (iso_i32)s->down,
                                      .across = (iso_i32)s->across,
                                      .grid = s->grid,
                                      .biased = s->biased };
}

static struct opencl_grid grid_of(struct opencl *cl, const struct iso_attention *s, int64_t columns,
                                  int64_t rows)
{
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)columns, (size_t)rows);
    grid.groups[2] = (size_t)(s->images * s->heads);
    return grid;
}

static iso_rc scores(struct opencl *cl, const struct iso_attention *s, const struct iso_tensor *a,
                     const struct iso_tensor *b, float scale, struct opencl_at out)
{
    const struct opencl_attention a_s = argument(s);
    opencl_counts(cl, 2 * (double)scores_of(s) * (double)s->size);
    return opencl_launch(cl, program, "attention_scores", grid_of(cl, s, s->keys, s->queries),
                         ARGS(arg_tensor(a), arg_tensor(b), arg_at(out),
                              arg_struct(&a_s, sizeof a_s), arg_real(scale)));
}

/* Adds to the scores what depends on the places of two tokens. */
static iso_rc places(struct opencl *cl, const struct iso_attention *s, const struct iso_call *call)
{
    const struct opencl_attention a = argument(s);
    return opencl_launch(cl, program, "attention_places", grid_of(cl, s, s->keys, s->queries),
                         ARGS(arg_tensor(&call->saved[0]),
                              arg_optional(&call->w[0], &call->saved[0]),
                              arg_struct(&a, sizeof a)));
}

/* The means of tokens of b: for each token of the query; or, if turned, of the key. */
struct means {
    bool turned, add;
    float scale;
};
static iso_rc means(struct opencl *cl, const struct iso_attention *s, struct means m,
                    struct opencl_at p, const struct iso_tensor *b, const struct iso_tensor *out)
{
    const int64_t tokens = m.turned ? s->keys : s->queries, terms = m.turned ? s->queries : s->keys;
    const struct opencl_attention a = argument(s);
    opencl_counts(cl, 2 * (double)scores_of(s) * (double)s->size);
    return opencl_launch(cl, program, s->across > 0 ? "attention_window_means" : "attention_means",
                         grid_of(cl, s, s->size, tokens),
                         ARGS(arg_at(p), arg_tensor(b), arg_tensor(out), arg_struct(&a, sizeof a),
                              arg_int(tokens), arg_int(terms), arg_int(m.turned ? 1 : s->keys),
                              arg_int(m.turned ? s->keys : 1), arg_real(m.scale), arg_int(m.add)));
}

/* The gradient of the relative bias, of that of the scores. */
static iso_rc bias_gradient(struct opencl *cl, const struct iso_attention *s,
                            const struct iso_call *call)
{
    const struct opencl_attention a = argument(s);
    const size_t n = (size_t)s->images * bias_of(s);
    struct iso_tensor sums = call->workspace;
    sums.offset = sums.offset / sizeof(cl_float) + scores_of(s);
    ISO_TRY(opencl_launch(
        cl, program, "attention_distances", opencl_matrix_grid(cl, bias_of(s), (size_t)s->images),
        ARGS(arg_work(call, 0), arg_tensor(&sums), arg_struct(&a, sizeof a), arg_int(s->images))));
    return opencl_sum_rows(cl, &sums, windows_of(s), bias_of(s),
                           opencl_work(call, scores_of(s) + n), &call->dw[0], call->add_dw[0]);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_attention s = sizes(call);
    const struct opencl_at p = opencl_at(&call->saved[0]);
    const size_t rows = scores_of(&s) / (size_t)s.keys;
    ISO_TRY(scores(cl, &s, &call->x[ISO_ATTENTION_QUERY], &call->x[ISO_ATTENTION_KEY],
                   iso_attention_scale(&s), p));
    if (iso_attention_places(&s))
        ISO_TRY(places(cl, &s, call));
    ISO_TRY(opencl_launch(cl, "activation.cl", "activation_softmax", opencl_row_grid(cl, rows),
                          ARGS(arg_at(p), arg_at(p), arg_int(s.keys), arg_uint(rows))));
    return means(cl, &s, (struct means){ .scale = 1 }, p, &call->x[ISO_ATTENTION_VALUE],
                 &call->y[0]);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_attention s = sizes(call);
    const struct opencl_at p = opencl_at(&call->saved[0]), g = opencl_work(call, 0);
    const size_t rows = scores_of(&s) / (size_t)s.keys;
    const struct iso_tensor *x = call->x, *dx = call->dx;
    ISO_TRY(scores(cl, &s, &call->dy[0], &x[ISO_ATTENTION_VALUE], 1, g));
    ISO_TRY(opencl_launch(
        cl, "activation.cl", "activation_softmax_backward", opencl_row_grid(cl, rows),
        ARGS(arg_at(p), arg_at(g), arg_at(g), arg_int(s.keys), arg_uint(rows), arg_int(0))));
    if (s.biased && call->dw[0].mem != NULL)
        ISO_TRY(bias_gradient(cl, &s, call));
    if (dx[ISO_ATTENTION_QUERY].mem != NULL)
        ISO_TRY(means(cl, &s, (struct means){ false, call->add_dx[0], iso_attention_scale(&s) }, g,
                      &x[ISO_ATTENTION_KEY], &dx[ISO_ATTENTION_QUERY]));
    if (dx[ISO_ATTENTION_KEY].mem != NULL)
        ISO_TRY(means(cl, &s, (struct means){ true, call->add_dx[1], iso_attention_scale(&s) }, g,
                      &x[ISO_ATTENTION_QUERY], &dx[ISO_ATTENTION_KEY]));
    if (dx[ISO_ATTENTION_VALUE].mem == NULL)
        return ISO_OK;
    return means(cl, &s, (struct means){ true, call->add_dx[2], 1 }, p, &call->dy[0],
                 &dx[ISO_ATTENTION_VALUE]);
}

const struct opencl_op opencl_dot_product_attention = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "activation.cl", "sums.cl", "sums_cpu.cl" },
    .limits = limits,
};
