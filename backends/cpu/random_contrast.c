/* random_contrast.c: y = (x - mean) f + mean, held to a range; the mean is that of the image's
 * channel, and f is drawn for each image. Units are images; channels are summed a few at a time. */
#include "core/ops/random_contrast.h"
#include "sums.h"
#include "words.h"

enum { CHANNELS = 16 };

struct work {
    const float *x;
    float *y, from, span, least, most;
    int64_t pixels, channels;
    struct iso_cpu_random random;
};

/* The means of some channels, which begin at x: the rows of one image. */
static void means(const struct work *k, const float *x, int some, float mean[CHANNELS])
{
    const struct iso_rows pixels = { k->pixels, k->pixels };
    ISO_CPU(sum_columns)(pixels, k->channels, x, some, mean);
    for (int c = 0; c < some; c++)
        mean[c] = iso_div(mean[c], (float)k->pixels);
}

static void contrast(void *data, int64_t image, int thread)
{
    const struct work *k = data;
    const float factor = iso_draw(iso_cpu_row_words(&k->random, image).v[0], k->from, k->span);
    const int64_t at = image * k->pixels * k->channels;
    float mean[CHANNELS];
    (void)thread;
    for (int64_t c = 0; c < k->channels; c += CHANNELS) {
        const int some = (int)iso_min64(CHANNELS, k->channels - c);
        const float *restrict x = k->x + at + c;
        float *restrict y = k->y + at + c;
        means(k, x, some, mean);
        for (int64_t i = 0; some == 1 && i < k->pixels; i++)
            y[i * k->channels] =
                iso_contrast(x[i * k->channels], mean[0], factor, k->least, k->most);
        for (int64_t i = 0; some > 1 && i < k->pixels; i++)
            for (int j = 0; j < some; j++)
                y[i * k->channels + j] =
                    iso_contrast(x[i * k->channels + j], mean[j], factor, k->least, k->most);
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_contrast *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .from = (float)call->scalars[ISO_CONTRAST_FROM],
        .span = (float)call->scalars[ISO_CONTRAST_SPAN],
        .least = (float)p->value_range[0],
        .most = (float)p->value_range[1],
        .pixels = s->dim[1] * s->dim[2],
        .channels = s->dim[3],
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), s->dim[0], contrast, &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(random_contrast) = { .forward = forward };
