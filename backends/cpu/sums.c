/* sums.c: sums over rows in blocks (bias gradients), and over whole tensors. */
#include "sums.h"

struct row_sums {
    struct iso_cpu_blocks blocks;
    const float *x;
    float *sums;         /* [blocks][columns] */
    const float *summed; /* the same, when complete */
    float *out;
    int64_t columns;
    bool add;
};

size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns)
{
    return (size_t)(iso_cpu_blocks(rows, rows_per_image).count * columns) * sizeof(float);
}

static void sum_block(void *data, int64_t block, int thread)
{
    const struct row_sums *s = data;
    const struct iso_range rows = iso_cpu_block(&s->blocks, block);
    float *sum = s->sums + block * s->columns;
    (void)thread;
    memset(sum, 0, (size_t)s->columns * sizeof *sum);
    for (int64_t r = rows.begin; r < rows.end; r++)
        for (int64_t j = 0; j < s->columns; j++)
            sum[j] += s->x[r * s->columns + j];
}

void ISO_CPU(sum_rows)(struct iso_team *team, int64_t rows, int64_t rows_per_image, int64_t columns,
                       const float *x, bool add, float *out, void *workspace)
{
    struct row_sums s = { .blocks = iso_cpu_blocks(rows, rows_per_image),
                          .x = x,
                          .sums = workspace,
                          .columns = columns };
    iso_team_run(team, s.blocks.count, sum_block, &s);
    ISO_CPU(add_blocks)(team, s.sums, s.blocks.count, columns, add, out);
}

enum { COLUMNS = 256 }; /* of a unit of add_blocks */

static void add_columns(void *data, int64_t unit, int thread)
{
    const struct row_sums *s = data;
    const struct iso_range range = iso_cpu_range(unit, COLUMNS, s->columns);
    const int64_t n = range.end - range.begin;
    float total[COLUMNS] = { 0.0f }, *out = s->out + range.begin;
    (void)thread;
    for (int64_t b = 0; b < s->blocks.count; b++) {
        const float *sums = s->summed + b * s->columns + range.begin;
        for (int64_t j = 0; j < n; j++)
            total[j] = total[j] + sums[j];
    }
    for (int64_t j = 0; j < n; j++)
        out[j] = iso_cpu_put(out[j], total[j], s->add);
}

void ISO_CPU(add_blocks)(struct iso_team *team, const float *sums, int64_t blocks, int64_t columns,
                         bool add, float *out)
{
    struct row_sums s = {
        .blocks = { .count = blocks }, .summed = sums, .out = out, .columns = columns, .add = add
    };
    iso_team_run(team, iso_ceil_div(columns, COLUMNS), add_columns, &s);
}

/* ---- Over a whole tensor ------------------------------------------------------------------- */

struct element_sums {
    const float *x;
    float *sums; /* one a block */
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
    const struct iso_range p = iso_cpu_range(index, ISO_BLOCK_ELEMENTS, s->n);
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
