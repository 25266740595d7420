/* top_k.c: queues the count of rows where fewer than k predictions are ahead of the target's. */
#include "core/ops/top_k.h"
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_top_k *p = call->params;
    return opencl_count_hits(be, call, "top_k.cl", "top_k", ARGS(arg_int(p->k)));
}

const struct opencl_op opencl_top_k = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_hits_workspace,
                .forward = forward },
    .programs = { "top_k.cl", "sums.cl" },
};
