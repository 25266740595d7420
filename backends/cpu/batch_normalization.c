/* batch_normalization.c: goes over x three times forward (sum, squares, result) and twice
 * backward (both sums, dx), each divided among threads by blocks of rows or by elements. Formulas:
 * core/ops/batch_normalization.h, core/formulas.h.
 *
 * The numbers of each channel that a formula needs are repeated in tables as long as a segment of
 * elements, so that the loops over elements are long whatever the number of channels. */
#include "core/ops/batch_normalization.h"
#include "simd.h"
#include "sums.h"

enum sum { SUM_X, SUM_SQUARES, SUM_GRADIENTS };
/* Elements of a segment, at least; vectors of columns that are summed at a time. */
enum { SEGMENT = 256, VECTORS = 4 };

struct work {
    enum sum sum;
    struct iso_bn_rows s;
    struct iso_cpu_blocks blocks;
    int64_t each;               /* blocks, or segments, of a unit */
    const float *x, *dy, *mean; /* mean: [channels] */
    float *sums, *products;     /* [blocks, channels] */
    int64_t count, segment;
    const float *means, *factors, *betas, *offsets, *slopes; /* [segment] */
    float *out;                                              /* y, or dx */
    bool add;
};

static struct work work_of(const struct iso_call *call)
{
    struct work w = { .s = iso_bn_rows(&call->x[0].shape),
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]),
                      .mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]) };
    w.blocks = iso_cpu_blocks(w.s.rows, w.s.per_image);
    w.count = w.s.rows * w.s.channels;
    w.segment = iso_ceil_div(SEGMENT, w.s.channels) * w.s.channels;
    return w;
}

/* The sums of the blocks, twice; two totals; five tables. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct work w = work_of(call);
    (void)backend, (void)pass;
    return (size_t)((2 * w.blocks.count + 2) * w.s.channels + 5 * w.segment) * sizeof(float);
}

/* ---- Row sums ------------------------------------------------------------------------------ */

/* Sums `vectors` vectors of columns of n rows; each element of one is a chain. x - mean is
 * x + (-mean). */
ISO_CPU_INLINE void sum_vectors(enum sum kind, int vectors, int64_t n, int64_t row, const float *x,
                                const float *dy, const float *mean, float *sum, float *product)
{
    float minus[VECTORS * ISO_VEC];
    iso_vec a[VECTORS], b[VECTORS], m[VECTORS];
    for (int i = 0; i < vectors * ISO_VEC; i++)
        minus[i] = kind == SUM_X ? 0.0f : -mean[i];
    for (int v = 0; v < vectors; v++) {
        a[v] = b[v] = iso_vset(0.0f);
        m[v] = iso_vload(minus + v * ISO_VEC);
    }
    for (int64_t r = 0; r < n; r++)
        for (int v = 0; v < vectors; v++) {
            const iso_vec value = iso_vload(x + r * row + v * ISO_VEC);
            if (kind == SUM_X) {
                a[v] = iso_vadd(a[v], value);
                continue;
            }
            const iso_vec centre = iso_vadd(value, m[v]);
            if (kind == SUM_SQUARES) {
                a[v] = iso_vfma(centre, centre, a[v]);
                continue;
            }
            const iso_vec d = iso_vload(dy + r * row + v * ISO_VEC);
            a[v] = iso_vadd(a[v], d);
            b[v] = iso_vfma(d, centre, b[v]);
        }
    for (int v = 0; v < vectors; v++) {
        iso_vstore(sum + v * ISO_VEC, a[v]);
        if (kind == SUM_GRADIENTS)
            iso_vstore(product + v * ISO_VEC, b[v]);
    }
}

/* One column. */
ISO_CPU_INLINE void sum_column(enum sum kind, int64_t n, int64_t row, const float *x,
                               const float *dy, float mean, float *sum, float *product)
{
    float a = 0.0f, b = 0.0f;
    for (int64_t r = 0; r < n; r++) {
        const float value = x[r * row];
        if (kind == SUM_X) {
            a = a + value;
        } else if (kind == SUM_SQUARES) {
            a = iso_bn_square(value - mean, a);
        } else {
            a = a + dy[r * row];
            b = iso_fma(dy[r * row], value - mean, b);
        }
    }
    *sum = a;
    if (kind == SUM_GRADIENTS)
        *product = b;
}

ISO_CPU_INLINE void sum_block(enum sum kind, const struct work *w, int64_t block)
{
    const struct iso_range rows = iso_cpu_block(&w->blocks, block);
    const int64_t n = rows.end - rows.begin, cols = w->s.channels, at = rows.begin * cols;
    float *sums = w->sums + block * cols, *products = w->products + block * cols;
    int64_t c = 0;
    while (c + ISO_VEC <= cols) {
        const float *x = w->x + at + c, *mean = w->mean + c;
        const float *dy = kind == SUM_GRADIENTS ? w->dy + at + c : NULL;
        const int vectors = (int)iso_min64(VECTORS, (cols - c) / ISO_VEC);
        switch (vectors) {
        case 4: sum_vectors(kind, 4, n, cols, x, dy, mean, sums + c, products + c); break;
        case 3: sum_vectors(kind, 3, n, cols, x, dy, mean, sums + c, products + c); break;
        case 2: sum_vectors(kind, 2, n, cols, x, dy, mean, sums + c, products + c); break;
        default: sum_vectors(kind, 1, n, cols, x, dy, mean, sums + c, products + c); break;
        }
        c += vectors * ISO_VEC;
    }
    for (; c < cols; c++)
        sum_column(kind, n, cols, w->x + at + c, kind == SUM_GRADIENTS ? w->dy + at + c : NULL,
                   w->mean[c], sums + c, products + c);
}

static void sum_blocks(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->blocks.count);
    (void)thread;
    for (int64_t block = range.begin; block < range.end; block++)
        switch (w->sum) {
        case SUM_X: sum_block(SUM_X, w, block); break;
        case SUM_SQUARES: sum_block(SUM_SQUARES, w, block); break;
        case SUM_GRADIENTS: sum_block(SUM_GRADIENTS, w, block); break;
        }
}

/* total, and with SUM_GRADIENTS product: [channels]. */
static void sum_rows(struct iso_backend *backend, struct work *w, enum sum sum, float *total,
                     float *product)
{
    struct iso_team *team = iso_cpu_team(backend);
    const int64_t count = w->blocks.count, channels = w->s.channels;
    w->sum = sum;
    w->each = iso_cpu_unit_rows(iso_min64(ISO_BLOCK_ROWS, w->blocks.anew) * channels);
    iso_team_run(team, iso_ceil_div(count, w->each), sum_blocks, w);
    ISO_CPU(add_blocks)(team, w->sums, count, channels, false, total);
    if (sum == SUM_GRADIENTS)
        ISO_CPU(add_blocks)(team, w->products, count, channels, false, product);
}

/* ---- Elements ------------------------------------------------------------------------------ */

static void normalize_segment(int64_t n, const float *restrict x, const float *restrict mean,
                              const float *restrict factor, const float *restrict beta,
                              float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_bn(x[i], mean[i], factor[i], beta[i]);
}

static void normalize(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each * w->segment, w->count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i += w->segment)
        normalize_segment(iso_min64(w->segment, range.end - i), w->x + i, w->means, w->factors,
                          w->betas, w->out + i);
}

ISO_CPU_INLINE void gradient_segment(const struct work *w, bool add, int64_t n,
                                     const float *restrict x, const float *restrict dy,
                                     float *restrict dx)
{
    const float *restrict mean = w->means, *restrict factor = w->factors;
    const float *restrict offset = w->offsets, *restrict slope = w->slopes;
    for (int64_t i = 0; i < n; i++) {
        const float d = iso_bn_grad(x[i], mean[i], dy[i], offset[i], slope[i], factor[i]);
        dx[i] = add ? dx[i] + d : d;
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each * w->segment, w->count);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i += w->segment) {
        const int64_t n = iso_min64(w->segment, range.end - i);
        if (w->add)
            gradient_segment(w, true, n, w->x + i, w->dy + i, w->out + i);
        else
            gradient_segment(w, false, n, w->x + i, w->dy + i, w->out + i);
    }
}

static void run_elements(struct iso_backend *backend, struct work *w, iso_job *job)
{
    w->each = iso_cpu_unit_rows(w->segment);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w->count, w->each * w->segment), job, w);
}

/* ---- Calls --------------------------------------------------------------------------------- */

static void set_statistics(const struct iso_call *call, const struct work *w, const float *square)
{
    float *mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]);
    float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    float *moving_mean = iso_cpu_f32(&call->w[ISO_BN_MOVING_MEAN]);
    float *moving_variance = iso_cpu_f32(&call->w[ISO_BN_MOVING_VARIANCE]);
    const float momentum = (float)call->scalars[ISO_BN_MOMENTUM];
    const float rest = (float)call->scalars[ISO_BN_1_MOMENTUM];
    const float epsilon = (float)call->scalars[ISO_BN_EPSILON];
    const float rows = (float)w->s.rows;
    const float moving_rows = (float)iso_bn_moving_rows(call->params, &call->x[0].shape);
    for (int64_t c = 0; c < w->s.channels; c++) {
        inverse[c] = iso_bn_inverse(iso_div(square[c], rows), epsilon);
        moving_mean[c] = iso_bn_moving(moving_mean[c], mean[c], momentum, rest);
        moving_variance[c] =
            iso_bn_moving(moving_variance[c], iso_div(square[c], moving_rows), momentum, rest);
    }
}

static void batch_statistics(struct iso_backend *backend, const struct iso_call *call,
                             struct work *w, float *total)
{
    float *mean = iso_cpu_f32(&call->saved[ISO_BN_MEAN]);
    const float rows = (float)w->s.rows;
    sum_rows(backend, w, SUM_X, total, NULL);
    for (int64_t c = 0; c < w->s.channels; c++)
        mean[c] = iso_div(total[c], rows);
    sum_rows(backend, w, SUM_SQUARES, total, NULL);
    set_statistics(call, w, total);
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

/* Divides the workspace; returns the first of two totals, [channels] each. */
static float *carve(const struct iso_call *call, struct work *w, float *tables[5])
{
    float *at = (float *)(void *)iso_cpu_u8(&call->workspace);
    w->sums = at;
    w->products = at + w->blocks.count * w->s.channels;
    float *total = w->products + w->blocks.count * w->s.channels;
    for (int i = 0; i < 5; i++)
        tables[i] = total + 2 * w->s.channels + i * w->segment;
    return total;
}

/* Numbers of the channels for which a formula stands, laid out repeatedly. */
static void repeat(const struct work *w, float *table)
{
    for (int64_t i = w->s.channels; i < w->segment; i++)
        table[i] = table[i - w->s.channels];
}

static void set_factors(const struct iso_call *call, struct work *w, float *means, float *factors)
{
    const float *gamma = iso_cpu_f32(&call->w[ISO_BN_GAMMA]);
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    for (int64_t c = 0; c < w->s.channels; c++) {
        means[c] = w->mean[c];
        factors[c] = iso_bn_factor(gamma != NULL ? gamma[c] : 1.0f, inverse[c]);
    }
    repeat(w, means);
    repeat(w, factors);
    w->means = means;
    w->factors = factors;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    const float *beta = iso_cpu_f32(&call->w[ISO_BN_BETA]);
    float *tables[5], *total = carve(call, &w, tables);
    if (call->training)
        batch_statistics(backend, call, &w, total);
    else
        moving_statistics(call, &w);
    set_factors(call, &w, tables[0], tables[1]);
    for (int64_t c = 0; c < w.s.channels; c++)
        tables[2][c] = beta != NULL ? beta[c] : 0.0f;
    repeat(&w, tables[2]);
    w.betas = tables[2];
    w.out = iso_cpu_f32(&call->y[0]);
    run_elements(backend, &w, normalize);
    return ISO_OK;
}

static void input_gradient(struct iso_backend *backend, const struct iso_call *call, struct work *w,
                           const float *dbeta, const float *product, float *const tables[5])
{
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    const float rows = (float)w->s.rows;
    set_factors(call, w, tables[0], tables[1]);
    for (int64_t c = 0; c < w->s.channels; c++) {
        tables[2][c] = call->training ? iso_bn_offset(dbeta[c], rows) : 0.0f;
        tables[3][c] = call->training ? iso_bn_slope(product[c], inverse[c], rows) : 0.0f;
    }
    repeat(w, tables[2]);
    repeat(w, tables[3]);
    w->offsets = tables[2];
    w->slopes = tables[3];
    w->out = iso_cpu_f32(&call->dx[0]);
    w->add = call->add_dx[0];
    run_elements(backend, w, gradients);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    const float *inverse = iso_cpu_f32(&call->saved[ISO_BN_INVERSE]);
    float *dgamma = iso_cpu_f32(&call->dw[ISO_BN_GAMMA]);
    float *dbeta = iso_cpu_f32(&call->dw[ISO_BN_BETA]);
    float *tables[5], *total = carve(call, &w, tables), *product = total + w.s.channels;
    sum_rows(backend, &w, SUM_GRADIENTS, total, product);
    if (call->dx[0].mem != NULL)
        input_gradient(backend, call, &w, total, product, tables);
    for (int64_t c = 0; c < w.s.channels && dgamma != NULL; c++)
        dgamma[c] = iso_cpu_put(dgamma[c], iso_bn_dgamma(product[c], inverse[c]),
                                call->add_dw[ISO_BN_GAMMA]);
    for (int64_t c = 0; c < w.s.channels && dbeta != NULL; c++)
        dbeta[c] = iso_cpu_put(dbeta[c], total[c], call->add_dw[ISO_BN_BETA]);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(batch_normalization) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
