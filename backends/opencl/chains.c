/* chains.c: queues the exact sums of products. */
#include "chains.h"
#include "activation.h"
#include "chains_gpu.h"
#include "core/ops/activation.h"
#include "sums.h"

enum {
    ROOM = 1 << 24
}; /* floats of sums kept at a time: an amount that fits easily in a GPU's memory */
enum { MOST_DEEP = 65535 }; /* along a grid's third axis; some GPUs take no more */

bool opencl_chains_ready(struct opencl *cl, char *why, size_t n)
{
    const char *const programs[OPENCL_OP_PROGRAMS] = { "chains_gpu_any.cl" };
    return opencl_ready(cl, programs, why, n);
}

iso_rc opencl_add_border(struct opencl *cl, const struct opencl_border *s, struct opencl_at x,
                         struct opencl_at y)
{
    size_t n = (size_t)(s->n * s->ph * s->pw * s->c);
    return opencl_launch(cl, "pack.cl", "pack_border", opencl_elements(cl, n),
                         ARGS(arg_at(x), arg_at(y), arg_uint(n), arg_int(s->h), arg_int(s->w),
                              arg_int(s->c), arg_int(s->ph), arg_int(s->pw), arg_int(s->top),
                              arg_int(s->left)));
}

iso_rc opencl_pack(struct opencl *cl, const struct opencl_matrix *m, struct opencl_at x,
                   struct opencl_at y)
{
    size_t n = (size_t)(m->taps_y * m->taps_x * m->segment * m->width);
    return opencl_launch(cl, "pack.cl", "pack_matrix", opencl_elements(cl, n),
                         ARGS(arg_at(x), arg_at(y), arg_uint(n), arg_int(m->width),
                              arg_int(m->cols), arg_int(m->taps_x), arg_int(m->segment),
                              arg_int(m->x_ty), arg_int(m->x_tx), arg_int(m->x_c),
                              arg_int(m->x_col)));
}

struct opencl_chains opencl_plain_chains(int64_t rows, int64_t cols, int64_t depth, int block)
{
    return (struct opencl_chains){ .rows = (iso_i32)rows,
                                   .cols = (iso_i32)cols,
                                   .row_h = 1,
                                   .row_w = 1,
                                   .a_image = (iso_i32)depth,
                                   .taps_y = 1,
                                   .taps_x = 1,
                                   .segment = (iso_i32)depth,
                                   .ldb = (iso_i32)cols,
                                   .block = block,
                                   .y_image = (iso_i32)cols,
                                   .y_col = 1 };
}

struct opencl_chains opencl_plain_rows(int64_t rows, int64_t image, int64_t cols, int64_t depth)
{
    struct opencl_chains g = opencl_plain_chains(rows, cols, depth, 0);
    g.row_w = g.rows; /* one line of pixels, as it were */
    g.a_j = g.a_image;
    g.image = (iso_i32)image;
    return g;
}

/* Work-groups for a result of rows x cols, `deep` times. */
static struct opencl_grid tiles(const struct opencl *cl, size_t rows, size_t cols, size_t deep)
{
    size_t group = (size_t)cl->tile.group;
    return (struct opencl_grid){ { opencl_ceil(rows, (size_t)cl->tile.rows),
                                   opencl_ceil(cols, (size_t)cl->tile.cols), deep },
                                 { group, group, 1 },
                                 true };
}

/* ---- Sums over terms ---- */

static size_t depth_of(const struct opencl_chains *g)
{
    return (size_t)g->taps_y * (size_t)g->taps_x * (size_t)g->segment;
}

/* Rows of a result that has fewer tiles than the device has units. */
static size_t few_rows(const struct opencl *cl, const struct opencl_chains *g)
{
    size_t across = opencl_ceil((size_t)g->cols, (size_t)cl->tile.cols);
    return ((size_t)opencl_cores(cl) - 1) / across * (size_t)cl->tile.rows;
}

/* Returns the floats of the sums of all blocks of these rows. */
static size_t split_sums(const struct opencl_chains *g, size_t rows)
{
    return opencl_ceil(depth_of(g), (size_t)g->block) * rows * (size_t)g->cols;
}

/* True if each block is a work-group of its own. */
static bool splits(const struct opencl *cl, const struct opencl_chains *g)
{
    size_t rows = (size_t)g->rows;
    return g->split && depth_of(g) > (size_t)g->block && rows <= few_rows(cl, g) &&
           split_sums(g, rows) <= ROOM;
}

/* A turned b where it is packed first. */
static size_t packed_size(const struct opencl *cl, const struct opencl_chains *g)
{
    return g->b_col != 0 && opencl_packs_turned(cl) ? depth_of(g) * (size_t)g->cols : 0;
}

size_t opencl_chains_work(const struct opencl *cl, const struct opencl_chains *g)
{
    size_t few = few_rows(cl, g), rows = (size_t)g->rows < few ? (size_t)g->rows : few;
    size_t sums = split_sums(g, rows);
    if (!g->split || depth_of(g) <= (size_t)g->block)
        return packed_size(cl, g);
    return packed_size(cl, g) + (sums < ROOM ? sums : ROOM);
}

/* Puts the terms of a turned b below each other: *b and g are of the copy then. */
static iso_rc pack_turned(struct opencl *cl, struct opencl_chains *g, struct opencl_at *b,
                          struct opencl_at work)
{
    const struct opencl_matrix m = { .taps_y = g->taps_y,
                                     .taps_x = g->taps_x,
                                     .segment = g->segment,
                                     .x_ty = g->b_ty,
                                     .x_tx = g->b_tx,
                                     .x_c = 1,
                                     .x_col = g->b_col,
                                     .cols = g->cols,
                                     .width = g->cols };
    ISO_TRY(opencl_pack(cl, &m, *b, work));
    *b = work;
    g->ldb = g->cols;
    g->b_col = 0;
    return ISO_OK;
}

static double flops_of(const struct opencl_chains *g, size_t products)
{
    return 2.0 * (double)g->rows * (double)g->cols * (double)depth_of(g) * (double)products;
}

const struct iso_activation *opencl_fuse_activation(const struct iso_call *call,
                                                    struct opencl_chains *g)
{
    g->activation = opencl_short_activation(call->activation, &g->alpha);
    return g->activation != 0 ? NULL : call->activation;
}

struct opencl_at opencl_fuse_x_activation(const struct iso_call *call, struct opencl_chains *g)
{
    g->activation = opencl_x_activation(call, &g->alpha);
    g->gradient = g->activation != 0;
    return g->gradient ? opencl_at(&call->x[0]) : (struct opencl_at){ NULL, 0 };
}

bool opencl_bias_follows(const struct iso_call *call, size_t kernel)
{
    const struct iso_tensor *w = &call->dw[0], *bias = &call->dw[1];
    return bias->mem != NULL && bias->mem == w->mem && bias->offset == w->offset + kernel &&
           call->add_dw[0] == call->add_dw[1];
}

bool opencl_fuse_bias(const struct iso_call *call, struct opencl_chains *g)
{
    g->ones = opencl_bias_follows(call, depth_of(g) * (size_t)g->cols);
    return g->ones != 0;
}

static iso_rc over_taps(struct opencl *cl, const struct opencl_chains *g, size_t deep,
                        struct opencl_at a, struct opencl_at b, struct opencl_at bias,
                        struct opencl_at y)
{
    opencl_counts(cl, flops_of(g, g->split ? 1 : deep));
    return opencl_gpu_taps(cl, g, deep, a, b, bias, y);
}

iso_rc opencl_chains(struct opencl *cl, const struct opencl_chains *chains, struct opencl_at a,
                     struct opencl_at b, struct opencl_at bias, struct opencl_at y,
                     struct opencl_at work)
{
    struct opencl_chains g = *chains;
    size_t n = (size_t)g.rows * (size_t)g.cols;
    const size_t packed = packed_size(cl, chains);
    if (packed > 0) {
        ISO_TRY(pack_turned(cl, &g, &b, work));
        work = opencl_past(work, packed);
    }
    g.split = splits(cl, chains);
    g.has_bias = bias.mem != NULL && !g.gradient;
    if (!g.split)
        return over_taps(cl, &g, 1, a, b, bias, y);
    const struct opencl_total total = { .n = n,
                                        .parts = split_sums(&g, (size_t)g.rows) / n,
                                        .cols = g.has_bias ? (size_t)g.cols : 0,
                                        .first = true,
                                        .last = true,
                                        .add = g.add,
                                        .activation = g.activation,
                                        .alpha = g.alpha };
    g.y_next = (iso_i32)n;
    g.has_bias = g.add = g.activation = 0;
    ISO_TRY(over_taps(cl, &g, total.parts, a, b, bias, work));
    return opencl_total(cl, &total, work, y, bias, y);
}

iso_rc opencl_many_chains(struct opencl *cl, const struct opencl_chains *g, size_t products,
                          struct opencl_at a, struct opencl_at b, struct opencl_at y)
{
    const struct opencl_at none = { NULL, 0 };
    return over_taps(cl, g, products, a, b, none, y);
}

/* ---- Sums over rows ---- */

static struct iso_rows rows_of(const struct opencl_chains *g)
{
    return (struct iso_rows){ g->rows, g->image };
}

/* Returns the number of results of one product. */
static size_t results(const struct opencl_chains *g)
{
    return (depth_of(g) + (size_t)g->ones) * (size_t)g->cols;
}

/* True if a work-group adds all groups: where they are the only one, or tiles alone keep the device
 * busy. Otherwise each group is a work-group's, and their sums are added afterwards. */
static bool at_once(const struct opencl *cl, const struct opencl_chains *g,
                    struct opencl_groups groups)
{
    struct opencl_grid grid = tiles(cl, depth_of(g), (size_t)g->cols, groups.products);
    size_t count = grid.groups[0] * grid.groups[1] * grid.groups[2];
    return groups.count == (size_t)iso_group_count(rows_of(g)) &&
           (groups.count == 1 || count >= 4 * (size_t)opencl_cores(cl));
}

size_t opencl_groups_at_once(const struct opencl *cl, const struct opencl_chains *g,
                             size_t products)
{
    struct opencl_groups all = { products, 0, (size_t)iso_group_count(rows_of(g)) };
    size_t fit = ROOM / (products * results(g));
    fit = fit * products < MOST_DEEP ? fit : MOST_DEEP / products;
    return at_once(cl, g, all) || fit >= all.count ? all.count : opencl_larger(fit, 1);
}

/* The total, and the sums of the groups. A GPU's work-group that adds all groups does it in memory:
 * in the total, where y is added to. */
size_t opencl_groups_work(const struct opencl *cl, const struct opencl_chains *g,
                          struct opencl_groups groups)
{
    const size_t n = groups.products * results(g);
    return !at_once(cl, g, groups) ? (groups.count + 1) * n : groups.count > 1 ? n : 0;
}

static iso_rc over_rows(struct opencl *cl, const struct opencl_chains *g, size_t products,
                        struct opencl_at a, struct opencl_at b, struct opencl_at y)
{
    opencl_counts(cl, flops_of(g, products) * (g->end_group - g->first_group) /
                          (double)iso_group_count(rows_of(g)));
    return opencl_gpu_rows(cl, g, products, a, b, y);
}

size_t opencl_row_parts(const struct opencl *cl, const struct opencl_chains *g,
                        struct opencl_groups groups)
{
    return at_once(cl, g, groups) ? 1 : groups.count;
}

iso_rc opencl_parts_of_rows(struct opencl *cl, const struct opencl_chains *chains,
                            struct opencl_groups groups, struct opencl_at a, struct opencl_at b,
                            struct opencl_at y)
{
    struct opencl_chains g = *chains;
    g.first_group = (iso_i32)groups.first;
    g.end_group = (iso_i32)(groups.first + groups.count);
    g.deep = (iso_i32)opencl_row_parts(cl, chains, groups);
    g.each = g.deep == 1 ? (iso_i32)groups.count : 1;
    g.add = 0;
    return over_rows(cl, &g, groups.products, a, b, y);
}

iso_rc opencl_some_row_chains(struct opencl *cl, const struct opencl_chains *chains,
                              struct opencl_groups groups, struct opencl_at a, struct opencl_at b,
                              struct opencl_at y, struct opencl_at work)
{
    const struct opencl_at none = { NULL, 0 };
    const size_t end = groups.first + groups.count, n = groups.products * results(chains);
    struct opencl_chains g = *chains;
    g.first_group = (iso_i32)groups.first;
    g.end_group = (iso_i32)end;
    g.each = g.end_group;
    g.deep = 1;
    const bool once = at_once(cl, chains, groups);
    if (once && (groups.count == 1 || !g.add))
        return over_rows(cl, &g, groups.products, a, b, y);
    const struct opencl_total total = { .n = n,
                                        .parts = once ? 1 : groups.count,
                                        .first = groups.first == 0,
                                        .last = end == (size_t)iso_group_count(rows_of(&g)),
                                        .add = g.add };
    const struct opencl_at sums = once ? work : opencl_past(work, n);
    g.each = once ? g.each : 1;
    g.deep = (iso_i32)total.parts;
    g.add = 0;
    ISO_TRY(over_rows(cl, &g, groups.products, a, b, sums));
    return opencl_total(cl, &total, sums, work, none, y);
}

size_t opencl_row_chains_work(const struct opencl *cl, const struct opencl_chains *g)
{
    return opencl_groups_work(cl, g,
                              (struct opencl_groups){ 1, 0, opencl_groups_at_once(cl, g, 1) });
}

iso_rc opencl_row_chains(struct opencl *cl, const struct opencl_chains *g, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, struct opencl_at work)
{
    const size_t count = (size_t)iso_group_count(rows_of(g)),
                 most = opencl_groups_at_once(cl, g, 1);
    struct opencl_groups some = { .products = 1 };
    for (; some.first < count; some.first += some.count) {
        some.count = count - some.first < most ? count - some.first : most;
        ISO_TRY(opencl_some_row_chains(cl, g, some, a, b, y, work));
    }
    return ISO_OK;
}
