/* categorical_crossentropy.c: targets t as one probability per class.
 *
 *   row loss = -sum over classes of t l, with l = clipped (z - m) - log s
 *   dz = weight (p T - t) / rows, with T = sum over classes of t
 *
 * rows: of the step. t is smoothed; it counts as 0 in the gradient where clipping holds p. */
#include "crossentropy.h"

/* The op's scalars; the smoothing's share of one class. */
static struct iso_loss_scalars scalars(const struct iso_call *call)
{
    struct iso_loss_scalars s = iso_cpu_loss_scalars(call);
    s.c = iso_div(s.c, (float)call->x[0].shape.dim[1]);
    return s;
}

static float log_probability(float z, float max, float log_sum, float clip)
{
    return iso_clip_log(iso_log_softmax(z, max, log_sum), clip);
}

/* The sum of t l over the n classes of a block. */
static float loss_block(const float *z, const float *t, int64_t n, float max, float log_sum,
                        struct iso_loss_scalars s)
{
    const int64_t whole = n - n % ISO_LANES;
    float lane[ISO_LANES] = { 0.0f };
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = iso_fma(iso_class_target(t[i + l], s),
                              log_probability(z[i + l], max, log_sum, s.a), lane[l]);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = iso_fma(iso_class_target(t[i], s),
                                  log_probability(z[i], max, log_sum, s.a), lane[i - whole]);
    return iso_cpu_lanes_total(lane);
}

static float row_loss(const struct iso_call *call, int64_t row, float max, float log_sum)
{
    const int64_t classes = call->x[0].shape.dim[1];
    const float *z = iso_cpu_f32(&call->x[0]) + row * classes,
                *t = iso_cpu_f32(&call->x[1]) + row * classes;
    const struct iso_loss_scalars s = scalars(call);
    float total = 0.0f;
    for (int64_t i = 0; i < classes; i += ISO_BLOCK_ELEMENTS)
        total = total + loss_block(z + i, t + i, iso_min64(ISO_BLOCK_ELEMENTS, classes - i), max,
                                   log_sum, s);
    return -total;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    ISO_CPU(crossentropy)(backend, call, row_loss);
    return ISO_OK;
}

/* The sum of the targets of a block's n classes, and of a row's. */
static float target_block(const float *t, const float *p, struct iso_loss_scalars s, int64_t n)
{
    float lane[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = lane[l] + iso_clip_target(t[i + l], p[i + l], s);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = lane[i - whole] + iso_clip_target(t[i], p[i], s);
    return iso_cpu_lanes_total(lane);
}

static float target_sum(const float *t, const float *p, struct iso_loss_scalars s, int64_t classes)
{
    float total = 0.0f;
    for (int64_t i = 0; i < classes; i += ISO_BLOCK_ELEMENTS)
        total = total + target_block(t + i, p + i, s, iso_min64(ISO_BLOCK_ELEMENTS, classes - i));
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

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    const struct iso_loss_scalars s = w->scalars;
    const float rows = w->step_rows;
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *t = w->t + row * w->classes, *p = w->p + row * w->classes;
        float *dz = w->dz + row * w->classes;
        const float total = target_sum(t, p, s, w->classes),
                    weight = iso_cpu_row_weight(w->weight, row);
        for (int64_t c = 0; c < w->classes; c++) {
            const float kept = iso_clip_target(t[c], p[c], s);
            dz[c] =
                iso_cpu_put(dz[c], iso_crossentropy_grad(p[c], kept, total, rows, weight), w->add);
        }
    }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
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
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), gradients, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(categorical_crossentropy) = {
    .workspace = ISO_CPU(loss_workspace),
    .forward = forward,
    .backward = backward,
};
