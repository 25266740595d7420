/* layer_blocks.h: layer blocks: lists of layers with parameters, defined once in `blocks:` and used
 * by name like a layer.
 *
 * A use is a copy of the definition's tree in which each value `$name` is replaced by the use's
 * argument. Every node of the copy keeps its location in the definition and records where the layer
 * block is used. */
#ifndef ISO_LAYER_BLOCKS_H
#define ISO_LAYER_BLOCKS_H
#include "section.h"
#include "core/text/suggest.h"
#include "field.h"

enum { ISO_LAYER_BLOCK_DEPTH = 16 }; /* uses within uses */

/* Returns the index of the definition of this name, or -1. */
int iso_layer_block_find(const struct iso_loader *, const char *name);
/* Returns the name of a layer block, for messages. */
const char *iso_layer_block_name(const struct iso_loader *, int index);
/* Adds the names of all layer blocks to the suggestions. */
void iso_layer_blocks_suggest(const struct iso_loader *, struct iso_suggest *);
/* Copies the layers of a definition, with the arguments of this use inserted. On a fault *layers is
 * NULL. The keys that every layer accepts (iso_layer_keys) are not arguments. Fails with ISO_ENOMEM
 * only. */
iso_rc iso_layer_block_layers(struct iso_loader *, int index, const struct iso_named *use,
                              const struct iso_yaml **layers);
/* Adds a fault for each layer block that nothing uses. */
void iso_layer_blocks_check_used(struct iso_loader *);
#endif
