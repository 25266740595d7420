/* sparse_categorical_crossentropy.c: targets as one class t per row.
 *
 *   row loss = -l[t], with l = (z - m) - log s
 *   dz[c] = weight (p[c] - (c == t)) / rows of the step */
#include "crossentropy.h"

static float row_loss(const struct iso_call *call, int64_t row, float max, float log_sum)
{
    const int64_t classes = call->x[0].shape.dim[1];
    const int32_t target = iso_cpu_i32(&call->x[1])[row];
    return -iso_log_softmax(iso_cpu_f32(&call->x[0])[row * classes + target], max, log_sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    ISO_CPU(crossentropy)(backend, call, row_loss);
    return ISO_OK;
}

struct work {
    const int32_t *target;
    const float *p, *weight; /* weight NULL: each is 1 */
    float *dz;
    int64_t rows, classes, unit_rows;
    float step_rows;
    bool add;
};

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    const float rows = w->step_rows;
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *p = w->p + row * w->classes;
        float *dz = w->dz + row * w->classes;
        const float weight = iso_cpu_row_weight(w->weight, row);
        const int32_t target = w->target[row];
        for (int64_t c = 0; c < w->classes; c++) {
            const float t = c == target ? 1.0f : 0.0f;
            dz[c] = iso_cpu_put(dz[c], iso_crossentropy_grad(p[c], t, 1.0f, rows, weight), w->add);
        }
    }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    struct work work = {
        .target = iso_cpu_i32(&call->x[1]),
        .p = iso_cpu_f32(&call->y[0]),
        .weight = iso_cpu_f32(&call->x[2]),
        .dz = iso_cpu_f32(&call->dx[0]),
        .rows = rows,
        .classes = classes,
        .step_rows = (float)call->step_rows,
        .unit_rows = iso_cpu_unit_rows(classes * ISO_CPU_LOSS_COST),
        .add = call->add_dx[0],
    };
    if (work.dz != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), gradients, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(sparse_categorical_crossentropy) = {
    .workspace = ISO_CPU(loss_workspace),
    .forward = forward,
    .backward = backward,
};
