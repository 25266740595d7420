/* yaml_edit.h (private): changes a tree. Aliases may share a node between several positions in it,
 * so copy the node (iso_yaml_copy) and change the copy. */
#ifndef ISO_YAML_EDIT_H
#define ISO_YAML_EDIT_H
#include "yaml.h"

/* Returns a plain scalar, or NULL when memory is out. */
struct iso_yaml *iso_yaml_scalar(struct iso_yaml_doc *, struct iso_location, const char *text);
/* Returns a copy of a list or mapping that shares its items, with room for one more; from NULL: an
 * empty mapping at the location. NULL if memory is out. */
struct iso_yaml *iso_yaml_copy(struct iso_yaml_doc *, struct iso_location,
                               const struct iso_yaml *from);
/* Takes item `at` out of a copy. */
void iso_yaml_take_out(struct iso_yaml *, int at);
/* Takes a key out of a copy of a mapping, if it is there. */
void iso_yaml_take_key(struct iso_yaml *, const char *key);
#endif
