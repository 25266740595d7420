/* initializer.c: what each initializer is called and means, and the numbers it gives.
 *
 * Element e of weight w of layer l takes the Philox block of counter (e, attempt, 16 l + w,
 * ISO_RANDOM_INITIALIZER) under the run's seed, so that no value depends on any other (but in
 * orthogonal). All arithmetic is arith.h's, in float32, or IEEE's + - * / sqrt in double: the
 * values are a definition, the same on every machine. */
#include "initializer.h"
#include "core/arithmetic/arith.h"
#include "core/arithmetic/random.h"

#include <math.h>
#include <stdlib.h>

/* ---- Names --------------------------------------------------------------------------------- */

#define A offsetof(struct iso_initializer, a)
#define B offsetof(struct iso_initializer, b)
static const struct iso_field none[] = { { 0 } };
static const struct iso_field constant[] = {
    { "value", ISO_FIELD_REAL, A, NULL, 0, 0, NULL, "value of every element" }, { 0 }
};
static const struct iso_field random_uniform[] = {
    { "minval", ISO_FIELD_REAL, A, "-0.05", 0, 0, NULL, "smallest value" },
    { "maxval", ISO_FIELD_REAL, B, "0.05", 0, 0, NULL, "upper limit of the values, not included" },
    { 0 }
};
static const struct iso_field random_normal[] = {
    { "mean", ISO_FIELD_REAL, A, "0", 0, 0, NULL, "centre of the values" },
    { "stddev", ISO_FIELD_REAL, B, "0.05", 0, 1e30, NULL, "standard deviation" },
    { 0 }
};
static const struct iso_field truncated_normal[] = {
    { "mean", ISO_FIELD_REAL, A, "0", 0, 0, NULL, "centre of the values" },
    { "stddev", ISO_FIELD_REAL, B, "0.05", 0, 1e30, NULL,
      "standard deviation, before values beyond two deviations are drawn again" },
    { 0 }
};
static const struct iso_field orthogonal[] = {
    { "gain", ISO_FIELD_REAL, A, "1", 0, 0, NULL, "length of each row, or of each column" }, { 0 }
};
#undef A
#undef B

const struct iso_named_doc iso_initializer_docs[ISO_INITIALIZERS] = {
    [ISO_INIT_ZEROS] = { "zeros", "every element is 0", none },
    [ISO_INIT_ONES] = { "ones", "every element is 1", none },
    [ISO_INIT_CONSTANT] = { "constant", "every element is the same value", constant },
    [ISO_INIT_RANDOM_UNIFORM] = { "random_uniform", "uniformly distributed between two values",
                                  random_uniform },
    [ISO_INIT_RANDOM_NORMAL] = { "random_normal", "normally distributed", random_normal },
    [ISO_INIT_TRUNCATED_NORMAL] = { "truncated_normal",
                                    "normally distributed, at most two standard deviations from "
                                    "the mean",
                                    truncated_normal },
    [ISO_INIT_GLOROT_UNIFORM] = { "glorot_uniform",
                                  "uniformly distributed between +-sqrt(6 / (inputs + outputs))",
                                  none },
    [ISO_INIT_GLOROT_NORMAL] = { "glorot_normal",
                                 "normally distributed, cut off at two deviations, with variance 2 "
                                 "/ (inputs + outputs)",
                                 none },
    [ISO_INIT_HE_UNIFORM] = { "he_uniform",
                              "uniformly distributed between +-sqrt(6 / inputs); for relu", none },
    [ISO_INIT_HE_NORMAL] = { "he_normal", "like glorot_normal, with variance 2 / inputs; for relu",
                             none },
    [ISO_INIT_LECUN_UNIFORM] = { "lecun_uniform",
                                 "uniformly distributed between +-sqrt(3 / inputs)", none },
    [ISO_INIT_LECUN_NORMAL] = { "lecun_normal", "like glorot_normal, with variance 1 / inputs",
                                none },
    [ISO_INIT_ORTHOGONAL] = { "orthogonal",
                              "an orthogonal matrix of size (all axes but the last) x (the last): "
                              "its rows, or its columns if there are fewer, are orthogonal",
                              orthogonal },
};

/* ---- Numbers ------------------------------------------------------------------------------- */

struct stream {
    uint64_t seed;
    uint32_t layer, weight;
};

static iso_u32x4 draw(const struct stream *s, uint32_t element, uint32_t attempt)
{
    return iso_philox(element, attempt, s->layer * 16 + s->weight, ISO_RANDOM_INITIALIZER,
                      (uint32_t)s->seed, (uint32_t)(s->seed >> 32));
}

/* low + (high - low) u, u uniform in [0, 1). */
static void fill_uniform(const struct stream *s, float low, float high, float *out, int64_t n)
{
    for (int64_t e = 0; e < n; e++)
        out[e] = iso_fma(high - low, iso_unit(draw(s, (uint32_t)e, 0).v[0]), low);
}

/* Box and Muller: r = sqrt(-2 log(1 - u0)), z = r cos(2 pi u1) and r sin(2 pi u1). 1 - u0 is exact
 * and never 0. */
static void normal_pair(const struct stream *s, uint32_t element, uint32_t attempt, float z[2])
{
    const iso_u32x4 word = draw(s, element, attempt);
    const float r = iso_sqrt(-2.0f * iso_log(1.0f - iso_unit(word.v[0])));
    const float angle = 6.283185307f * iso_unit(word.v[1]);
    z[0] = r * iso_cos(angle);
    z[1] = r * iso_sin(angle);
}

/* The first of a pair within two standard deviations, or else of another attempt. */
static float normal_within_two(const struct stream *s, uint32_t element)
{
    for (uint32_t attempt = 0;; attempt++) {
        float z[2];
        normal_pair(s, element, attempt, z);
        for (int i = 0; i < 2; i++)
            if (z[i] >= -2.0f && z[i] <= 2.0f)
                return z[i];
    }
}

float iso_initial_normal(uint64_t seed, uint32_t layer, uint32_t weight, uint32_t element)
{
    const struct stream s = { seed, layer, weight };
    float z[2];
    normal_pair(&s, element, 0, z);
    return z[0];
}

static void fill_normal(const struct stream *s, float mean, float stddev, float *out, int64_t n)
{
    for (int64_t e = 0; e < n; e++) {
        float z[2];
        normal_pair(s, (uint32_t)e, 0, z);
        out[e] = iso_flush(iso_fma(stddev, z[0], mean));
    }
}

static void fill_truncated(const struct stream *s, float mean, float stddev, float *out, int64_t n)
{
    for (int64_t e = 0; e < n; e++)
        out[e] = iso_flush(iso_fma(stddev, normal_within_two(s, (uint32_t)e), mean));
}

static void fill_constant(float value, float *out, int64_t n)
{
    for (int64_t e = 0; e < n; e++)
        out[e] = value;
}

struct fans {
    double in, out;
};

static struct fans fans(const struct iso_shape *shape)
{
    const int n = shape->ndim;
    if (n < 1)
        return (struct fans){ 1, 1 };
    if (n == 1)
        return (struct fans){ (double)shape->dim[0], (double)shape->dim[0] };
    double field = 1;
    for (int i = 0; i < n - 2; i++)
        field *= (double)shape->dim[i];
    return (struct fans){ field * (double)shape->dim[n - 2], field * (double)shape->dim[n - 1] };
}

/* `times` the variance that Keras's variance scaling wants of this weight. */
static double variance(enum iso_initializer_kind kind, const struct iso_shape *shape, double times)
{
    const struct fans f = fans(shape);
    switch (kind) {
    case ISO_INIT_GLOROT_UNIFORM:
    case ISO_INIT_GLOROT_NORMAL: return 2 * times / (f.in + f.out);
    case ISO_INIT_HE_UNIFORM:
    case ISO_INIT_HE_NORMAL: return 2 * times / f.in;
    default: return times / f.in;
    }
}

/* The matrix of all axes but the last, times the last; the vectors made orthogonal are its columns,
 * or its rows where it has fewer. They are drawn as element e of vector i: i * length + e. */
static iso_rc fill_orthogonal(const struct stream *s, double gain, const struct iso_shape *shape,
                              float *out)
{
    const int64_t count = iso_shape_count(shape);
    const int64_t cols = shape->ndim > 0 ? shape->dim[shape->ndim - 1] : 1, rows = count / cols;
    const bool tall = rows >= cols;
    const int64_t n = tall ? cols : rows, m = tall ? rows : cols;
    double *v = iso_alloc((size_t)count, sizeof *v);
    if (v == NULL)
        return ISO_ENOMEM;
    for (int64_t e = 0; e < count; e++)
        v[e] = (double)iso_initial_normal(s->seed, s->layer, s->weight, (uint32_t)e);
    iso_orthogonalize(v, n, m);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            out[r * cols + c] = iso_flush((float)(gain * (tall ? v[c * m + r] : v[r * m + c])));
    free(v);
    return ISO_OK;
}

/* The deviation of a standard normal distribution that is cut off at two deviations. */
static const double truncated_deviation = 0.87962566103423978;

iso_rc iso_initialize(const struct iso_initializer *init, const struct iso_shape *shape,
                      uint64_t seed, uint32_t layer, uint32_t weight, float *out)
{
    const struct stream s = { seed, layer, weight };
    const int64_t n = iso_shape_count(shape);
    const float a = (float)init->a, b = (float)init->b;
    const float limit = (float)sqrt(variance(init->kind, shape, 3));
    const float deviation = (float)(sqrt(variance(init->kind, shape, 1)) / truncated_deviation);
    switch (init->kind) {
    case ISO_INIT_ZEROS: fill_constant(0.0f, out, n); break;
    case ISO_INIT_ONES: fill_constant(1.0f, out, n); break;
    case ISO_INIT_CONSTANT: fill_constant(a, out, n); break;
    case ISO_INIT_RANDOM_UNIFORM: fill_uniform(&s, a, b, out, n); break;
    case ISO_INIT_RANDOM_NORMAL: fill_normal(&s, a, b, out, n); break;
    case ISO_INIT_TRUNCATED_NORMAL: fill_truncated(&s, a, b, out, n); break;
    case ISO_INIT_GLOROT_UNIFORM:
    case ISO_INIT_HE_UNIFORM:
    case ISO_INIT_LECUN_UNIFORM: fill_uniform(&s, -limit, limit, out, n); break;
    case ISO_INIT_GLOROT_NORMAL:
    case ISO_INIT_HE_NORMAL:
    case ISO_INIT_LECUN_NORMAL: fill_truncated(&s, 0.0f, deviation, out, n); break;
    case ISO_INIT_ORTHOGONAL: return fill_orthogonal(&s, init->a, shape, out);
    }
    return ISO_OK;
}
