/* blocks.h: lists of layers with parameters, defined once in `blocks:` and used by name like a
 * layer.
 *
 * A use is a copy of the definition's tree in which `$name`, standing for a whole value, is the
 * use's argument. Every node of the copy keeps its place in the block and says where the block is
 * used. */
#ifndef ISO_BLOCKS_H
#define ISO_BLOCKS_H
#include "section.h"
#include "suggest.h"
#include "field.h"

enum { ISO_BLOCK_DEPTH = 16 }; /* uses within uses */

/* The index of the definition of this name, or -1. */
int iso_block_find(const struct iso_loader *, const char *name);
/* The name of a block, for messages. */
const char *iso_block_name(const struct iso_loader *, int block);
/* Adds the names of all blocks to the suggestions. */
void iso_blocks_suggest(const struct iso_loader *, struct iso_suggest *);
/* The layers of a use, with its arguments in place; *layers NULL, with a fault, when there are none
 * to be had. Keys of every layer (iso_layer_keys) are not arguments. Fails with ISO_ENOMEM only. */
iso_rc iso_block_layers(struct iso_loader *, int block, const struct iso_named *use,
                        const struct iso_yaml **layers);
/* A block that nothing uses is a fault. */
void iso_blocks_check_used(struct iso_loader *);
#endif
