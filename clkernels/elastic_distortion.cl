/* elastic_distortion.cl: images sampled at places that smooth random fields move
 * (core/ops/elastic_distortion.h). Fields are [images, 2, h, w]: along the rows, along the
 * columns. */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "sample.h"

static inline uint word_of(uint block, uint word, uint step, uint layer, uint seed_low,
                           uint seed_high)
{
    iso_u32x4 r = iso_philox(block, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
    uint even = word & 2 ? r.v[2] : r.v[0], odd = word & 2 ? r.v[3] : r.v[1];
    return word & 1 ? odd : even;
}

/* Work-items along the first axis take the numbers of an image's fields, the second axis the
 * images, here and below. */
kernel void elastic_distortion_draw(global float *fields, ulong fields_at, int h, int w, uint first,
                                    uint step, uint layer, uint seed_low, uint seed_high)
{
    uint e = get_global_id(0), n = get_global_id(1);
    if (e < (uint)(2 * h * w)) {
        uint block = (first + n) * iso_elastic_blocks(h, w) + 1 + (e >> 2);
        uint word = word_of(block, e, step, layer, seed_low, seed_high);
        fields[fields_at + n * (ulong)(2 * h * w) + e] = iso_elastic_noise(word);
    }
}

/* The filter's weights, 2 radius + 1. */
kernel void elastic_distortion_weights(global float *weights, ulong weights_at, float sigma,
                                       int radius)
{
    int k = get_global_id(0);
    if (k <= 2 * radius) {
        weights[weights_at + k] =
            iso_div(iso_gaussian_term(sigma, k - radius), iso_gaussian_sum(sigma, radius));
    }
}

/* One way of the filter: down, and then across and times alpha. */
kernel void elastic_distortion_smooth(global const float *from, ulong from_at, global float *to,
                                      ulong to_at, global const float *weights, ulong weights_at,
                                      int radius, int h, int w, int mode, int across,
                                      float alpha_from, float alpha_span, uint first, uint step,
                                      uint layer, uint seed_low, uint seed_high)
{
    int e = get_global_id(0), n = get_global_id(1);
    if (e < 2 * h * w) {
        ulong field = n * (ulong)(2 * h * w) + e / (h * w) * (h * w);
        int i = e % (h * w) / w, j = e % w, at = across ? j : i, next = across ? 1 : w;
        iso_axis axis = iso_axis_of(mode, across ? w : h);
        from += from_at + field + (across ? i * w : j);
        float sum = start_of_sum();
        for (int k = 0; k <= 2 * radius; k++) {
            iso_tap t = iso_tap_at(axis, at + k - radius, 0.0f);
            float value = t.inside ? from[t.low * next] : 0.0f;
            sum = iso_fma(weights[weights_at + k], value, sum);
        }
        sum = iso_flush(sum);
        if (across) {
            uint word = word_of((first + n) * iso_elastic_blocks(h, w), 0, step, layer, seed_low,
                                seed_high);
            sum = iso_elastic_displacement(sum, iso_draw(word, alpha_from, alpha_span));
        }
        to[to_at + n * (ulong)(2 * h * w) + e] = sum;
    }
}

kernel void elastic_distortion_forward(global const float *x, ulong x_at,
                                       global const float *fields, ulong fields_at, global float *y,
                                       ulong y_at, int h, int w, int channels, int border,
                                       float cval)
{
    int e = get_global_id(0), size = h * w * channels, pixel = e / channels;
    ulong n = get_global_id(1), image = n * (ulong)size;
    if (e < size) {
        global const float *d = fields + fields_at + n * (ulong)(2 * h * w) + pixel;
        float below, right;
        int i = pixel / w + iso_displaced(d[0], &below);
        int j = pixel % w + iso_displaced(d[h * w], &right);
        iso_tap r = iso_tap_at(iso_axis_of(border, h), i, below);
        iso_tap c = iso_tap_at(iso_axis_of(border, w), j, right);
        y[y_at + image + e] = sample(x + x_at + image, w, channels, e % channels, r, c, cval);
    }
}
