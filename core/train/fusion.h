/* fusion.h: which kernels run what follows their own op: an add of another value, an activation, or
 * both, so that what lies between is never written to memory. It changes no bit. The graph is as
 * before; its nodes that another one's kernel runs have no call of their own. */
#ifndef ISO_FUSION_H
#define ISO_FUSION_H
#include "core/model/graph.h"

struct iso_fusion { /* of a node */
    int last;       /* the node whose result its kernel gives: a later one, or itself */
    int addend;     /* the value that an add on the way there takes, too; -1: none */
    const struct iso_activation *activation; /* that it ends in; NULL: none */
    bool backward;                           /* its backward pass is that of all of them */
    bool joined, joined_backward;            /* the kernel of a node before runs this one */
    bool absent, absent_gradient;            /* y[0] is never there; nor is its gradient */
};
struct iso_fusion_options {
    bool training;
    int readable; /* a value that must be there; -1: none */
};
/* out [graph->nnodes], by what the kernels of this backend can; NULL options: none is fused. */
void iso_fusions_find(const struct iso_graph *, struct iso_backend *,
                      const struct iso_fusion_options *, struct iso_fusion *out);
#endif
