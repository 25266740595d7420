/* class_loss.c: the losses that absorb a softmax and have a target t for each class
 * (ISO_CLASS_LOSSES in core/arithmetic/formulas.h).
 *
 *   row loss = -sum over classes of what the loss adds from t and l = (z - m) - log s
 *   dz = weight (p K - k) / rows of the step, with K = sum over classes of k, which follows from t,
 * p */
#include "crossentropy.h"

/* The op's scalars; the smoothing's share of one class. */
static struct iso_loss_scalars scalars(const struct iso_call *call)
{
    struct iso_loss_scalars s = iso_cpu_loss_scalars(call);
    s.c = iso_div(s.c, (float)call->x[0].shape.dim[1]);
    return s;
}

/* Add a class to a lane, from l and t, and return k, from t and p (core/arithmetic/formulas.h). */
typedef float class_add(float l, float t, struct iso_loss_scalars, float lane);
typedef float class_kept(float t, float p, struct iso_loss_scalars);

/* The sum over the n classes of a block. */
ISO_CPU_INLINE float loss_block(const float *z, const float *t, int64_t n, float max, float log_sum,
                                struct iso_loss_scalars s, class_add *add)
{
    const int64_t whole = n - n % ISO_LANES;
    float lane[ISO_LANES] = { 0.0f };
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = add(iso_log_softmax(z[i + l], max, log_sum), t[i + l], s, lane[l]);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = add(iso_log_softmax(z[i], max, log_sum), t[i], s, lane[i - whole]);
    return iso_cpu_lanes_total(lane);
}

ISO_CPU_INLINE float row_loss(const struct iso_call *call, int64_t row, float max, float log_sum,
                              class_add *add)
{
    const int64_t classes = call->x[0].shape.dim[1];
    const float *z = iso_cpu_f32(&call->x[0]) + row * classes,
                *t = iso_cpu_f32(&call->x[1]) + row * classes;
    const struct iso_loss_scalars s = scalars(call);
    float total = 0.0f;
    for (int64_t i = 0; i < classes; i += ISO_BLOCK_ELEMENTS)
        total = total + loss_block(z + i, t + i, iso_min64(ISO_BLOCK_ELEMENTS, classes - i), max,
                                   log_sum, s, add);
    return -total;
}

/* The sum of k over a block's n classes, and over a row's. */
ISO_CPU_INLINE float kept_block(const float *t, const float *p, struct iso_loss_scalars s,
                                int64_t n, class_kept *kept)
{
    float lane[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = lane[l] + kept(t[i + l], p[i + l], s);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = lane[i - whole] + kept(t[i], p[i], s);
    return iso_cpu_lanes_total(lane);
}

ISO_CPU_INLINE float kept_sum(const float *t, const float *p, struct iso_loss_scalars s,
                              int64_t classes, class_kept *kept)
{
    float total = 0.0f;
    for (int64_t i = 0; i < classes; i += ISO_BLOCK_ELEMENTS)
        total =
            total + kept_block(t + i, p + i, s, iso_min64(ISO_BLOCK_ELEMENTS, classes - i), kept);
    return total;
}

struct work {
    const float *t, *p, *weight; /* weight NULL: each is 1 */
    float *dz;
    struct iso_loss_scalars scalars;
    int64_t rows, classes, unit_rows;
    float step_rows;
    bool add;
};

ISO_CPU_INLINE void gradients(const struct work *w, int64_t unit, class_kept *kept)
{
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    const struct iso_loss_scalars s = w->scalars;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *t = w->t + row * w->classes, *p = w->p + row * w->classes;
        float *dz = w->dz + row * w->classes;
        const float total = kept_sum(t, p, s, w->classes, kept),
                    weight = iso_cpu_row_weight(w->weight, row);
        for (int64_t c = 0; c < w->classes; c++) {
            const float d =
                iso_crossentropy_grad(p[c], kept(t[c], p[c], s), total, w->step_rows, weight);
            dz[c] = iso_cpu_put(dz[c], d, w->add);
        }
    }
}

static void backward(struct iso_backend *backend, const struct iso_call *call, iso_team_task *task)
{
    const int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    struct work work = {
        .t = iso_cpu_f32(&call->x[1]),
        .p = iso_cpu_f32(&call->y[0]),
        .weight = iso_cpu_f32(&call->x[2]),
        .dz = iso_cpu_f32(&call->dx[0]),
        .rows = rows,
        .classes = classes,
        .step_rows = (float)call->step_rows,
        .scalars = scalars(call),
        .unit_rows = iso_cpu_unit_rows(classes * ISO_CPU_LOSS_COST),
        .add = call->add_dx[0],
    };
    if (work.dz != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), task, &work);
}

#define CLASS_LOSS(name, add, kept)                                                             \
    static float name##_row(const struct iso_call *call, int64_t row, float max, float log_sum) \
    {                                                                                           \
        return row_loss(call, row, max, log_sum, add);                                          \
    }                                                                                           \
    static void name##_gradients(void *data, int64_t unit, int thread)                          \
    {                                                                                           \
        (void)thread;                                                                           \
        gradients(data, unit, kept);                                                            \
    }                                                                                           \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)      \
    {                                                                                           \
        ISO_CPU(crossentropy)(backend, call, name##_row);                                       \
        return ISO_OK;                                                                          \
    }                                                                                           \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call)     \
    {                                                                                           \
        backward(backend, call, name##_gradients);                                              \
        return ISO_OK;                                                                          \
    }                                                                                           \
    const struct iso_kernel ISO_CPU(name) = { .workspace = ISO_CPU(loss_workspace),             \
                                              .forward = name##_forward,                        \
                                              .backward = name##_backward };
ISO_CLASS_LOSSES(CLASS_LOSS)
