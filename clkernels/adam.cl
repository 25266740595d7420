/* adam.cl: Adam and AdamW (core/ops/adam.h). */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

/* One kernel with and one without amsgrad, whose h is another buffer and not touched, so that a
 * CPU's compiler sees no branch to vectorise over. */
#define ADAM(name, amsgrad)                                                                     \
    kernel void name(global float *w, ulong w_at, global const float *g, ulong g_at,            \
                     global float *m, ulong m_at, global float *v, ulong v_at, global float *h, \
                     ulong h_at, uint n, float rate, float beta_1, float rest_1, float beta_2,  \
                     float rest_2, float epsilon, float decay)                                  \
    {                                                                                           \
        EACH_ELEMENT(i, n)                                                                      \
        {                                                                                       \
            float d = g[g_at + i];                                                              \
            float mean = iso_mean(m[m_at + i], d, beta_1, rest_1);                              \
            float square = iso_mean_square(v[v_at + i], d, beta_2, rest_2);                     \
            m[m_at + i] = mean;                                                                 \
            v[v_at + i] = square;                                                               \
            if (amsgrad)                                                                        \
                h[h_at + i] = square = iso_larger(h[h_at + i], square);                         \
            w[w_at + i] =                                                                       \
                iso_adam_w(iso_adam_decay(w[w_at + i], decay), mean, square, rate, epsilon);    \
        }                                                                                       \
    }
ADAM(adam_update, 0)
ADAM(adam_amsgrad, 1)
