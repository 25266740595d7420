/* gradient_clipping.c: queues the norm, where there is one, and then the elements. */
#include "opencl.h"
#include "core/ops/gradient_clipping.h"

static const char program[] = "gradient_clipping.cl";

/* The norm. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be, (void)pass;
    return iso_clips_norm(call->params) ? sizeof(float) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_tensor *x = &call->x[0], *y = &call->y[0], *squares = &call->x[1];
    const size_t n = (size_t)iso_shape_count(&x->shape);
    const struct opencl_arg limit = arg_real(call->scalars[ISO_CLIP_LIMIT]);
    if (!iso_clips_norm(call->params)) {
        return opencl_launch(cl, program, "clip_by_value", opencl_elements(cl, n),
                             ARGS(arg_tensor(x), arg_tensor(y), arg_uint(n), limit));
    }
    const struct opencl_arg norm = arg_work(call, 0);
    ISO_TRY(opencl_launch(
        cl, program, "clip_norm", opencl_elements(cl, 1),
        ARGS(arg_tensor(squares), norm, arg_uint((uint64_t)iso_shape_count(&squares->shape)))));
    return opencl_launch(cl, program, "clip_by_norm", opencl_elements(cl, n),
                         ARGS(arg_tensor(x), norm, arg_tensor(y), arg_uint(n), limit));
}

const struct opencl_op opencl_gradient_clipping = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { program },
};
