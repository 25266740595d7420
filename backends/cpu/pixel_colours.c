/* pixel_colours.c: y = x with another hue or saturation (ISO_PIXEL_COLOURS in
 * core/arithmetic/hue.h), pixel by pixel, by a number that is drawn for each image. Units are
 * images. */
#include "core/ops/pixel_colours.h"
#include "words.h"

struct work {
    const float *x;
    float *y;
    iso_pixel_colours colours;
    int64_t pixels;
    struct iso_cpu_random random;
};
typedef float draw_number(iso_u32 word, iso_u32 other, iso_pixel_colours);
typedef iso_rgb change_pixel(iso_rgb, float number, iso_pixel_colours);

ISO_CPU_INLINE void change_image(const struct work *w, int64_t image, draw_number *draw,
                                 change_pixel *change)
{
    const iso_u32x4 r = iso_cpu_row_words(&w->random, image);
    const float number = draw(r.v[0], r.v[1], w->colours);
    const float *restrict x = w->x + image * w->pixels * 3;
    float *restrict y = w->y + image * w->pixels * 3;
    for (int64_t i = 0; i < w->pixels; i++) {
        const iso_rgb p = { { x[3 * i], x[3 * i + 1], x[3 * i + 2] } };
        const iso_rgb q = change(p, number, w->colours);
        y[3 * i] = q.v[0];
        y[3 * i + 1] = q.v[1];
        y[3 * i + 2] = q.v[2];
    }
}

static void images(struct iso_backend *backend, const struct iso_call *call, iso_team_task *task)
{
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .colours = iso_pixel_colours_of(call),
        .pixels = s->dim[1] * s->dim[2],
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), s->dim[0], task, &work);
    else
        iso_cpu_copy(call);
}

#define PIXEL_COLOURS(name, draw, change)                                                  \
    static void name##_image(void *data, int64_t image, int thread)                        \
    {                                                                                      \
        (void)thread;                                                                      \
        change_image(data, image, draw, change);                                           \
    }                                                                                      \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                      \
        images(backend, call, name##_image);                                               \
        return ISO_OK;                                                                     \
    }                                                                                      \
    const struct iso_kernel ISO_CPU(name) = { .forward = name##_forward };
ISO_PIXEL_COLOURS(PIXEL_COLOURS)
