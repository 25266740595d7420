/* nadam.cl: Nadam (core/ops/nadam.h). */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

kernel void nadam_update(global float *w, ulong w_at, global const float *g, ulong g_at,
                         global float *m, ulong m_at, global float *v, ulong v_at, uint n,
                         float rate, float beta_1, float rest_1, float beta_2, float rest_2,
                         float epsilon, float of_m, float of_g)
{
    EACH_ELEMENT(i, n)
    {
        float d = g[g_at + i];
        float mean = iso_mean(m[m_at + i], d, beta_1, rest_1);
        float square = iso_mean_square(v[v_at + i], d, beta_2, rest_2);
        m[m_at + i] = mean;
        v[v_at + i] = square;
        w[w_at + i] =
            iso_adam_w(w[w_at + i], iso_nadam_m(mean, d, of_m, of_g), square, rate, epsilon);
    }
}
