/* yaml_edit.h (private): changes of a tree. A node may be shared, by an alias, with other places:
 * what is changed is a copy of it. */
#ifndef ISO_YAML_EDIT_H
#define ISO_YAML_EDIT_H
#include "yaml.h"

/* Returns a plain scalar, or NULL when memory is out. */
struct iso_yaml *iso_yaml_scalar(struct iso_yaml_doc *, struct iso_location, const char *text);
/* Returns a list or mapping with the items of `from`, and room for one more; of NULL: an empty
 * mapping at the location. NULL when memory is out. */
struct iso_yaml *iso_yaml_copy(struct iso_yaml_doc *, struct iso_location,
                               const struct iso_yaml *from);
/* Takes item `at` out of a copy. */
void iso_yaml_take_out(struct iso_yaml *, int at);
/* Takes a key out of a copy of a mapping, if it is there. */
void iso_yaml_take_key(struct iso_yaml *, const char *key);
#endif
