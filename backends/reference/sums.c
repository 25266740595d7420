/* sums.c: the sums that several ops share. Their orders are part of the ops' definitions. */
#include "core/formulas.h"
#include "reference.h"

/* So many chains run side by side, in registers, that the processor always has independent work. */
enum { TILE_ROWS = 4, TILE_COLS = 16 };

static void tile(int64_t cols, int64_t depth, const iso_real *x, int64_t x_row, int64_t x_step,
                 const iso_real *w, iso_real *y, int64_t y_row)
{
    iso_real acc[TILE_ROWS][TILE_COLS];
    for (int r = 0; r < TILE_ROWS; r++)
        for (int c = 0; c < TILE_COLS; c++)
            acc[r][c] = y[r * y_row + c];
    for (int64_t k = 0; k < depth; k++)
        for (int c = 0; c < TILE_COLS; c++)
            for (int r = 0; r < TILE_ROWS; r++)
                acc[r][c] = iso_fma(x[r * x_row + k * x_step], w[k * cols + c], acc[r][c]);
    for (int r = 0; r < TILE_ROWS; r++)
        for (int c = 0; c < TILE_COLS; c++)
            y[r * y_row + c] = acc[r][c];
}

/* The same for what no tile covers: one row, `width` columns. */
static void rest_of_row(int64_t width, int64_t cols, int64_t depth, const iso_real *x,
                        int64_t x_step, const iso_real *w, iso_real *y)
{
    for (int64_t k = 0; k < depth; k++)
        for (int64_t c = 0; c < width; c++)
            y[c] = iso_fma(x[k * x_step], w[k * cols + c], y[c]);
}

void ISO_KERNEL(chains)(int64_t rows, int64_t cols, int64_t depth, const iso_real *x, int64_t x_row,
                        int64_t x_step, const iso_real *w, iso_real *y, int64_t y_row)
{
    int64_t tiled_rows = rows - rows % TILE_ROWS, tiled_cols = cols - cols % TILE_COLS;
    for (int64_t c = 0; c < tiled_cols; c += TILE_COLS)
        for (int64_t r = 0; r < tiled_rows; r += TILE_ROWS)
            tile(cols, depth, x + r * x_row, x_row, x_step, w + c, y + r * y_row + c, y_row);
    for (int64_t r = 0; r < rows; r++) {
        int64_t done = r < tiled_rows ? tiled_cols : 0;
        rest_of_row(cols - done, cols, depth, x + r * x_row, x_step, w + done,
                    y + r * y_row + done);
    }
}

void ISO_KERNEL(sum_rows)(const iso_real *x, int64_t rows, int64_t cols, int64_t rows_per_image,
                          iso_real *work, iso_real *y, bool add)
{
    iso_real *total = work, *block = work + cols;
    ref_zero(total, cols);
    for (int64_t start = 0, end; start < rows; start = end) {
        end = ref_block_end(start, rows, rows_per_image);
        ref_zero(block, cols);
        for (int64_t r = start; r < end; r++)
            for (int64_t c = 0; c < cols; c++)
                block[c] = block[c] + x[r * cols + c];
        ref_store(total, block, cols, true);
    }
    ref_store(y, total, cols, add);
}

iso_real ISO_KERNEL(sum_elements)(int of, const iso_real *x, int64_t n)
{
    iso_real total = ISO_R(0.0);
    for (int64_t start = 0; start < n; start += ISO_BLOCK_ELEMENTS) {
        const int64_t end = n - start < ISO_BLOCK_ELEMENTS ? n : start + ISO_BLOCK_ELEMENTS;
        iso_real lane[ISO_LANES] = { ISO_R(0.0) };
        for (int64_t i = start; i < end; i++)
            lane[i % ISO_LANES] = iso_sum_term(of, x[i], lane[i % ISO_LANES]);
        total = total + ref_lanes_total(lane);
    }
    return total;
}

int64_t ISO_KERNEL(argmax)(const iso_real *x, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (iso_beats(x[i], x[best]))
            best = i;
    return best;
}

int64_t ISO_KERNEL(row_class)(const iso_real *x, int64_t n)
{
    return n == 1 ? iso_single_class(x[0]) : ISO_KERNEL(argmax)(x, n);
}

int64_t ISO_KERNEL(target_class)(const struct iso_tensor *targets, int64_t row, int64_t n)
{
    if (targets->dtype == ISO_I32)
        return ref_i32(targets)[row];
    return ISO_KERNEL(row_class)(ref_real(targets) + row * n, n);
}

void ISO_KERNEL(softmax_row)(const iso_real *z, int64_t n, iso_real *max, iso_real *sum)
{
    iso_real lane[ISO_LANES] = { ISO_R(0.0) };
    *max = z[ISO_KERNEL(argmax)(z, n)];
    for (int64_t i = 0; i < n; i++)
        lane[i % ISO_LANES] = lane[i % ISO_LANES] + iso_softmax_exp(z[i], *max);
    *sum = ref_lanes_total(lane);
}
