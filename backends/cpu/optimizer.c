/* optimizer.c: how an optimizer's update is shared out among threads. */
#include "optimizer.h"

struct work {
    struct iso_cpu_update whole;
    void (*update_range)(const struct iso_cpu_update *);
};

static void step(void *data, int64_t unit, int thread)
{
    const struct work *k = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, k->whole.count);
    struct iso_cpu_update u = k->whole;
    (void)thread;
    u.count = range.end - range.begin;
    u.g += range.begin;
    u.w += range.begin;
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (u.slot[i] != NULL)
            u.slot[i] += range.begin;
    k->update_range(&u);
}

iso_rc ISO_CPU(update)(struct iso_backend *backend, const struct iso_call *call,
                       void (*update_range)(const struct iso_cpu_update *))
{
    struct work work = { .update_range = update_range };
    struct iso_cpu_update *u = &work.whole;
    *u = (struct iso_cpu_update){ .count = iso_shape_count(&call->w[0].shape),
                                  .g = iso_cpu_f32(&call->dw[0]),
                                  .w = iso_cpu_f32(&call->w[0]),
                                  .params = call->params };
    for (int i = 0; i < ISO_OPERANDS; i++)
        u->slot[i] = iso_cpu_f32(&call->state[i]);
    for (int i = 0; i < ISO_SCALARS; i++)
        u->s[i] = (float)call->scalars[i];
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(u->count, ISO_CPU_UNIT), step, &work);
    return ISO_OK;
}
