/* chains_gpu.c: queues the sums of products on devices of the GPU shape. */
#include "chains_gpu.h"

static bool by_four(int64_t n) { return n % 4 == 0; }

/* True if four floats can be read at a time: places of rows, terms and columns are sums of
 * multiples of four. */
static bool is_wide(const struct opencl_chains *g, enum opencl_over over)
{
    const bool a = by_four(g->segment) && by_four(g->a_image) && by_four(g->a_i) &&
                   by_four(g->a_j) && by_four(g->a_ty) && by_four(g->a_tx) && by_four(g->a_first) &&
                   by_four(g->a_next);
    const bool b = over == OPENCL_OVER_TURNED
                       ? by_four(g->b_ty) && by_four(g->b_tx) && by_four(g->b_col)
                       : by_four(g->ldb);
    const bool y = over == OPENCL_OVER_ROWS ||
                   (by_four(g->y_image) && by_four(g->y_i) && by_four(g->y_j));
    return a && b && y && by_four(g->cols) && by_four(g->b_next) && by_four(g->y_next);
}

static bool lies_wide(struct opencl_at at) { return at.mem == NULL || at.at % 4 == 0; }

static struct opencl_product_shape shape_of(const struct opencl_chains *g, enum opencl_over over,
                                            size_t deep)
{
    const size_t depth = (size_t)g->taps_y * (size_t)g->taps_x * (size_t)g->segment;
    const size_t rows = (size_t)g->rows, block = (size_t)g->block;
    const size_t groups = over == OPENCL_OVER_ROWS ? (size_t)g->deep : 1;
    const size_t terms = g->split && block < depth ? block : depth;
    return (struct opencl_product_shape){
        .over = over,
        .wide = is_wide(g, over),
        .rows = over == OPENCL_OVER_ROWS ? depth + (size_t)g->ones : rows,
        .cols = (size_t)g->cols,
        .depth = over == OPENCL_OVER_ROWS ? opencl_ceil(rows, groups) : terms,
        .products = deep
    };
}

static iso_rc launch(struct opencl *cl, const struct opencl_chains *g,
                     const struct opencl_product_shape *s, struct opencl_at a, struct opencl_at b,
                     struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_variant *v;
    if (cl->noting)
        return opencl_product_note(cl, s);
    ISO_TRY(opencl_variant_of(cl, s, &v));
    const size_t items = v->subgroups ? 8 : (size_t)v->items;
    const struct opencl_grid grid = { { opencl_ceil(s->rows, (size_t)v->rows),
                                        opencl_ceil(s->cols, (size_t)v->cols), s->products },
                                      { items, (size_t)v->items / items, 1 },
                                      true };
    return opencl_launch(cl, v->program, opencl_variant_kernel(s->over), grid,
                         ARGS(arg_at(a), arg_at(b), arg_at(bias.mem != NULL ? bias : y), arg_at(y),
                              arg_struct(g, sizeof *g)));
}

iso_rc opencl_gpu_taps(struct opencl *cl, const struct opencl_chains *g, size_t deep,
                       struct opencl_at a, struct opencl_at b, struct opencl_at bias,
                       struct opencl_at y)
{
    struct opencl_product_shape s =
        shape_of(g, g->b_col != 0 ? OPENCL_OVER_TURNED : OPENCL_OVER_TAPS, deep);
    s.wide = s.wide && lies_wide(a) && lies_wide(b) && lies_wide(bias) && lies_wide(y);
    return launch(cl, g, &s, a, b, bias, y);
}

iso_rc opencl_gpu_rows(struct opencl *cl, const struct opencl_chains *g, size_t products,
                       struct opencl_at a, struct opencl_at b, struct opencl_at y)
{
    const struct opencl_at none = { NULL, 0 };
    struct opencl_product_shape s = shape_of(g, OPENCL_OVER_ROWS, products * (size_t)g->deep);
    s.wide = s.wide && lies_wide(a) && lies_wide(b) && lies_wide(y);
    return launch(cl, g, &s, a, b, none, y);
}
