/* adagrad.cl: Adagrad (core/ops/adagrad.h). */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

kernel void adagrad_update(global float *w, ulong w_at, global const float *g, ulong g_at,
                           global float *a, ulong a_at, uint n, int placement, float rate,
                           float epsilon)
{
    EACH_ELEMENT(i, n)
    {
        float d = g[g_at + i], sum = iso_adagrad_a(a[a_at + i], d);
        a[a_at + i] = sum;
        w[w_at + i] = iso_adagrad_w(w[w_at + i], d, sum, rate, epsilon, placement);
    }
}
