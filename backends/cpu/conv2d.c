/* conv2d.c: two-dimensional convolution: by Winograd's algorithm where that defines it, as a matrix
 * product where the kernel has one tap, otherwise on the register tile, which reads pixels where
 * they lie. What has groups is computed in conv2d_groups.c. */
#include "conv2d_groups.h"
#include "conv_pointwise.h"
#include "winograd.h"

/* A way to compute it: what ISO_CPU_CONVOLUTION declares. */
struct way {
    size_t (*forward_workspace)(const struct iso_window *, int64_t filters, int threads);
    size_t (*input_gradient_workspace)(const struct iso_window *, int64_t filters, int threads);
    size_t (*kernel_gradient_workspace)(const struct iso_window *, int64_t filters, bool add,
                                        int threads);
    void (*forward)(struct iso_team *, const struct iso_window *, int64_t filters, const float *x,
                    const float *kernel, const float *bias, struct iso_ending, float *y,
                    void *workspace);
    void (*input_gradient)(struct iso_team *, const struct iso_window *, int64_t filters,
                           const float *dy, const float *kernel, bool add, struct iso_ending,
                           float *dx, void *workspace);
    void (*kernel_gradient)(struct iso_team *, const struct iso_window *, int64_t filters,
                            const float *x, const float *dy, bool add, float *dkernel,
                            void *workspace);
};
#define WAY(way)                                                                   \
    {                                                                              \
        ISO_CPU(way##_forward_workspace), ISO_CPU(way##_input_gradient_workspace), \
            ISO_CPU(way##_kernel_gradient_workspace), ISO_CPU(way##_forward),      \
            ISO_CPU(way##_input_gradient), ISO_CPU(way##_kernel_gradient)          \
    }
static const struct way winograd = WAY(winograd), pointwise = WAY(conv_pointwise),
                        gather = WAY(conv);

/* One call: the way, and the window on x. */
struct conv {
    const struct way *way;
    struct iso_window w;
    int64_t filters;
    struct iso_team *team;
    int threads;
};

static struct conv conv_of(struct iso_backend *b, const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    struct conv c = { .w = iso_conv2d_window(p, &call->x[0].shape),
                      .filters = p->filters,
                      .team = iso_cpu_team(b),
                      .threads = iso_cpu_threads(b) };
    if (iso_conv2d_algorithm(p, &call->x[0].shape) == ISO_WINOGRAD)
        c.way = &winograd;
    else
        c.way = c.w.kh * c.w.kw == 1 ? &pointwise : &gather;
    return c;
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct conv c = conv_of(b, call);
    const int64_t pixels = c.w.oh * c.w.ow;
    const size_t dbias = ISO_CPU(sum_rows_workspace)(c.w.n * pixels, pixels, c.filters);
    if (iso_conv2d_has_groups(call))
        return iso_max_size(ISO_CPU(conv2d_groups_workspace)(call, pass), dbias);
    if (pass == ISO_FORWARD)
        return c.way->forward_workspace(&c.w, c.filters, c.threads);
    const size_t dx = c.way->input_gradient_workspace(&c.w, c.filters, c.threads);
    const size_t dkernel = c.way->kernel_gradient_workspace(&c.w, c.filters, true, c.threads);
    return iso_max_size(dx, iso_max_size(dkernel, dbias));
}

static iso_rc forward(struct iso_backend *b, const struct iso_call *call)
{
    const struct conv c = conv_of(b, call);
    if (iso_conv2d_has_groups(call)) {
        ISO_CPU(conv2d_groups_forward)(b, call);
        return ISO_OK;
    }
    c.way->forward(c.team, &c.w, c.filters, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->w[0]),
                   iso_cpu_f32(&call->w[1]), ISO_CPU(forward_ending)(call),
                   iso_cpu_f32(&call->y[0]), iso_cpu_u8(&call->workspace));
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *b, const struct iso_call *call)
{
    const struct conv c = conv_of(b, call);
    const int64_t pixels = c.w.oh * c.w.ow;
    const float *dy = iso_cpu_f32(&call->dy[0]);
    void *work = iso_cpu_u8(&call->workspace);
    if (iso_conv2d_has_groups(call)) {
        ISO_CPU(conv2d_groups_backward)(b, call);
        return ISO_OK;
    }
    if (call->dx[0].mem != NULL)
        c.way->input_gradient(c.team, &c.w, c.filters, dy, iso_cpu_f32(&call->w[0]),
                              call->add_dx[0], ISO_CPU(gradient_ending)(call),
                              iso_cpu_f32(&call->dx[0]), work);
    if (call->dw[0].mem != NULL)
        c.way->kernel_gradient(c.team, &c.w, c.filters, iso_cpu_f32(&call->x[0]), dy,
                               call->add_dw[0], iso_cpu_f32(&call->dw[0]), work);
    if (call->dw[1].mem != NULL)
        ISO_CPU(sum_rows)(c.team, c.w.n * pixels, pixels, c.filters, dy, call->add_dw[1],
                          iso_cpu_f32(&call->dw[1]), work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(conv2d) = { .workspace = workspace,
                                            .fuses_activation = true,
                                            .fuses_x_activation = true,
                                            .forward = forward,
                                            .backward = backward };
