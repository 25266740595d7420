/* sums.c: sums over rows on the device. */
#include "sums.h"
#include "clkernels/arguments.h"
#include "cpu_shape.h"

struct opencl_grid opencl_group_grid(const struct opencl *cl, size_t cols, size_t groups)
{
    size_t most = cl->max_group / ISO_GROUP_BLOCKS;
    size_t columns = most < OPENCL_GROUP_COLUMNS ? most : OPENCL_GROUP_COLUMNS;
    return (struct opencl_grid){ .groups = { opencl_ceil(cols, columns), groups, 1 },
                                 .group = { columns, ISO_GROUP_BLOCKS, 1 } };
}

size_t opencl_sum_rows_work(struct iso_rows rows, size_t cols)
{
    size_t groups = (size_t)iso_group_count(rows);
    return groups > 1 ? groups * cols : 0;
}

struct opencl_at opencl_groups_to(struct iso_rows rows, struct opencl_at work,
                                  const struct iso_tensor *y)
{
    return iso_group_count(rows) > 1 ? work : opencl_at(y);
}

bool opencl_groups_add(struct iso_rows rows, bool add) { return add && iso_group_count(rows) == 1; }

iso_rc opencl_add_groups(struct opencl *cl, struct iso_rows rows, size_t cols,
                         struct opencl_at work, const struct iso_tensor *y, bool add)
{
    const struct opencl_at none = { NULL, 0 };
    const struct opencl_total total = {
        .n = cols, .parts = (size_t)iso_group_count(rows), .first = true, .last = true, .add = add
    };
    if (total.parts == 1)
        return ISO_OK;
    return opencl_total(cl, &total, work, opencl_at(y), none, opencl_at(y));
}

iso_rc opencl_sum_rows(struct opencl *cl, const struct iso_tensor *x, struct iso_rows rows,
                       size_t cols, struct opencl_at work, const struct iso_tensor *y, bool add)
{
    const size_t groups = (size_t)iso_group_count(rows);
    const bool cpu = opencl_cpu_shape(cl);
    const struct opencl_grid vectors =
        opencl_cpu_grid(opencl_ceil64((int64_t)cols, cl->tile.vector), (int64_t)groups);
    ISO_TRY(opencl_launch(
        cl, cpu ? "sums_cpu.cl" : "sums.cl", cpu ? "sums_cpu_groups" : "sums_groups",
        cpu ? vectors : opencl_group_grid(cl, cols, groups),
        ARGS(arg_tensor(x), arg_at(opencl_groups_to(rows, work, y)), arg_int((int64_t)cols),
             arg_int(rows.rows), arg_int(rows.image), arg_int(opencl_groups_add(rows, add)))));
    return opencl_add_groups(cl, rows, cols, work, y, add);
}

iso_rc opencl_total(struct opencl *cl, const struct opencl_total *t, struct opencl_at sums,
                    struct opencl_at total, struct opencl_at bias, struct opencl_at y)
{
    return opencl_launch(cl, "sums.cl", "sums_total", opencl_elements(cl, t->n),
                         ARGS(arg_at(sums), arg_at(total), arg_at(bias.mem != NULL ? bias : y),
                              arg_at(y), arg_int((int64_t)t->n), arg_int((int64_t)t->parts),
                              arg_int((int64_t)t->cols), arg_int(t->first), arg_int(t->last),
                              arg_int(t->add)));
}

iso_rc opencl_sum_blocks(struct opencl *cl, enum iso_sum_of of, const struct iso_tensor *x,
                         size_t n, struct opencl_at work)
{
    return opencl_launch(cl, "sums.cl", "sums_elements",
                         opencl_rows(opencl_ceil(n, ISO_BLOCK_ELEMENTS)),
                         ARGS(arg_tensor(x), arg_at(work), arg_uint(n), arg_int(of)));
}

iso_rc opencl_sum_scalar(struct opencl *cl, const struct iso_call *call, const struct iso_tensor *y,
                         int64_t count)
{
    struct opencl_grid grid = { { 1, 1, 1 }, { OPENCL_SCALAR_ITEMS, 1, 1 }, true };
    return opencl_launch(cl, "sums.cl", "sums_scalar", grid,
                         ARGS(arg_work(call, 0), arg_tensor(y), arg_int(call->x[0].shape.dim[0]),
                              arg_real((double)count)));
}
