/* conv2d.c: two-dimensional convolution on the register tile: by Winograd's algorithm where that
 * defines it, otherwise directly. A 1x1 convolution without strides is a GEMM over all pixels of
 * the batch, except for its kernel gradient, whose blocks are those of its images. */
#include "winograd.h"

static bool is_gemm(const struct iso_window *w)
{
    return w->kh == 1 && w->kw == 1 && w->sh == 1 && w->sw == 1;
}

static bool is_winograd(const struct iso_call *call)
{
    return iso_conv2d_algorithm(call->params, &call->x[0].shape) == ISO_WINOGRAD;
}

static size_t forward_workspace(const struct iso_call *call, const struct iso_window *w,
                                int64_t filters, int threads)
{
    if (is_winograd(call))
        return ISO_CPU(winograd_forward_workspace)(w, filters, threads);
    return is_gemm(w) ? ISO_CPU(gemm_workspace)(w->n * w->h * w->w, filters, w->c, threads)
                      : ISO_CPU(conv_forward_workspace)(w, filters, threads);
}

static size_t input_gradient_workspace(const struct iso_call *call, const struct iso_window *w,
                                       int64_t filters, int threads)
{
    if (is_winograd(call))
        return ISO_CPU(winograd_input_gradient_workspace)(w, filters, threads);
    return is_gemm(w) ? ISO_CPU(gemm_workspace)(w->n * w->h * w->w, w->c, filters, threads)
                      : ISO_CPU(conv_input_gradient_workspace)(w, filters, threads);
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const int64_t filters = ((const struct iso_conv2d *)call->params)->filters;
    const struct iso_window w = iso_conv2d_window(call->params, &call->x[0].shape);
    const int threads = iso_cpu_threads(b);
    if (pass == ISO_FORWARD)
        return forward_workspace(call, &w, filters, threads);
    const size_t dx = input_gradient_workspace(call, &w, filters, threads);
    const size_t dkernel =
        is_winograd(call) ? ISO_CPU(winograd_kernel_gradient_workspace)(&w, filters, threads)
                          : ISO_CPU(conv_kernel_gradient_workspace)(&w, filters, true, threads);
    const size_t dbias = ISO_CPU(sum_rows_workspace)(w.n * w.oh * w.ow, w.oh * w.ow, filters);
    return iso_max_size(dx, iso_max_size(dkernel, dbias));
}

static iso_rc forward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window w = iso_conv2d_window(p, &call->x[0].shape);
    const float *x = iso_cpu_f32(&call->x[0]), *kernel = iso_cpu_f32(&call->w[0]),
                *bias = iso_cpu_f32(&call->w[1]);
    float *y = iso_cpu_f32(&call->y[0]);
    if (is_winograd(call)) {
        ISO_CPU(winograd_forward)(iso_cpu_team(b), &w, p->filters, x, kernel, bias,
                                  call->activation, y, iso_cpu_u8(&call->workspace));
        return ISO_OK;
    }
    if (!is_gemm(&w)) {
        ISO_CPU(conv_forward)(iso_cpu_team(b), &w, p->filters, x, kernel, bias, call->activation, y,
                              iso_cpu_u8(&call->workspace));
        return ISO_OK;
    }
    const struct iso_gemm g = { .m = w.n * w.h * w.w,
                                .n = p->filters,
                                .k = w.c,
                                .a = x,
                                .lda = w.c,
                                .w = kernel,
                                .ldw = p->filters,
                                .bias = bias,
                                .activation = call->activation,
                                .c = y,
                                .ldc = p->filters };
    ISO_CPU(gemm)(iso_cpu_team(b), &g, iso_cpu_u8(&call->workspace));
    return ISO_OK;
}

static void input_gradient(struct iso_backend *b, const struct iso_call *call,
                           const struct iso_window *w)
{
    const struct iso_conv2d *p = call->params;
    const float *dy = iso_cpu_f32(&call->dy[0]), *kernel = iso_cpu_f32(&call->w[0]);
    float *dx = iso_cpu_f32(&call->dx[0]);
    if (is_winograd(call)) {
        ISO_CPU(winograd_input_gradient)(iso_cpu_team(b), w, p->filters, dy, kernel,
                                         call->add_dx[0], dx, iso_cpu_u8(&call->workspace));
        return;
    }
    if (!is_gemm(w)) {
        ISO_CPU(conv_input_gradient)(iso_cpu_team(b), w, p->filters, dy, kernel, call->add_dx[0],
                                     dx, iso_cpu_u8(&call->workspace));
        return;
    }
    const struct iso_gemm g = { .m = w->n * w->h * w->w,
                                .n = w->c,
                                .k = p->filters,
                                .a = dy,
                                .lda = p->filters,
                                .w = kernel,
                                .ldw = p->filters,
                                .transposed = true,
                                .add = call->add_dx[0],
                                .c = dx,
                                .ldc = w->c };
    ISO_CPU(gemm)(iso_cpu_team(b), &g, iso_cpu_u8(&call->workspace));
}

static void kernel_gradient(struct iso_backend *b, const struct iso_call *call,
                            const struct iso_window *w)
{
    const int64_t filters = ((const struct iso_conv2d *)call->params)->filters;
    const float *x = iso_cpu_f32(&call->x[0]), *dy = iso_cpu_f32(&call->dy[0]);
    float *dkernel = iso_cpu_f32(&call->dw[0]);
    void *work = iso_cpu_u8(&call->workspace);
    if (is_winograd(call))
        ISO_CPU(winograd_kernel_gradient)(iso_cpu_team(b), w, filters, x, dy, call->add_dw[0],
                                          dkernel, work);
    else
        ISO_CPU(conv_kernel_gradient)(iso_cpu_team(b), w, filters, x, dy, call->add_dw[0], dkernel,
                                      work);
}

static iso_rc backward(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window w = iso_conv2d_window(p, &call->x[0].shape);
    const float *dy = iso_cpu_f32(&call->dy[0]);
    void *work = iso_cpu_u8(&call->workspace);
    if (call->dx[0].mem != NULL)
        input_gradient(b, call, &w);
    if (call->dw[0].mem != NULL)
        kernel_gradient(b, call, &w);
    if (call->dw[1].mem != NULL)
        ISO_CPU(sum_rows)(iso_cpu_team(b), w.n * w.oh * w.ow, w.oh * w.ow, p->filters, dy,
                          call->add_dw[1], iso_cpu_f32(&call->dw[1]), work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(conv2d) = {
    .workspace = workspace, .fuses_activation = true, .forward = forward, .backward = backward
};
