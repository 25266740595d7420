/* loss.c: the mean of the rows' losses, and how threads share the pointwise losses. */
#include "loss.h"
#include "sums.h"

size_t ISO_CPU(loss_workspace)(struct iso_backend *backend, const struct iso_call *call,
                               enum iso_pass pass)
{
    (void)backend;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}

void ISO_CPU(loss_mean)(const struct iso_call *call, int output)
{
    const float *loss = (const float *)(void *)iso_cpu_u8(&call->workspace);
    const struct iso_rows rows = { call->x[0].shape.dim[0], 1 };
    float total;
    ISO_CPU(sum_columns)(rows, 1, loss, 1, &total);
    *iso_cpu_f32(&call->y[output]) = iso_div(total, (float)call->step_rows);
}

static void share(struct iso_backend *backend, const struct iso_call *call,
                  const struct iso_tensor *p, float *out, iso_team_task *task)
{
    const int64_t rows = p->shape.dim[0], columns = p->shape.dim[1];
    struct iso_cpu_loss work = {
        .p = iso_cpu_f32(p),
        .t = iso_cpu_f32(&call->x[1]),
        .weight = iso_cpu_f32(&call->x[2]),
        .out = out,
        .rows = rows,
        .columns = columns,
        .count = (float)(call->step_rows * columns),
        .add = call->add_dx[0],
        .unit_rows = iso_cpu_unit_rows(columns * ISO_CPU_LOSS_COST),
        .scalars = iso_cpu_loss_scalars(call),
    };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), task, &work);
}

void ISO_CPU(pointwise_forward)(struct iso_backend *backend, const struct iso_call *call,
                                int output, iso_team_task *losses)
{
    if (!iso_cpu_loss_wanted(call, output))
        return;
    share(backend, call, &call->x[0], (float *)(void *)iso_cpu_u8(&call->workspace), losses);
    ISO_CPU(loss_mean)(call, output);
}

void ISO_CPU(pointwise_backward)(struct iso_backend *backend, const struct iso_call *call,
                                 const struct iso_tensor *p, iso_team_task *gradients)
{
    if (call->dx[0].mem != NULL)
        share(backend, call, p, iso_cpu_f32(&call->dx[0]), gradients);
}

/* The kernels of the losses that absorb nothing. */
#define POINTWISE_LOSS(name, add, slope)                                                    \
    ISO_CPU_POINTWISE_JOBS(name, add, slope)                                                \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)  \
    {                                                                                       \
        ISO_CPU(pointwise_forward)(backend, call, 0, name##_losses);                        \
        return ISO_OK;                                                                      \
    }                                                                                       \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                       \
        ISO_CPU(pointwise_backward)(backend, call, &call->x[0], name##_gradients);          \
        return ISO_OK;                                                                      \
    }                                                                                       \
    const struct iso_kernel ISO_CPU(name) = { .workspace = ISO_CPU(loss_workspace),         \
                                              .forward = name##_forward,                    \
                                              .backward = name##_backward };
ISO_POINTWISE_LOSSES(POINTWISE_LOSS)
