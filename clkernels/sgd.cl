/* sgd.cl: stochastic gradient descent, with and without momentum. */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

kernel void sgd_update(global float *w, ulong w_at, global const float *g, ulong g_at, uint n,
                       float rate)
{
    EACH_ELEMENT(i, n)
    w[w_at + i] = iso_sgd_w(w[w_at + i], g[g_at + i], rate);
}

kernel void sgd_momentum(global float *w, ulong w_at, global const float *g, ulong g_at,
                         global float *v, ulong v_at, uint n, float rate, float momentum,
                         int nesterov)
{
    EACH_ELEMENT(i, n)
    {
        float d = g[g_at + i], step = iso_sgd_v(v[v_at + i], d, rate, momentum);
        v[v_at + i] = step;
        w[w_at + i] = iso_sgd_momentum_w(w[w_at + i], step, d, rate, momentum, nesterov);
    }
}
