/* rmsprop.cl: RMSprop (core/ops/rmsprop.h). m and a are other buffers, not touched, without
 * momentum and when not centered. */
#include "common.h"
#include "elements.h"
#include "core/arithmetic/optimizers.h"

/* A kernel for each pair of options, so that a CPU's compiler sees no branch to vectorise over. */
#define RMSPROP(name, has_momentum, centered)                                                   \
    kernel void name(global float *w, ulong w_at, global const float *g, ulong g_at,            \
                     global float *v, ulong v_at, global float *m, ulong m_at, global float *a, \
                     ulong a_at, uint n, int placement, float rate, float rho, float rest,      \
                     float momentum, float epsilon)                                             \
    {                                                                                           \
        EACH_ELEMENT(i, n)                                                                      \
        {                                                                                       \
            float d = g[g_at + i], average = 0.0f;                                              \
            float square = iso_mean_square(v[v_at + i], d, rho, rest);                          \
            v[v_at + i] = square;                                                               \
            if (centered)                                                                       \
                a[a_at + i] = average = iso_mean(a[a_at + i], d, rho, rest);                    \
            float root = iso_rmsprop_root(square, average, epsilon, placement);                 \
            if (has_momentum) {                                                                 \
                float step = iso_rmsprop_m(m[m_at + i], d, root, rate, momentum);               \
                m[m_at + i] = step;                                                             \
                w[w_at + i] = iso_rmsprop_momentum_w(w[w_at + i], step);                        \
            } else {                                                                            \
                w[w_at + i] = iso_rmsprop_w(w[w_at + i], d, root, rate);                        \
            }                                                                                   \
        }                                                                                       \
    }
RMSPROP(rmsprop_update, 0, 0)
RMSPROP(rmsprop_momentum, 1, 0)
RMSPROP(rmsprop_centered, 0, 1)
RMSPROP(rmsprop_centered_momentum, 1, 1)
