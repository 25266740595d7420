/* sums.h: the sums whose order core/order.h fixes: over rows, in blocks and groups, and over whole
 * tensors. */
#ifndef ISO_CPU_SUMS_H
#define ISO_CPU_SUMS_H
#include "elements.h"

/* How threads share a sum over rows: a unit is some whole groups and a slice of the columns, so
 * that a thread adds the blocks of a group before it writes, and no sum of a block is kept. */
enum { ISO_CPU_SLICE = 512 }; /* columns of a slice at most */
struct iso_cpu_split {
    struct iso_rows rows;
    int64_t columns, groups;     /* in all */
    int64_t each, width, slices; /* groups of a unit; columns of a slice; slices */
    int64_t units;
};
struct iso_cpu_part { /* of a unit */
    struct iso_range groups, columns;
};
struct iso_cpu_split ISO_CPU(split)(struct iso_rows, int64_t columns, int threads);
static inline struct iso_cpu_part iso_cpu_part(const struct iso_cpu_split *s, int64_t unit)
{
    return (struct iso_cpu_part){ iso_cpu_range(unit / s->slices, s->each, s->groups),
                                  iso_cpu_range(unit % s->slices, s->width, s->columns) };
}

/* The rows of a group. */
static inline struct iso_range iso_cpu_group(struct iso_rows r, int64_t group)
{
    const int64_t begin = iso_group_begin(r, group);
    return (struct iso_range){ begin, iso_group_end(r, begin) };
}

/* out[j] = the sum of x [rows, columns] over rows, those of an image together, or that sum added to
 * out[j]. The workspace holds the sums of groups. */
size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns);
void ISO_CPU(sum_rows)(struct iso_team *, int64_t rows, int64_t rows_per_image, int64_t columns,
                       const float *x, bool add, float *out, void *workspace);
/* The end of such a sum: sums [groups, columns], added in ascending order. */
void ISO_CPU(add_groups)(struct iso_team *, const float *sums, int64_t groups, int64_t columns,
                         bool add, float *out);

/* total[j] = the sum of n of the columns of x, which begins with the first of them, over all rows
 * on this thread. n: at most ISO_CPU_SLICE. */
void ISO_CPU(sum_columns)(struct iso_rows, int64_t columns, const float *x, int64_t n,
                          float *total);

/* The sum over a whole tensor x [n], of |x| or x x (enum iso_sum_of), in blocks of elements; the
 * workspace holds the block sums. */
size_t ISO_CPU(sum_elements_workspace)(int64_t n);
float ISO_CPU(sum_elements)(struct iso_team *, enum iso_sum_of, const float *x, int64_t n,
                            void *workspace);
#endif
