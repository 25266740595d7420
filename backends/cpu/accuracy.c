/* accuracy.c: y = number of rows whose first largest prediction is at the target's class (of
 * one-hot targets: at their first largest entry). */
#include "elements.h"

struct work {
    const float *prediction, *one_hot; /* one_hot NULL: targets are classes */
    const int32_t *target;
    int64_t *right;                    /* of each unit */
    int64_t rows, classes, unit_rows;
};

static int64_t argmax(const float *x, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        best = iso_beats(x[i], x[best]) ? i : best;
    return best;
}

static void count_right(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_part part = iso_cpu_part(unit, w->unit_rows, w->rows);
    int64_t right = 0;
    (void)thread;
    for (int64_t row = part.begin; row < part.end; row++) {
        const int64_t at = row * w->classes;
        const int64_t expected =
            w->one_hot != NULL ? argmax(w->one_hot + at, w->classes) : w->target[row];
        right += argmax(w->prediction + at, w->classes) == expected;
    }
    w->right[unit] = right;
}

static int64_t unit_rows(const struct iso_call *call)
{
    return iso_cpu_unit_rows(call->x[0].shape.dim[1]);
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend, (void)pass;
    return (size_t)iso_ceil_div(call->x[0].shape.dim[0], unit_rows(call)) * sizeof(int64_t);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const bool sparse = call->x[1].dtype == ISO_I32;
    struct work work = {
        .prediction = iso_cpu_f32(&call->x[0]), .one_hot = sparse ? NULL : iso_cpu_f32(&call->x[1]),
        .target = sparse ? iso_cpu_i32(&call->x[1]) : NULL,
        .right = (int64_t *)(void *)iso_cpu_u8(&call->workspace),
        .rows = call->x[0].shape.dim[0], .classes = call->x[0].shape.dim[1],
        .unit_rows = unit_rows(call),
    };
    const int64_t units = iso_ceil_div(work.rows, work.unit_rows);
    int64_t right = 0;
    iso_team_run(iso_cpu_team(backend), units, count_right, &work);
    for (int64_t unit = 0; unit < units; unit++)
        right += work.right[unit];
    *iso_cpu_f32(&call->y[0]) = (float)right;
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(accuracy) = { .workspace = workspace, .forward = forward };
