/* fold.h: layers that a model file makes by layer blocks, as boxes of a drawing: one a block, and
 * one for blocks that follow each other and are alike. */
#ifndef ISO_REPORT_FOLD_H
#define ISO_REPORT_FOLD_H
#include "core/model/graph.h"

struct iso_fold {
    int first, layers; /* one block has these; 1 layer: no block */
    int times;         /* so many alike ones follow each other */
};
/* Fills in the boxes in the order of the layers, at most one a layer; returns how many. */
int iso_fold_layers(const struct iso_graph *, struct iso_fold *);
/* "conv2_block2": what the names of a fold's layers begin with, of its i-th block. Returns buf. */
const char *iso_fold_name(const struct iso_graph *, const struct iso_fold *, int i,
                          char buf[ISO_NAME]);
#endif
