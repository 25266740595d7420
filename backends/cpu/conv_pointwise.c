/* conv_pointwise.c: a convolution whose kernel has one tap is a matrix product over the pixels of
 * the batch. Strides pick some of the pixels: they are copied side by side first, and the gradient
 * of those is spread out afterwards, with zeros between. */
#include "conv_pointwise.h"

struct pixels {
    const struct iso_window *w;
    const float *from;
    float *to;
    bool add;
    struct iso_ending ending;
};

static bool strided(const struct iso_window *w) { return w->sh > 1 || w->sw > 1; }

/* The pixels that the kernel meets, as images of their own. */
static struct iso_window met(const struct iso_window *w)
{
    struct iso_window m = *w;
    m.h = w->oh;
    m.w = w->ow;
    m.sh = m.sw = 1;
    return m;
}

static size_t met_floats(const struct iso_window *w)
{
    return strided(w) ? (size_t)iso_ceil_div(w->n * w->oh * w->ow * w->c, 16) * 16 : 0;
}

static void pick_row(void *data, int64_t row, int thread)
{
    const struct pixels *p = data;
    const struct iso_window *w = p->w;
    const int64_t image = row / w->oh, y = row % w->oh * w->sh;
    const float *from = p->from + (image * w->h + y) * w->w * w->c;
    float *to = p->to + row * w->ow * w->c;
    (void)thread;
    for (int64_t x = 0; x < w->ow; x++)
        memcpy(to + x * w->c, from + x * w->sw * w->c, (size_t)w->c * sizeof *to);
}

/* Returns x, or a copy of the pixels that the kernel meets. */
static const float *pick(struct iso_team *team, const struct iso_window *w, const float *x,
                         float *work)
{
    struct pixels p = { .w = w, .from = x, .to = work };
    if (!strided(w))
        return x;
    iso_team_run(team, w->n * w->oh, pick_row, &p);
    return work;
}

/* n numbers, or zeros where from is NULL; a finished sum is added as such, also if it is +0. */
static void put(float *to, const float *from, int64_t n, bool add)
{
    if (!add && from == NULL)
        memset(to, 0, (size_t)n * sizeof *to);
    else if (!add)
        memcpy(to, from, (size_t)n * sizeof *to);
    for (int64_t i = 0; add && i < n; i++)
        to[i] = to[i] + (from != NULL ? from[i] : 0.0f);
}

static void spread_row(void *data, int64_t row, int thread)
{
    const struct pixels *p = data;
    const struct iso_window *w = p->w;
    const int64_t image = row / w->h, y = row % w->h;
    const float *from = p->from + (image * w->oh + y / w->sh) * w->ow * w->c;
    float *to = p->to + row * w->w * w->c;
    (void)thread;
    for (int64_t x = 0; x < w->w; x++)
        put(to + x * w->c, y % w->sh == 0 && x % w->sw == 0 ? from + x / w->sw * w->c : NULL, w->c,
            p->add);
    ISO_CPU(end)(&p->ending, to, w->w * w->c);
}

/* ---- Passes ---------------------------------------------------------------------------------- */

size_t ISO_CPU(conv_pointwise_forward_workspace)(const struct iso_window *w, int64_t filters,
                                                 int threads)
{
    return met_floats(w) * sizeof(float) +
           ISO_CPU(gemm_workspace)(w->n * w->oh * w->ow, filters, w->c, threads);
}

void ISO_CPU(conv_pointwise_forward)(struct iso_team *team, const struct iso_window *w,
                                     int64_t filters, const float *x, const float *kernel,
                                     const float *bias, struct iso_ending ending, float *y,
                                     void *workspace)
{
    float *work = workspace;
    const struct iso_gemm g = { .m = w->n * w->oh * w->ow,
                                .n = filters,
                                .k = w->c,
                                .a = pick(team, w, x, work),
                                .lda = w->c,
                                .w = kernel,
                                .ldw = filters,
                                .bias = bias,
                                .ending = ending,
                                .c = y,
                                .ldc = filters };
    ISO_CPU(gemm)(team, &g, work + met_floats(w));
}

size_t ISO_CPU(conv_pointwise_input_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                                        int threads)
{
    return met_floats(w) * sizeof(float) +
           ISO_CPU(gemm_workspace)(w->n * w->oh * w->ow, w->c, filters, threads);
}

void ISO_CPU(conv_pointwise_input_gradient)(struct iso_team *team, const struct iso_window *w,
                                            int64_t filters, const float *dy, const float *kernel,
                                            bool add, struct iso_ending ending, float *dx,
                                            void *workspace)
{
    float *work = workspace;
    struct pixels p = { w, work, dx, add, ending };
    const struct iso_ending none = { 0 };
    const struct iso_gemm g = { .m = w->n * w->oh * w->ow,
                                .n = w->c,
                                .k = filters,
                                .a = dy,
                                .lda = filters,
                                .w = kernel,
                                .ldw = filters,
                                .transposed = true,
                                .add = add && !strided(w),
                                .ending = strided(w) ? none : ending,
                                .c = strided(w) ? work : dx,
                                .ldc = w->c };
    ISO_CPU(gemm)(team, &g, work + met_floats(w));
    if (strided(w))
        iso_team_run(team, w->n * w->h, spread_row, &p);
}

size_t ISO_CPU(conv_pointwise_kernel_gradient_workspace)(const struct iso_window *w,
                                                         int64_t filters, bool add, int threads)
{
    const struct iso_window m = met(w);
    return met_floats(w) * sizeof(float) +
           ISO_CPU(conv_kernel_gradient_workspace)(&m, filters, add, threads);
}

void ISO_CPU(conv_pointwise_kernel_gradient)(struct iso_team *team, const struct iso_window *w,
                                             int64_t filters, const float *x, const float *dy,
                                             bool add, float *dkernel, void *workspace)
{
    float *work = workspace;
    const struct iso_window m = met(w);
    ISO_CPU(conv_kernel_gradient)(team, &m, filters, pick(team, w, x, work), dy, add, dkernel,
                                  work + met_floats(w));
}
