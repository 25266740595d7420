/* list_names.h (private): how the things of a model file that stand in a list, or have parameters,
 * are found by name. */
#ifndef ISO_LIST_NAMES_H
#define ISO_LIST_NAMES_H
#include "yaml.h"

/* True if a model file can name it with parameters: an op, an initializer, a regularizer, a
 * schedule, or one of the file's layer blocks. */
bool iso_is_named(const struct iso_yaml *root, const char *name);
/* Returns the key of its first parameter, which may be written without it; NULL: there is none. */
const char *iso_first_parameter(const char *name);
/* Returns the place in a list, from 0, of the item with this number or name: the one that is given
 * (name: stem), the usual one (conv2d_1, phase_1), or that of the op where it is there once. -1,
 * and why in words, when there is none. */
int iso_list_find(const struct iso_yaml *list, const char *step, char *why, size_t n);
#endif
