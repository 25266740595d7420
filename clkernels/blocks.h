/* blocks.h: the blocks of sums over rows. */

/* Block b of rows that come in groups (images) of group_rows: its first row, and how many it
 * has. */
static inline ulong block_row(int b, int group_rows, int *rows)
{
    int per_group = (group_rows + ISO_BLOCK_ROWS - 1) / ISO_BLOCK_ROWS,
        first = b % per_group * ISO_BLOCK_ROWS;
    *rows = group_rows - first < ISO_BLOCK_ROWS ? group_rows - first : ISO_BLOCK_ROWS;
    return (ulong)(b / per_group) * group_rows + first;
}

/* Where column c of it begins, of rows of so many columns. */
static inline ulong block_start(int b, int c, int cols, int group_rows, int *rows)
{
    return block_row(b, group_rows, rows) * cols + c;
}
