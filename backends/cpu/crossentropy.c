/* crossentropy.c: the forward pass of the two softmax cross-entropies.
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s */
#include "crossentropy.h"

struct work {
    const struct iso_call *call;
    ISO_CPU(row_loss) *loss; /* NULL: not wanted */
    const float *z;
    float *p;            /* NULL: not wanted */
    const float *weight; /* [rows]; NULL: each is 1 */
    float *row_loss;     /* [rows] */
    int64_t rows, classes, unit_rows;
};

static void rows_of_unit(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *z = w->z + row * w->classes;
        float *p = w->p != NULL ? w->p + row * w->classes : NULL;
        const float max = iso_cpu_max(z, w->classes), sum = iso_cpu_exp_row(z, w->classes, max, p);
        for (int64_t c = 0; p != NULL && c < w->classes; c++)
            p[c] = iso_div(p[c], sum);
        if (w->loss != NULL)
            w->row_loss[row] = iso_weighted_loss(w->loss(w->call, row, max, iso_log(sum)),
                                                 iso_cpu_row_weight(w->weight, row));
    }
}

void ISO_CPU(crossentropy)(struct iso_backend *backend, const struct iso_call *call,
                           ISO_CPU(row_loss) *loss)
{
    const bool wanted = iso_cpu_loss_wanted(call, 1);
    const int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    struct work work = {
        .call = call,
        .loss = wanted ? loss : NULL,
        .z = iso_cpu_f32(&call->x[0]),
        .p = iso_cpu_f32(&call->y[0]),
        .weight = iso_cpu_f32(&call->x[2]),
        .row_loss = (float *)(void *)iso_cpu_u8(&call->workspace),
        .rows = rows,
        .classes = classes,
        .unit_rows = iso_cpu_unit_rows(classes * ISO_CPU_LOSS_COST),
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), rows_of_unit, &work);
    if (wanted)
        ISO_CPU(loss_mean)(call, 1);
}
