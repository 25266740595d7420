/* dot_product_attention.h: every token of the query looks at all tokens of the key and takes a mean
 * of the values, in each of `heads` equal parts of the channels, as Keras's ops and PyTorch's
 * scaled_dot_product_attention do. Tokens are the pixels of an image, row by row.
 *
 * For one image and head, with tokens i of the query, j of key and value, and channels c of the
 * head, of which there are `size`:
 *
 *   score[i, j] = (sum over c of q[i, c] k[j, c]) / sqrt(size)
 *   p[i, j] = softmax of score[i, *]
 *   y[i, c] = sum over j of p[i, j] v[j, c]
 *
 *   dp[i, j] = sum over c of dy[i, c] v[j, c],  g = gradient of the softmax's argument
 *   dq[i, c] = (sum over j of g[i, j] k[j, c]) / sqrt(size)
 *   dk[j, c] = (sum over i of g[i, j] q[i, c]) / sqrt(size)
 *   dv[j, c] = sum over i of p[i, j] dy[i, c]
 *
 * All are sums of products in the order written; the softmax's sums run along j. */
#ifndef ISO_OP_DOT_PRODUCT_ATTENTION_H
#define ISO_OP_DOT_PRODUCT_ATTENTION_H
#include "core/arithmetic/arith.h"
#include "core/iso.h"
struct iso_dot_product_attention { /* saved: p [rows, heads, tokens of the query, of the key] */
    int64_t heads;
};
enum { ISO_ATTENTION_QUERY, ISO_ATTENTION_KEY, ISO_ATTENTION_VALUE }; /* x */
struct iso_attention {
    int64_t images, heads, queries, keys; /* queries, keys: tokens of an image */
    int64_t channels, size;               /* in total, and of a head */
};
/* Returns 1 / sqrt(size). */
static inline iso_real iso_attention_scale(const struct iso_attention *s)
{
    return iso_div(ISO_R(1.0), iso_sqrt((iso_real)s->size));
}
/* Returns the sizes of a call on x[3]. */
struct iso_attention iso_attention_of(const struct iso_dot_product_attention *,
                                      const struct iso_shape *query, const struct iso_shape *key);
#endif
