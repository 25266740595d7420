/* adadelta.cl: Adadelta (core/ops/adadelta.h). */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

kernel void adadelta_update(global float *w, ulong w_at, global const float *g, ulong g_at,
                            global float *a, ulong a_at, global float *d, ulong d_at, uint n,
                            float rate, float rho, float rest, float epsilon)
{
    EACH_ELEMENT(i, n)
    {
        float gradient = g[g_at + i], last = d[d_at + i];
        float square = iso_mean_square(a[a_at + i], gradient, rho, rest);
        float step = iso_adadelta_step(gradient, square, last, epsilon);
        a[a_at + i] = square;
        d[d_at + i] = iso_mean_square(last, step, rho, rest);
        w[w_at + i] = iso_adadelta_w(w[w_at + i], step, rate);
    }
}
