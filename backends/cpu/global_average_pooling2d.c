/* global_average_pooling2d.c: the mean of each image's pixels: their row sum, over their number.
 * Backward is that of average pooling with a window that is the whole image. Threads share the
 * images and slices of their channels. */
#include "pooling2d.h"
#include "sums.h"

struct work {
    const float *x;
    float *y;
    int64_t images, pixels, channels, slices;
};

static void means(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_rows pixels = { w->pixels, w->pixels };
    const int64_t image = unit / w->slices;
    const struct iso_range c = iso_cpu_range(unit % w->slices, ISO_CPU_SLICE, w->channels);
    const int64_t n = c.end - c.begin;
    float *y = w->y + image * w->channels + c.begin, total[ISO_CPU_SLICE];
    (void)thread;
    ISO_CPU(sum_columns)(pixels, w->channels, w->x + image * w->pixels * w->channels + c.begin, n,
                         total);
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_pool_mean(total[i], (float)w->pixels);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    struct work w = { .x = iso_cpu_f32(&call->x[0]),
                      .y = iso_cpu_f32(&call->y[0]),
                      .images = s->dim[0],
                      .pixels = s->dim[1] * s->dim[2],
                      .channels = s->dim[3] };
    w.slices = iso_ceil_div(w.channels, ISO_CPU_SLICE);
    iso_team_run(iso_cpu_team(backend), w.images * w.slices, means, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(global_average_pooling2d) = {
    .forward = forward,
    .backward = ISO_CPU(average_pool_gradient),
};
