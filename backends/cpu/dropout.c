/* dropout.c: y = x scale where kept, 0 where dropped; dx = dy scale and 0.
 *
 * Element e is dropped when word e & 3 of Philox block e >> 2 is below the threshold. Outside of
 * training everything is kept, with scale 1. */
#include "dropout.h"

enum { WORDS = ISO_CPU_WORDS };

struct work {
    struct iso_drop drop;
    const float *in; /* x, or dy */
    float *out;      /* y, or dx */
    uint8_t *mask;   /* NULL: not wanted */
    int64_t count;
    bool add;
};

ISO_CPU_INLINE void drop(const float *restrict x, const uint32_t *restrict word, uint32_t threshold,
                         float scale, int64_t n, float *restrict y, uint8_t *restrict mask)
{
    for (int64_t i = 0; i < n; i++) {
        const bool keep = word[i] >= threshold;
        y[i] = iso_dropout(keep, x[i], scale);
        mask[i] = keep;
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    for (int64_t e = range.begin; e < range.end; e += WORDS) {
        uint32_t word[WORDS];
        uint8_t unwanted[WORDS], *mask = w->mask != NULL ? w->mask + e : unwanted;
        iso_cpu_words(&w->drop.random, (uint32_t)(e >> 2), word);
        if (range.end - e >= WORDS)
            drop(w->in + e, word, w->drop.threshold, w->drop.scale, WORDS, w->out + e, mask);
        else
            drop(w->in + e, word, w->drop.threshold, w->drop.scale, range.end - e, w->out + e,
                 mask);
    }
}

static void keep_all(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    for (int64_t e = range.begin; e < range.end; e++)
        w->out[e] = iso_dropout(true, w->in[e], w->drop.scale);
    if (w->mask != NULL)
        memset(w->mask + range.begin, 1, (size_t)(range.end - range.begin));
}

ISO_CPU_INLINE void drop_gradient(const float *restrict dy, const uint8_t *restrict mask,
                                  float scale, int64_t n, float *restrict dx, bool add)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = iso_cpu_put(dx[i], iso_dropout(mask[i], dy[i], scale), add);
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    drop_gradient(w->in + range.begin, w->mask + range.begin, w->drop.scale,
                  range.end - range.begin, w->out + range.begin, w->add);
}

static struct work work_of(const struct iso_call *call, const struct iso_shape *shape)
{
    return (struct work){
        .drop = iso_cpu_drop_of(call),
        .mask = call->saved[0].mem != NULL ? iso_cpu_u8(&call->saved[0]) : NULL,
        .count = iso_shape_count(shape),
    };
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->x[0].shape);
    work.in = iso_cpu_f32(&call->x[0]);
    work.out = iso_cpu_f32(&call->y[0]);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT),
                 work.drop.threshold > 0 ? values : keep_all, &work);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->dy[0].shape);
    work.in = iso_cpu_f32(&call->dy[0]);
    work.out = iso_cpu_f32(&call->dx[0]);
    work.add = call->add_dx[0];
    if (work.out != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), gradients,
                     &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(dropout) = { .forward = forward, .backward = backward };
