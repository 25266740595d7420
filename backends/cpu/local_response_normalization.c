/* local_response_normalization.c: threads share the pixels; the sums over neighbouring channels run
 * over all channels of a pixel at a time, one neighbour after the other. */
#include "core/ops/local_response_normalization.h"
#include "elements.h"

struct work {
    const struct iso_call *call;
    int64_t rows, channels, half, each; /* each: rows of a unit */
    float scale, bias, beta, factor;
    float *scratch; /* for each thread one row of channels, or three for the gradient */
};

static struct work work_of(const struct iso_call *call)
{
    const struct iso_local_response_normalization *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    struct work w = { .call = call,
                      .channels = s->dim[s->ndim - 1],
                      .half = p->size / 2,
                      .scale = (float)call->scalars[ISO_LRN_SCALE],
                      .bias = (float)call->scalars[ISO_LRN_BIAS],
                      .beta = (float)call->scalars[ISO_LRN_BETA],
                      .factor = (float)call->scalars[ISO_LRN_FACTOR],
                      .scratch = (float *)(void *)iso_cpu_u8(&call->workspace) };
    w.rows = iso_shape_count(s) / w.channels;
    w.each = iso_cpu_unit_rows(16 * w.channels);
    return w;
}

/* The channels c to which c + shift belongs. */
static struct iso_range with_neighbour(const struct work *w, int64_t shift)
{
    return (struct iso_range){ iso_max64(0, -shift), iso_min64(w->channels, w->channels - shift) };
}

static void sum_squares(const struct work *w, const float *restrict x, float *restrict square)
{
    memset(square, 0, (size_t)w->channels * sizeof *square);
    for (int64_t shift = -w->half; shift <= w->half; shift++) {
        const struct iso_range r = with_neighbour(w, shift);
        for (int64_t c = r.begin; c < r.end; c++)
            square[c] = iso_fma(x[c + shift], x[c + shift], square[c]);
    }
}

static void sum_parts(const struct work *w, const float *restrict part, float *restrict sum)
{
    memset(sum, 0, (size_t)w->channels * sizeof *sum);
    for (int64_t shift = -w->half; shift <= w->half; shift++) {
        const struct iso_range r = with_neighbour(w, shift);
        for (int64_t c = r.begin; c < r.end; c++)
            sum[c] = sum[c] + part[c + shift];
    }
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    const int64_t n = w->channels;
    float *restrict square = w->scratch + thread * n;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *restrict x = iso_cpu_f32(&w->call->x[0]) + r * n;
        float *restrict y = iso_cpu_f32(&w->call->y[0]) + r * n;
        sum_squares(w, x, square);
        for (int64_t c = 0; c < n; c++)
            y[c] = iso_lrn(x[c], iso_lrn_power(square[c], w->scale, w->bias, -w->beta));
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    const int64_t n = w->channels;
    const bool add = w->call->add_dx[0];
    float *restrict own = w->scratch + thread * 3 * n, *restrict part = own + n,
                    *restrict sum = part + n;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *restrict x = iso_cpu_f32(&w->call->x[0]) + r * n;
        const float *restrict dy = iso_cpu_f32(&w->call->dy[0]) + r * n;
        float *restrict dx = iso_cpu_f32(&w->call->dx[0]) + r * n;
        sum_squares(w, x, sum);
        for (int64_t c = 0; c < n; c++) {
            own[c] = iso_lrn(dy[c], iso_lrn_power(sum[c], w->scale, w->bias, -w->beta));
            part[c] = iso_lrn_part(
                x[c], iso_lrn_power(sum[c], w->scale, w->bias, -(w->beta + 1.0f)), dy[c]);
        }
        sum_parts(w, part, sum);
        for (int64_t c = 0; c < n; c++)
            dx[c] = iso_cpu_put(dx[c], iso_lrn_grad(x[c], own[c], w->factor, sum[c]), add);
    }
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    const struct work w = work_of(call);
    const int64_t rows = pass == ISO_FORWARD ? 1 : 3;
    return (size_t)(iso_cpu_threads(b) * rows * w.channels) * sizeof(float);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), values, &w);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    if (call->dx[0].mem != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), gradients, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(local_response_normalization) = { .workspace = workspace,
                                                                  .forward = forward,
                                                                  .backward = backward };
