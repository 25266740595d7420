/* normalized_sets.c: sets are divided among threads, both ways; for the weights' gradients groups
 * of rows, going over x once. Formulas: core/ops/normalized_sets.h, core/arithmetic/formulas.h. */
#include "normalized_sets.h"
#include "sums.h"

enum sum { SUM_X, SUM_SQUARES, SUM_GRADIENTS };
enum { SET_COST = 3 }; /* times that a set's elements are gone through */

struct work {
    struct iso_normalized_sets s;
    struct iso_rows rows; /* the rows that the weights' gradients are sums over */
    int64_t channels;
    struct iso_cpu_split split; /* division of the sums for the weights' gradients */
    int64_t each;               /* sets per unit */
    const float *x, *dy;
    const float *gamma, *beta; /* [channels]; ones and zeros if the layer has none */
    float *mean, *inverse;     /* one for each set */
    float epsilon;
    float *out; /* y, or dx */
    bool add;
    float *sums, *products; /* sums for dbeta and dgamma: [groups, channels]; NULL: not wanted */
};

static struct work work_of(const struct iso_call *call, const struct iso_normalized_sets *s)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    struct work w = { .s = *s,
                      .rows = { r.rows, r.per_image },
                      .channels = r.channels,
                      .x = iso_cpu_f32(&call->x[0]),
                      .dy = iso_cpu_f32(&call->dy[0]),
                      .mean = iso_cpu_f32(&call->saved[ISO_LN_MEAN]),
                      .inverse = iso_cpu_f32(&call->saved[ISO_LN_INVERSE]),
                      .epsilon = (float)call->scalars[ISO_LN_EPSILON] };
    w.each = iso_cpu_unit_rows(iso_sets_size(s) * SET_COST);
    return w;
}

/* gamma and beta; or gamma and the sums of the groups, twice. */
size_t ISO_CPU(sets_workspace)(const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const int64_t groups = iso_group_count((struct iso_rows){ r.rows, r.per_image });
    const int64_t arrays = pass == ISO_FORWARD ? 2 : 1 + 2 * groups;
    return (size_t)(arrays * r.channels) * sizeof(float);
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

/* Copies elements begin to begin + n of a set, which is several rows of `size` numbers, `channels`
 * apart, or where every row is the same, as those of gamma, 0 apart. Returns `to`; of a set of one
 * row it copies nothing and returns the elements. */
static const float *packed(const struct iso_normalized_sets *s, const float *from, int64_t apart,
                           int64_t begin, int64_t n, float *to)
{
    if (s->pixels == 1)
        return from + begin;
    int64_t row = begin / s->size, in_row = begin % s->size;
    for (int64_t i = 0; i < n; in_row = 0, row++) {
        const int64_t some = iso_min64(s->size - in_row, n - i);
        for (int64_t k = 0; k < some; k++)
            to[i + k] = from[row * apart + in_row + k];
        i += some;
    }
    return to;
}

/* The same along a set; x, dy and gamma point at its first elements. */
ISO_CPU_INLINE float sum_set(enum sum kind, const struct iso_normalized_sets *s, const float *x,
                             float mean, const float *dy, const float *gamma, float *product)
{
    float own[3][ISO_BLOCK_ELEMENTS];
    float total = 0.0f, products = 0.0f, block = 0.0f;
    const bool both = kind == SUM_GRADIENTS;
    const int64_t n = iso_sets_size(s), apart = iso_sets_channels(s);
    for (int64_t i = 0; i < n; i += ISO_BLOCK_ELEMENTS) {
        const int64_t some = iso_min64(ISO_BLOCK_ELEMENTS, n - i);
        total = total + sum_block(kind, some, packed(s, x, apart, i, some, own[0]), mean,
                                  both ? packed(s, dy, apart, i, some, own[1]) : NULL,
                                  both ? packed(s, gamma, 0, i, some, own[2]) : NULL, &block);
        products = products + block;
    }
    if (both)
        *product = products;
    return total;
}

/* ---- Sets ---------------------------------------------------------------------------------- */

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
    const struct iso_range range = iso_cpu_range(unit, w->each, iso_sets_count(&w->s));
    const float n = (float)iso_sets_size(&w->s);
    (void)thread;
    for (int64_t k = range.begin; k < range.end; k++) {
        const int64_t first = iso_sets_first(&w->s, k), c = k % w->s.groups * w->s.size;
        const float *x = w->x + first;
        const float mean = iso_div(sum_set(SUM_X, &w->s, x, 0.0f, NULL, NULL, NULL), n);
        const float square = sum_set(SUM_SQUARES, &w->s, x, mean, NULL, NULL, NULL);
        w->mean[k] = mean;
        w->inverse[k] = iso_bn_inverse(iso_div(square, n), w->epsilon);
        for (int64_t p = 0; p < w->s.pixels; p++)
            normalize_row(w->s.size, x + p * w->channels, mean, w->inverse[k], w->gamma + c,
                          w->beta + c, w->out + first + p * w->channels);
    }
}

struct set {
    float mean, inverse, offset, slope;
};

static void gradient_row(int64_t n, const float *restrict x, const float *restrict dy,
                         struct set of, const float *restrict gamma, float *restrict dx, bool add)
{
    for (int64_t i = 0; i < n; i++) {
        const float g = iso_ln_dy(dy[i], gamma[i]);
        dx[i] =
            iso_cpu_put(dx[i], iso_bn_grad(x[i], of.mean, g, of.offset, of.slope, of.inverse), add);
    }
}

static void gradients(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, iso_sets_count(&w->s));
    const float n = (float)iso_sets_size(&w->s);
    (void)thread;
    for (int64_t k = range.begin; k < range.end; k++) {
        const int64_t first = iso_sets_first(&w->s, k);
        const float *gamma = w->gamma + k % w->s.groups * w->s.size;
        struct set of = { .mean = w->mean[k], .inverse = w->inverse[k] };
        float product;
        const float sum =
            sum_set(SUM_GRADIENTS, &w->s, w->x + first, of.mean, w->dy + first, gamma, &product);
        of.offset = iso_bn_offset(sum, n);
        of.slope = iso_bn_slope(product, of.inverse, n);
        for (int64_t p = 0, at = first; p < w->s.pixels; p++, at += w->channels)
            gradient_row(w->s.size, w->x + at, w->dy + at, of, gamma, w->out + at, w->add);
    }
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

/* The same of channels first to first + n of row r, by the sets that they are in. */
static void add_row_products(const struct work *w, int64_t r, int64_t first, int64_t n,
                             float *product)
{
    const int64_t at = r * w->channels;
    for (int64_t c = first, end; c < first + n; c = end) {
        const int64_t k = iso_sets_of(&w->s, r, c);
        end = iso_min64(c - c % w->s.size + w->s.size, first + n);
        add_products(end - c, w->x + at + c, w->dy + at + c, w->mean[k], w->inverse[k],
                     product + c - first);
    }
}

/* Adds the chains of a block to sum and product [n], the group's columns from `first` on. */
static void add_block(const struct work *w, struct iso_range rows, int64_t first, int64_t n,
                      float *sum, float *product)
{
    float a[ISO_CPU_SLICE] = { 0.0f }, b[ISO_CPU_SLICE] = { 0.0f };
    for (int64_t r = rows.begin; r < rows.end; r++) {
        if (sum != NULL)
            add_row(n, w->dy + r * w->channels + first, a);
        if (product != NULL)
            add_row_products(w, r, first, n, b);
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
        float *sum = cleared(w->sums, g * w->channels + first, n);
        float *product = cleared(w->products, g * w->channels + first, n);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(w->split.rows, b);
            add_block(w, (struct iso_range){ b, end }, first, n, sum, product);
        }
    }
}

/* ---- Calls --------------------------------------------------------------------------------- */

static void run_sets(struct iso_backend *backend, struct work *w, iso_team_task *task)
{
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(iso_sets_count(&w->s), w->each), task, w);
}

void ISO_CPU(normalize_sets)(struct iso_backend *backend, const struct iso_call *call,
                             const struct iso_normalized_sets *s)
{
    struct work w = work_of(call, s);
    w.gamma = weight_or(&call->w[ISO_LN_GAMMA], 1.0f, room(call), w.channels);
    w.beta = weight_or(&call->w[ISO_LN_BETA], 0.0f, room(call) + w.channels, w.channels);
    w.out = iso_cpu_f32(&call->y[0]);
    run_sets(backend, &w, normalize);
}

static void weight_gradients(struct iso_backend *backend, const struct iso_call *call,
                             struct work *w)
{
    struct iso_team *team = iso_cpu_team(backend);
    const int64_t n = w->channels, count = iso_group_count(w->rows);
    float *dgamma = iso_cpu_f32(&call->dw[ISO_LN_GAMMA]);
    float *dbeta = iso_cpu_f32(&call->dw[ISO_LN_BETA]);
    w->sums = dbeta != NULL ? room(call) + n : NULL;
    w->products = dgamma != NULL ? room(call) + (1 + count) * n : NULL;
    if (dgamma == NULL && dbeta == NULL)
        return;
    w->split = ISO_CPU(split)(w->rows, n, iso_team_size(team));
    iso_team_run(team, w->split.units, sum_part, w);
    if (dbeta != NULL)
        ISO_CPU(add_groups)(team, w->sums, count, n, call->add_dw[ISO_LN_BETA], dbeta);
    if (dgamma != NULL)
        ISO_CPU(add_groups)(team, w->products, count, n, call->add_dw[ISO_LN_GAMMA], dgamma);
}

void ISO_CPU(sets_gradients)(struct iso_backend *backend, const struct iso_call *call,
                             const struct iso_normalized_sets *s)
{
    struct work w = work_of(call, s);
    w.gamma = weight_or(&call->w[ISO_LN_GAMMA], 1.0f, room(call), w.channels);
    w.out = iso_cpu_f32(&call->dx[0]);
    w.add = call->add_dx[0];
    if (w.out != NULL)
        run_sets(backend, &w, gradients);
    weight_gradients(backend, call, &w);
}
