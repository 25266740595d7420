/* chains_places.h: where the operands and results of sums of products lie on GPUs (chains_gpu.h).
 */
#include "common.h"
#include "arguments.h"

enum { MOST_TERMS = 256 };                                          /* per block */
enum { MOST_TAPS = OPENCL_MOST_TAPS, ONES = 1 << (2 * MOST_TAPS) }; /* bits of a place */

#define ARGUMENTS                                                             \
    global const float *a, ulong a_at, global const float *b, ulong b_at,     \
        global const float *bias, ulong bias_at, global float *y, ulong y_at, \
        struct opencl_chains all

/* x: offset, y: bits of the taps that lie outside of the image: of rows, then of columns; then
 * ONES.
 */
static inline int2 place_of_row(const struct opencl_chains *g, int r)
{
    int image = r / (g->row_w * g->row_h), i = r / g->row_w % g->row_h, j = r % g->row_w;
    int2 place = (int2)(image * g->a_image + i * g->a_i + j * g->a_j + g->a_first, ONES);
    for (int t = 0; t < g->taps_y && g->h > 0; t++) {
        int y = g->first_y + i * g->row_y + t * g->tap_y;
        place.y |= y < 0 || y >= g->h ? 1 << t : 0;
    }
    for (int t = 0; t < g->taps_x && g->h > 0; t++) {
        int x = g->first_x + j * g->row_x + t * g->tap_x;
        place.y |= x < 0 || x >= g->w ? 1 << (MOST_TAPS + t) : 0;
    }
    return place;
}

static inline int2 place_of_term(const struct opencl_chains *g, int k)
{
    int tap = k / g->segment, ty = tap / g->taps_x, tx = tap % g->taps_x;
    return (int2)(ty * g->a_ty + tx * g->a_tx + k % g->segment,
                  g->h > 0 ? 1 << ty | 1 << (MOST_TAPS + tx) : 0);
}

/* Returns the place of term k in a rotated b. */
static inline int turned_place(const struct opencl_chains *g, int k)
{
    int tap = k / g->segment, ty = tap / g->taps_x, tx = tap % g->taps_x;
    return ty * g->b_ty + tx * g->b_tx + k % g->segment;
}

static inline int y_of(const struct opencl_chains *g, int r)
{
    return r / (g->row_w * g->row_h) * g->y_image + r / g->row_w % g->row_h * g->y_i +
           r % g->row_w * g->y_j;
}

/* The place of row k of the result of a sum over rows; k + 1 to k + wide - 1 follow. That of the
 * row of ones is outside of every image. */
static inline int2 place_of_result(const struct opencl_chains *g, int depth, int k, int wide)
{
    const bool ones = g->ones != 0 && k == depth;
    return ones ? (int2)(0, ONES) : place_of_term(g, least(k, depth - wide));
}

/* Returns the value of a row for pixels outside the image. */
static inline float outside_of(int2 place) { return (place.y & ONES) != 0 ? 1.0f : 0.0f; }

/* Applies the activation to the value at y; or, if that is a gradient, passes it back through the
 * activation, whose result is at `result`. A function of its own, because the formulas are long. */
static inline void activate(const struct opencl_chains *g, global const float *result,
                            global float *y)
{
    *y = g->gradient ? passed_back(g->activation, g->alpha, *result, *y)
                     : short_activation(g->activation - 1, g->alpha, *y);
}
