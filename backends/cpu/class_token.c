/* class_token.c: y[n] = token, then the pixels of x[n]; dtoken = row sum of the first tokens of dy,
 * which are brought together first. */
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

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct layout l = layout_of(call);
    (void)b;
    return pass == ISO_FORWARD ? 0
                               : (size_t)(l.images * l.channels) * sizeof(float) +
                                     ISO_CPU(sum_rows_workspace)(l.images, 1, l.channels);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    float *y = iso_cpu_f32(&call->y[0]);
    const struct iso_row_copy token = { .from = iso_cpu_f32(&call->w[0]),
                                        .to = y,
                                        .images = 1,
                                        .rows = l.images,
                                        .width = l.channels,
                                        .to_row = l.row },
                              pixels = { .from = iso_cpu_f32(&call->x[0]),
                                         .to = y + l.channels,
                                         .images = 1,
                                         .rows = l.images,
                                         .width = l.size,
                                         .from_row = l.size,
                                         .to_row = l.row };
    ISO_CPU(copy_rows)(backend, &token);
    ISO_CPU(copy_rows)(backend, &pixels);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const float *dy = iso_cpu_f32(&call->dy[0]);
    float *first = (float *)(void *)iso_cpu_u8(&call->workspace);
    const struct iso_row_copy token = { .from = dy,
                                        .to = first,
                                        .images = 1,
                                        .rows = l.images,
                                        .width = l.channels,
                                        .from_row = l.row,
                                        .to_row = l.channels },
                              pixels = { .from = dy + l.channels,
                                         .to = iso_cpu_f32(&call->dx[0]),
                                         .images = 1,
                                         .rows = l.images,
                                         .width = l.size,
                                         .from_row = l.row,
                                         .to_row = l.size,
                                         .add = call->add_dx[0] };
    if (pixels.to != NULL)
        ISO_CPU(copy_rows)(backend, &pixels);
    if (call->dw[0].mem == NULL)
        return ISO_OK;
    ISO_CPU(copy_rows)(backend, &token);
    ISO_CPU(sum_rows)(iso_cpu_team(backend), l.images, 1, l.channels, first, call->add_dw[0],
                      iso_cpu_f32(&call->dw[0]), first + l.images * l.channels);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(class_token) = { .workspace = workspace,
                                                 .forward = forward,
                                                 .backward = backward };
