/* layer_normalization.c: rows are divided among threads, both ways; for the weights' gradients
 * blocks of rows, going over x once. Formulas: core/ops/layer_normalization.h, core/formulas.h. */
#include "core/ops/layer_normalization.h"
#include "sums.h"

enum sum { SUM_X, SUM_SQUARES, SUM_GRADIENTS };
enum { ROW_COST = 3 }; /* times that a row's elements are gone through */

struct work {
    struct iso_bn_rows s;
    struct iso_cpu_blocks blocks;
    int64_t each; /* rows, or blocks, of a unit */
    const float *x, *dy;
    const float *gamma, *beta; /* [channels]; ones and zeros where they are left out */
    float *mean, *inverse;     /* [rows] */
    float epsilon;
    float *out; /* y, or dx */
    bool add;
    float *sums, *products; /* of dbeta and dgamma: [blocks, channels]; NULL: not
                               wanted */
};

static struct work work_of(const struct iso_call *call)
{
    struct work w = { .s = iso_bn_rows(&call->x[0].shape),
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]),
                      .mean = iso_cpu_f32(&call->saved[ISO_LN_MEAN]),
                      .inverse = iso_cpu_f32(&call->saved[ISO_LN_INVERSE]),
                      .epsilon = (float)call->scalars[ISO_LN_EPSILON] };
    w.blocks = iso_cpu_blocks(w.s.rows, w.s.per_image);
    w.each = iso_cpu_unit_rows(w.s.channels * ROW_COST);
    return w;
}

/* gamma and beta; or gamma and the sums of the blocks, twice. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct work w = work_of(call);
    (void)backend;
    const int64_t arrays = pass == ISO_FORWARD ? 2 : 1 + 2 * w.blocks.count;
    return (size_t)(arrays * w.s.channels) * sizeof(float);
}

static float *room(const struct iso_call *call)
{
    return (float *)(void *)iso_cpu_u8(&call->workspace);
}

/* A weight, or n times the value that stands for it where it is left out. */
static const float *weight_or(const struct iso_tensor *w, float value, float *instead, int64_t n)
{
    for (int64_t i = 0; i < n && w->mem == NULL; i++)
        instead[i] = value;
    return w->mem != NULL ? iso_cpu_f32(w) : instead;
}

/* ---- Sums along a row ---------------------------------------------------------------------- */

/* The chains a and b of `live` lanes go on by one element each. */
ISO_CPU_INLINE void add_terms(enum sum kind, int64_t live, const float *x, float mean,
                              const float *dy, const float *gamma, float *a, float *b)
{
    for (int64_t l = 0; l < live; l++) {
        if (kind == SUM_X) {
            a[l] = a[l] + x[l];
        } else if (kind == SUM_SQUARES) {
            a[l] = iso_bn_square(x[l] - mean, a[l]);
        } else {
            const float g = iso_ln_dy(dy[l], gamma[l]);
            a[l] = a[l] + g;
            b[l] = iso_fma(g, x[l] - mean, b[l]);
        }
    }
}

/* The lane sum, and with SUM_GRADIENTS, which alone reads dy and gamma, that of products. */
ISO_CPU_INLINE float sum_row(enum sum kind, int64_t n, const float *x, float mean, const float *dy,
                             const float *gamma, float *product)
{
    float a[ISO_LANES] = { 0.0f }, b[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    const bool both = kind == SUM_GRADIENTS;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        add_terms(kind, ISO_LANES, x + i, mean, both ? dy + i : NULL, both ? gamma + i : NULL, a,
                  b);
    add_terms(kind, n - whole, x + whole, mean, both ? dy + whole : NULL,
              both ? gamma + whole : NULL, a, b);
    if (both)
        *product = iso_cpu_lanes_total(b);
    return iso_cpu_lanes_total(a);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static void normalize_row(int64_t n, const float *restrict x, float mean, float inverse,
                          const float *restrict gamma, const float *restrict beta,
                          float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_bn(x[i], mean, iso_bn_factor(gamma[i], inverse), beta[i]);
}

static void normalize(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->s.rows);
    const int64_t n = w->s.channels;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *x = w->x + r * n;
        const float mean = iso_div(sum_row(SUM_X, n, x, 0.0f, NULL, NULL, NULL), (float)n);
        const float square = sum_row(SUM_SQUARES, n, x, mean, NULL, NULL, NULL);
        w->mean[r] = mean;
        w->inverse[r] = iso_bn_inverse(iso_div(square, (float)n), w->epsilon);
        normalize_row(n, x, mean, w->inverse[r], w->gamma, w->beta, w->out + r * n);
    }
}

static void gradient_row(int64_t n, const float *restrict x, const float *restrict dy, float mean,
                         float inverse, const float *restrict gamma, float *restrict dx, bool add)
{
    float product;
    const float sum = sum_row(SUM_GRADIENTS, n, x, mean, dy, gamma, &product);
    const float offset = iso_bn_offset(sum, (float)n);
    const float slope = iso_bn_slope(product, inverse, (float)n);
    for (int64_t i = 0; i < n; i++) {
        const float g = iso_ln_dy(dy[i], gamma[i]);
        dx[i] = iso_cpu_put(dx[i], iso_bn_grad(x[i], mean, g, offset, slope, inverse), add);
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->s.rows);
    const int64_t n = w->s.channels;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        gradient_row(n, w->x + r * n, w->dy + r * n, w->mean[r], w->inverse[r], w->gamma,
                     w->out + r * n, w->add);
}

/* ---- Blocks of rows ------------------------------------------------------------------------ */

static void add_row(int64_t n, const float *restrict dy, float *restrict sum)
{
    for (int64_t c = 0; c < n; c++)
        sum[c] = sum[c] + dy[c];
}

static void add_products(int64_t n, const float *restrict x, const float *restrict dy, float mean,
                         float inverse, float *restrict product)
{
    for (int64_t c = 0; c < n; c++)
        product[c] = iso_fma(dy[c], iso_ln_unit(x[c], mean, inverse), product[c]);
}

static void sum_block(const struct work *w, int64_t block)
{
    const struct iso_range rows = iso_cpu_block(&w->blocks, block);
    const int64_t n = w->s.channels;
    float *sum = w->sums != NULL ? w->sums + block * n : NULL;
    float *product = w->products != NULL ? w->products + block * n : NULL;
    if (sum != NULL)
        memset(sum, 0, (size_t)n * sizeof *sum);
    if (product != NULL)
        memset(product, 0, (size_t)n * sizeof *product);
    for (int64_t r = rows.begin; r < rows.end; r++) {
        const float *dy = w->dy + r * n;
        if (sum != NULL)
            add_row(n, dy, sum);
        if (product != NULL)
            add_products(n, w->x + r * n, dy, w->mean[r], w->inverse[r], product);
    }
}

static void sum_blocks(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->blocks.count);
    (void)thread;
    for (int64_t block = range.begin; block < range.end; block++)
        sum_block(w, block);
}

/* ---- Calls --------------------------------------------------------------------------------- */

static void run_rows(struct iso_backend *backend, struct work *w, iso_job *job)
{
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w->s.rows, w->each), job, w);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    const int64_t n = w.s.channels;
    w.gamma = weight_or(&call->w[ISO_LN_GAMMA], 1.0f, room(call), n);
    w.beta = weight_or(&call->w[ISO_LN_BETA], 0.0f, room(call) + n, n);
    w.out = iso_cpu_f32(&call->y[0]);
    run_rows(backend, &w, normalize);
    return ISO_OK;
}

static void weight_gradients(struct iso_backend *backend, const struct iso_call *call,
                             struct work *w)
{
    struct iso_team *team = iso_cpu_team(backend);
    const int64_t n = w->s.channels, count = w->blocks.count;
    float *dgamma = iso_cpu_f32(&call->dw[ISO_LN_GAMMA]);
    float *dbeta = iso_cpu_f32(&call->dw[ISO_LN_BETA]);
    w->sums = dbeta != NULL ? room(call) + n : NULL;
    w->products = dgamma != NULL ? room(call) + (1 + count) * n : NULL;
    if (dgamma == NULL && dbeta == NULL)
        return;
    w->each = iso_cpu_unit_rows(iso_min64(ISO_BLOCK_ROWS, w->blocks.anew) * n);
    iso_team_run(team, iso_ceil_div(count, w->each), sum_blocks, w);
    if (dbeta != NULL)
        ISO_CPU(add_blocks)(team, w->sums, count, n, call->add_dw[ISO_LN_BETA], dbeta);
    if (dgamma != NULL)
        ISO_CPU(add_blocks)(team, w->products, count, n, call->add_dw[ISO_LN_GAMMA], dgamma);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    w.gamma = weight_or(&call->w[ISO_LN_GAMMA], 1.0f, room(call), w.s.channels);
    w.out = iso_cpu_f32(&call->dx[0]);
    w.add = call->add_dx[0];
    if (w.out != NULL)
        run_rows(backend, &w, gradients);
    weight_gradients(backend, call, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(layer_normalization) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
