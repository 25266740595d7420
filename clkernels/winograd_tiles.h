/* winograd_tiles.h: what the kernels for Winograd's tiles on GPUs share: the transforms of a line,
 * whichever number of taps the layer has, and the end of a result. */
#ifndef ISO_CLKERNELS_WINOGRAD_TILES_H
#define ISO_CLKERNELS_WINOGRAD_TILES_H
#include "arguments.h"
#include "core/arithmetic/winograd.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

/* `from` pixels to SIDE points, and SIDE points to `to` results; the other elements of t are +0. */
static inline void to_points(int from, const float *d, float *t)
{
    switch (from) {
    case 2: iso_winograd_taps2(d, t); break;
    case 3: iso_winograd_taps3(d, t); break;
    case 4: iso_winograd_taps4(d, t); break;
    case 5: iso_winograd_taps5(d, t); break;
    default: iso_winograd_source(d, t);
    }
}
static inline void to_results(int to, const float *d, float *t)
{
    float own[SIDE] = {
        0.0f
    }; /* t itself would be memory to compilers that join the cases' ends */
    switch (to) {
    case 2: iso_winograd_result2(d, own); break;
    case 3: iso_winograd_result3(d, own); break;
    case 4: iso_winograd_result4(d, own); break;
    default: iso_winograd_result5(d, own);
    }
    UNROLLED(i, SIDE)
        t[i] = own[i];
}

/* Puts a finished sum to *y: with the bias, added to what is there, and through the activation; or
 * passes the gradient that *y then is back through one, which gave *beside. */
static inline void put_result(const struct opencl_tiles *g, float sum, float bias,
                              global const float *beside, global float *y)
{
    sum = g->has_bias ? sum + bias : sum;
    sum = g->add ? *y + sum : sum;
    if (g->activation != 0)
        sum = g->gradient ? passed_back(g->activation, g->alpha, *beside, sum)
                          : short_activation(g->activation - 1, g->alpha, sum);
    *y = sum;
}

#endif
