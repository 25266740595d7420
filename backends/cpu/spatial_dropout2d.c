/* spatial_dropout2d.c: y = x scale in channels that are kept, 0 in those that are dropped; dx = dy
 * scale and 0. The random number of a channel: core/ops/spatial_dropout2d.h.
 *
 * Units are ranges of pixels of one image. Each draws its channels' numbers anew, so many at a time
 * as stand side by side in vectors. */
#include "core/ops/spatial_dropout2d.h"
#include "dropout.h"

struct work {
    struct iso_drop drop;
    const float *in;                                      /* x, or dy */
    float *out;                                           /* y, or dx */
    uint8_t *mask;                                        /* NULL: not wanted */
    int64_t images, pixels, channels, unit_pixels, units; /* units of one image */
    bool add;
};

/* Pixels [begin, end) of an image. */
static struct iso_range pixels_of(const struct work *w, int64_t unit)
{
    return iso_cpu_range(unit % w->units, w->unit_pixels, w->pixels);
}

static void drop(const struct work *w, const uint32_t *restrict word, int64_t channels,
                 int64_t pixels, const float *x, float *y)
{
    for (int64_t p = 0; p < pixels; p++) {
        const float *restrict from = x + p * w->channels;
        float *restrict to = y + p * w->channels;
        for (int64_t c = 0; c < channels; c++)
            to[c] = iso_dropout(word[c] >= w->drop.threshold, from[c], w->drop.scale);
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = pixels_of(w, unit);
    const int64_t image = unit / w->units, at = (image * w->pixels + range.begin) * w->channels;
    const uint32_t first = iso_cpu_row_block(&w->drop.random, image, iso_ceil_div(w->channels, 4));
    (void)thread;
    for (int64_t c = 0, some; c < w->channels; c += some) {
        uint32_t word[ISO_CPU_WORDS];
        some = iso_min64(ISO_CPU_WORDS, w->channels - c);
        iso_cpu_words(&w->drop.random, first + (uint32_t)(c >> 2), word);
        drop(w, word, some, range.end - range.begin, w->in + at + c, w->out + at + c);
        for (int64_t i = 0; w->mask != NULL && range.begin == 0 && i < some; i++)
            w->mask[image * w->channels + c + i] = word[i] >= w->drop.threshold;
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = pixels_of(w, unit);
    const int64_t image = unit / w->units;
    const uint8_t *restrict mask = w->mask + image * w->channels;
    (void)thread;
    for (int64_t p = range.begin; p < range.end; p++) {
        const float *restrict dy = w->in + (image * w->pixels + p) * w->channels;
        float *restrict dx = w->out + (image * w->pixels + p) * w->channels;
        for (int64_t c = 0; c < w->channels; c++)
            dx[c] = iso_cpu_put(dx[c], iso_dropout(mask[c], dy[c], w->drop.scale), w->add);
    }
}

static void run(struct iso_backend *backend, const struct iso_call *call, const float *in,
                float *out, bool add, void (*unit)(void *, int64_t, int))
{
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .drop = iso_cpu_drop_of(call),
        .in = in,
        .out = out,
        .add = add,
        .mask = call->saved[0].mem != NULL ? iso_cpu_u8(&call->saved[0]) : NULL,
        .images = s->dim[0],
        .pixels = s->dim[1] * s->dim[2],
        .channels = s->dim[3],
    };
    work.unit_pixels = iso_cpu_unit_rows(work.channels);
    work.units = iso_ceil_div(work.pixels, work.unit_pixels);
    iso_team_run(iso_cpu_team(backend), work.images * work.units, unit, &work);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    run(backend, call, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]), false, values);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    if (call->dx[0].mem != NULL)
        run(backend, call, iso_cpu_f32(&call->dy[0]), iso_cpu_f32(&call->dx[0]), call->add_dx[0],
            gradients);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(spatial_dropout2d) = { .forward = forward, .backward = backward };
