/* metric.c: queues the count of rows. */
#include <string.h>
#include "metric.h"

enum { MAX_ARGS = 8 };

iso_rc opencl_count_hits(struct iso_backend *be, const struct iso_call *call, const char *program,
                         const char *name, const struct opencl_arg *more, int nmore)
{
    struct opencl *cl = opencl_of(be);
    const size_t rows = (size_t)call->x[0].shape.dim[0];
    struct opencl_kernel *k;
    ISO_TRY(opencl_kernel(cl, program, name, &k));
    const size_t group = k->max_group < cl->max_group ? k->max_group : cl->max_group;
    const struct opencl_scalar counts = { opencl_ceil(rows, group), ISO_BLOCK_ROWS, 1.0 };
    const struct opencl_grid grid = { { counts.n, 1, 1 }, { group, 1, 1 }, true };
    const struct opencl_at hits = counts.n == 1 ? opencl_at(&call->y[0]) : opencl_work(call, 0);
    const struct opencl_arg own[] = { METRIC_ARGS(call, arg_at(hits)) };
    const int n = sizeof own / sizeof own[0];
    struct opencl_arg args[MAX_ARGS];
    memcpy(args, own, sizeof own);
    for (int i = 0; i < nmore && n + i < MAX_ARGS; i++)
        args[n + i] = more[i];
    ISO_TRY(opencl_launch(cl, program, name, grid, args, n + nmore));
    return counts.n == 1 ? ISO_OK : opencl_sum_scalar(cl, &counts, hits, &call->y[0]);
}
