/* elastic_distortion.c: y(i, j) = x(i + d0(i, j), j + d1(i, j)), bilinear. The fields d are random
 * numbers, smoothed and multiplied by alpha: core/ops/elastic_distortion.h.
 *
 * Units are images. A field has as many more rows and columns on each side as the filter reaches,
 * which hold what it sees beyond the border, so that both ways of the filter are one loop over
 * elements that lie side by side. */
#include "core/ops/elastic_distortion.h"
#include "sampling.h"
#include "words.h"

struct work {
    const float *x;
    float *y, *memory, cval, alpha_from, alpha_span;
    iso_gaussian gaussian;
    iso_axis field_rows, field_columns, rows, columns;
    int64_t channels, images, stride; /* stride: elements of a row of a field */
    uint32_t blocks;
    struct iso_cpu_random random;
};
/* The workspace of a thread, all in floats. */
struct scratch {
    float *noise, *padded, *smooth, *field[2];
    int64_t size;
};

static int64_t aligned(int64_t n) { return iso_ceil_div(n, ISO_CPU_WORDS) * ISO_CPU_WORDS; }

static struct scratch scratch_of(float *at, int64_t h, int64_t w, int64_t reach)
{
    const int64_t noise = aligned(2 * h * w), stride = w + 2 * reach;
    const int64_t padded = aligned((h + 2 * reach) * stride), field = aligned(h * stride);
    const int64_t smooth = aligned(h * stride + 2 * reach), size = noise + padded + smooth;
    if (at == NULL)
        return (struct scratch){ .size = size + 2 * field };
    return (struct scratch){
        at, at + noise, at + noise + padded, { at + size, at + size + field }, size + 2 * field
    };
}

/* to[e] = sum over k of weight[|k|] from[e + k step]. */
static void filter(const iso_gaussian *g, const float *restrict from, int64_t step, int64_t n,
                   float *restrict to)
{
    memset(to, 0, (size_t)n * sizeof *to);
    for (int64_t k = -g->radius; k <= g->radius; k++) {
        const float weight = g->weight[k < 0 ? -k : k], *restrict tap = from + k * step;
        for (int64_t e = 0; e < n; e++)
            to[e] = iso_fma(weight, tap[e], to[e]);
    }
    for (int64_t e = 0; e < n; e++)
        to[e] = iso_flush(to[e]);
}

/* The rows of a field, including those beyond its border. The vertical filter computes with the
 * numbers beyond the ends of rows, but its results do not depend on them. */
static void pad_rows(const struct work *w, const float *noise, float *padded)
{
    const int64_t width = w->columns.size, reach = w->gaussian.radius;
    memset(padded, 0, (size_t)((w->rows.size + 2 * reach) * w->stride) * sizeof *padded);
    for (int32_t i = -w->gaussian.radius; i < w->rows.size + w->gaussian.radius; i++) {
        const iso_tap t = iso_tap_at(w->field_rows, i, 0.0f);
        if (t.inside)
            memcpy(padded + (i + reach) * w->stride + reach, noise + t.low * width,
                   (size_t)width * sizeof *noise);
    }
}

/* Fills in the numbers beyond the ends of a row. */
static void pad_ends(const struct work *w, float *row)
{
    const int32_t reach = w->gaussian.radius, width = w->columns.size;
    for (int32_t k = 1; k <= reach; k++) {
        const iso_tap left = iso_tap_at(w->field_columns, -k, 0.0f);
        const iso_tap right = iso_tap_at(w->field_columns, width - 1 + k, 0.0f);
        row[reach - k] = left.inside ? row[reach + left.low] : 0.0f;
        row[reach + width - 1 + k] = right.inside ? row[reach + right.low] : 0.0f;
    }
}

static void make_field(const struct work *w, const struct scratch *s, int number, float alpha)
{
    const int64_t h = w->rows.size, reach = w->gaussian.radius, n = h * w->stride;
    float *smooth = s->smooth + reach, *restrict field = s->field[number];
    pad_rows(w, s->noise + number * h * w->columns.size, s->padded);
    filter(&w->gaussian, s->padded + reach * w->stride, w->stride, n, smooth);
    memset(s->smooth, 0, (size_t)reach * sizeof *smooth);
    memset(smooth + n, 0, (size_t)reach * sizeof *smooth);
    for (int64_t i = 0; i < h; i++)
        pad_ends(w, smooth + i * w->stride);
    filter(&w->gaussian, smooth, 1, n, field);
    for (int64_t e = 0; e < n; e++)
        field[e] = iso_elastic_displacement(field[e], alpha);
}

/* The numbers of both fields; returns alpha. */
static float draw(const struct work *w, const struct scratch *s, int64_t image)
{
    const int64_t n = 2 * (int64_t)w->rows.size * w->columns.size;
    const uint32_t first = iso_cpu_row_block(&w->random, image, w->blocks);
    uint32_t word[ISO_CPU_WORDS];
    for (int64_t e = 0; e < n; e += ISO_CPU_WORDS) {
        float *restrict noise = s->noise + e;
        iso_cpu_words(&w->random, first + 1 + (uint32_t)(e >> 2), word);
        for (int i = 0; i < ISO_CPU_WORDS; i++)
            noise[i] = iso_elastic_noise(word[i]);
    }
    iso_cpu_words(&w->random, first, word);
    return iso_draw(word[0], w->alpha_from, w->alpha_span);
}

/* The places of n pixels whose own places are pixel, pixel + next, ... */
ISO_CPU_INLINE void displace(int32_t pixel, int32_t next, const float *restrict d, int n,
                             struct iso_strip *restrict r)
{
    for (int j = 0; j < n; j++) {
        float share;
        r->low[j] = pixel + j * next + iso_displaced(d[j], &share);
        r->share[j] = share;
    }
}

static void sample_row(const struct work *w, const struct scratch *s, int32_t i, const float *x,
                       float *y)
{
    struct iso_strip rows, columns;
    const int64_t at = i * w->stride + w->gaussian.radius;
    for (int32_t j = 0; j < w->columns.size; j += ISO_CPU_STRIP) {
        const int n = (int)iso_min64(ISO_CPU_STRIP, w->columns.size - j);
        displace(i, 0, s->field[0] + at + j, n, &rows);
        displace(j, 1, s->field[1] + at + j, n, &columns);
        iso_cpu_taps(w->rows, n, &rows);
        iso_cpu_taps(w->columns, n, &columns);
        iso_cpu_sample(x, w->columns.size, (int32_t)w->channels, &rows, &columns, w->cval, n,
                       y + (i * (int64_t)w->columns.size + j) * w->channels);
    }
}

static void distort(void *data, int64_t image, int thread)
{
    const struct work *w = data;
    const int64_t h = w->rows.size, width = w->columns.size;
    const int64_t at = image * h * width * w->channels;
    struct scratch s = scratch_of(NULL, h, width, w->gaussian.radius);
    s = scratch_of(w->memory + thread * s.size, h, width, w->gaussian.radius);
    const float alpha = draw(w, &s, image);
    for (int number = 0; number < 2; number++)
        make_field(w, &s, number, alpha);
    for (int32_t i = 0; i < h; i++)
        sample_row(w, &s, i, w->x + at, w->y + at);
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t reach = iso_gaussian_of((float)p->sigma).radius;
    const struct scratch one = scratch_of(NULL, s->dim[1], s->dim[2], reach);
    return pass == ISO_FORWARD ? (size_t)iso_cpu_threads(backend) * (size_t)one.size * sizeof(float)
                               : 0;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_i32 h = (iso_i32)s->dim[1], w = (iso_i32)s->dim[2];
    if (!call->training) {
        iso_cpu_copy(call);
        return ISO_OK;
    }
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .cval = (float)p->cval,
        .memory = (float *)(void *)iso_cpu_u8(&call->workspace),
        .alpha_from = (float)call->scalars[ISO_ELASTIC_ALPHA_FROM],
        .alpha_span = (float)call->scalars[ISO_ELASTIC_ALPHA_SPAN],
        .gaussian = iso_gaussian_of((float)p->sigma),
        .field_rows = iso_axis_of(p->smoothing_mode, h),
        .field_columns = iso_axis_of(p->smoothing_mode, w),
        .rows = iso_axis_of(p->fill_mode, h),
        .columns = iso_axis_of(p->fill_mode, w),
        .channels = s->dim[3],
        .images = s->dim[0],
        .blocks = iso_elastic_blocks(h, w),
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    work.stride = w + 2 * (int64_t)work.gaussian.radius;
    iso_team_run(iso_cpu_team(backend), work.images, distort, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(elastic_distortion) = { .workspace = workspace,
                                                        .forward = forward };
