/* sums.h: sums in the order that core/arithmetic/order.h defines: over rows, in blocks and groups,
 * and over whole tensors. */
#ifndef ISO_CPU_SUMS_H
#define ISO_CPU_SUMS_H
#include "elements.h"

/* The division of a sum over rows among threads. A unit is some whole groups and a slice of the
 * columns, so that a thread adds the blocks of a group before it writes, and no sum of a block is
 * kept. */
enum { ISO_CPU_SLICE = 512 }; /* most columns per slice */
struct iso_cpu_split {
    struct iso_rows rows;
    int64_t columns, groups;     /* total */
    int64_t each, width, slices; /* groups per unit; columns per slice; number of slices */
    int64_t units;
};
struct iso_cpu_part { /* groups and columns of one unit */
    struct iso_range groups, columns;
};
struct iso_cpu_split ISO_CPU(split)(struct iso_rows, int64_t columns, int threads);
static inline struct iso_cpu_part iso_cpu_part(const struct iso_cpu_split *s, int64_t unit)
{
    return (struct iso_cpu_part){ iso_cpu_range(unit / s->slices, s->each, s->groups),
                                  iso_cpu_range(unit % s->slices, s->width, s->columns) };
}

/* Returns the rows of a group. */
static inline struct iso_range iso_cpu_group(struct iso_rows r, int64_t group)
{
    const int64_t begin = iso_group_begin(r, group);
    return (struct iso_range){ begin, iso_group_end(r, begin) };
}

/* Sets out[j] to the sum of x [rows, columns] over rows, with rows_per_image rows in an image, or
 * adds the sum to out[j]. The workspace holds the sums of groups. */
size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns);
void ISO_CPU(sum_rows)(struct iso_team *, int64_t rows, int64_t rows_per_image, int64_t columns,
                       const float *x, bool add, float *out, void *workspace);
/* Ends such a sum: adds sums [groups, columns] in ascending order. */
void ISO_CPU(add_groups)(struct iso_team *, const float *sums, int64_t groups, int64_t columns,
                         bool add, float *out);

/* Sets total[j] to the sum over all rows of n columns of x, on this thread. x points at the first
 * of these columns; n is at most ISO_CPU_SLICE. */
void ISO_CPU(sum_columns)(struct iso_rows, int64_t columns, const float *x, int64_t n,
                          float *total);

/* Returns the sum of |x| or x x (enum iso_sum_of) over a whole tensor x [n], in blocks of elements;
 * the workspace holds the sums of blocks. */
size_t ISO_CPU(sum_elements_workspace)(int64_t n);
float ISO_CPU(sum_elements)(struct iso_team *, enum iso_sum_of, const float *x, int64_t n,
                            void *workspace);
#endif
