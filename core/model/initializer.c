/* initializer.c: what each initializer is called and means, and the numbers it gives.
 *
 * Element e of weight w of layer l takes the Philox block of counter (e, attempt, 16 l + w,
 * ISO_RANDOM_INITIALIZER) under the run's seed, so that no value depends on any other. All
 * arithmetic is arith.h's, in float32: the values are a definition, the same on every machine. */
#include "initializer.h"
#include "../arith.h"
#include "../random.h"

#include <math.h>

/* ---- Names --------------------------------------------------------------------------------- */

#define A offsetof(struct iso_initializer, a)
#define B offsetof(struct iso_initializer, b)
static const struct iso_field none[] = { { 0 } };
static const struct iso_field constant[] = {
    { "value", ISO_FIELD_REAL, A, NULL, 0, 0, NULL, "value of every element" },
    { 0 }
};
static const struct iso_field random_uniform[] = {
    { "minval", ISO_FIELD_REAL, A, "-0.05", 0, 0, NULL, "smallest value" },
    { "maxval", ISO_FIELD_REAL, B, "0.05", 0, 0, NULL, "limit above the values" },
    { 0 }
};
static const struct iso_field truncated_normal[] = {
    { "mean", ISO_FIELD_REAL, A, "0", 0, 0, NULL, "centre of the values" },
    { "stddev", ISO_FIELD_REAL, B, "0.05", 0, 1e30, NULL,
      "standard deviation before values beyond two of it are drawn anew" },
    { 0 }
};
#undef A
#undef B

const struct iso_named_doc iso_initializer_docs[ISO_INITIALIZERS] = {
    [ISO_INIT_ZEROS] = { "zeros", "every element is 0", none },
    [ISO_INIT_ONES] = { "ones", "every element is 1", none },
    [ISO_INIT_CONSTANT] = { "constant", "every element is the same value", constant },
    [ISO_INIT_RANDOM_UNIFORM] = {
        "random_uniform", "evenly spread between two values", random_uniform },
    [ISO_INIT_TRUNCATED_NORMAL] = {
        "truncated_normal", "normally distributed, at most two standard deviations from the mean",
        truncated_normal },
    [ISO_INIT_GLOROT_UNIFORM] = {
        "glorot_uniform", "evenly spread within +-sqrt(6 / (inputs + outputs)) of 0", none },
};

/* ---- Numbers ------------------------------------------------------------------------------- */

struct stream { uint64_t seed; uint32_t layer, weight; };

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

/* Box and Muller: r = sqrt(-2 log(1 - u0)), z = r cos(2 pi u1) and r sin(2 pi u1); the first of
 * them within two standard deviations, or else another attempt. 1 - u0 is exact and never 0. */
static float normal_within_two(const struct stream *s, uint32_t element)
{
    for (uint32_t attempt = 0;; attempt++) {
        iso_u32x4 word = draw(s, element, attempt);
        float r = iso_sqrt(-2.0f * iso_log(1.0f - iso_unit(word.v[0])));
        float angle = 6.283185307f * iso_unit(word.v[1]);
        float z0 = r * iso_cos(angle), z1 = r * iso_sin(angle);
        if (z0 >= -2.0f && z0 <= 2.0f)
            return z0;
        if (z1 >= -2.0f && z1 <= 2.0f)
            return z1;
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

/* Inputs plus outputs of the layer this weight belongs to. */
static double fans(const struct iso_shape *shape)
{
    int n = shape->ndim;
    if (n < 1)
        return 2;
    if (n == 1)
        return 2 * (double)shape->dim[0];
    double field = 1;
    for (int i = 0; i < n - 2; i++)
        field *= (double)shape->dim[i];
    return field * ((double)shape->dim[n - 2] + (double)shape->dim[n - 1]);
}

void iso_initialize(const struct iso_initializer *init, const struct iso_shape *shape,
                    uint64_t seed, uint32_t layer, uint32_t weight, float *out)
{
    const struct stream s = { seed, layer, weight };
    int64_t n = iso_shape_count(shape);
    float a = (float)init->a, b = (float)init->b;
    float limit = (float)sqrt(6.0 / fans(shape));
    switch (init->kind) {
    case ISO_INIT_ZEROS:            fill_constant(0.0f, out, n); break;
    case ISO_INIT_ONES:             fill_constant(1.0f, out, n); break;
    case ISO_INIT_CONSTANT:         fill_constant(a, out, n); break;
    case ISO_INIT_RANDOM_UNIFORM:   fill_uniform(&s, a, b, out, n); break;
    case ISO_INIT_TRUNCATED_NORMAL: fill_truncated(&s, a, b, out, n); break;
    case ISO_INIT_GLOROT_UNIFORM:   fill_uniform(&s, -limit, limit, out, n); break;
    }
}
