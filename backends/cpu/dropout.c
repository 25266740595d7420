/* dropout.c: y = x scale where kept, 0 where dropped; dx = dy scale and 0.
 *
 * Element e of a row is dropped when word e & 3 of the row's Philox block e >> 2 is below the
 * threshold. Outside of training everything is kept, with scale 1.
 *
 * The words of all rows follow one another, four to a block; a row that does not fill its last
 * block leaves words unused. */
#include "dropout.h"
#include "tile.h"

enum { WORDS = ISO_CPU_WORDS };

struct work {
    struct iso_drop drop;
    const float *in;          /* x, or dy */
    float *out;               /* y, or dx */
    uint8_t *mask;            /* NULL: not wanted */
    int64_t count, row;       /* elements, in total and per row */
    int64_t words, all_words; /* random words of a row, including unused ones, and of all rows */
    bool add;
    struct iso_ending ending; /* applied to dx */
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

/* The elements that belong to n words from `at` on, which may belong to several rows. */
static void drop_words(const struct work *w, int64_t at, const uint32_t *word, int64_t n)
{
    uint8_t unwanted[WORDS];
    for (int64_t i = 0, some; i < n; i += some) {
        const int64_t column = (at + i) % w->words, e = (at + i) / w->words * w->row + column;
        some = iso_min64(n - i, w->words - column);
        const int64_t live = iso_min64(some, w->row - column);
        uint8_t *mask = w->mask != NULL ? w->mask + e : unwanted;
        if (live == WORDS)
            drop(w->in + e, word, w->drop.threshold, w->drop.scale, WORDS, w->out + e, mask);
        else
            drop(w->in + e, word + i, w->drop.threshold, w->drop.scale, live, w->out + e, mask);
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->all_words);
    const uint32_t first = iso_cpu_row_block(&w->drop.random, 0, w->words / 4);
    (void)thread;
    for (int64_t at = range.begin; at < range.end; at += WORDS) {
        uint32_t word[WORDS];
        iso_cpu_words(&w->drop.random, first + (uint32_t)(at >> 2), word);
        drop_words(w, at, word, iso_min64(WORDS, range.end - at));
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
    ISO_CPU(end)(&w->ending, w->out + range.begin, range.end - range.begin);
}

static struct work work_of(const struct iso_call *call, const struct iso_shape *shape)
{
    struct work w = {
        .drop = iso_cpu_drop_of(call),
        .mask = call->saved[0].mem != NULL ? iso_cpu_u8(&call->saved[0]) : NULL,
        .count = iso_shape_count(shape),
    };
    w.row = w.count / shape->dim[0];
    w.words = iso_ceil_div(w.row, 4) * 4;
    w.all_words = shape->dim[0] * w.words;
    return w;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->x[0].shape);
    work.in = iso_cpu_f32(&call->x[0]);
    work.out = iso_cpu_f32(&call->y[0]);
    const bool drops = work.drop.threshold > 0;
    const int64_t each = drops ? work.all_words : work.count;
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(each, ISO_CPU_UNIT), drops ? values : keep_all,
                 &work);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->dy[0].shape);
    work.in = iso_cpu_f32(&call->dy[0]);
    work.out = iso_cpu_f32(&call->dx[0]);
    work.add = call->add_dx[0];
    work.ending = ISO_CPU(gradient_ending)(call);
    if (work.out != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), gradients,
                     &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(dropout) = { .fuses_x_activation = true,
                                             .forward = forward,
                                             .backward = backward };
