/* fusion.h: finds kernels that can also run the nodes after their own op: an add of another value,
 * an activation, or both; and backward kernels that can also run the activation before their op.
 * The values between them are then never written to memory. No bit changes. The graph does not
 * change either; a fused node has no call of its own. */
#ifndef ISO_FUSION_H
#define ISO_FUSION_H
#include "core/model/graph.h"

struct iso_fusion { /* for each node */
    int last;       /* the node whose result the kernel computes: a later one, or this one */
    int addend;     /* the other value of a fused add; -1: none */
    const struct iso_activation *activation; /* fused activation; NULL: none */
    bool backward;                           /* its backward pass covers all fused nodes */
    int before; /* the node of a fused activation before this one, in backward; -1: none */
    bool joined, joined_backward; /* the kernel of an earlier node runs this one */
    bool absent, absent_gradient; /* y[0], or its gradient, is never in memory */
};
struct iso_fusion_options {
    bool training;
    int readable; /* a value that must be in memory; -1: none */
};
/* Writes out[graph->nnodes] according to the backend's kernels. NULL options: fuses nothing. */
void iso_fusions_find(const struct iso_graph *, struct iso_backend *,
                      const struct iso_fusion_options *, struct iso_fusion *out);
#endif
