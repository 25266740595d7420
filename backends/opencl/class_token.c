/* class_token.c: queues copies of the token and of the pixels; the tokens' gradients are brought
 * together, then summed. */
#include "core/ops/class_token.h"
#include "copy_rows.h"
#include "sums.h"

/* An image: its channels, the numbers of its pixels, and all that y has. */
struct layout {
    int64_t images, channels, size, row;
};

static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape;
    const int64_t channels = x->dim[3], size = x->dim[1] * x->dim[2] * channels;
    return (struct layout){ x->dim[0], channels, size, channels + size };
}

static struct iso_rows rows_of(const struct layout *l) { return (struct iso_rows){ l->images, 1 }; }

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct layout l = layout_of(call);
    (void)be;
    return pass == ISO_FORWARD
               ? 0
               : sizeof(cl_float) * ((size_t)(l.images * l.channels) +
                                     opencl_sum_rows_work(rows_of(&l), (size_t)l.channels));
}

/* Copies the first `width` numbers of each image. */
static struct opencl_rows copy_of(const struct layout *l, int64_t width, int64_t from, int64_t to,
                                  bool add)
{
    return (struct opencl_rows){ .rows = (iso_i32)l->images,
                                 .width = (iso_i32)width,
                                 .from_row = (iso_i32)from,
                                 .to_row = (iso_i32)to,
                                 .add = add };
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct layout l = layout_of(call);
    const struct opencl_rows token = copy_of(&l, l.channels, 0, l.row, false),
                             pixels = copy_of(&l, l.size, l.size, l.row, false);
    ISO_TRY(opencl_copy_rows(cl, &token, 1, &call->w[0], 0, &call->y[0], 0));
    return opencl_copy_rows(cl, &pixels, 1, &call->x[0], 0, &call->y[0], l.channels);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct layout l = layout_of(call);
    const struct opencl_rows token = copy_of(&l, l.channels, l.row, l.channels, false),
                             pixels = copy_of(&l, l.size, l.row, l.size, call->add_dx[0]);
    struct iso_tensor first = call->workspace;
    if (call->dx[0].mem != NULL)
        ISO_TRY(opencl_copy_rows(cl, &pixels, 1, &call->dy[0], l.channels, &call->dx[0], 0));
    if (call->dw[0].mem == NULL)
        return ISO_OK;
    first.offset /= sizeof(cl_float);
    ISO_TRY(opencl_copy_rows(cl, &token, 1, &call->dy[0], 0, &first, 0));
    return opencl_sum_rows(cl, &first, rows_of(&l), (size_t)l.channels,
                           opencl_work(call, (size_t)(l.images * l.channels)), &call->dw[0],
                           call->add_dw[0]);
}

const struct opencl_op opencl_class_token = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { "copy_rows.cl", "sums.cl", "sums_cpu.cl" },
};
