/* chains.c: queues the exact sums of products. */
#include "chains.h"
#include "sums.h"

/* Floats of block sums that are kept at a time: what fits a CPU's cache, or a GPU's memory easily.
 */
enum { PARTIAL_CPU = 1 << 20, PARTIAL_GPU = 1 << 24 };

int opencl_b_cols(const struct opencl *cl, int64_t cols)
{
    bool wide = cl->shape == OPENCL_SHAPE_GPU || cols >= cl->tile.cols;
    return wide ? (int)cols : cl->tile.cols;
}

static struct opencl_arg arg_at(struct opencl_at at) { return arg_mem(at.mem, at.at); }

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

size_t opencl_widen_work(const struct opencl *cl, int64_t depth, int64_t cols)
{
    int width = opencl_b_cols(cl, cols);
    return width == cols ? 0 : (size_t)(depth * width);
}

iso_rc opencl_widen(struct opencl *cl, int64_t depth, int64_t cols, struct opencl_at work,
                    struct opencl_at *b, iso_i32 *ldb)
{
    *ldb = opencl_b_cols(cl, cols);
    if (*ldb == cols)
        return ISO_OK;
    struct opencl_matrix m = { .taps_y = 1,
                               .taps_x = 1,
                               .segment = depth,
                               .x_c = cols,
                               .x_col = 1,
                               .cols = cols,
                               .width = *ldb };
    ISO_TRY(opencl_pack(cl, &m, *b, work));
    *b = work;
    return ISO_OK;
}

/* Groups of work-items for a result of rows x cols, `deep` times. */
static struct opencl_grid tiles(const struct opencl *cl, size_t rows, size_t cols, size_t deep)
{
    size_t group = (size_t)cl->tile.group;
    return (struct opencl_grid){ { opencl_ceil(rows, (size_t)cl->tile.rows),
                                   opencl_ceil(cols, (size_t)cl->tile.cols), deep },
                                 { group, group, 1 } };
}

iso_rc opencl_chains(struct opencl *cl, const struct opencl_chains *chains, struct opencl_at a,
                     struct opencl_at b, struct opencl_at bias, struct opencl_at y)
{
    struct opencl_chains g = *chains;
    g.has_bias = bias.mem != NULL;
    return opencl_launch(cl, "chains.cl", "chains_over_taps",
                         tiles(cl, (size_t)g.rows, (size_t)g.cols, 1),
                         ARGS(arg_at(a), arg_at(b), arg_at(bias.mem ? bias : y), arg_at(y),
                              arg_struct(&g, sizeof g)));
}

static size_t results(const struct opencl_chains *g)
{
    return (size_t)g->taps_y * (size_t)g->taps_x * (size_t)g->segment * (size_t)g->cols;
}

/* True if tiles alone keep the device busy: then a work-group takes all blocks and no sum of a
 * block has to be stored. Otherwise each block is a work-group's, and their sums are added
 * afterwards. */
static bool enough_tiles(const struct opencl *cl, const struct opencl_chains *g)
{
    struct opencl_grid grid = tiles(cl, results(g) / (size_t)g->cols, (size_t)g->cols, 1);
    return grid.groups[0] * grid.groups[1] >= 4 * (size_t)cl->base.device.units;
}

/* Blocks whose sums are stored at a time. */
static size_t blocks_at_once(const struct opencl *cl, const struct opencl_chains *g)
{
    size_t room = cl->shape == OPENCL_SHAPE_CPU ? PARTIAL_CPU : PARTIAL_GPU;
    size_t fit = room / results(g), blocks = opencl_blocks((size_t)g->rows, (size_t)g->group_rows);
    return fit < 1 ? 1 : fit < blocks ? fit : blocks;
}

/* The stored sums of blocks, and the total. */
size_t opencl_block_sums_work(const struct opencl *cl, const struct opencl_chains *g)
{
    return enough_tiles(cl, g) ? 0 : (blocks_at_once(cl, g) + 1) * results(g);
}

static iso_rc run_blocks(struct opencl *cl, const struct opencl_chains *g, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, size_t first, size_t count)
{
    size_t depth = results(g) / (size_t)g->cols, deep = opencl_ceil(count, (size_t)g->each);
    return opencl_launch(
        cl, "chains.cl", "chains_over_rows", tiles(cl, depth, (size_t)g->cols, deep),
        ARGS(arg_at(a), arg_at(b), arg_at(y), arg_int((int64_t)first), arg_struct(g, sizeof *g)));
}

iso_rc opencl_block_sums(struct opencl *cl, const struct opencl_chains *chains, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, struct opencl_at work)
{
    struct opencl_chains g = *chains;
    size_t blocks = opencl_blocks((size_t)g.rows, (size_t)g.group_rows), n = results(&g);
    g.group_rows = g.group_rows > 1 ? g.group_rows : g.rows;
    g.blocks = (iso_i32)blocks;
    if (enough_tiles(cl, chains)) {
        g.each = g.blocks;
        return run_blocks(cl, &g, a, b, y, 0, blocks);
    }
    size_t at_once = blocks_at_once(cl, chains);
    struct opencl_at total = { work.mem, work.at + at_once * n };
    int add = g.add;
    g.add = 0;
    g.each = 1;
    for (size_t first = 0; first < blocks; first += at_once) {
        size_t count = blocks - first < at_once ? blocks - first : at_once;
        ISO_TRY(run_blocks(cl, &g, a, b, work, first, count));
        ISO_TRY(opencl_launch(cl, "sums.cl", "sums_total", opencl_elements(cl, n),
                              ARGS(arg_at(work), arg_at(total), arg_at(y), arg_int((int64_t)n),
                                   arg_int((int64_t)count), arg_int(first == 0),
                                   arg_int(first + count == blocks), arg_int(add))));
    }
    return ISO_OK;
}
