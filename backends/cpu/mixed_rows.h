/* mixed_rows.h: what mixup and cutmix share: each row of a batch meets its partner. Units are some
 * rows. */
#ifndef ISO_CPU_MIXED_ROWS_H
#define ISO_CPU_MIXED_ROWS_H
#include "core/ops/mixup.h"
#include "words.h"

struct iso_mixed_rows {
    const float *x;
    float *y, inverse; /* 1 / alpha */
    struct iso_shape shape;
    int64_t size, roll, unit_rows; /* size: elements of a row */
    bool per_image;
    struct iso_cpu_random random;
    /* Writes a row of y, from the row itself and its partner. drawn: the row of the step whose
     * random numbers it takes. */
    void (*mix)(const struct iso_mixed_rows *, uint32_t drawn, const float *own, const float *other,
                float *y);
};

static void iso_mix_unit(void *data, int64_t unit, int thread)
{
    const struct iso_mixed_rows *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->shape.dim[0]);
    (void)thread;
    for (int64_t n = range.begin; n < range.end; n++)
        w->mix(w, w->per_image ? iso_cpu_row_block(&w->random, n, 1) : 0, w->x + n * w->size,
               w->x + (n + w->roll) % w->shape.dim[0] * w->size, w->y + n * w->size);
}

/* Computes y with the op's `roll` and `mix`; outside training, copies x. */
static inline iso_rc iso_mix_rows(struct iso_backend *backend, const struct iso_call *call,
                                  int64_t roll,
                                  void (*mix)(const struct iso_mixed_rows *, uint32_t,
                                              const float *, const float *, float *))
{
    enum { COST = 64 }; /* cost of a draw, in simple elements */
    const struct iso_mixup *p = call->params;
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows;
    struct iso_mixed_rows work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .inverse = (float)call->scalars[ISO_MIXUP_INVERSE],
        .shape = call->x[0].shape,
        .size = size,
        .roll = roll,
        .unit_rows = iso_cpu_unit_rows(size + COST),
        .per_image = p->per_image,
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
        .mix = mix,
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), iso_mix_unit,
                     &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

#endif
