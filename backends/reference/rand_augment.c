/* rand_augment.c: pictures of whole levels, changed num_ops times: by a table of levels, by the
 * pixels' places, by the pixel's other channels, or by its neighbours
 * (core/arithmetic/rand_augment.h). */
#include "core/ops/rand_augment.h"
#include "reference.h"

struct picture {
    const iso_rand_augment *k;
    uint8_t *levels;
    int64_t h, w, channels;
};

static uint8_t *pixel(const struct picture *p, int64_t i, int64_t j)
{
    return p->levels + (i * p->w + j) * p->channels;
}

static int32_t grey(const uint8_t *at) { return iso_grey_level(at[0], at[1], at[2]); }

/* Counts the levels of a channel or, for contrast, of the grey picture. */
static iso_level_counts count(const struct picture *p, int32_t change, int64_t channel,
                              int32_t counts[ISO_LEVELS])
{
    iso_level_counts total = iso_no_levels();
    for (int v = 0; v < ISO_LEVELS; v++)
        counts[v] = 0;
    for (int64_t i = 0; i < p->h * p->w; i++) {
        const uint8_t *at = p->levels + i * p->channels;
        counts[change == ISO_RAND_CONTRAST && p->channels == 3 ? grey(at) : at[channel]]++;
    }
    for (int v = 0; v < ISO_LEVELS; v++)
        total = iso_levels_and(total, v, counts[v]);
    return total;
}

static void by_table(const struct picture *x, iso_rand_drawn d, const struct picture *y)
{
    int32_t counts[ISO_LEVELS];
    for (int64_t c = 0; c < x->channels; c++) {
        const iso_level_counts total = count(x, d.change, c, counts);
        int32_t table[ISO_LEVELS], below = 0;
        for (int v = 0; v < ISO_LEVELS; below += counts[v++])
            table[v] = iso_rand_level(*x->k, d, total, below, v);
        for (int64_t e = c; e < x->h * x->w * x->channels; e += x->channels)
            y->levels[e] = (uint8_t)table[x->levels[e]];
    }
}

static void by_places(const struct picture *x, iso_rand_drawn d, const struct picture *y)
{
    const iso_i32 h = (iso_i32)x->h, w = (iso_i32)x->w;
    const iso_affine map = iso_rand_map(*x->k, d, h, w);
    for (iso_i32 i = 0; i < h; i++)
        for (iso_i32 j = 0; j < w; j++) {
            const int64_t shown = iso_rand_shown(map, i, j, h, w);
            for (int64_t c = 0; c < x->channels; c++)
                pixel(y, i, j)[c] = shown >= 0 ? x->levels[shown * x->channels + c]
                                               : (uint8_t)iso_fill_level(*x->k, (iso_i32)c);
        }
}

/* A picture of one channel has no colours. */
static void by_channels(const struct picture *x, iso_rand_drawn d, const struct picture *y)
{
    for (int64_t i = 0; i < x->h * x->w; i++)
        for (int64_t c = 0; c < x->channels; c++) {
            const uint8_t *at = x->levels + i * x->channels;
            y->levels[i * x->channels + c] =
                (uint8_t)(x->channels == 3 ? iso_blended(*x->k, d, at[c], (iso_real)grey(at))
                                           : at[c]);
        }
}

/* The blurred level of a pixel; on the border, its own. */
static int32_t blurred(const struct picture *x, int64_t i, int64_t j, int64_t c)
{
    int32_t sum = 0;
    if (i == 0 || i == x->h - 1 || j == 0 || j == x->w - 1)
        return pixel(x, i, j)[c];
    for (int64_t r = i - 1; r <= i + 1; r++)
        for (int64_t s = j - 1; s <= j + 1; s++)
            sum += pixel(x, r, s)[c];
    return iso_blurred_level(sum, pixel(x, i, j)[c]);
}

/* A picture without a pixel that has eight neighbours stays as it is. */
static void by_neighbours(const struct picture *x, iso_rand_drawn d, const struct picture *y)
{
    for (int64_t i = 0; i < x->h; i++)
        for (int64_t j = 0; j < x->w; j++)
            for (int64_t c = 0; c < x->channels; c++) {
                const int32_t own = pixel(x, i, j)[c];
                const iso_real other = (iso_real)blurred(x, i, j, c);
                pixel(y, i, j)[c] =
                    (uint8_t)(x->h > 2 && x->w > 2 ? iso_blended(*x->k, d, own, other) : own);
            }
}

static void change(const struct picture *x, iso_rand_drawn d, const struct picture *y)
{
    if (iso_rand_moves(d.change))
        by_places(x, d, y);
    else if (d.change == ISO_RAND_COLOR)
        by_channels(x, d, y);
    else if (d.change == ISO_RAND_SHARPNESS)
        by_neighbours(x, d, y);
    else
        by_table(x, d, y);
}

static int64_t image_size(const struct iso_shape *s) { return s->dim[1] * s->dim[2] * s->dim[3]; }

/* An image's levels before and after a change. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend, (void)pass;
    return 2 * (size_t)image_size(&call->x[0].shape);
}

static void augment(const struct iso_call *call, const iso_rand_augment *k, int64_t n)
{
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t size = image_size(s), channels = s->dim[3];
    const iso_real *x = ref_real(&call->x[0]) + n * size;
    iso_real *y = ref_real(&call->y[0]) + n * size;
    struct picture from = { k, ref_u8(&call->workspace), s->dim[1], s->dim[2], channels };
    struct picture to = from;
    to.levels += size;
    for (int64_t e = 0; e < size; e++)
        from.levels[e] = (uint8_t)iso_level_of(*k, (iso_i32)(e % channels), x[e]);
    for (iso_i32 i = 0; i < k->changes; i++) {
        const struct picture changed = to;
        change(&from,
               iso_rand_draw(*k, i, (uint32_t)(call->first_row + n), call->step, call->layer,
                             (uint32_t)call->seed, (uint32_t)(call->seed >> 32)),
               &changed);
        to = from;
        from = changed;
    }
    for (int64_t e = 0; e < size; e++)
        y[e] = iso_value_of_level(*k, (iso_i32)(e % channels), from.levels[e]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_rand_augment k = iso_rand_augment_of(call);
    const int64_t images = call->x[0].shape.dim[0], count = iso_shape_count(&call->x[0].shape);
    (void)backend;
    for (int64_t e = 0; !call->training && e < count; e++)
        ref_real(&call->y[0])[e] = ref_real(&call->x[0])[e];
    for (int64_t n = 0; call->training && n < images; n++)
        augment(call, &k, n);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(rand_augment) = { .workspace = workspace, .forward = forward };
