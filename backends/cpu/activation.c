/* activation.c: y = f(x) for each element (core/arithmetic/formulas.h), or softmax or log_softmax
 * over the last axis, whose formulas are in backends/reference/activation.c. */
#include "core/ops/activation.h"
#include "elements.h"
#include "tile.h"

struct work {
    enum iso_activation_function function; /* the formula */
    float alpha;
    const float *x, *y, *dy; /* y: x where the gradient reads it instead */
    float *out;              /* y, or dx */
    int64_t count, each;     /* elements (rows for a softmax), in total and per unit */
    int64_t width;           /* elements per row */
    bool add;
};

/* ---- Elementwise: one loop per function, so that none has a branch inside ---- */

ISO_CPU_INLINE void map(int function, float alpha, const float *restrict x, int64_t n,
                        float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_act(function, alpha, x[i]);
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    const float *x = w->x + range.begin;
    float *y = w->out + range.begin;
    const int64_t n = range.end - range.begin;
    (void)thread;
#define MAP(name, NAME, ...) \
    case ISO_##NAME: map(ISO_##NAME, w->alpha, x, n, y); break;
    switch (w->function) {
        ISO_ELEMENTWISE(MAP)
    case ISO_SOFTMAX:
    case ISO_LOG_SOFTMAX: break; /* functions of rows, not of elements */
    }
}

ISO_CPU_INLINE void map_gradient(int function, float alpha, const float *restrict y,
                                 const float *restrict dy, int64_t n, float *restrict dx, bool add)
{
    if (add)
        for (int64_t i = 0; i < n; i++)
            dx[i] = dx[i] + iso_act_grad(function, alpha, y[i], dy[i]);
    else
        for (int64_t i = 0; i < n; i++)
            dx[i] = iso_act_grad(function, alpha, y[i], dy[i]);
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    const float *y = w->y + range.begin, *dy = w->dy + range.begin;
    float *dx = w->out + range.begin;
    const int64_t n = range.end - range.begin;
    (void)thread;
#define MAP_GRADIENT(name, NAME, ...) \
    case ISO_##NAME: map_gradient(ISO_##NAME, w->alpha, y, dy, n, dx, w->add); break;
    switch (w->function) {
        ISO_ELEMENTWISE(MAP_GRADIENT)
    case ISO_SOFTMAX:
    case ISO_LOG_SOFTMAX: break;
    }
}

/* ---- In place, at the end of a fused layer ---- */

ISO_CPU_INLINE void replace(int function, float alpha, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_act(function, alpha, y[i]);
}

void ISO_CPU(activate)(const struct iso_activation *p, float *y, int64_t n)
{
    const float alpha = (float)iso_activation_parameter(p);
#define REPLACE(name, NAME, ...) \
    case ISO_##NAME: replace(ISO_##NAME, alpha, y, n); break;
    switch (iso_activation_formula(p)) {
        ISO_ELEMENTWISE(REPLACE)
    case ISO_SOFTMAX:
    case ISO_LOG_SOFTMAX: break; /* never fused */
    }
}

ISO_CPU_INLINE void replace_gradient(int function, float alpha, const float *restrict y,
                                     float *restrict d, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        d[i] = iso_act_grad(function, alpha, y[i], d[i]);
}

static void pass_back(const struct iso_activation *p, const float *y, float *d, int64_t n)
{
    const float alpha = (float)iso_activation_parameter(p);
#define REPLACE_GRADIENT(name, NAME, ...) \
    case ISO_##NAME: replace_gradient(ISO_##NAME, alpha, y, d, n); break;
    switch (iso_activation_formula(p)) {
        ISO_ELEMENTWISE(REPLACE_GRADIENT)
    case ISO_SOFTMAX:
    case ISO_LOG_SOFTMAX: break;
    }
}

void ISO_CPU(end)(const struct iso_ending *e, float *y, int64_t n)
{
    if (e->activation == NULL)
        return;
    if (e->given != NULL)
        pass_back(e->activation, e->given + (y - e->first), y, n);
    else
        ISO_CPU(activate)(e->activation, y, n);
}

struct iso_ending ISO_CPU(forward_ending)(const struct iso_call *call)
{
    return (struct iso_ending){ .activation = call->activation };
}

struct iso_ending ISO_CPU(gradient_ending)(const struct iso_call *call)
{
    return (struct iso_ending){ call->x_activation, iso_cpu_f32(&call->dx[0]),
                                iso_cpu_f32(&call->x[0]) };
}

/* ---- Rows ---- */

static void softmax(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *x = w->x + row * w->width;
        float *y = w->out + row * w->width;
        const float sum = iso_cpu_exp_row(x, w->width, iso_cpu_max(x, w->width), y);
        for (int64_t i = 0; i < w->width; i++)
            y[i] = iso_div(y[i], sum);
    }
}

static void softmax_gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *y = w->y + row * w->width, *dy = w->dy + row * w->width;
        float *dx = w->out + row * w->width;
        const float dot = iso_cpu_dot_row(y, dy, w->width);
        for (int64_t i = 0; i < w->width; i++)
            dx[i] = iso_cpu_put(dx[i], iso_softmax_grad(y[i], dy[i], dot), w->add);
    }
}

static void log_softmax(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *x = w->x + row * w->width, max = iso_cpu_max(x, w->width);
        const float log_sum = iso_log(iso_cpu_exp_row(x, w->width, max, NULL));
        float *y = w->out + row * w->width;
        for (int64_t i = 0; i < w->width; i++)
            y[i] = iso_log_softmax(x[i], max, log_sum);
    }
}

static float sum_block(const float *x, int64_t n)
{
    float lane[ISO_LANES] = { 0.0f };
    for (int64_t i = 0; i < n; i++)
        lane[i % ISO_LANES] = lane[i % ISO_LANES] + x[i];
    return iso_cpu_lanes_total(lane);
}

static void log_softmax_gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->count);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *y = w->y + row * w->width, *dy = w->dy + row * w->width;
        float *dx = w->out + row * w->width, total = 0.0f;
        for (int64_t i = 0; i < w->width; i += ISO_BLOCK_ELEMENTS)
            total = total + sum_block(dy + i, iso_min64(ISO_BLOCK_ELEMENTS, w->width - i));
        for (int64_t i = 0; i < w->width; i++)
            dx[i] = iso_cpu_put(dx[i], iso_log_softmax_grad(y[i], dy[i], total), w->add);
    }
}

/* ---- Calls ---- */

enum { ROW_COST = 4 }; /* an exp and a division, in simple elements */

static struct work work_of(const struct iso_call *call, const struct iso_shape *shape)
{
    const struct iso_activation *p = call->params;
    struct work work = {
        .function = iso_activation_formula(p),
        .alpha = (float)iso_activation_parameter(p),
        .count = iso_shape_count(shape),
        .each = ISO_CPU_UNIT,
        .width = shape->dim[shape->ndim - 1],
    };
    if (iso_act_of_rows(p->function)) {
        work.count /= work.width;
        work.each = iso_cpu_unit_rows(work.width * ROW_COST);
    }
    return work;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->x[0].shape);
    work.x = iso_cpu_f32(&call->x[0]);
    work.out = iso_cpu_f32(&call->y[0]);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, work.each),
                 work.function == ISO_SOFTMAX       ? softmax
                 : work.function == ISO_LOG_SOFTMAX ? log_softmax
                                                    : values,
                 &work);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = work_of(call, &call->y[0].shape);
    work.y = iso_cpu_f32(iso_act_reads_x(work.function) ? &call->x[0] : &call->y[0]);
    work.dy = iso_cpu_f32(&call->dy[0]);
    work.out = iso_cpu_f32(&call->dx[0]);
    work.add = call->add_dx[0];
    if (work.out == NULL)
        return ISO_OK;
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, work.each),
                 work.function == ISO_SOFTMAX       ? softmax_gradients
                 : work.function == ISO_LOG_SOFTMAX ? log_softmax_gradients
                                                    : gradients,
                 &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(activation) = { .forward = forward, .backward = backward };
