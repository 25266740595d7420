/* matrices.c: sums of products, many at a time. */
#include "matrices.h"

/* Tiles of chains in registers, enough that the processor always has independent work. */
enum { TILE_ROWS = 4, TILE_COLUMNS = 16 };

/* One block, the terms [begin, end), of a tile's sums. */
static void tile_block(const struct ref_matrices *m, const iso_real *x, const iso_real *w,
                       int64_t begin, int64_t end, iso_real *y)
{
    iso_real chain[TILE_ROWS][TILE_COLUMNS] = { { ISO_R(0.0) } };
    for (int64_t k = begin; k < end; k++)
        for (int c = 0; c < TILE_COLUMNS; c++)
            for (int r = 0; r < TILE_ROWS; r++)
                chain[r][c] =
                    iso_fma(x[r * m->x_row + k * m->x_term], w[k * m->columns + c], chain[r][c]);
    for (int r = 0; r < TILE_ROWS; r++)
        ref_store(y + r * m->y_row, chain[r], TILE_COLUMNS, true);
}

/* Does the same for results outside whole tiles: one row, `width` columns, at most those of a tile.
 */
static void rest_block(const struct ref_matrices *m, const iso_real *x, const iso_real *w,
                       int64_t width, int64_t begin, int64_t end, iso_real *y)
{
    iso_real chain[TILE_COLUMNS] = { ISO_R(0.0) };
    for (int64_t k = begin; k < end; k++)
        for (int64_t c = 0; c < width; c++)
            chain[c] = iso_fma(x[k * m->x_term], w[k * m->columns + c], chain[c]);
    ref_store(y, chain, width, true);
}

/* All of a block for the columns [c, c + width). */
static void columns_block(const struct ref_matrices *m, int64_t c, int64_t width, int64_t begin,
                          int64_t end)
{
    int64_t r = 0;
    for (; width == TILE_COLUMNS && r + TILE_ROWS <= m->rows; r += TILE_ROWS)
        tile_block(m, m->x + r * m->x_row, m->w + c, begin, end, m->y + r * m->y_row + c);
    for (; r < m->rows; r++)
        rest_block(m, m->x + r * m->x_row, m->w + c, width, begin, end, m->y + r * m->y_row + c);
}

void ISO_KERNEL(add_products)(const struct ref_matrices *m)
{
    for (int64_t c = 0; c < m->columns; c += TILE_COLUMNS) {
        int64_t width = m->columns - c < TILE_COLUMNS ? m->columns - c : TILE_COLUMNS;
        for (int64_t begin = 0; begin < m->terms; begin += m->block) {
            int64_t end = m->terms - begin < m->block ? m->terms : begin + m->block;
            columns_block(m, c, width, begin, end);
        }
    }
}

void ISO_KERNEL(sum_blocks)(const struct ref_blocks *s, iso_real *y, bool add)
{
    iso_real *total = s->work, *group = total + s->count, *block = group + s->count;
    ref_zero(total, s->count);
    for (int64_t g = 0, group_end; g < s->rows.rows; g = group_end) {
        group_end = iso_group_end(s->rows, g);
        ref_zero(group, s->count);
        for (int64_t b = g, block_end; b < group_end; b = block_end) {
            block_end = iso_block_end(s->rows, b);
            ref_zero(block, s->count);
            s->add(s->from, b, block_end, block);
            ref_store(group, block, s->count, true);
        }
        ref_store(total, group, s->count, true);
    }
    ref_store(y, total, s->count, add);
}
