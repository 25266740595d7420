/* multiply.c: queues the product of two tensors, and the sums for the one that is repeated. */
#include "core/ops/multiply.h"
#include "cpu_shape.h"

static const char program[] = "multiply.cl";

static struct iso_repeated layout_of(const struct iso_call *call)
{
    const struct iso_shape x[2] = { call->x[0].shape, call->x[1].shape };
    struct iso_repeated r;
    (void)iso_repeated(x, &r); /* infer has seen to it */
    return r;
}

static iso_rc multiply(struct opencl *cl, const struct iso_repeated *l,
                       const struct iso_tensor *large, const struct iso_tensor *small,
                       const struct iso_tensor *out, bool add)
{
    const size_t n = (size_t)(l->outer * l->repeats * l->inner);
    return opencl_launch(cl, program, "multiply_products", opencl_runs(cl, n),
                         ARGS(arg_tensor(large), arg_tensor(small), arg_tensor(out), arg_uint(n),
                              arg_uint((uint64_t)l->repeats), arg_uint((uint64_t)l->inner),
                              arg_int(add)));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_repeated l = layout_of(call);
    return multiply(opencl_of(be), &l, &call->x[1 - l.small], &call->x[l.small], &call->y[0],
                    false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_repeated l = layout_of(call);
    const int large = 1 - l.small, small = l.small;
    const size_t n = (size_t)(l.outer * l.inner);
    if (call->dx[large].mem != NULL)
        ISO_TRY(
            multiply(cl, &l, &call->dy[0], &call->x[small], &call->dx[large], call->add_dx[large]));
    if (call->dx[small].mem == NULL)
        return ISO_OK;
    if (l.repeats == 1)
        return multiply(cl, &l, &call->dy[0], &call->x[large], &call->dx[small],
                        call->add_dx[small]);
    return opencl_launch(cl, program, "multiply_sums", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->x[large]),
                              arg_tensor(&call->dx[small]), arg_uint(n),
                              arg_uint((uint64_t)l.repeats), arg_uint((uint64_t)l.inner),
                              arg_int(call->add_dx[small])));
}

const struct opencl_op opencl_multiply = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { program },
};
