/* accuracy.c: queues the count of rows whose largest prediction is at the target's class. */
#include "sums.h"

static const char *const programs[] = {"accuracy.cl", "sums.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

/* A hit for each row. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t rows = (size_t)call->x[0].shape.dim[0], work_at = call->workspace.offset / sizeof(float);
    bool classes = call->x[1].dtype == ISO_I32;
    ISO_TRY(opencl_launch(
        cl, "accuracy.cl", classes ? "accuracy_classes" : "accuracy_one_hot", opencl_rows(rows),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
             arg_mem(call->workspace.mem, work_at), arg_int(call->x[0].shape.dim[1]))));
    return opencl_sum_scalar(cl, call->workspace.mem, work_at, rows, &call->y[0], false);
}

const struct iso_kernel opencl_accuracy = {
    .supports = supports, .workspace = workspace, .forward = forward};
