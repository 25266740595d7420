/* dot_product_attention.c: queues attention: the products of tokens, a softmax (activation.cl), and
 * the means. The gradient of the scores is in the workspace. */
#include "core/ops/dot_product_attention.h"
#include "grids.h"

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

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_attention s = sizes(call);
    (void)be;
    return pass == ISO_FORWARD ? 0 : scores_of(&s) * sizeof(cl_float);
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
    opencl_counts(cl, 2 * (double)scores_of(s) * (double)s->size);
    return opencl_launch(cl, program, "attention_scores", grid_of(cl, s, s->keys, s->queries),
                         ARGS(arg_tensor(a), arg_tensor(b), arg_at(out), arg_int(s->queries),
                              arg_int(s->keys), arg_int(s->size), arg_int(s->heads),
                              arg_real(scale)));
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
    opencl_counts(cl, 2 * (double)scores_of(s) * (double)s->size);
    return opencl_launch(cl, program, "attention_means", grid_of(cl, s, s->size, tokens),
                         ARGS(arg_at(p), arg_tensor(b), arg_tensor(out), arg_int(tokens),
                              arg_int(terms), arg_int(m.turned ? 1 : s->keys),
                              arg_int(m.turned ? s->keys : 1), arg_int(s->size), arg_int(s->heads),
                              arg_real(m.scale), arg_int(m.add)));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_attention s = sizes(call);
    const struct opencl_at p = opencl_at(&call->saved[0]);
    const size_t rows = scores_of(&s) / (size_t)s.keys;
    ISO_TRY(scores(cl, &s, &call->x[ISO_ATTENTION_QUERY], &call->x[ISO_ATTENTION_KEY],
                   iso_attention_scale(&s), p));
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
    .programs = { program, "activation.cl" },
    .limits = limits,
};
