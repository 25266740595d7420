/* adamax.cl: Adamax (core/ops/adamax.h). */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

kernel void adamax_update(global float *w, ulong w_at, global const float *g, ulong g_at,
                          global float *m, ulong m_at, global float *u, ulong u_at, uint n,
                          float rate, float beta_1, float rest_1, float beta_2, float epsilon)
{
    EACH_ELEMENT(i, n)
    {
        float d = g[g_at + i];
        float mean = iso_mean(m[m_at + i], d, beta_1, rest_1);
        float norm = iso_adamax_u(u[u_at + i], d, beta_2);
        m[m_at + i] = mean;
        u[u_at + i] = norm;
        w[w_at + i] = iso_adamax_w(w[w_at + i], mean, norm, rate, epsilon);
    }
}
