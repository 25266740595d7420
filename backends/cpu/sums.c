/* sums.c: sums over rows in blocks (bias gradients), and over whole tensors. */
#include "conv.h"
#include "elements.h"

struct row_sums {
    const float *dy;
    float *sums;
    int64_t rows, per_image, columns, blocks_per_image;
};

static struct row_sums rows_of(int64_t rows, int64_t per_image, int64_t columns)
{
    const int64_t anew = per_image > 1 ? per_image : rows;     /* rows between two fresh starts */
    return (struct row_sums){ .rows = rows, .per_image = anew, .columns = columns,
                              .blocks_per_image = iso_ceil_div(anew, ISO_BLOCK_ROWS) };
}

static int64_t blocks_in(const struct row_sums *s)
{
    return s->rows / s->per_image * s->blocks_per_image;
}

size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns)
{
    const struct row_sums s = rows_of(rows, rows_per_image, columns);
    return (size_t)(blocks_in(&s) * columns) * sizeof(float);
}

static void sum_block(void *data, int64_t index, int thread)
{
    const struct row_sums *s = data;
    const int64_t image = index / s->blocks_per_image,
        b = index % s->blocks_per_image * ISO_BLOCK_ROWS;
    const int64_t end = iso_min64(s->per_image, b + ISO_BLOCK_ROWS);
    float *sum = s->sums + index * s->columns;
    (void)thread;
    memset(sum, 0, (size_t)s->columns * sizeof *sum);
    for (int64_t r = b; r < end; r++) {
        const float *row = s->dy + (image * s->per_image + r) * s->columns;
        for (int64_t j = 0; j < s->columns; j++)
            sum[j] += row[j];
    }
}

void ISO_CPU(sum_rows)(struct iso_team *team, int64_t rows, int64_t rows_per_image,
                       int64_t columns, const float *dy, bool add, float *dbias, void *workspace)
{
    struct row_sums s = rows_of(rows, rows_per_image, columns);
    s.dy = dy;
    s.sums = workspace;
    iso_team_run(team, blocks_in(&s), sum_block, &s);
    for (int64_t j = 0; j < columns; j++) {
        float total = 0.0f;
        for (int64_t b = 0; b < blocks_in(&s); b++)
            total += s.sums[b * columns + j];
        dbias[j] = add ? dbias[j] + total : total;
    }
}

/* ---- Over a whole tensor ------------------------------------------------------------------- */

struct element_sums {
    const float *x;
    float *sums;                       /* one a block */
    int64_t n;
    enum iso_sum_of of;
};

ISO_CPU_INLINE float block_of_elements(enum iso_sum_of of, const float *x, int64_t n)
{
    float lane[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = iso_sum_term(of, x[i + l], lane[l]);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = iso_sum_term(of, x[i], lane[i - whole]);
    return iso_cpu_lanes_total(lane);
}

static void sum_elements_block(void *data, int64_t index, int thread)
{
    const struct element_sums *s = data;
    const struct iso_part p = iso_cpu_part(index, ISO_BLOCK_ELEMENTS, s->n);
    (void)thread;
    s->sums[index] = s->of == ISO_SUM_SQUARES
                         ? block_of_elements(ISO_SUM_SQUARES, s->x + p.begin, p.end - p.begin)
                         : block_of_elements(ISO_SUM_ABSOLUTE, s->x + p.begin, p.end - p.begin);
}

size_t ISO_CPU(sum_elements_workspace)(int64_t n)
{
    return (size_t)iso_ceil_div(n, ISO_BLOCK_ELEMENTS) * sizeof(float);
}

float ISO_CPU(sum_elements)(struct iso_team *team, enum iso_sum_of of, const float *x, int64_t n,
                            void *workspace)
{
    struct element_sums s = { x, workspace, n, of };
    const int64_t blocks = iso_ceil_div(n, ISO_BLOCK_ELEMENTS);
    float total = 0.0f;
    iso_team_run(team, blocks, sum_elements_block, &s);
    for (int64_t b = 0; b < blocks; b++)
        total += s.sums[b];
    return total;
}
