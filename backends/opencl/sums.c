/* sums.c: sums over rows on the device. */
#include "sums.h"
#include "clkernels/arguments.h"
#include "cpu_shape.h"

size_t opencl_places(struct iso_rows rows)
{
    return (size_t)iso_group_count(rows) * ISO_GROUP_BLOCKS;
}

bool opencl_only_block(struct iso_rows rows) { return iso_block_count(rows) == 1; }

size_t opencl_sum_rows_work(struct iso_rows rows, size_t cols)
{
    return opencl_only_block(rows) ? 0 : opencl_places(rows) * cols;
}

struct opencl_at opencl_blocks_to(struct iso_rows rows, struct opencl_at work,
                                  const struct iso_tensor *y)
{
    return opencl_only_block(rows) ? opencl_at(y) : work;
}

iso_rc opencl_add_blocks(struct opencl *cl, struct iso_rows rows, size_t cols,
                         struct opencl_at work, const struct iso_tensor *y, bool add)
{
    if (opencl_only_block(rows))
        return ISO_OK;
    return opencl_launch(cl, "sums.cl", "sums_places", opencl_column_grid(cl, cols, 1),
                         ARGS(arg_at(work), arg_tensor(y), arg_int((int64_t)cols),
                              arg_int(iso_group_count(rows)), arg_int(add)));
}

/* On CPU-shaped devices: a sum for each group of rows, and then their total. */
static iso_rc sum_rows_cpu(struct opencl *cl, const struct iso_tensor *x, struct iso_rows rows,
                           size_t cols, struct opencl_at work, const struct iso_tensor *y, bool add)
{
    const struct opencl_at none = { NULL, 0 }, to = opencl_at(y);
    const struct opencl_total total = {
        .n = cols, .parts = (size_t)iso_group_count(rows), .first = true, .last = true, .add = add
    };
    const bool only = total.parts == 1;
    ISO_TRY(opencl_launch(
        cl, "sums_cpu.cl", "sums_cpu_groups",
        opencl_cpu_grid(opencl_ceil64((int64_t)cols, cl->tile.vector), (int64_t)total.parts),
        ARGS(arg_tensor(x), arg_at(only ? to : work), arg_int((int64_t)cols), arg_int(rows.rows),
             arg_int(rows.image), arg_int(only && add))));
    return only ? ISO_OK : opencl_total(cl, &total, work, to, none, to);
}

iso_rc opencl_sum_rows(struct opencl *cl, const struct iso_tensor *x, struct iso_rows rows,
                       size_t cols, struct opencl_at work, const struct iso_tensor *y, bool add)
{
    const bool only = opencl_only_block(rows);
    const size_t groups = (size_t)iso_group_count(rows);
    if (opencl_cpu_shape(cl))
        return sum_rows_cpu(cl, x, rows, cols, work, y, add);
    const struct opencl_grid grid = only ? opencl_column_grid(cl, cols, 1)
                                         : opencl_block_grid(cl, cols, groups);
    ISO_TRY(opencl_launch(cl, "sums.cl", "sums_blocks", grid,
                          ARGS(arg_tensor(x), arg_at(opencl_blocks_to(rows, work, y)),
                               arg_int((int64_t)cols), arg_int(rows.rows), arg_int(rows.image),
                               arg_int(only), arg_int(only && add))));
    return opencl_add_blocks(cl, rows, cols, work, y, add);
}

struct opencl_bias opencl_bias_of(struct iso_rows rows, size_t cols)
{
    return (struct opencl_bias){ .rows = (iso_i32)rows.rows,
                                 .image = (iso_i32)rows.image,
                                 .cols = (iso_i32)cols,
                                 .groups = (iso_i32)iso_group_count(rows) };
}

size_t opencl_bias_floats(const struct opencl_bias *b)
{
    return (size_t)b->groups * ISO_GROUP_BLOCKS * (size_t)b->cols;
}

size_t opencl_bias_groups(const struct opencl_bias *b)
{
    return (size_t)b->groups * ISO_GROUP_BLOCKS *
           opencl_ceil((size_t)b->cols, OPENCL_GROUP_COLUMNS);
}

iso_rc opencl_total(struct opencl *cl, const struct opencl_total *t, struct opencl_at sums,
                    struct opencl_at total, struct opencl_at bias, struct opencl_at y)
{
    return opencl_launch(cl, "sums.cl", "sums_total", opencl_elements(cl, t->n),
                         ARGS(arg_at(sums), arg_at(total), arg_at(bias.mem != NULL ? bias : y),
                              arg_at(y), arg_int((int64_t)t->n), arg_int((int64_t)t->parts),
                              arg_int((int64_t)t->cols), arg_int(t->first), arg_int(t->last),
                              arg_int(t->add), arg_int(t->activation), arg_real(t->alpha)));
}

iso_rc opencl_sum_blocks(struct opencl *cl, enum iso_sum_of of, const struct iso_tensor *x,
                         size_t n, struct opencl_at work)
{
    return opencl_launch(cl, "sums.cl", "sums_elements",
                         opencl_row_grid(cl, opencl_ceil(n, ISO_BLOCK_ELEMENTS)),
                         ARGS(arg_tensor(x), arg_at(work), arg_uint(n), arg_int(of)));
}

iso_rc opencl_sum_scalar(struct opencl *cl, const struct opencl_scalar *s, struct opencl_at x,
                         const struct iso_tensor *y)
{
    struct opencl_grid grid = { { 1, 1, 1 }, { cl->max_group, 1, 1 }, false };
    struct opencl_kernel *k;
    ISO_TRY(opencl_kernel(cl, "sums.cl", "sums_scalar", &k));
    grid.group[0] = k->max_group < cl->max_group ? k->max_group : cl->max_group;
    return opencl_launch(cl, "sums.cl", "sums_scalar", grid,
                         ARGS(arg_at(x), arg_tensor(y), arg_int((int64_t)s->n), arg_int(s->size),
                              arg_real(s->count)));
}
