/* adam.cl: Adam as Keras places epsilon (core/ops/adam.h). */
#include "common.h"

kernel void adam_update(global float *w, ulong w_at, global const float *g, ulong g_at,
                        global float *m, ulong m_at, global float *v, ulong v_at, uint n,
                        float rate, float beta_1, float rest_1, float beta_2, float rest_2,
                        float epsilon)
{
    uint i = get_global_id(0);
    if (i < n) {
        float d = g[g_at + i];
        float mean = iso_adam_m(m[m_at + i], d, beta_1, rest_1);
        float square = iso_adam_v(v[v_at + i], d, beta_2, rest_2);
        m[m_at + i] = mean;
        v[v_at + i] = square;
        w[w_at + i] = iso_adam_w(w[w_at + i], mean, square, rate, epsilon);
    }
}
