/* elastic_distortion.h: displaces the pixels of each image by two random fields, one along the rows
 * and one along the columns: uniform in [-1, 1), smoothed by a Gaussian filter, vertically and then
 * horizontally, and multiplied by an alpha drawn for each image (Simard, Steinkraus, Platt, 2003).
 * core/arithmetic/sampling.h has the formulas; each sum of the filter is one chain over the taps,
 * in ascending order.
 *
 * Random numbers: word e & 3 of the image's Philox block 1 + (e >> 2), with e counting through the
 * field of the rows and then that of the columns; block 0 is for alpha; the blocks of one image
 * follow those of the one before (counter: block, step, index among the augmentations,
 * ISO_RANDOM_AUGMENTATION; key: seed). Outside training, images are copied. */
#ifndef ISO_OP_ELASTIC_DISTORTION_H
#define ISO_OP_ELASTIC_DISTORTION_H
#include "core/iso.h"
#include "core/arithmetic/sampling.h"

struct iso_elastic_distortion { /* x, y: REAL [n, h, w, c] */
    double alpha[2];            /* range of the factor: from, to */
    double sigma;               /* standard deviation of the Gaussian, in pixels */
    double cval;
    int smoothing_mode, fill_mode; /* enum iso_border */
};
/* scalars */
enum { ISO_ELASTIC_ALPHA_FROM, ISO_ELASTIC_ALPHA_SPAN };

/* The filter's weights: weight[k] at k pixels from the middle. */
typedef struct {
    iso_i32 radius;
    iso_real weight[ISO_GAUSSIAN_MOST + 1];
} iso_gaussian;
static inline iso_gaussian iso_gaussian_of(iso_real sigma)
{
    iso_gaussian g = { .radius = iso_gaussian_radius(sigma) };
    const iso_real sum = iso_gaussian_sum(sigma, g.radius);
    for (iso_i32 k = 0; k <= g.radius; k++)
        g.weight[k] = iso_div(iso_gaussian_term(sigma, k), sum);
    return g;
}
#endif
