/* dense.c: y = x kernel + bias as a GEMM; its kernel gradient is that of a convolution of one-pixel
 * images. */
#include "conv.h"
#include "core/ops/dense.h"

static struct iso_window window_of(const struct iso_call *call)
{
    const struct iso_shape *x = &call->x[0].shape;
    return iso_window_of_pixel(x->dim[0], x->dim[1]);
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_dense *p = call->params;
    const struct iso_window w = window_of(call);
    const int threads = iso_cpu_threads(b);
    if (pass == ISO_FORWARD)
        return ISO_CPU(gemm_workspace)(w.n, p->units, w.c, threads);
    const size_t dx = ISO_CPU(gemm_workspace)(w.n, w.c, p->units, threads);
    const size_t dkernel = ISO_CPU(conv_kernel_gradient_workspace)(&w, p->units, true, threads);
    return iso_max_size(dx, iso_max_size(dkernel, ISO_CPU(sum_rows_workspace)(w.n, 1, p->units)));
}

static iso_rc forward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_dense *p = call->params;
    const struct iso_window w = window_of(call);
    const struct iso_gemm g = { .m = w.n,
                                .n = p->units,
                                .k = w.c,
                                .a = iso_cpu_f32(&call->x[0]),
                                .lda = w.c,
                                .w = iso_cpu_f32(&call->w[0]),
                                .ldw = p->units,
                                .bias = iso_cpu_f32(&call->w[1]),
                                .ending = ISO_CPU(forward_ending)(call),
                                .c = iso_cpu_f32(&call->y[0]),
                                .ldc = p->units };
    ISO_CPU(gemm)(iso_cpu_team(b), &g, iso_cpu_u8(&call->workspace));
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_dense *p = call->params;
    const struct iso_window w = window_of(call);
    const float *dy = iso_cpu_f32(&call->dy[0]);
    void *work = iso_cpu_u8(&call->workspace);
    const struct iso_gemm dx = { .m = w.n,
                                 .n = w.c,
                                 .k = p->units,
                                 .a = dy,
                                 .lda = p->units,
                                 .w = iso_cpu_f32(&call->w[0]),
                                 .ldw = p->units,
                                 .transposed = true,
                                 .add = call->add_dx[0],
                                 .ending = ISO_CPU(gradient_ending)(call),
                                 .c = iso_cpu_f32(&call->dx[0]),
                                 .ldc = w.c };
    if (call->dx[0].mem != NULL)
        ISO_CPU(gemm)(iso_cpu_team(b), &dx, work);
    if (call->dw[0].mem != NULL)
        ISO_CPU(conv_kernel_gradient)(iso_cpu_team(b), &w, p->units, iso_cpu_f32(&call->x[0]), dy,
                                      call->add_dw[0], iso_cpu_f32(&call->dw[0]), work);
    if (call->dw[1].mem != NULL)
        ISO_CPU(sum_rows)(iso_cpu_team(b), w.n, 1, p->units, dy, call->add_dw[1],
                          iso_cpu_f32(&call->dw[1]), work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(dense) = { .workspace = workspace,
                                           .fuses_activation = true,
                                           .fuses_x_activation = true,
                                           .forward = forward,
                                           .backward = backward };
