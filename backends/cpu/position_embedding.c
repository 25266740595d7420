/* position_embedding.c: y[n] = x[n] + embeddings; dx = dy; dembeddings = row sum of dy. Threads
 * share the elements of y. */
#include "core/ops/position_embedding.h"
#include "copy_rows.h"
#include "sums.h"

struct work {
    const float *x, *w;
    float *y;
    int64_t count, size;
};

static void add(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    (void)thread;
    for (int64_t i = range.begin, end; i < range.end; i = end) {
        const float *restrict x = w->x + i, *restrict own = w->w + i % w->size;
        float *restrict y = w->y + i;
        end = iso_min64(range.end, (i / w->size + 1) * w->size);
        for (int64_t k = 0; k < end - i; k++)
            y[k] = iso_add(x[k], own[k]);
    }
}

static int64_t size_of(const struct iso_call *call)
{
    return iso_shape_count(&call->x[0].shape) / call->x[0].shape.dim[0];
}

static size_t workspace(struct iso_backend *b, const struct iso_call *call, enum iso_pass pass)
{
    (void)b;
    return pass == ISO_FORWARD
               ? 0
               : ISO_CPU(sum_rows_workspace)(call->x[0].shape.dim[0], 1, size_of(call));
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = { iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->w[0]), iso_cpu_f32(&call->y[0]),
                      iso_shape_count(&call->x[0].shape), size_of(call) };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.count, ISO_CPU_UNIT), add, &w);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t size = size_of(call), rows = call->x[0].shape.dim[0];
    const struct iso_row_copy copy = { .from = iso_cpu_f32(&call->dy[0]),
                                       .to = iso_cpu_f32(&call->dx[0]),
                                       .images = 1,
                                       .rows = rows,
                                       .width = size,
                                       .from_row = size,
                                       .to_row = size,
                                       .add = call->add_dx[0] };
    if (copy.to != NULL)
        ISO_CPU(copy_rows)(backend, &copy);
    if (call->dw[0].mem != NULL)
        ISO_CPU(sum_rows)(iso_cpu_team(backend), rows, 1, size, copy.from, call->add_dw[0],
                          iso_cpu_f32(&call->dw[0]), iso_cpu_u8(&call->workspace));
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(position_embedding) = { .workspace = workspace,
                                                        .forward = forward,
                                                        .backward = backward };
