/* sums.c: sums over rows (bias gradients), and over whole tensors. */
#include "sums.h"

/* ---- Over rows ----------------------------------------------------------------------------- */

/* Makes slices narrower if there would be too few units, but not narrower than a cache line. */
struct iso_cpu_split ISO_CPU(split)(struct iso_rows rows, int64_t columns, int threads)
{
    enum { LINE = 16, UNITS = 4 }; /* floats per cache line; units per thread */
    struct iso_cpu_split s = { .rows = rows, .columns = columns, .groups = iso_group_count(rows) };
    const int64_t group = iso_min64(rows.rows, iso_group_rows(rows));
    const int64_t slices = iso_ceil_div((int64_t)threads * UNITS, s.groups);
    const int64_t even = iso_ceil_div(iso_ceil_div(columns, slices), LINE) * LINE;
    const int64_t least = iso_ceil_div(ISO_CPU_UNIT, group * LINE) * LINE;
    s.width = iso_min64(iso_max64(even, least), iso_min64(columns, ISO_CPU_SLICE));
    s.slices = iso_ceil_div(columns, s.width);
    s.each = iso_cpu_unit_rows(group * s.width);
    s.units = iso_ceil_div(s.groups, s.each) * s.slices;
    return s;
}

/* The chains of a block [begin, end) of rows, n columns of x, added to sum. */
static void add_block(const float *restrict x, int64_t begin, int64_t end, int64_t columns,
                      int64_t n, float *restrict sum)
{
    float block[ISO_CPU_SLICE];
    memset(block, 0, (size_t)n * sizeof *block);
    for (int64_t r = begin; r < end; r++)
        for (int64_t j = 0; j < n; j++)
            block[j] = block[j] + x[r * columns + j];
    for (int64_t j = 0; j < n; j++)
        sum[j] = sum[j] + block[j];
}

/* sum [n] = the sum of a group [begin, end). */
static void sum_group(struct iso_rows r, int64_t begin, int64_t end, int64_t columns,
                      const float *x, int64_t n, float *sum)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t b = begin, next; b < end; b = next) {
        next = iso_block_end(r, b);
        add_block(x, b, next, columns, n, sum);
    }
}

struct row_sums {
    struct iso_cpu_split split;
    const float *x;
    float *sums; /* [groups][columns] */
};

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct row_sums *s = data;
    const struct iso_cpu_part part = iso_cpu_part(&s->split, unit);
    const int64_t first = part.columns.begin, n = part.columns.end - first;
    const int64_t columns = s->split.columns;
    (void)thread;
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(s->split.rows, g);
        sum_group(s->split.rows, rows.begin, rows.end, columns, s->x + first, n,
                  s->sums + g * columns + first);
    }
}

size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns)
{
    const struct iso_rows r = { rows, rows_per_image };
    return (size_t)(iso_group_count(r) * columns) * sizeof(float);
}

void ISO_CPU(sum_rows)(struct iso_team *team, int64_t rows, int64_t rows_per_image, int64_t columns,
                       const float *x, bool add, float *out, void *workspace)
{
    const struct iso_rows r = { rows, rows_per_image };
    struct row_sums s = { ISO_CPU(split)(r, columns, iso_team_size(team)), x, workspace };
    iso_team_run(team, s.split.units, sum_part, &s);
    ISO_CPU(add_groups)(team, s.sums, s.split.groups, columns, add, out);
}

void ISO_CPU(sum_columns)(struct iso_rows r, int64_t columns, const float *x, int64_t n,
                          float *total)
{
    float sum[ISO_CPU_SLICE];
    memset(total, 0, (size_t)n * sizeof *total);
    for (int64_t g = 0, end; g < r.rows; g = end) {
        end = iso_group_end(r, g);
        sum_group(r, g, end, columns, x, n, sum);
        for (int64_t j = 0; j < n; j++)
            total[j] = total[j] + sum[j];
    }
}

enum { COLUMNS = 256 }; /* per unit of add_groups */

struct group_sums {
    const float *sums; /* [groups][columns] */
    float *out;
    int64_t groups, columns;
    bool add;
};

static void add_columns(void *data, int64_t unit, int thread)
{
    const struct group_sums *s = data;
    const struct iso_range range = iso_cpu_range(unit, COLUMNS, s->columns);
    const int64_t n = range.end - range.begin;
    float total[COLUMNS] = { 0.0f }, *out = s->out + range.begin;
    (void)thread;
    for (int64_t g = 0; g < s->groups; g++) {
        const float *sums = s->sums + g * s->columns + range.begin;
        for (int64_t j = 0; j < n; j++)
            total[j] = total[j] + sums[j];
    }
    for (int64_t j = 0; j < n; j++)
        out[j] = iso_cpu_put(out[j], total[j], s->add);
}

void ISO_CPU(add_groups)(struct iso_team *team, const float *sums, int64_t groups, int64_t columns,
                         bool add, float *out)
{
    struct group_sums s = { sums, out, groups, columns, add };
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
