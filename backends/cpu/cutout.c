/* cutout.c: y = x but for a rectangle about a pixel that is drawn for each image. Units are
 * images. */
#include "core/ops/cutout.h"
#include "words.h"

struct work {
    const float *x;
    float *y, value;
    int64_t h, w, channels, size[2];
    struct iso_cpu_random random;
};

static void cut(void *data, int64_t image, int thread)
{
    const struct work *k = data;
    const iso_u32x4 r = iso_cpu_row_words(&k->random, image);
    const int64_t top = iso_cut_start(r.v[0], (iso_i32)k->h, (iso_i32)k->size[0]);
    const int64_t left = iso_cut_start(r.v[1], (iso_i32)k->w, (iso_i32)k->size[1]);
    const int64_t count = k->h * k->w * k->channels, line = k->w * k->channels;
    const int64_t first = iso_max64(left, 0), last = iso_min64(left + k->size[1], k->w);
    const int64_t bottom = iso_min64(top + k->size[0], k->h);
    float *y = k->y + image * count;
    (void)thread;
    memcpy(y, k->x + image * count, (size_t)count * sizeof *y);
    for (int64_t i = iso_max64(top, 0); i < bottom; i++)
        for (int64_t e = first * k->channels; e < last * k->channels; e++)
            y[i * line + e] = k->value;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_cutout *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .value = (float)p->value,
        .h = s->dim[1],
        .w = s->dim[2],
        .channels = s->dim[3],
        .size = { p->size[0], p->size[1] },
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), s->dim[0], cut, &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(cutout) = { .forward = forward };
