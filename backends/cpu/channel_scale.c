/* channel_scale.c: layer_scale and prelu (core/ops/channel_scale.h): threads share the rows; of the
 * sums, groups of rows and slices of the channels. */
#include "channel_scale.h"
#include "sums.h"

struct work {
    struct iso_bn_rows s;
    struct iso_cpu_split split;
    enum iso_channel_factor kind;
    const float *x, *dy, *factor;
    float *out, *sums; /* out: y, or dx; sums [groups][channels] */
    int64_t each;      /* rows of a unit */
    bool add;
};

static struct iso_rows rows_of(const struct iso_bn_rows *s)
{
    return (struct iso_rows){ s->rows, s->per_image };
}

ISO_CPU_INLINE void value_row(int kind, const float *restrict x, const float *restrict factor,
                              int64_t n, float *restrict y)
{
    for (int64_t c = 0; c < n; c++)
        y[c] = iso_channel_value(kind, x[c], factor[c]);
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->s.rows);
    const int64_t n = w->s.channels;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        if (w->kind == ISO_FACTOR_ALWAYS)
            value_row(ISO_FACTOR_ALWAYS, w->x + r * n, w->factor, n, w->out + r * n);
        else
            value_row(ISO_FACTOR_BELOW_0, w->x + r * n, w->factor, n, w->out + r * n);
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->s.rows);
    const int64_t n = w->s.channels;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        for (int64_t c = 0; c < n; c++) {
            const int64_t i = r * n + c;
            w->out[i] = iso_cpu_put(
                w->out[i], iso_channel_grad(w->kind, w->x[i], w->factor[c], w->dy[i]), w->add);
        }
}

/* Adds the chains of a block to sum [n], the group's columns from `first` on. */
static void add_block(const struct work *w, int64_t begin, int64_t end, int64_t first, int64_t n,
                      float *restrict sum)
{
    float chain[ISO_CPU_SLICE] = { 0.0f };
    for (int64_t r = begin; r < end; r++) {
        const float *restrict x = w->x + r * w->s.channels + first;
        const float *restrict dy = w->dy + r * w->s.channels + first;
        for (int64_t c = 0; c < n; c++)
            chain[c] = iso_fma(dy[c], iso_channel_term(w->kind, x[c]), chain[c]);
    }
    for (int64_t c = 0; c < n; c++)
        sum[c] = sum[c] + chain[c];
}

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_part part = iso_cpu_part(&w->split, unit);
    const int64_t first = part.columns.begin, n = part.columns.end - first;
    (void)thread;
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(w->split.rows, g);
        float *sum = w->sums + g * w->s.channels + first;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(w->split.rows, b);
            add_block(w, b, end, first, n, sum);
        }
    }
}

size_t ISO_CPU(channel_scale_workspace)(struct iso_backend *backend, const struct iso_call *call,
                                        enum iso_pass pass)
{
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    (void)backend;
    return pass == ISO_FORWARD
               ? 0
               : (size_t)(iso_group_count(rows_of(&s)) * s.channels) * sizeof(float);
}

static struct work work_of(const struct iso_call *call, enum iso_channel_factor kind)
{
    struct work w = {
        .s = iso_bn_rows(&call->x[0].shape),
        .kind = kind,
        .x = iso_cpu_f32(&call->x[0]),
        .dy = iso_cpu_f32(&call->dy[0]),
        .factor = iso_cpu_f32(&call->w[0]),
    };
    w.each = iso_cpu_unit_rows(w.s.channels);
    return w;
}

iso_rc ISO_CPU(channel_scale_forward)(struct iso_backend *backend, const struct iso_call *call,
                                      enum iso_channel_factor kind)
{
    struct work w = work_of(call, kind);
    w.out = iso_cpu_f32(&call->y[0]);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.s.rows, w.each), values, &w);
    return ISO_OK;
}

iso_rc ISO_CPU(channel_scale_backward)(struct iso_backend *backend, const struct iso_call *call,
                                       enum iso_channel_factor kind)
{
    struct iso_team *team = iso_cpu_team(backend);
    struct work w = work_of(call, kind);
    w.out = iso_cpu_f32(&call->dx[0]);
    w.add = call->add_dx[0];
    if (w.out != NULL)
        iso_team_run(team, iso_ceil_div(w.s.rows, w.each), gradients, &w);
    if (call->dw[0].mem == NULL)
        return ISO_OK;
    w.sums = (float *)(void *)iso_cpu_u8(&call->workspace);
    w.split = ISO_CPU(split)(rows_of(&w.s), w.s.channels, iso_team_size(team));
    iso_team_run(team, w.split.units, sum_part, &w);
    ISO_CPU(add_groups)(team, w.sums, w.split.groups, w.s.channels, call->add_dw[0],
                        iso_cpu_f32(&call->dw[0]));
    return ISO_OK;
}
