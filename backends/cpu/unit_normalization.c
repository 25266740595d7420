/* unit_normalization.c: rows divided by their lengths; threads share the rows. */
#include "core/ops/unit_normalization.h"
#include "elements.h"

struct work {
    const struct iso_call *call;
    int64_t rows, width, each; /* each: rows of a unit */
    float epsilon;
};

static struct work work_of(const struct iso_call *call)
{
    const struct iso_unit_normalization *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1];
    return (struct work){ call, iso_shape_count(s) / width, width, iso_cpu_unit_rows(width),
                          (float)p->epsilon };
}

static void rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    float *squares = iso_cpu_f32(&w->call->saved[0]);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *restrict x = iso_cpu_f32(&w->call->x[0]) + r * w->width;
        float *restrict y = iso_cpu_f32(&w->call->y[0]) + r * w->width;
        squares[r] = iso_cpu_dot_row(x, x, w->width);
        const float inverse = iso_unit_inverse(squares[r], w->epsilon);
        for (int64_t i = 0; i < w->width; i++)
            y[i] = iso_unit_scaled(x[i], inverse);
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    const float *squares = iso_cpu_f32(&w->call->saved[0]);
    const bool add = w->call->add_dx[0];
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *y = iso_cpu_f32(&w->call->y[0]) + r * w->width,
                    *dy = iso_cpu_f32(&w->call->dy[0]) + r * w->width;
        float *dx = iso_cpu_f32(&w->call->dx[0]) + r * w->width;
        const float inverse = iso_unit_inverse(squares[r], w->epsilon);
        const float dot = squares[r] > w->epsilon ? iso_cpu_dot_row(dy, y, w->width) : 0.0f;
        for (int64_t i = 0; i < w->width; i++)
            dx[i] = iso_cpu_put(dx[i], iso_unit_grad(y[i], dy[i], dot, inverse), add);
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), rows, &w);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    if (call->dx[0].mem != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), gradients, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(unit_normalization) = { .forward = forward, .backward = backward };
