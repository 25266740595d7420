/* add.c: y = x[0] + x[1] + ..., from left to right; each dx = dy. */
#include "elements.h"
#include "tile.h"

struct work {
    const float *x[ISO_OPERANDS], *dy; /* NULL: absent */
    float *y, *dx[ISO_OPERANDS];
    const struct iso_activation *activation; /* NULL: none */
    bool add[ISO_OPERANDS];
    int64_t count;
};

static void add2(const float *restrict a, const float *restrict b, int64_t n, float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_add(a[i], b[i]);
}

static void add_to(const float *restrict x, int64_t n, float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_add(y[i], x[i]);
}

static void values(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    const int64_t at = range.begin, n = range.end - range.begin;
    (void)thread;
    if (w->x[0] == w->y)
        add_to(w->x[1] + at, n, w->y + at);
    else
        add2(w->x[0] + at, w->x[1] + at, n, w->y + at);
    for (int i = 2; i < ISO_OPERANDS && w->x[i] != NULL; i++)
        add_to(w->x[i] + at, n, w->y + at);
    if (w->activation != NULL)
        ISO_CPU(activate)(w->activation, w->y + at, n);
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (w->dx[i] != NULL)
            iso_cpu_store(w->dx[i] + range.begin, w->dy + range.begin, range.end - range.begin,
                          w->add[i]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = { .y = iso_cpu_f32(&call->y[0]),
                         .activation = call->activation,
                         .count = iso_shape_count(&call->y[0].shape) };
    for (int i = 0; i < ISO_OPERANDS; i++)
        work.x[i] = iso_cpu_f32(&call->x[i]);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), values, &work);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = { .dy = iso_cpu_f32(&call->dy[0]),
                         .count = iso_shape_count(&call->dy[0].shape) };
    for (int i = 0; i < ISO_OPERANDS; i++) {
        work.dx[i] = iso_cpu_f32(&call->dx[i]);
        work.add[i] = call->add_dx[i];
    }
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), gradients, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(add) = { .fuses_activation = true,
                                         .forward = forward,
                                         .backward = backward };
