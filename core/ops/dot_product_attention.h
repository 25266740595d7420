/* dot_product_attention.h: every token of the query looks at all tokens of the key and takes a mean
 * of the values, in each of `heads` equal parts of the channels, as Keras's ops and PyTorch's
 * scaled_dot_product_attention do. Tokens are the pixels of an image, row by row.
 *
 * For one image and head, with tokens i of the query, j of key and value, and channels c of the
 * head, of which there are `size`:
 *
 *   score[i, j] = (sum over c of q[i, c] k[j, c]) scale; scale is 1 / sqrt(size), if not given
 *   p[i, j] = softmax of score[i, *]
 *   y[i, c] = sum over j of p[i, j] v[j, c]
 *
 *   dp[i, j] = sum over c of dy[i, c] v[j, c],  g = gradient of the softmax's argument
 *   dq[i, c] = (sum over j of g[i, j] k[j, c]) scale
 *   dk[j, c] = (sum over i of g[i, j] q[i, c]) scale
 *   dv[j, c] = sum over i of p[i, j] dy[i, c]
 *
 * All are sums of products in the order written; the softmax's sums run along j.
 *
 * Windows divide an image into parts of window[0] x window[1] pixels, whose tokens look at each
 * other only, as Swin transformers have them. First the image is rolled up and to the left by
 * `shift`, so that some windows have pixels from both sides of it: to scores between those,
 * ISO_ATTENTION_APART is added. The tokens of a window of a grid lie spread over the image, as
 * MaxViT has them. Then scores, p and g are of one window, of which an image has across x down.
 *
 * A relative position bias is a learned number for each head and each distance of two pixels in a
 * window, of which there are r = (2 window[0] - 1) (2 window[1] - 1), added to their score:
 *
 *   dw[r, head] = sum over images and windows, image by image, of
 *                 (sum over i, of those that have a j at this distance, of g[i, j])  */
#ifndef ISO_OP_DOT_PRODUCT_ATTENTION_H
#define ISO_OP_DOT_PRODUCT_ATTENTION_H
#include "core/arithmetic/formulas.h"
#include "core/iso.h"
/* w: the biases, [r, heads], or none; saved: p [rows, windows x heads, queries, keys] */
struct iso_dot_product_attention {
    int64_t heads;
    double scale;                /* 0: 1 / sqrt(size) */
    int64_t window[2], shift[2]; /* window: 0: the whole image */
    bool grid, use_relative_bias;
    struct iso_initializer relative_bias_initializer;
    struct iso_regularizer relative_bias_regularizer;
};
enum { ISO_ATTENTION_QUERY, ISO_ATTENTION_KEY, ISO_ATTENTION_VALUE }; /* x */
struct iso_attention {
    int64_t images, heads, queries, keys; /* images: windows of all images; queries, keys: tokens of
                                             one */
    int64_t channels, size;               /* in total, and of a head */
    double scale;                         /* as in the params */
    int64_t height, width, window[2], shift[2]; /* sizes of an image, and of windows of it */
    int64_t down, across;                       /* windows of an image; 0: it is not divided */
    bool grid, biased;                          /* biased: has a relative position bias */
};
/* Returns the factor of the products. */
static inline iso_real iso_attention_scale(const struct iso_attention *s)
{
    return s->scale > 0 ? (iso_real)s->scale : iso_div(ISO_R(1.0), iso_sqrt((iso_real)s->size));
}
/* Returns the sizes of a call on x[3]. */
struct iso_attention iso_attention_of(const struct iso_dot_product_attention *,
                                      const struct iso_shape *query, const struct iso_shape *key);
/* Returns the number of windows of an image, at least 1, and of distances in one. */
static inline int64_t iso_attention_windows(const struct iso_attention *s)
{
    return s->across == 0 ? 1 : s->down * s->across;
}
static inline int64_t iso_attention_distances(const struct iso_attention *s)
{
    return (2 * s->window[0] - 1) * (2 * s->window[1] - 1);
}

/* Returns the row (axis 0) or column (axis 1), in the rolled image, of place `at` of a window that
 * is number `number` along this axis. */
static inline int64_t iso_attention_rolled(const struct iso_attention *s, int axis, int64_t number,
                                           int64_t at)
{
    const int64_t windows = axis == 0 ? s->down : s->across;
    return s->grid ? at * windows + number : number * s->window[axis] + at;
}
/* Returns the number, among the pixels of all images, of a token of a window. tokens: of an image
 * that is not divided. */
static inline int64_t iso_attention_pixel(const struct iso_attention *s, int64_t tokens,
                                          int64_t window, int64_t token)
{
    if (s->across == 0)
        return window * tokens + token;
    const int64_t line = window / s->across, number[2] = { line % s->down, window % s->across };
    const int64_t y = iso_attention_rolled(s, 0, number[0], token / s->window[1]) + s->shift[0];
    const int64_t x = iso_attention_rolled(s, 1, number[1], token % s->window[1]) + s->shift[1];
    return (line / s->down * s->height + y % s->height) * s->width + x % s->width;
}
/* Returns a number that two tokens of a window share if none, or both, of them came round the image
 * along each axis. */
static inline int iso_attention_region(const struct iso_attention *s, int64_t window, int64_t token)
{
    if (s->across == 0)
        return 0;
    const int64_t number[2] = { window / s->across % s->down, window % s->across };
    const int64_t y = iso_attention_rolled(s, 0, number[0], token / s->window[1]) + s->shift[0];
    const int64_t x = iso_attention_rolled(s, 1, number[1], token % s->window[1]) + s->shift[1];
    return 2 * (y >= s->height) + (x >= s->width);
}
/* Returns the index of the distance of two tokens of a window. */
static inline int64_t iso_attention_distance(const struct iso_attention *s, int64_t i, int64_t j)
{
    const int64_t y = i / s->window[1] - j / s->window[1] + s->window[0] - 1;
    const int64_t x = i % s->window[1] - j % s->window[1] + s->window[1] - 1;
    return y * (2 * s->window[1] - 1) + x;
}
/* Returns the token that lies at this distance of token i, or -1. */
static inline int64_t iso_attention_at_distance(const struct iso_attention *s, int64_t i,
                                                int64_t distance)
{
    const int64_t step = 2 * s->window[1] - 1;
    const int64_t y = i / s->window[1] - distance / step + s->window[0] - 1;
    const int64_t x = i % s->window[1] - distance % step + s->window[1] - 1;
    return y < 0 || y >= s->window[0] || x < 0 || x >= s->window[1] ? -1 : y * s->window[1] + x;
}
/* Returns true if scores are more than scaled products. */
static inline bool iso_attention_places(const struct iso_attention *s)
{
    return s->biased || s->shift[0] > 0 || s->shift[1] > 0;
}
#endif
