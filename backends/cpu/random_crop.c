/* random_crop.c: y(i, j) = x(top + i, left + j), 0 beyond the border; its position is drawn
 * for each image. Units are images. */
#include "core/ops/random_crop.h"
#include "words.h"

struct work {
    const float *x;
    float *y;
    int64_t h, w, channels, height, width, padding;
    bool training;
    struct iso_cpu_random random;
};

static void crop(void *data, int64_t image, int thread)
{
    const struct work *k = data;
    const iso_u32x4 r = iso_cpu_row_words(&k->random, image);
    const int64_t top =
        iso_crop_start(r.v[0], k->training, (iso_i32)k->h, (iso_i32)k->height, (iso_i32)k->padding);
    const int64_t left =
        iso_crop_start(r.v[1], k->training, (iso_i32)k->w, (iso_i32)k->width, (iso_i32)k->padding);
    const int64_t first = iso_max64(left, 0), last = iso_min64(left + k->width, k->w);
    const size_t line = (size_t)(k->width * k->channels) * sizeof(float);
    (void)thread;
    for (int64_t i = 0; i < k->height; i++) {
        float *to = k->y + (image * k->height + i) * k->width * k->channels;
        const int64_t row = top + i;
        if (row < 0 || row >= k->h || last - first < k->width)
            memset(to, 0, line);
        if (row >= 0 && row < k->h && last > first)
            memcpy(to + (first - left) * k->channels,
                   k->x + ((image * k->h + row) * k->w + first) * k->channels,
                   (size_t)((last - first) * k->channels) * sizeof *to);
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_crop *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .h = s->dim[1],
        .w = s->dim[2],
        .channels = s->dim[3],
        .height = p->height,
        .width = p->width,
        .padding = p->padding,
        .training = call->training,
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    iso_team_run(iso_cpu_team(backend), s->dim[0], crop, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(random_crop) = { .forward = forward };
