/* batch_normalization.c: reads x twice forward (statistics, result) and twice backward (both sums,
 * dx): in batch_sums.c, and here with elements divided among threads. Formulas:
 * core/ops/batch_normalization.h, core/arithmetic/formulas.h.
 *
 * What follows goes on in the same rounds: an add, an activation, and backward a relu, whose result
 * is computed anew from x rather than read, or is read where something was added.
 *
 * The numbers of each channel that a formula needs are repeated in tables as long as a segment of
 * elements, so that the loops over elements are long whatever the number of channels. */
#include "core/ops/activation.h"
#include "batch_sums.h"
#include "tile.h"

enum { SEGMENT = 512, TABLES = 5 }; /* elements of a segment, at least */

struct work {
    struct iso_bn_rows s;
    const float *x, *dy;
    const struct iso_activation *activation;                 /* NULL: none */
    enum iso_cpu_pass pass;                                  /* backward: replaces the activation */
    const float *addend, *y;                                 /* NULL: absent; not wanted */
    int64_t count, segment, each;                            /* each: segments of a unit */
    const float *means, *factors, *betas, *offsets, *slopes; /* [segment] */
    float *out;                                              /* y, or dx */
    bool add;
    struct iso_ending ending;       /* applied to dx */
    float *table[TABLES], *sums[2]; /* in the workspace: [segment]; [channels] */
    void *room;                     /* the rest of the workspace */
};

static struct work work_of(const struct iso_call *call)
{
    struct work w = { .s = iso_bn_rows(&call->x[0].shape),
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]) };
    w.count = w.s.rows * w.s.channels;
    w.segment = iso_ceil_div(SEGMENT, w.s.channels) * w.s.channels;
    return w;
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct work w = work_of(call);
    (void)backend, (void)pass;
    return (size_t)(TABLES * w.segment + 2 * w.s.channels) * sizeof(float) +
           ISO_CPU(batch_sums_workspace)(&w.s);
}

static void carve(const struct iso_call *call, struct work *w)
{
    float *at = (float *)(void *)iso_cpu_u8(&call->workspace);
    for (int i = 0; i < TABLES; i++, at += w->segment)
        w->table[i] = at;
    for (int i = 0; i < 2; i++, at += w->s.channels)
        w->sums[i] = at;
    w->room = at;
}

/* The shape of x with the rows of the whole step. */
static struct iso_shape step_of(const struct iso_call *call)
{
    struct iso_shape s = call->x[0].shape;
    s.dim[0] = call->step_rows;
    return s;
}

static float step_rows(const struct iso_call *call)
{
    const struct iso_shape s = step_of(call);
    return (float)iso_bn_rows(&s).rows;
}

/* ---- Elements ------------------------------------------------------------------------------ */

ISO_CPU_INLINE void normalize_segment(const struct work *w, bool adds, bool relu, int64_t n,
                                      const float *restrict x, const float *restrict addend,
                                      float *restrict y)
{
    const float *restrict mean = w->means, *restrict factor = w->factors;
    const float *restrict beta = w->betas;
    for (int64_t i = 0; i < n; i++) {
        const float own = iso_bn(x[i], mean[i], factor[i], beta[i]);
        const float sum = adds ? iso_add(own, addend[i]) : own;
        y[i] = relu ? iso_act(ISO_RELU, 0.0f, sum) : sum;
    }
}

static void normalize(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each * w->segment, w->count);
    const bool relu = iso_is_relu(w->activation);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i += w->segment) {
        const int64_t n = iso_min64(w->segment, range.end - i);
        const float *x = w->x + i;
        float *y = w->out + i;
        if (w->addend != NULL && relu)
            normalize_segment(w, true, true, n, x, w->addend + i, y);
        else if (w->addend != NULL)
            normalize_segment(w, true, false, n, x, w->addend + i, y);
        else if (relu)
            normalize_segment(w, false, true, n, x, NULL, y);
        else
            normalize_segment(w, false, false, n, x, NULL, y);
        if (w->activation != NULL && !relu)
            ISO_CPU(activate)(w->activation, y, n);
    }
}

/* Returns the gradient of the normalized value, given that of the relu's result. */
ISO_CPU_INLINE float passing(enum iso_cpu_pass pass, float x, float mean, float factor, float beta,
                             float y, float dy)
{
    if (pass == ISO_CPU_PASS_BY_RESULT)
        return iso_act_grad(ISO_RELU, 0.0f, y, dy);
    if (pass == ISO_CPU_PASS_BY_INPUT)
        return iso_act_grad(ISO_RELU, 0.0f, iso_bn(x, mean, factor, beta), dy);
    return dy;
}

ISO_CPU_INLINE void gradient_segment(const struct work *w, enum iso_cpu_pass pass, bool add,
                                     int64_t n, const float *restrict x, const float *restrict dy,
                                     const float *restrict y, float *restrict dx)
{
    const float *restrict mean = w->means, *restrict factor = w->factors, *restrict beta = w->betas;
    const float *restrict offset = w->offsets, *restrict slope = w->slopes;
    for (int64_t i = 0; i < n; i++) {
        const float passed = passing(pass, x[i], mean[i], factor[i],
                                     pass == ISO_CPU_PASS_BY_INPUT ? beta[i] : 0.0f,
                                     pass == ISO_CPU_PASS_BY_RESULT ? y[i] : 0.0f, dy[i]);
        const float d = iso_bn_grad(x[i], mean[i], passed, offset[i], slope[i], factor[i]);
        dx[i] = add ? dx[i] + d : d;
    }
}

/* One loop for each way, so that none has a branch inside. */
#define GRADIENT_SEGMENT(pass)                                                \
    do {                                                                      \
        if (w->add)                                                           \
            gradient_segment(w, pass, true, n, w->x + i, dy, y, w->out + i);  \
        else                                                                  \
            gradient_segment(w, pass, false, n, w->x + i, dy, y, w->out + i); \
    } while (0)

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each * w->segment, w->count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i += w->segment) {
        const int64_t n = iso_min64(w->segment, range.end - i);
        const float *dy = w->dy + i, *y = w->y != NULL ? w->y + i : NULL;
        switch (w->pass) {
        case ISO_CPU_PASS_ALL: GRADIENT_SEGMENT(ISO_CPU_PASS_ALL); break;
        case ISO_CPU_PASS_BY_RESULT: GRADIENT_SEGMENT(ISO_CPU_PASS_BY_RESULT); break;
        case ISO_CPU_PASS_BY_INPUT: GRADIENT_SEGMENT(ISO_CPU_PASS_BY_INPUT); break;
        }
        ISO_CPU(end)(&w->ending, w->out + i, n);
    }
}

/* The gradient of the addend: what passes. */
static void addend_gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each * w->segment, w->count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++) {
        const float d = w->pass == ISO_CPU_PASS_BY_RESULT
                            ? iso_act_grad(ISO_RELU, 0.0f, w->y[i], w->dy[i])
                            : w->dy[i];
        w->out[i] = iso_cpu_put(w->out[i], d, w->add);
    }
}

static void run_elements(struct iso_backend *backend, struct work *w, iso_team_task *task)
{
    w->each = iso_cpu_unit_rows(w->segment);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w->count, w->each * w->segment), task, w);
}

/* ---- Forward ------------------------------------------------------------------------------- */

/* The moving statistics after a step with these sums over its rows: [channels]. */
static void move_statistics(const struct iso_call *call, const float *sum, const float *square)
{
    float *mean = iso_cpu_f32(&call->w[ISO_BN_MOVING_MEAN]);
    float *variance = iso_cpu_f32(&call->w[ISO_BN_MOVING_VARIANCE]);
    const float momentum = (float)call->scalars[ISO_BN_MOMENTUM];
    const float rest = (float)call->scalars[ISO_BN_1_MOMENTUM];
    const struct iso_shape step = step_of(call);
    const float rows = step_rows(call);
    const float moving_rows = (float)iso_bn_moving_rows(call->params, &step);
    for (int64_t c = 0; c < iso_bn_rows(&step).channels; c++) {
        mean[c] = iso_bn_moving_sum(mean[c], sum[c], rows, momentum, rest);
        variance[c] = iso_bn_moving_sum(variance[c], square[c], moving_rows, momentum, rest);
    }
}

/* The batch's mean and inverse deviation; and the moving statistics after it, or its sums where
 * they are wanted. */
static void batch_statistics(struct iso_backend *backend, const struct iso_call *call,
                             const struct work *w)
{
    float *mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]);
    float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    float *shard_sum = iso_cpu_f32(&call->dw[ISO_BN_MOVING_MEAN]);
    float *sum = shard_sum != NULL ? shard_sum : w->sums[1];
    float *square = shard_sum != NULL ? iso_cpu_f32(&call->dw[ISO_BN_MOVING_VARIANCE]) : w->sums[0];
    const float epsilon = (float)call->scalars[ISO_BN_EPSILON], rows = step_rows(call);
    ISO_CPU(batch_statistics)(iso_cpu_team(backend), &w->s, w->x, rows, sum, mean, square, w->room);
    for (int64_t c = 0; c < w->s.channels; c++)
        inverse[c] = iso_bn_inverse(iso_div(square[c], rows), epsilon);
    if (shard_sum == NULL)
        move_statistics(call, sum, square);
}

/* The moving statistics, from the sums of the whole step. */
static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    move_statistics(call, iso_cpu_f32(&call->dw[ISO_BN_MOVING_MEAN]),
                    iso_cpu_f32(&call->dw[ISO_BN_MOVING_VARIANCE]));
    return ISO_OK;
}

static void moving_statistics(const struct iso_call *call, const struct work *w)
{
    float *mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]);
    float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    const float *variance = iso_cpu_f32(&call->w[ISO_BN_MOVING_VARIANCE]);
    const float epsilon = (float)call->scalars[ISO_BN_EPSILON];
    memcpy(mean, iso_cpu_f32(&call->w[ISO_BN_MOVING_MEAN]), (size_t)w->s.channels * sizeof *mean);
    for (int64_t c = 0; c < w->s.channels; c++)
        inverse[c] = iso_bn_inverse(variance[c], epsilon);
}

/* Numbers of the channels for which a formula stands, laid out repeatedly. */
static const float *repeat(const struct work *w, int number)
{
    float *table = w->table[number];
    for (int64_t i = w->s.channels; i < w->segment; i++)
        table[i] = table[i - w->s.channels];
    return table;
}

static void set_factors(const struct iso_call *call, struct work *w)
{
    const float *gamma = iso_cpu_f32(&call->w[ISO_BN_GAMMA]);
    const float *mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]);
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    for (int64_t c = 0; c < w->s.channels; c++) {
        w->table[0][c] = mean[c];
        w->table[1][c] = iso_bn_factor(gamma != NULL ? gamma[c] : 1.0f, inverse[c]);
    }
    w->means = repeat(w, 0);
    w->factors = repeat(w, 1);
}

static void set_betas(const struct iso_call *call, struct work *w)
{
    const float *beta = iso_cpu_f32(&call->w[ISO_BN_BETA]);
    for (int64_t c = 0; c < w->s.channels; c++)
        w->table[2][c] = beta != NULL ? beta[c] : 0.0f;
    w->betas = repeat(w, 2);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    carve(call, &w);
    if (call->training)
        batch_statistics(backend, call, &w);
    else
        moving_statistics(call, &w);
    set_factors(call, &w);
    set_betas(call, &w);
    w.activation = call->activation;
    w.addend = call->adds ? iso_cpu_f32(&call->x[1]) : NULL;
    w.out = iso_cpu_f32(&call->y[0]);
    run_elements(backend, &w, normalize);
    return ISO_OK;
}

/* ---- Backward ------------------------------------------------------------------------------- */

/* Both sums, of the gradients that pass; the addend's gradient on the way where it is wanted and
 * overwritten, after which it is dy to the second round. */
static void sum_gradients(struct iso_backend *backend, const struct iso_call *call, struct work *w)
{
    float *addend = call->adds ? iso_cpu_f32(&call->dx[1]) : NULL;
    struct iso_cpu_bn_gradients g = { .pass = w->pass,
                                      .x = w->x,
                                      .dy = w->dy,
                                      .y = w->y,
                                      .mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]),
                                      .factor = w->factors,
                                      .beta = w->betas };
    if (w->pass == ISO_CPU_PASS_BY_RESULT && !call->add_dx[1])
        g.passed = addend;
    ISO_CPU(batch_gradient_sums)(iso_cpu_team(backend), &w->s, &g, w->sums[0], w->sums[1], w->room);
    if (g.passed == NULL && addend != NULL) {
        w->out = addend;
        w->add = call->add_dx[1];
        run_elements(backend, w, addend_gradients);
    } else if (g.passed != NULL) {
        w->pass = ISO_CPU_PASS_ALL;
        w->dy = g.passed;
    }
}

/* Sets what every element's gradient needs, from this call's sums or those of the whole step. */
static void set_slopes(const struct iso_call *call, struct work *w)
{
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    const float *offset = iso_cpu_f32(&call->saved[ISO_BN_OFFSET]);
    const float *slope = iso_cpu_f32(&call->saved[ISO_BN_SLOPE]);
    const float *dbeta = w->sums[0], *product = w->sums[1], rows = step_rows(call);
    for (int64_t c = 0; c < w->s.channels; c++) {
        w->table[3][c] = call->training ? iso_bn_offset(dbeta[c], rows) : 0.0f;
        w->table[4][c] = call->training ? iso_bn_slope(product[c], inverse[c], rows) : 0.0f;
        if (offset != NULL) {
            w->table[3][c] = offset[c];
            w->table[4][c] = slope[c];
        }
    }
}

static void input_gradient(struct iso_backend *backend, const struct iso_call *call, struct work *w)
{
    set_slopes(call, w);
    w->offsets = repeat(w, 3);
    w->slopes = repeat(w, 4);
    w->out = iso_cpu_f32(&call->dx[0]);
    w->add = call->add_dx[0];
    w->ending = ISO_CPU(gradient_ending)(call);
    run_elements(backend, w, gradients);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    float *dgamma = iso_cpu_f32(&call->dw[ISO_BN_GAMMA]);
    float *dbeta = iso_cpu_f32(&call->dw[ISO_BN_BETA]);
    carve(call, &w);
    set_factors(call, &w);
    set_betas(call, &w);
    if (call->activation != NULL)
        w.pass = call->adds ? ISO_CPU_PASS_BY_RESULT : ISO_CPU_PASS_BY_INPUT;
    w.y = w.pass == ISO_CPU_PASS_BY_RESULT ? iso_cpu_f32(&call->y[0]) : NULL;
    if (call->saved[ISO_BN_OFFSET].mem == NULL)
        sum_gradients(backend, call, &w);
    if (call->dx[0].mem != NULL)
        input_gradient(backend, call, &w);
    for (int64_t c = 0; c < w.s.channels && dgamma != NULL; c++)
        dgamma[c] = iso_cpu_put(dgamma[c], iso_bn_dgamma(w.sums[1][c], inverse[c]),
                                call->add_dw[ISO_BN_GAMMA]);
    if (dbeta != NULL)
        iso_cpu_store(dbeta, w.sums[0], w.s.channels, call->add_dw[ISO_BN_BETA]);
    return ISO_OK;
}

/* The relu of its result is computed anew, or read where something was added. */
static bool fuses_gradient(const struct iso_activation *p) { return p == NULL || iso_is_relu(p); }

const struct iso_kernel ISO_CPU(batch_normalization) = {
    .workspace = workspace,
    .fuses_activation = true,
    .fuses_add = true,
    .fuses_gradient = fuses_gradient,
    .fuses_x_activation = true,
    .forward = forward,
    .backward = backward,
    .update = update,
};
