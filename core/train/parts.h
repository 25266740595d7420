/* parts.h: parts of a network whose results are not kept for the backward pass: when that comes to
 * the last node of a part, the part's nodes run forward again. Which nodes form one is said by the
 * model (`recompute: true`) or follows from the memory that there is (`train: {memory: }`). No bit
 * depends on it. */
#ifndef ISO_PARTS_H
#define ISO_PARTS_H
#include "core/model/graph.h"

/* A number for each node [graph->nnodes]: those of one part have the same, 0 or more; -1: none.
 * NULL: there are no parts. Nodes that want no gradient belong to none. */
typedef int iso_parts;

/* Writes the parts that the model names. Returns false if there are none. */
bool iso_parts_of_model(const struct iso_graph *, iso_parts *out);
/* Divides the layers into `count` parts of about the same memory, ends them where few values are
 * needed behind them, and writes the first `again` of them; the others are none. */
iso_rc iso_parts_divide(const struct iso_graph *, int count, int again, iso_parts *out);
/* Returns the first node of the part whose last node this is; node + 1 if it ends no part. */
int iso_part_begin(const struct iso_graph *, const iso_parts *, int node);
#endif
