/* position_embedding.h: adds a learned tensor to each example: y = x + embeddings. */
#ifndef ISO_OP_POSITION_EMBEDDING_H
#define ISO_OP_POSITION_EMBEDDING_H
#include "core/iso.h"
struct iso_position_embedding { /* w: embeddings, of the shape of an example */
    struct iso_initializer initializer;
    struct iso_regularizer regularizer;
};
#endif
