/* random_brightness.c: y = x + d, held to a range, with a d that is drawn for each image. Units are
 * images. */
#include "core/ops/random_brightness.h"
#include "words.h"

struct work {
    const float *x;
    float *y, from, span, least, most;
    int64_t image; /* elements of one */
    struct iso_cpu_random random;
};

static void light(void *data, int64_t image, int thread)
{
    const struct work *k = data;
    const float delta = iso_draw(iso_cpu_row_words(&k->random, image).v[0], k->from, k->span);
    const float *restrict x = k->x + image * k->image;
    float *restrict y = k->y + image * k->image;
    (void)thread;
    for (int64_t e = 0; e < k->image; e++)
        y[e] = iso_brightness(x[e], delta, k->least, k->most);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_brightness *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .from = (float)call->scalars[ISO_BRIGHTNESS_FROM],
        .span = (float)call->scalars[ISO_BRIGHTNESS_SPAN],
        .least = (float)p->value_range[0],
        .most = (float)p->value_range[1],
        .image = s->dim[1] * s->dim[2] * s->dim[3],
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), s->dim[0], light, &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(random_brightness) = { .forward = forward };
