/* chains.h: the exact sums of products (clkernels/chains.cl) and the packing of their operands. */
#ifndef ISO_OPENCL_CHAINS_H
#define ISO_OPENCL_CHAINS_H
#include "clkernels/arguments.h"
#include "opencl.h"

/* Where an operand starts: a buffer and an offset in floats. */
struct opencl_at {
    const struct iso_mem *mem;
    size_t at;
};
static inline struct opencl_at opencl_at(const struct iso_tensor *t)
{
    return (struct opencl_at){ t->mem, t->offset };
}
/* The workspace, `floats` from its start. */
static inline struct opencl_at opencl_work(const struct iso_call *call, size_t floats)
{
    return (struct opencl_at){ call->workspace.mem,
                               call->workspace.offset / sizeof(float) + floats };
}

/* Columns that b must have in memory for a result of so many: a CPU's tile reads whole vectors. */
int opencl_b_cols(const struct opencl *, int64_t cols);

/* Images [n, h, w, c] with borders of +0: [n, ph, pw, c], moved by (top, left). */
struct opencl_border {
    int64_t n, h, w, c, ph, pw, top, left;
};
iso_rc opencl_add_border(struct opencl *, const struct opencl_border *, struct opencl_at x,
                         struct opencl_at y);
/* y[k, width], k = (ty, tx, c): x[ty * x_ty + tx * x_tx + c * x_c + col * x_col]; +0 from column
 * `cols` on. */
struct opencl_matrix {
    int64_t taps_y, taps_x, segment, x_ty, x_tx, x_c, x_col, cols, width;
};
iso_rc opencl_pack(struct opencl *, const struct opencl_matrix *, struct opencl_at x,
                   struct opencl_at y);

/* *b, [depth, cols], as the kernels below read it: where it lies, or, where it has to be wider,
 * copied to work, opencl_widen_work floats. *ldb: floats from row to row. */
iso_rc opencl_widen(struct opencl *, int64_t depth, int64_t cols, struct opencl_at work,
                    struct opencl_at *b, iso_i32 *ldb);
size_t opencl_widen_work(const struct opencl *, int64_t depth, int64_t cols);

/* chains_over_taps. bias.mem NULL: none. */
iso_rc opencl_chains(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                     struct opencl_at b, struct opencl_at bias, struct opencl_at y);
/* chains_over_rows over all blocks: y[depth, cols] = the sums, or added to y. group_rows as in
 * sums.h; blocks and each are set here. work: opencl_block_sums_work floats. */
iso_rc opencl_block_sums(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, struct opencl_at work);
size_t opencl_block_sums_work(const struct opencl *, const struct opencl_chains *);
#endif
