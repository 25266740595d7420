/* blocks.h: the blocks that sums over rows run in. */

/* Block b of rows that come in groups (images) of group_rows: where its column c begins, and how
 * many rows it has. */
static inline ulong block_start(int b, int c, int cols, int group_rows, int *rows)
{
    int per_group = (group_rows + BLOCK_ROWS - 1) / BLOCK_ROWS, first = b % per_group * BLOCK_ROWS;
    *rows = group_rows - first < BLOCK_ROWS ? group_rows - first : BLOCK_ROWS;
    return ((ulong)(b / per_group) * group_rows + first) * cols + c;
}
