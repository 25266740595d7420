/* optimizer.c: queueing the update of an optimizer. */
#include "optimizer.h"
#include "cpu_shape.h"

enum { MAX_ARGS = 3 + ISO_OPERANDS + 2 * ISO_SCALARS };

iso_rc opencl_update(struct iso_backend *be, const struct iso_call *call, const char *program,
                     const char *name, int slots, const struct opencl_arg *args, int nargs)
{
    struct opencl *cl = opencl_of(be);
    const size_t count = (size_t)iso_shape_count(&call->w[0].shape);
    struct opencl_arg all[MAX_ARGS];
    int n = 0;
    all[n++] = arg_tensor(&call->w[0]);
    all[n++] = arg_tensor(&call->dw[0]);
    for (int i = 0; i < slots; i++)
        all[n++] = arg_optional(&call->state[i], &call->w[0]);
    all[n++] = arg_uint(count);
    for (int i = 0; i < nargs && n < MAX_ARGS; i++)
        all[n++] = args[i];
    return opencl_launch(cl, program, name, opencl_runs(cl, count), all, n);
}
