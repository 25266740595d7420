/* rand_augment.c: pictures of whole levels, changed num_ops times: by a table of levels, by the
 * pixels' places, by the pixel's other channels, or by its neighbours. Units are images; each
 * thread has two pictures of bytes. */
#include "core/ops/rand_augment.h"
#include "sampling.h"
#include "words.h"

struct work {
    iso_rand_augment k;
    const float *x;
    float *y;
    uint8_t *pictures; /* two for each thread */
    int32_t h, w, channels;
    int64_t size; /* bytes of a picture */
    struct iso_cpu_random random;
};

/* A change of one picture. */
struct step {
    const struct work *w;
    iso_rand_drawn d;
    const uint8_t *from;
    uint8_t *to;
};

/* ---- By a table ------------------------------------------------------------------------------ */

static int32_t grey(const uint8_t *at) { return iso_grey_level(at[0], at[1], at[2]); }

static iso_level_counts count(const struct step *s, int32_t channel, int32_t counts[ISO_LEVELS])
{
    const int32_t channels = s->w->channels;
    const bool of_grey = s->d.change == ISO_RAND_CONTRAST && channels == 3;
    iso_level_counts total = iso_no_levels();
    memset(counts, 0, ISO_LEVELS * sizeof *counts);
    for (int64_t e = 0; of_grey && e < s->w->size; e += 3)
        counts[grey(s->from + e)]++;
    for (int64_t e = channel; !of_grey && e < s->w->size; e += channels)
        counts[s->from[e]]++;
    for (int v = 0; v < ISO_LEVELS; v++)
        total = iso_levels_and(total, v, counts[v]);
    return total;
}

static void by_table(const struct step *s)
{
    for (int32_t c = 0; c < s->w->channels; c++) {
        int32_t counts[ISO_LEVELS] = { 0 }, below = 0;
        uint8_t table[ISO_LEVELS];
        const iso_level_counts total = iso_rand_counts(s->d.change) ? count(s, c, counts)
                                                                    : iso_no_levels();
        for (int v = 0; v < ISO_LEVELS; below += counts[v++])
            table[v] = (uint8_t)iso_rand_level(s->w->k, s->d, total, below, v);
        for (int64_t e = c; e < s->w->size; e += s->w->channels)
            s->to[e] = table[s->from[e]];
    }
}

/* ---- By places --------------------------------------------------------------------------------
 */

/* Finds the pixels that n pixels of row i, from column j on, show. */
ISO_CPU_INLINE void find(iso_affine m, const struct work *w, int32_t i, int32_t j, int n,
                         int32_t *restrict shown)
{
    for (int p = 0; p < n; p++)
        shown[p] = iso_rand_shown(m, i, j + p, w->h, w->w);
}

static void by_places(const struct step *s)
{
    const struct work *w = s->w;
    const iso_affine map = iso_rand_map(w->k, s->d, w->h, w->w);
    uint8_t *to = s->to;
    for (int32_t i = 0; i < w->h; i++)
        for (int32_t j = 0; j < w->w; j += ISO_CPU_STRIP) {
            int32_t shown[ISO_CPU_STRIP];
            const int n = (int)iso_min64(ISO_CPU_STRIP, w->w - j);
            find(map, w, i, j, n, shown);
            for (int p = 0; p < n; p++)
                for (int32_t c = 0; c < w->channels; c++)
                    *to++ = shown[p] >= 0 ? s->from[(int64_t)shown[p] * w->channels + c]
                                          : (uint8_t)iso_fill_level(w->k, c);
        }
}

/* ---- By channels and neighbours ---------------------------------------------------------------
 */

static void by_channels(const struct step *s)
{
    for (int64_t e = 0; e < s->w->size; e += 3) {
        const float other = (float)grey(s->from + e);
        for (int c = 0; c < 3; c++)
            s->to[e + c] = (uint8_t)iso_blended(s->w->k, s->d, s->from[e + c], other);
    }
}

/* Blends n bytes of the border, which are blurred to what they are. */
static void blend_with_itself(const struct step *s, int64_t at, int64_t n)
{
    for (int64_t e = at; e < at + n; e++)
        s->to[e] = (uint8_t)iso_blended(s->w->k, s->d, s->from[e], (float)s->from[e]);
}

static void by_neighbours(const struct step *s)
{
    const int64_t next = s->w->channels, line = s->w->w * next;
    blend_with_itself(s, 0, line);
    for (int64_t row = line; row < s->w->size - line; row += line) {
        blend_with_itself(s, row, next);
        for (int64_t e = row + next; e < row + line - next; e++) {
            const uint8_t *at = s->from + e, *above = at - line, *below = at + line;
            const int32_t sum = above[-next] + above[0] + above[next] + at[-next] + at[0] +
                                at[next] + below[-next] + below[0] + below[next];
            s->to[e] =
                (uint8_t)iso_blended(s->w->k, s->d, at[0], (float)iso_blurred_level(sum, at[0]));
        }
        blend_with_itself(s, row + line - next, next);
    }
    blend_with_itself(s, s->w->size - line, line);
}

/* ---- Images -----------------------------------------------------------------------------------
 */

static void change(const struct step *s)
{
    const struct work *w = s->w;
    if (iso_rand_moves(s->d.change))
        by_places(s);
    else if (s->d.change == ISO_RAND_COLOR && w->channels == 3)
        by_channels(s);
    else if (s->d.change == ISO_RAND_SHARPNESS && w->h > 2 && w->w > 2)
        by_neighbours(s);
    else
        by_table(s);
}

static void augment(void *data, int64_t image, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_random *r = &w->random;
    uint8_t *from = w->pictures + 2 * w->size * thread, *to = from + w->size;
    const float *restrict x = w->x + image * w->size;
    float *restrict y = w->y + image * w->size;
    for (int32_t c = 0; c < w->channels; c++)
        for (int64_t e = c; e < w->size; e += w->channels)
            from[e] = (uint8_t)iso_level_of(w->k, c, x[e]);
    for (int32_t i = 0; i < w->k.changes; i++) {
        const iso_rand_drawn d = iso_rand_draw(w->k, i, iso_cpu_row_block(r, image, 1), r->step,
                                               r->layer, r->key[0], r->key[1]);
        change(&(struct step){ w, d, from, to });
        uint8_t *const changed = to;
        to = from;
        from = changed;
    }
    for (int32_t c = 0; c < w->channels; c++)
        for (int64_t e = c; e < w->size; e += w->channels)
            y[e] = iso_value_of_level(w->k, c, from[e]);
}

static int64_t image_size(const struct iso_shape *s) { return s->dim[1] * s->dim[2] * s->dim[3]; }

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)pass;
    return 2 * (size_t)image_size(&call->x[0].shape) * (size_t)iso_cpu_threads(backend);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    struct work work = {
        .k = iso_rand_augment_of(call),
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .pictures = iso_cpu_u8(&call->workspace),
        .h = (int32_t)s->dim[1],
        .w = (int32_t)s->dim[2],
        .channels = (int32_t)s->dim[3],
        .size = image_size(s),
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), s->dim[0], augment, &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(rand_augment) = { .workspace = workspace, .forward = forward };
