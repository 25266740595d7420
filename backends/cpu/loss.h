/* loss.h: functions shared by the losses; core/ops/loss.h has the formulas. Threads share the rows
 * and write their losses to the workspace; the caller's thread adds them up. */
#ifndef ISO_CPU_LOSS_H
#define ISO_CPU_LOSS_H
#include "elements.h"

enum { ISO_CPU_LOSS_COST = 4 }; /* cost of an exp and a division, in simple elements */

/* A loss, for the threads that share its rows. */
struct iso_cpu_loss {
    const float *p, *t, *weight; /* weight NULL: all are 1 */
    float *out;                  /* the rows' weighted losses, or dx */
    struct iso_loss_scalars scalars;
    int64_t rows, columns, unit_rows;
    float count; /* number of terms in the mean that is the loss of a step */
    bool add;
};
static inline float iso_cpu_row_weight(const float *weight, int64_t row)
{
    return weight != NULL ? weight[row] : 1.0f;
}
static inline struct iso_loss_scalars iso_cpu_loss_scalars(const struct iso_call *call)
{
    return (struct iso_loss_scalars){ (float)call->scalars[0], (float)call->scalars[1],
                                      (float)call->scalars[2], (float)call->scalars[3],
                                      (float)call->scalars[4] };
}
/* Returns true if the mean loss y[output] is wanted; without a target there is only a prediction.
 */
static inline bool iso_cpu_loss_wanted(const struct iso_call *call, int output)
{
    return call->y[output].mem != NULL && call->x[1].mem != NULL;
}

/* Returns the bytes of workspace of the forward pass, which holds the rows' losses. */
size_t ISO_CPU(loss_workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
/* Sets y[output] to the sum of the rows' weighted losses in the workspace, divided by the step's
 * rows. */
void ISO_CPU(loss_mean)(const struct iso_call *, int output);

/* Run a pointwise loss: `losses` over the rows for y[output], if that is wanted, or `gradients` for
 * dx[0], with the slope at each element of p. Both jobs get a struct iso_cpu_loss. */
void ISO_CPU(pointwise_forward)(struct iso_backend *, const struct iso_call *, int output,
                                iso_team_task *losses);
void ISO_CPU(pointwise_backward)(struct iso_backend *, const struct iso_call *,
                                 const struct iso_tensor *p, iso_team_task *gradients);

/* Add f to a lane, and return its slope (core/arithmetic/formulas.h). */
typedef float iso_cpu_loss_add(float p, float t, struct iso_loss_scalars, float lane);
typedef float iso_cpu_loss_slope(float p, float t, struct iso_loss_scalars);

/* Return the sum of f over a block of a row, and over a row. */
ISO_CPU_INLINE float iso_cpu_pointwise_block(const float *p, const float *t, int64_t n,
                                             struct iso_loss_scalars s, iso_cpu_loss_add *add)
{
    float lane[ISO_LANES] = { 0.0f }, last_p[ISO_LANES] = { 0.0f }, last_t[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = add(p[i + l], t[i + l], s, lane[l]);
    memcpy(last_p, p + whole, (size_t)(n - whole) * sizeof *p);
    memcpy(last_t, t + whole, (size_t)(n - whole) * sizeof *t);
    for (int l = 0; l < ISO_LANES; l++) {
        const float sum = add(last_p[l], last_t[l], s, lane[l]);
        lane[l] = l < n - whole ? sum : lane[l];
    }
    return iso_cpu_lanes_total(lane);
}

ISO_CPU_INLINE float iso_cpu_pointwise_row(const float *p, const float *t, int64_t n,
                                           struct iso_loss_scalars s, iso_cpu_loss_add *add)
{
    float total = 0.0f;
    for (int64_t i = 0; i < n; i += ISO_BLOCK_ELEMENTS)
        total = total +
                iso_cpu_pointwise_block(p + i, t + i, iso_min64(ISO_BLOCK_ELEMENTS, n - i), s, add);
    return total;
}

/* Compute the losses of a unit's rows, and the gradients of its elements. */
ISO_CPU_INLINE void iso_cpu_pointwise_losses(const struct iso_cpu_loss *w, int64_t unit,
                                             iso_cpu_loss_add *add)
{
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    for (int64_t row = range.begin; row < range.end; row++) {
        const int64_t at = row * w->columns;
        const float sum = iso_cpu_pointwise_row(w->p + at, w->t + at, w->columns, w->scalars, add);
        w->out[row] =
            iso_weighted_loss(iso_div(sum, (float)w->columns), iso_cpu_row_weight(w->weight, row));
    }
}

ISO_CPU_INLINE void iso_cpu_pointwise_gradients(const struct iso_cpu_loss *w, int64_t unit,
                                                iso_cpu_loss_slope *slope)
{
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    const struct iso_loss_scalars s = w->scalars;
    for (int64_t row = range.begin; row < range.end; row++) {
        const float *restrict p = w->p + row * w->columns, *restrict t = w->t + row * w->columns;
        float *restrict dx = w->out + row * w->columns;
        const float weight = iso_cpu_row_weight(w->weight, row);
        for (int64_t c = 0; c < w->columns; c++)
            dx[c] =
                iso_cpu_put(dx[c], iso_loss_grad(slope(p[c], t[c], s), w->count, weight), w->add);
    }
}

/* Defines the threads' jobs for a pointwise loss. */
#define ISO_CPU_POINTWISE_JOBS(name, add, slope)                       \
    static void name##_losses(void *data, int64_t unit, int thread)    \
    {                                                                  \
        (void)thread;                                                  \
        iso_cpu_pointwise_losses(data, unit, add);                     \
    }                                                                  \
    static void name##_gradients(void *data, int64_t unit, int thread) \
    {                                                                  \
        (void)thread;                                                  \
        iso_cpu_pointwise_gradients(data, unit, slope);                \
    }
#endif
