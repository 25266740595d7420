#include "image_resize.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 22 };      /* bits of a weight's fraction */
enum { MOST = 1 << 24 }; /* pixels of a side with its padding, so that weights find room */

/* The part of a side, or more than it, that becomes the whole side of the result. */
struct view {
    int begin, size; /* in pixels of the file; begin may be negative */
};
/* The weights that make one side of the result, by pixels of the file's. */
struct side {
    int n, most;        /* pixels, and the most weights of one */
    int *first, *count; /* [n] */
    int32_t *weights;   /* [n, most] */
    struct view view;
};

/* ---- Weights ------------------------------------------------------------------------------- */

/* Everything below is in units of 1 / (2 n) of a pixel of the file, n pixels being made of `size`:
 * the middle of the file's pixel x of the view lies at (2 x + 1) n, that of the result's pixel i at
 * (2 i + 1) size. */
typedef int64_t weigh(int64_t x, int64_t i, int64_t n, int64_t size);

static int64_t distance(int64_t x, int64_t i, int64_t n, int64_t size)
{
    return (2 * x + 1) * n - (2 * i + 1) * size;
}

static int64_t fall(int64_t d, int64_t reach)
{
    d = d < 0 ? -d : d;
    return d < reach ? reach - d : 0;
}

static int64_t weigh_bilinear(int64_t x, int64_t i, int64_t n, int64_t size)
{
    return fall(distance(x, i, n, size), 2 * (n > size ? n : size));
}

static int64_t weigh_alias(int64_t x, int64_t i, int64_t n, int64_t size)
{
    return fall(distance(x, i, n, size), 2 * n);
}

/* Middles on the very edge fall to the side on which Pillow's arithmetic in double has them. */
static int64_t weigh_box(int64_t x, int64_t i, int64_t n, int64_t size)
{
    const double scale = (double)size / (double)n, half = 0.5 * (scale > 1 ? scale : 1);
    const double middle = ((double)i + 0.5) * scale, begin = middle - half + 0.5;
    return x >= (int64_t)(begin > 0 ? begin : 0) && x < (int64_t)(middle + half + 0.5);
}

static int64_t weigh_area(int64_t x, int64_t i, int64_t n, int64_t size)
{
    const int64_t begin = x * n > i * size ? x * n : i * size;
    const int64_t end = (x + 1) * n < (i + 1) * size ? (x + 1) * n : (i + 1) * size;
    return end > begin ? end - begin : 0;
}

static int64_t weigh_nearest(int64_t x, int64_t i, int64_t n, int64_t size)
{
    return x == (2 * i + 1) * size / (2 * n);
}

static weigh *find_weigh(const struct iso_image_options *o)
{
    static weigh *const all[] = { weigh_bilinear, weigh_area, weigh_box, weigh_nearest };
    const bool alias = o->antialias == ISO_ALIAS;
    return alias && o->interpolation == ISO_INTERPOLATE_BILINEAR ? weigh_alias
                                                                 : all[o->interpolation];
}

/* Black outside the image is no weight for what is inside, but counts in the sum. */
static void weigh_pixel(struct side *s, int i, int from, weigh *w)
{
    const int64_t n = s->n, size = s->view.size, reach = (n > size ? n : size) / n + 1;
    const int64_t middle = (2 * (int64_t)i + 1) * size / (2 * n);
    int64_t begin = middle - reach > 0 ? middle - reach : 0, end = middle + reach + 1, sum = 0;
    int32_t *weights = s->weights + (int64_t)i * s->most;
    end = end < size ? end : size;
    for (int64_t x = begin; x < end; x++)
        sum += w(x, i, n, size);
    for (int64_t x = begin; x < end; x++) {
        const int64_t weight = w(x, i, n, size), at = x + s->view.begin;
        if (weight == 0 || at < 0 || at >= from)
            continue;
        if (s->count[i] == 0)
            s->first[i] = (int)at;
        weights[s->count[i]++] = (int32_t)(((weight << (BITS + 1)) + sum) / (2 * sum));
    }
}

static void free_side(struct side *s)
{
    free(s->first);
    free(s->count);
    free(s->weights);
}

/* On failure free_side must follow, too. */
static iso_rc weigh_side(int from, struct view view, int n, weigh *w, struct side *s)
{
    const int most = 2 * ((n > view.size ? n : view.size) / n + 1) + 1;
    *s = (struct side){ .n = n, .most = most, .view = view };
    s->first = iso_alloc((size_t)n, sizeof *s->first);
    s->count = iso_alloc((size_t)n, sizeof *s->count);
    s->weights = iso_alloc((size_t)n * (size_t)most, sizeof *s->weights);
    if (s->first == NULL || s->count == NULL || s->weights == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < n; i++)
        weigh_pixel(s, i, from, w);
    return ISO_OK;
}

/* Rounded weights may add up to more than 1. */
static uint8_t clip(int64_t value) { return (uint8_t)(value < 255 ? value : 255); }

/* ---- Rows ---------------------------------------------------------------------------------- */

static void mean_grey(const struct side *s, const uint8_t *from, int shift, int32_t *to)
{
    for (int i = 0; i < s->n; i++) {
        const int32_t *w = s->weights + (int64_t)i * s->most;
        const uint8_t *p = from + s->first[i];
        int32_t sum = 1 << (shift - 1);
        for (int k = 0; k < s->count[i]; k++)
            sum += p[k] * w[k];
        to[i] = sum >> shift;
    }
}

static void mean_colour(const struct side *s, const uint8_t *from, int shift, int32_t *to)
{
    for (int i = 0; i < s->n; i++, to += 3) {
        const int32_t *w = s->weights + (int64_t)i * s->most, half = 1 << (shift - 1);
        const uint8_t *p = from + 3 * (int64_t)s->first[i];
        int32_t red = half, green = half, blue = half;
        for (int k = 0; k < s->count[i]; k++, p += 3) {
            red += p[0] * w[k];
            green += p[1] * w[k];
            blue += p[2] * w[k];
        }
        to[0] = red >> shift;
        to[1] = green >> shift;
        to[2] = blue >> shift;
    }
}

/* The rows of the file that the columns read: from first on. */
static void find_rows(const struct side *rows, int *first, int *end)
{
    *first = rows->first[0];
    *end = 0;
    for (int i = 0; i < rows->n; i++) {
        const int last = rows->first[i] + rows->count[i];
        if (rows->count[i] > 0 && (*end == 0 || rows->first[i] < *first))
            *first = rows->first[i];
        *end = last > *end ? last : *end;
    }
}

/* ---- Columns ------------------------------------------------------------------------------- */

/* means: the rows of the file from `first` on, `wide` numbers each, with `kept` bits of their
 * fractions. sums [wide] is scratch. */
static void mean_columns(const struct side *rows, int i, const int32_t *means, int first, int wide,
                         int kept, int64_t *sums, uint8_t *to)
{
    const int32_t *weights = rows->weights + (int64_t)i * rows->most;
    for (int x = 0; x < wide; x++)
        sums[x] = INT64_C(1) << (BITS + kept - 1);
    for (int k = 0; k < rows->count[i]; k++) {
        const int32_t *row = means + (int64_t)(rows->first[i] + k - first) * wide;
        for (int x = 0; x < wide; x++)
            sums[x] += (int64_t)row[x] * weights[k];
    }
    for (int x = 0; x < wide; x++) {
        const int64_t value = sums[x] >> (BITS + kept);
        to[x] =
            (uint8_t)(value < 255 ? value : 255); /* rounded weights may add up to more than 1 */
    }
}

static iso_rc resize(const struct iso_image *from, const struct iso_image *to,
                     const struct side *columns, const struct side *rows, int kept)
{
    const int wide = to->width * from->channels;
    int first, end;
    find_rows(rows, &first, &end);
    int32_t *means = iso_alloc((size_t)(end - first), (size_t)wide * sizeof *means);
    int64_t *sums = iso_alloc((size_t)wide, sizeof *sums);
    for (int y = first; y < end && means != NULL; y++) {
        const uint8_t *row = from->pixels + (int64_t)y * from->width * from->channels;
        (from->channels == 3 ? mean_colour : mean_grey)(columns, row, BITS - kept,
                                                        means + (int64_t)(y - first) * wide);
    }
    for (int i = 0; i < to->height && means != NULL && sums != NULL; i++)
        mean_columns(rows, i, means, first, wide, kept, sums, to->pixels + (int64_t)i * wide);
    const bool done = means != NULL && sums != NULL;
    free(means);
    free(sums);
    return done ? ISO_OK : ISO_ENOMEM;
}

/* ---- Columns first --------------------------------------------------------------------------- */

/* Row i of the result, as wide as the file's. sums: scratch of as many numbers. */
static void mean_file_columns(const struct side *rows, int i, const struct iso_image *from,
                              int32_t *sums, uint8_t *to)
{
    const int wide = from->width * from->channels;
    const int32_t *weights = rows->weights + (int64_t)i * rows->most;
    for (int x = 0; x < wide; x++)
        sums[x] = 1 << (BITS - 1);
    for (int k = 0; k < rows->count[i]; k++) {
        const uint8_t *row = from->pixels + (int64_t)(rows->first[i] + k) * wide;
        const int32_t weight = weights[k];
        for (int x = 0; x < wide; x++)
            sums[x] += row[x] * weight;
    }
    for (int x = 0; x < wide; x++)
        to[x] = clip(sums[x] >> BITS);
}

static iso_rc resize_columns_first(const struct iso_image *from, const struct iso_image *to,
                                   const struct side *columns, const struct side *rows)
{
    const size_t wide = (size_t)from->width * (size_t)from->channels;
    const int result = to->width * from->channels;
    int32_t *sums = iso_alloc(wide > (size_t)result ? wide : (size_t)result, sizeof *sums);
    uint8_t *row = iso_alloc(wide, 1);
    for (int i = 0; i < to->height && sums != NULL && row != NULL; i++) {
        mean_file_columns(rows, i, from, sums, row);
        (from->channels == 3 ? mean_colour : mean_grey)(columns, row, BITS, sums);
        for (int x = 0; x < result; x++)
            to->pixels[(int64_t)i * result + x] = clip(sums[x]);
    }
    const bool done = sums != NULL && row != NULL;
    free(sums);
    free(row);
    return done ? ISO_OK : ISO_ENOMEM;
}

/* Returns true if Pillow goes along the columns first: with bytes in between the order shows. */
static bool goes_columns_first(const struct side *columns, const struct side *rows)
{
    const int lower = rows->view.size - rows->n, narrower = columns->view.size - columns->n;
    return lower > 0 && lower > 2 * (int64_t)narrower;
}

/* ---- The ratio of the sides ------------------------------------------------------------------ */

/* As Keras's crop_to_aspect_ratio and pad_to_aspect_ratio find it: the side has `mine` pixels and
 * becomes `my_result`, the other one has `other` and becomes `other_result`. */
static struct view find_view(int mine, int my_result, int other, int other_result, int aspect_ratio)
{
    const int64_t fitting = (int64_t)other * my_result / other_result;
    int64_t size = mine;
    if (aspect_ratio == ISO_ASPECT_CROP && fitting < mine)
        size = fitting > 0 ? fitting : 1;
    if (aspect_ratio == ISO_ASPECT_PAD && fitting > mine)
        size = fitting < MOST ? fitting : mine > MOST ? mine : MOST;
    const int64_t more = size - mine;
    return (struct view){ more > 0 ? -(int)(more / 2) : (int)(-more / 2), (int)size };
}

iso_rc iso_image_resize(const struct iso_image *from, const struct iso_image *to,
                        const struct iso_image_options *o)
{
    const bool as_pillow = o->interpolation == ISO_INTERPOLATE_BOX ||
                           (o->interpolation == ISO_INTERPOLATE_BILINEAR && !o->antialias);
    const struct view wide =
        find_view(from->width, to->width, from->height, to->height, o->aspect_ratio);
    const struct view high =
        find_view(from->height, to->height, from->width, to->width, o->aspect_ratio);
    weigh *w = find_weigh(o);
    struct side columns, rows = { .n = 0 };
    iso_rc rc = weigh_side(from->width, wide, to->width, w, &columns);
    if (rc == ISO_OK)
        rc = weigh_side(from->height, high, to->height, w, &rows);
    if (rc == ISO_OK)
        rc = as_pillow && goes_columns_first(&columns, &rows)
                 ? resize_columns_first(from, to, &columns, &rows)
                 : resize(from, to, &columns, &rows, as_pillow ? 0 : 7);
    free_side(&columns);
    free_side(&rows);
    return rc;
}
