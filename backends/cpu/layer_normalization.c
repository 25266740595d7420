/* layer_normalization.c: rows are divided among threads, both ways; for the weights' gradients
 * groups of rows, going over x once. Formulas: core/ops/layer_normalization.h, core/formulas.h. */
#include "core/ops/layer_normalization.h"
#include "sums.h"

enum sum { SUM_X, SUM_SQUARES, SUM_GRADIENTS };
enum { ROW_COST = 3 }; /* times that a row's elements are gone through */

struct work {
    struct iso_bn_rows s;
    struct iso_cpu_split split; /* division of the sums for the weights' gradients */
    int64_t each;               /* rows per unit */
    const float *x, *dy;
    const float *gamma, *beta; /* [channels]; ones and zeros if the layer has none */
    float *mean, *inverse;     /* [rows] */
    float epsilon;
    float *out; /* y, or dx */
    bool add;
    float *sums, *products; /* sums for dbeta and dgamma: [groups, channels]; NULL: not wanted */
};

static struct iso_rows rows_of(const struct work *w)
{
    return (struct iso_rows){ w->s.rows, w->s.per_image };
}

static struct work work_of(const struct iso_call *call)
{
    struct work w = { .s = iso_bn_rows(&call->x[0].shape),
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]),
                      .mean = iso_cpu_f32(&call->saved[ISO_LN_MEAN]),
                      .inverse = iso_cpu_f32(&call->saved[ISO_LN_INVERSE]),
                      .epsilon = (float)call->scalars[ISO_LN_EPSILON] };
    w.each = iso_cpu_unit_rows(w.s.channels * ROW_COST);
    return w;
}

/* gamma and beta; or gamma and the sums of the groups, twice. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct work w = work_of(call);
    (void)backend;
    const int64_t arrays = pass == ISO_FORWARD ? 2 : 1 + 2 * iso_group_count(rows_of(&w));
    return (size_t)(arrays * w.s.channels) * sizeof(float);
}

static float *room(const struct iso_call *call)
{
    return (float *)(void *)iso_cpu_u8(&call->workspace);
}

/* Returns a weight, or n times the value that replaces a weight the layer does not have. */
static const float *weight_or(const struct iso_tensor *w, float value, float *instead, int64_t n)
{
    for (int64_t i = 0; i < n && w->mem == NULL; i++)
        instead[i] = value;
    return w->mem != NULL ? iso_cpu_f32(w) : instead;
}

/* ---- Sums along a row ---------------------------------------------------------------------- */

/* Adds one element to each of the chains a and b of `live` lanes. */
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

/* The sum of a block, and with SUM_GRADIENTS, which alone reads dy and gamma, that of products. */
ISO_CPU_INLINE float sum_block(enum sum kind, int64_t n, const float *x, float mean,
                               const float *dy, const float *gamma, float *product)
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

/* The same along a row. */
ISO_CPU_INLINE float sum_row(enum sum kind, int64_t n, const float *x, float mean, const float *dy,
                             const float *gamma, float *product)
{
    float total = 0.0f, products = 0.0f, block = 0.0f;
    const bool both = kind == SUM_GRADIENTS;
    for (int64_t i = 0; i < n; i += ISO_BLOCK_ELEMENTS) {
        const int64_t some = iso_min64(ISO_BLOCK_ELEMENTS, n - i);
        total = total + sum_block(kind, some, x + i, mean, both ? dy + i : NULL,
                                  both ? gamma + i : NULL, &block);
        products = products + block;
    }
    if (both)
        *product = products;
    return total;
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

/* ---- Groups of rows ------------------------------------------------------------------------ */

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

/* Adds the chains of a block to sum and product [n], the group's columns from `first` on. */
static void add_block(const struct work *w, struct iso_range rows, int64_t first, int64_t n,
                      float *sum, float *product)
{
    float a[ISO_CPU_SLICE] = { 0.0f }, b[ISO_CPU_SLICE] = { 0.0f };
    for (int64_t r = rows.begin; r < rows.end; r++) {
        const int64_t at = r * w->s.channels + first;
        if (sum != NULL)
            add_row(n, w->dy + at, a);
        if (product != NULL)
            add_products(n, w->x + at, w->dy + at, w->mean[r], w->inverse[r], b);
    }
    if (sum != NULL)
        add_row(n, a, sum);
    if (product != NULL)
        add_row(n, b, product);
}

static float *cleared(float *sums, int64_t at, int64_t n)
{
    return sums != NULL ? memset(sums + at, 0, (size_t)n * sizeof *sums) : NULL;
}

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_part part = iso_cpu_part(&w->split, unit);
    const int64_t first = part.columns.begin, n = part.columns.end - first;
    (void)thread;
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(w->split.rows, g);
        float *sum = cleared(w->sums, g * w->s.channels + first, n);
        float *product = cleared(w->products, g * w->s.channels + first, n);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(w->split.rows, b);
            add_block(w, (struct iso_range){ b, end }, first, n, sum, product);
        }
    }
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
    const int64_t n = w->s.channels, count = iso_group_count(rows_of(w));
    float *dgamma = iso_cpu_f32(&call->dw[ISO_LN_GAMMA]);
    float *dbeta = iso_cpu_f32(&call->dw[ISO_LN_BETA]);
    w->sums = dbeta != NULL ? room(call) + n : NULL;
    w->products = dgamma != NULL ? room(call) + (1 + count) * n : NULL;
    if (dgamma == NULL && dbeta == NULL)
        return;
    w->split = ISO_CPU(split)(rows_of(w), n, iso_team_size(team));
    iso_team_run(team, w->split.units, sum_part, w);
    if (dbeta != NULL)
        ISO_CPU(add_groups)(team, w->sums, count, n, call->add_dw[ISO_LN_BETA], dbeta);
    if (dgamma != NULL)
        ISO_CPU(add_groups)(team, w->products, count, n, call->add_dw[ISO_LN_GAMMA], dgamma);
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
